"""CPU of downloading a large file to disk through the public `recordings.download`, against `curl -o`.

Plain and over TLS, with the core dependencies only. audiokit syncs the file and looks at its content, curl
does neither. Fresh processes in turn, medians; the ratios are what counts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import _server
from _report import bar, finish, machine, versions
from _server import MIB, Figures, Rounds, Run, Watch, aims, arguments, curl, python, scratch, serving

from audiokit import ApiAccess, ApiKey, AudioKit

FILE = "/api/recordings/x.wav"
COLUMNS = (
    ("CPU s/GiB", "cpu_s_per_gib", 1.0, ".3f"),
    ("MiB/s", "mib_per_s", 1.0, ".0f"),
    ("RSS growth MiB", "rss_mib", 1.0, ".1f"),
    ("lag p99 ms", "lag_p99_ms", 1.0, ".1f"),
)


async def ours(url: str, to: str, size_bytes: int, *, ticking: bool) -> Figures:
    watch = Watch()
    async with AudioKit(respeecher=ApiAccess(base_url=url, credentials=ApiKey("key"))) as kit:
        recordings = kit.respeecher.recordings
        async with watch.over(ticking=ticking):
            path = await recordings.download(FILE, to)
    assert path.stat().st_size == size_bytes
    return watch.figures


CONTENDERS = {"audiokit": ours}


def then_removed(run: Run, path: Path) -> Run:
    """*run*, and the file it made out of the way of the next."""

    def both() -> Figures:
        try:
            return run()
        finally:
            path.unlink(missing_ok=True)

    return both


def main() -> int:
    options = arguments(__doc__)
    if options.contender:
        return _server.contend(options.contender, CONTENDERS, options.task)
    size_bytes = 128 * MIB if options.quick else 1024 * MIB
    print(machine())
    print(
        versions("audiokit", "httpx", "httpcore", "h11", "anyio", "aiofiles"),
        _server.curl_version(),
        sep=", ",
    )
    print(f"{size_bytes // MIB} MiB to disk, {options.rounds} rounds")
    with scratch(options.folder) as folder, serving(folder, download_bytes=size_bytes) as urls:
        to, certificate = folder / "out.wav", urls["certificate"]
        runs: dict[str, Run] = {}
        for how in ("plain", "tls"):
            task = {"url": urls[how], "to": str(to), "size_bytes": size_bytes}
            runs[f"{how}: curl -o"] = curl("--cacert", certificate, "--output", str(to), urls[how] + FILE)
            runs[f"{how}: audiokit"] = python(__file__, "audiokit", certificate, **task, ticking=False)
            runs[f"{how}: audiokit, ticking"] = python(
                __file__, "audiokit", certificate, **task, ticking=True
            )
        rounds = Rounds({name: then_removed(run, to) for name, run in runs.items()}, options.rounds)
    found = rounds.medians()
    for figures in found.values():
        figures["cpu_s_per_gib"] = figures["cpu_s"] / size_bytes * 1024 * MIB
        figures["mib_per_s"] = size_bytes / MIB / figures["seconds"]
    _server.table(found, COLUMNS)

    def ratio(how: str) -> float:
        return rounds.ratio(f"{how}: audiokit", f"{how}: curl -o")

    limits = [
        (bar("plain download to disk, CPU / curl", ratio("plain"), 2.0), 1.3),
        (bar("TLS download to disk, CPU / curl", ratio("tls"), 2.2), 1.4),
    ]
    return finish("download", aims(limits), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
