"""What the emulator's audio engine costs: CPU and memory of mastering, in a fresh worker process.

A timeline of speech every 16 seconds over looped music, rendered to wav and flac, then measured
by decoding the result.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from _report import bar, finish, machine, versions

from audiokit.emulator._work import WorkPool

SENTENCE = "This sentence is spoken again and again, so that the music has something to give way to."


async def measure(minutes: float, folder: Path) -> dict[str, float]:
    speech, music = str(folder / "speech.wav"), str(folder / "music.wav")
    seconds = minutes * 60
    async with WorkPool(workers=1) as pool:
        await pool.run("speak", out=speech, items=[{"text": SENTENCE, "voice": "gmw/en-US"}])
        style = {"style": "chill", "root": 57, "bpm": 84}
        await pool.run("template", style=style, segment="main", out=music)
    voice = [{"path": speech, "start_s": float(start)} for start in range(2, int(seconds) - 8, 16)]
    bed = {"path": music, "start_s": 0.0, "end_s": seconds, "gain_db": -4.0, "fade_out_s": 3.0}
    timeline = {"channels": 2, "seconds": seconds, "voice": voice, "music": [bed]}
    outputs = [{"path": str(folder / f"out.{name}"), "format": name} for name in ("wav", "flac")]
    # A fresh worker, so that its peak memory is this work's.
    async with WorkPool(workers=1, options=("--test-operations",)) as pool:
        await pool.warm()
        before = await pool.run("_usage")
        await pool.run("render", timeline=timeline, outputs=outputs)
        after = await pool.run("_usage")
        found = await pool.run("measure", path=outputs[0]["path"])
    return {
        "cpu_s_per_minute": (after["cpu_s"] - before["cpu_s"]) / minutes,
        "peak_mb": after["peak_rss_kib"] * 1024 / 1e6,
        "seconds": found["seconds"],
        "lufs": found["lufs"],
        "true_peak_dbtp": found["true_peak_dbtp"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(machine())
    print(versions("audiokit", "av", "soundfile", "numpy", "espeakng-loader"))
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(options.minutes, Path(folder)))
    print(
        f"{options.minutes:g} min, stereo, wav and flac: {found['cpu_s_per_minute']:.2f} CPU-s a minute, "
        f"peak {found['peak_mb']:.0f} MB, {found['seconds']:.4f} s, {found['lufs']:.2f} LUFS, "
        f"{found['true_peak_dbtp']:.2f} dBTP"
    )
    bars = [
        bar("CPU seconds a minute of audio", found["cpu_s_per_minute"], 1.5),
        bar("peak memory in MB", found["peak_mb"], 150.0),
        bar("distance from -16 LUFS", abs(found["lufs"] + 16.0), 0.5),
        bar("true peak dBTP", found["true_peak_dbtp"], -1.0),
    ]
    return finish("engine", bars, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
