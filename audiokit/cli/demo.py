"""``audiokit demo``: the main job, on an emulator of its own, ending with a table of what was made."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import attrs
import orjson

from audiokit.cli._importing import importing
from audiokit.cli._output import CommandError, WrongValueError, print_table, reason_of, require, say

T = TypeVar("T")

DEFAULT_TEXT = (
    "This is your own machine speaking, with nobody's account and nobody's servers. "
    "Change this text, run it again, and listen to what you wrote."
)


def add_to(commands: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "demo", help="make a mastered ad, a mix and two voice conversions on this machine"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("demo-out"), help="folder for the audio (default: %(default)s)"
    )
    parser.add_argument("--text", type=Path, metavar="FILE", help="text of your own for the main section")
    parser.add_argument("--json", action="store_true", help="end with one JSON list instead of a table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the demo; 0 only if every file is real audio of the expected length and pitch."""
    require("emulator")
    with importing():
        from audiokit.cli._demo_story import tell  # noqa: PLC0415 - an extra
    say_progress = _quiet if options.json else say
    start = time.monotonic()
    text, out = _text(options.text), options.out.absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongValueError(
            f"cannot write to --out {str(options.out)!r}: {reason_of(error)}; give a folder that can be made"
        ) from error
    tracks, complaints = asyncio.run(_until_terminated(tell(text, out, say=say_progress)))
    elapsed = time.monotonic() - start
    if options.json:
        say(orjson.dumps([track.to_json() for track in tracks]).decode())
    else:
        say()
        headings = ("file", "format", "seconds", "LUFS", "true peak dBTP", "f0 Hz")
        print_table(headings, [track.to_row() for track in tracks])
        say(f"\n{len(tracks)} files in {options.out} after {elapsed:.1f} s")
    if complaints:
        raise CommandError("; ".join(complaints))
    return 0


async def _until_terminated(work: Coroutine[Any, Any, T]) -> T:
    """Let SIGTERM end the work as Ctrl-C does: cancelled, with everything cleaned up."""
    task = asyncio.ensure_future(work)
    is_terminated = asyncio.Event()

    def end() -> None:
        is_terminated.set()
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # no signal handlers on this system's loop
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    try:
        return await task
    except asyncio.CancelledError:
        if not is_terminated.is_set():  # Ctrl-C, of which asyncio.run makes a KeyboardInterrupt
            raise
        raise CommandError("ended before it was done") from None


def _text(path: Path | None) -> str:
    if path is None:
        return DEFAULT_TEXT
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WrongValueError(f"cannot read --text {str(path)!r}: {reason_of(error)}") from error
    except UnicodeDecodeError as error:
        raise WrongValueError(f"cannot read --text {str(path)!r}: it is not text in UTF-8") from error
    # Read out as it stands: what looks like markup is none.
    text = text.translate({ord(mark): " " for mark in "<>{}"}).strip()
    if not text:
        raise WrongValueError(f"--text {str(path)!r} is empty; put a sentence or two into it")
    return text


def _quiet(_: str) -> None:
    """Progress goes nowhere when JSON is asked for."""


@attrs.frozen(kw_only=True)
class Track:
    """One file the demo made, as measured by decoding it."""

    path: Path
    format: str
    seconds: float
    lufs: float | None
    true_peak_dbtp: float | None
    f0_hz: float | None

    def to_row(self) -> tuple[str, ...]:
        """Cells of the table."""
        return (
            self.path.name,
            self.format,
            f"{self.seconds:.3f}",
            _number(self.lufs),
            _number(self.true_peak_dbtp),
            _number(self.f0_hz),
        )

    def to_json(self) -> dict[str, object]:
        """The entry of ``--json``."""
        return {
            "file": str(self.path),
            "format": self.format,
            "seconds": self.seconds,
            "lufs": self.lufs,
            "true_peak_dbtp": self.true_peak_dbtp,
            "f0_hz": self.f0_hz,
        }


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
