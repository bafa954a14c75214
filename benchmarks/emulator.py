"""What the emulator's sound costs: CPU of a mastered minute, memory of half an hour, small calls meanwhile.

The first figures are taken in fresh worker processes, lossy formats beside what encoding them alone costs in
the same run: they may cost that, and what the master may cost. The last figure orders many masters at once of
an emulator over its socket and times small GETs while they are made.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from _report import bar, finish, machine, versions

from audiokit import ApiAccess, ApiKey
from audiokit.emulator._work import WorkPool
from audiokit.testing import EmulatorControl, EmulatorProcess

SENTENCE = "This sentence is spoken again and again, so that the music has something to give way to."
EVERY_S = 6.0
"""From one sentence to the next: about 5 s of speech in every 6, as in an ad."""
WORDS = "This is a sentence of an ordinary length, spoken at an ordinary pace. " * 8
MASTER_BAR_S = 1.5
LOSSY = ("mp3", "ogg")


class Studio:
    """Speech and music to master, and fresh workers to master them in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.speech, self.music = str(folder / "speech.wav"), str(folder / "music.wav")

    async def prepare(self) -> None:
        async with WorkPool(workers=1) as pool:
            await pool.run("speak", out=self.speech, items=[{"text": SENTENCE, "voice": "gmw/en-US"}])
            style = {"style": "bright", "root": 60, "bpm": 108}
            await pool.run("template", style=style, segment="main", out=self.music)

    async def master(self, minutes: float, formats: tuple[str, ...]) -> tuple[float, float]:
        """CPU seconds and peak memory in MB of a worker that does only this."""
        seconds = minutes * 60
        starts = (1.0 + place * EVERY_S for place in range(int((seconds - 2.0) / EVERY_S)))
        voice = [{"path": self.speech, "start_s": start} for start in starts]
        bed = {"path": self.music, "start_s": 0.0, "end_s": seconds, "gain_db": -4.0, "fade_out_s": 3.0}
        timeline = {"channels": 2, "seconds": seconds, "voice": voice, "music": [bed]}
        outputs = [{"path": str(self.folder / f"out.{name}"), "format": name} for name in formats]
        return await self.cost("render", timeline=timeline, outputs=outputs)

    async def cost(self, op: str, **params: object) -> tuple[float, float]:
        async with WorkPool(workers=1, options=("--test-operations",)) as pool:
            await pool.warm()
            before = await pool.run("_usage")
            await pool.run(op, **params)
            after = await pool.run("_usage")
        return after["cpu_s"] - before["cpu_s"], after["peak_rss_kib"] * 1024 / 1e6


async def minute(studio: Studio, rounds: int) -> list[dict[str, object]]:
    """A minute of stereo as wav, and in each lossy format, beside what its encoding costs alone.

    The least of the rounds counts: whoever else is on the machine only ever adds to CPU time.
    """
    formats: list[tuple[str, ...]] = [("wav",), *((name,) for name in LOSSY)]
    tracks: dict[str, list[float]] = {name: [] for name in ("wav", *LOSSY)}
    alone: dict[str, list[float]] = {name: [] for name in LOSSY}
    source = str(studio.folder / "out.wav")
    for _ in range(rounds):
        for one in formats:
            tracks[one[0]].append((await studio.master(1, one))[0])
        for name in LOSSY:
            out = str(studio.folder / f"alone.{name}")
            alone[name].append((await studio.cost("encode", path=source, out=out, format=name))[0])
    wav = min(tracks["wav"])
    print(f"one minute, stereo wav: {wav:.2f} CPU-s")
    bars = [bar("CPU seconds for a minute of stereo wav", wav, MASTER_BAR_S)]
    for name in LOSSY:
        track, encoder = min(tracks[name]), min(alone[name])
        print(f"one minute, stereo {name}: {track:.2f} CPU-s, its encoding alone {encoder:.2f}")
        bars.append(bar(f"CPU seconds for a minute of {name}", track, round(MASTER_BAR_S + encoder, 2)))
    return bars


async def long_track(studio: Studio, minutes: float) -> list[dict[str, object]]:
    cpu_s, peak_mb = await studio.master(minutes, ("wav", "mp3"))
    print(
        f"{minutes:g} minutes, stereo wav and mp3: {cpu_s / minutes:.2f} CPU-s a minute, "
        f"peak {peak_mb:.0f} MB"
    )
    return [bar(f"peak memory in MB for {minutes:g} minutes", peak_mb, 150.0)]


async def small_calls(masters: int, seconds: float) -> list[dict[str, object]]:
    """Time of small GETs in milliseconds while masters are rendered."""
    async with EmulatorProcess() as process:
        access, control = process.access, EmulatorControl.of(process)
        headers = {"x-api-key": _key(access["apiaudio"])}
        base = access["apiaudio"].base_url
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=300) as client:
            await asyncio.gather(*(_order(client, number) for number in range(masters)))
            found = await asyncio.to_thread(_latencies_ms, access["respeecher"], seconds)
            left = (await control.counts())["background_tasks"]
    p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
    print(
        f"{len(found)} small GETs beside {masters} masters: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {left} left"
    )
    return [bar(f"p99 of small GETs in ms beside {masters} masters", p99, 50.0)]


async def _order(client: httpx.AsyncClient, number: int) -> None:
    script = {"scriptText": f"Number {number}. {WORDS}", "scriptId": f"s{number}"}
    (await client.post("/script", json=script)).raise_for_status()
    (await client.post("/speech", json={"scriptId": f"s{number}"})).raise_for_status()
    query = {"scriptId": f"s{number}"}
    while (await client.get("/speech", params=query)).status_code == 202:  # noqa: ASYNC110  (of another process)
        await asyncio.sleep(0.2)
    master = {"scriptId": f"s{number}", "soundTemplate": "lofi", "endFormat": ["wav", "mp3"]}
    (await client.post("/mastering", json=master)).raise_for_status()


def _key(access: ApiAccess) -> str:
    assert isinstance(access.credentials, ApiKey)
    return access.credentials.key.reveal()


def _latencies_ms(access: ApiAccess, seconds: float) -> list[float]:
    base = urlsplit(access.base_url)
    connection = http.client.HTTPConnection(str(base.hostname), base.port or 80, timeout=30)
    found: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.perf_counter()
        connection.request("GET", f"{base.path}/api/credits", headers={"api-key": _key(access)})
        connection.getresponse().read()
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.01)
    connection.close()
    return sorted(found)


async def measure(options: argparse.Namespace) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        await studio.prepare()
        bars = await minute(studio, options.rounds)
        bars += await long_track(studio, options.minutes)
    return bars + await small_calls(options.masters, options.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="length of the long track")
    parser.add_argument(
        "--rounds", type=int, default=3, help="times that a minute is mastered; the least counts"
    )
    parser.add_argument("--masters", type=int, default=50, help="masters ordered at once")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long small calls are timed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(machine())
    print(versions("audiokit", "av", "soundfile", "numpy", "espeakng-loader"))
    return finish("emulator", asyncio.run(measure(options)), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
