"""Damaged sound against every operation that reads sound, in real worker processes.

What the server does with such uploads is tested over HTTP elsewhere; here nothing of the server stands before
the decoders.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hearing import AUDIO

from audiokit.emulator._work import WorkError, WorkPool

SOURCES = ("vowel_147hz.wav", "speech_female_en.mp3", "speech_female_de.flac", "speech_male_fr.ogg")
FILES = 120 if os.environ.get("AUDIOKIT_HEAVY") == "reduced" else 500
MALFORMED = sorted(path.name for path in (AUDIO / "malformed").iterdir())


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[WorkPool]:
    """Two workers that may take 20 s for one operation."""
    async with WorkPool(workers=2, task_timeout_s=20.0, scratch=tmp_path) as opened:
        yield opened


def orders(path: Path, out: Path) -> dict[str, Mapping[str, Any]]:
    """Each operation that reads a file, with its parameters."""
    clip = {"path": str(path), "start_s": 0.5}
    bed = {"path": str(path), "start_s": 0.0, "end_s": 4.0}
    return {
        "probe": {"path": str(path), "max_seconds": 1_800},
        "measure": {"path": str(path)},
        "f0": {"path": str(path)},
        "peaks": {"path": str(path)},
        "waveform": {"path": str(path), "out": str(out)},
        "encode": {"path": str(path), "out": str(out), "format": "flac"},
        "transcode": {"path": str(path), "out": str(out), "format": "mp3", "bit_rate_kbps": 128},
        "denoise": {"path": str(path), "out": str(out), "reduction_db": 12.0},
        "edges": {"path": str(path), "threshold": 0.01},
        "excerpt": {"path": str(path), "out": str(out), "offset_s": 0.2, "duration_s": 0.5},
        "convert": {"source": str(path), "out": str(out), "target_pitch_hz": 150.0},
        "render": {
            "timeline": {"seconds": 4.0, "media": [clip], "music": [bed]},
            "outputs": [{"path": str(out), "format": "wav"}],
        },
    }


def mutated(draw: random.Random, data: bytes) -> bytes:
    """Overwrite, cut out, put in or cut off; headers are hit as often as all the rest."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 10)):
        place = draw.randrange(min(256, len(changed)) if draw.random() < 0.5 else len(changed))
        match draw.randrange(5):
            case 0:
                changed[place] ^= 1 << draw.randrange(8)
            case 1:
                changed[place : place + 8] = draw.choice([bytes(8), b"\xff" * 8, draw.randbytes(8)])
            case 2:
                del changed[place : place + draw.randint(1, 2_000)]
            case 3:
                changed[place:place] = changed[: draw.randint(1, 300)]
            case _:
                del changed[max(64, place) :]
        if len(changed) < 64:
            break
    return bytes(changed)


async def tried(pool: WorkPool, op: str, params: Mapping[str, Any]) -> str:
    """Do one operation: "done", or the reason why not; a crash or a time-out is neither."""
    try:
        await pool.run(op, **params)
    except WorkError as error:
        assert "refused" == error.kind, (op, error)
        assert len(error.message) > 10
        assert "/" not in error.message.replace("and/or", ""), (op, error.message)
        return error.message
    return "done"


def test_every_operation_that_reads_sound_is_tried() -> None:
    """Two only make sound; one that is added must be added here."""
    from audiokit.emulator.engine import OPERATIONS

    assert OPERATIONS.keys() - {"speak", "template"} == orders(Path("in"), Path("out")).keys()


@pytest.mark.heavy
@pytest.mark.timeout(900)
async def test_mutated_sound_is_worked_on_or_refused_by_every_operation(
    pool: WorkPool, tmp_path: Path
) -> None:
    """No crash, no hang, no path in a message; whole sound works afterwards as before."""
    draw = random.Random(3341)
    sources = [(AUDIO / name).read_bytes() for name in SOURCES]
    ended: dict[str, set[bool]] = {}

    async def torture(number: int) -> None:
        path = tmp_path / f"{number}.bin"
        path.write_bytes(mutated(draw, sources[number % len(sources)]))
        for op, params in orders(path, tmp_path / f"{number}.out").items():
            ended.setdefault(op, set()).add("done" == await tried(pool, op, params))
        path.unlink()
        (tmp_path / f"{number}.out").unlink(missing_ok=True)

    for first in range(0, FILES, 4):
        await asyncio.gather(*(torture(number) for number in range(first, first + 4)))
    # Both ends were met by each operation: the files are neither all well nor all hopeless.
    assert all(each == {True, False} for each in ended.values()), ended
    for op, params in orders(AUDIO / SOURCES[0], tmp_path / "last.out").items():
        assert "done" == await tried(pool, op, params)


@pytest.mark.heavy
@pytest.mark.timeout(120)
async def test_malformed_files_are_worked_on_or_refused_by_every_operation(
    pool: WorkPool, tmp_path: Path
) -> None:
    """Each of them by each operation; an hour of silence only where nothing as long is written."""
    for name in MALFORMED:
        for op, params in orders(AUDIO / "malformed" / name, tmp_path / "out").items():
            if name != "silence_one_hour.flac" or op in {"probe", "f0", "peaks"}:
                await tried(pool, op, params)
    assert 20 == len(MALFORMED)


async def test_what_is_no_sound_is_refused_by_every_operation(pool: WorkPool, tmp_path: Path) -> None:
    """Text, a page, a picture and nothing at all."""
    for name in ("text_named.mp3", "html_error_page.ogg", "picture_named.wav", "empty.wav"):
        for op, params in orders(AUDIO / "malformed" / name, tmp_path / "out").items():
            assert "done" != await tried(pool, op, params), (name, op)
