"""CPU, memory and event loop lag of uploads through the public `recordings.upload`.

One large file, plain and over TLS, against `curl -F` and aiohttp's FormData; then 64 files at once. The
client is as `AudioKit(...)` makes it. Fresh processes in turn, medians; the ratios are what counts.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import _server
import aiohttp
from _report import bar, finish, machine, versions
from _server import MIB, Figures, Rounds, Run, Watch, aims, arguments, curl, python, scratch, serving

from audiokit import ApiAccess, ApiKey, AudioKit
from audiokit.services.respeecher.recordings import Recordings

COLUMNS = (
    ("CPU s/GiB", "cpu_s_per_gib", 1.0, ".3f"),
    ("MiB/s", "mib_per_s", 1.0, ".0f"),
    ("RSS growth MiB", "rss_mib", 1.0, ".1f"),
    ("lag p99 ms", "lag_p99_ms", 1.0, ".1f"),
)
HAS_CHECKSUM = "checksum" in inspect.signature(Recordings.upload).parameters


async def ours(url: str, path: str, at_once: int, *, ticking: bool, checksum: bool = False) -> Figures:
    options: dict[str, Any] = {"checksum": True} if checksum else {}
    watch = Watch()
    async with AudioKit(respeecher=ApiAccess(base_url=url, credentials=ApiKey("key"))) as kit:
        upload = kit.respeecher.recordings.upload
        async with watch.over(ticking=ticking):
            calls = [upload(path, folder_id="f", label="take", **options) for _ in range(at_once)]
            answers = await asyncio.gather(*calls)
    assert {one.state for one in answers} == {"done"}
    return watch.figures


async def aiohttp_form(url: str, path: str, at_once: int, *, ticking: bool) -> Figures:
    watch = Watch()
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector, headers={"api-key": "key"}) as session:

        async def upload() -> int:
            form = aiohttp.FormData()
            for name, value in (("parent_folder_id", "f"), ("microphone", "file"), ("label", "take")):
                form.add_field(name, value)
            with Path(path).open("rb") as file:  # noqa: ASYNC230 - as its manual shows it
                form.add_field("data", file, filename="x.wav", content_type="audio/wav")
                async with session.post(f"{url}/api/recordings", data=form) as reply:
                    await reply.json()
                    return reply.status

        async with watch.over(ticking=ticking):
            statuses = await asyncio.gather(*(upload() for _ in range(at_once)))
    assert set(statuses) == {200}
    return watch.figures


CONTENDERS = {"audiokit": ours, "aiohttp": aiohttp_form}


def curl_form(url: str, path: Path, certificate: str) -> Run:
    pairs = ("parent_folder_id=f", "microphone=file", "label=take", f"data=@{path};type=audio/wav")
    form = [word for pair in pairs for word in ("--form", pair)]
    return curl("--cacert", certificate, "--header", "api-key: key", *form, f"{url}/api/recordings")


def all_runs(urls: dict[str, str], one: Path, many: Path, at_once: int) -> dict[str, Run]:
    """What is run in each round, by the name of its row."""
    certificate = urls["certificate"]
    runs: dict[str, Run] = {}
    for how in ("plain", "tls"):
        single = {"url": urls[how], "path": str(one), "at_once": 1}
        several = {"url": urls[how], "path": str(many), "at_once": at_once}

        def ours_in(task: Mapping[str, object], *, ticking: bool, **more: bool) -> Run:
            return python(__file__, "audiokit", certificate, **task, ticking=ticking, **more)

        runs[f"{how}: curl -F"] = curl_form(urls[how], one, certificate)
        runs[f"{how}: audiokit"] = ours_in(single, ticking=False)
        runs[f"{how}: aiohttp FormData"] = python(__file__, "aiohttp", certificate, **single, ticking=False)
        runs[f"{how}: audiokit, ticking"] = ours_in(single, ticking=True)
        if HAS_CHECKSUM:
            runs[f"{how}: audiokit, checksum=True"] = ours_in(single, ticking=False, checksum=True)
        runs[f"{how}: audiokit, {at_once} at once"] = ours_in(several, ticking=False)
        runs[f"{how}: the same, ticking"] = ours_in(several, ticking=True)
        runs[f"{how}: aiohttp, {at_once} at once"] = python(
            __file__, "aiohttp", certificate, **several, ticking=True
        )
    return runs


def main() -> int:
    options = arguments(__doc__)
    if options.contender:
        return _server.contend(options.contender, CONTENDERS, options.task)
    at_once = 64
    one_bytes, many_bytes = (128 * MIB, 2 * MIB) if options.quick else (1024 * MIB, 16 * MIB)
    print(machine())
    print(
        versions("audiokit", "httpx", "httpcore", "h11", "anyio", "aiohttp"), _server.curl_version(), sep=", "
    )
    print(f"one of {one_bytes // MIB} MiB, {at_once} of {many_bytes // MIB} MiB, {options.rounds} rounds")
    with scratch(options.folder) as folder, serving(folder) as urls:
        one = _server.write_wav(folder / "one.wav", one_bytes)
        many = _server.write_wav(folder / "many.wav", many_bytes)
        rounds = Rounds(all_runs(urls, one, many, at_once), options.rounds)
    found = rounds.medians()
    for name, figures in found.items():
        size = at_once * many_bytes if "at once" in name or "the same" in name else one_bytes
        figures["cpu_s_per_gib"] = figures["cpu_s"] / size * 1024 * MIB
        figures["mib_per_s"] = size / MIB / figures["seconds"]
    _server.table(found, COLUMNS)
    if not HAS_CHECKSUM:
        print("checksum=True: recordings.upload has no such option in this version, so no row for it")

    def ratio(how: str, rival: str) -> float:
        return rounds.ratio(f"{how}: audiokit", f"{how}: {rival}")

    limits = [
        (bar("plain upload, CPU / curl -F", ratio("plain", "curl -F"), 1.1), 0.95),
        (bar("TLS upload, CPU / curl -F", ratio("tls", "curl -F"), 1.0), 0.85),
        (bar("plain upload, CPU / aiohttp FormData", ratio("plain", "aiohttp FormData"), 0.6), 0.48),
        (bar("TLS upload, CPU / aiohttp FormData", ratio("tls", "aiohttp FormData"), 0.95), 0.8),
    ]
    for how in ("plain", "tls"):
        title = "TLS" if how == "tls" else how
        one_rss = found[f"{how}: audiokit"]["rss_mib"]
        many_rss = found[f"{how}: audiokit, {at_once} at once"]["rss_mib"]
        one_lag = found[f"{how}: audiokit, ticking"]["lag_p99_ms"]
        many_lag = found[f"{how}: the same, ticking"]["lag_p99_ms"]
        limits += [
            (bar(f"{title} upload, RSS growth MiB", one_rss, 8), 5),
            (bar(f"{title} upload, {at_once} at once, RSS growth MiB", many_rss, 48), 24),
            (bar(f"{title} upload, loop lag p99 ms", one_lag, 10), 3),
            (bar(f"{title} upload, {at_once} at once, loop lag p99 ms", many_lag, 40), 15),
        ]
    return finish("upload", aims(limits), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
