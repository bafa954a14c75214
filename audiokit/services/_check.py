"""Checks before sending, only where the contract is certain."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from audiokit._formats import AudioFormat
from audiokit.errors import InvalidRequest, UnsupportedAudio
from audiokit.transport import Source, names_a_folder
from audiokit.typing import StrPath


def one_of(field: str, value: str | None, allowed: Collection[str]) -> None:
    """Refuse a value outside a closed vocabulary; None means not given."""
    if value is not None and value not in allowed:
        raise InvalidRequest.of(field, value, f"one of {', '.join(sorted(allowed))}")


def between(field: str, value: float | None, low: float, high: float, unit: str = "") -> None:
    """Refuse a number outside *low* to *high*, both included; None means not given."""
    if value is not None and not (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    ):
        raise InvalidRequest.of(field, value, f"{low:g} to {high:g}{' ' + unit if unit else ''}")


def seconds(field: str, value: float | None) -> None:
    """Refuse what is no span of time: negative, without end, or no number; None means not given."""
    if value is not None and not (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    ):
        raise InvalidRequest.of(field, value, "0 or more seconds")


def text(field: str, value: str | None, *, longest: int, shortest: int = 0) -> None:
    """Refuse a text of the wrong length in characters; None means not given."""
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidRequest.of(field, value, "a string")
    if not shortest <= len(value) <= longest:
        shown = value if len(value) <= 60 else value[:57] + "..."
        raise InvalidRequest(
            f"{field} must have {shortest} to {longest} characters, got {len(value)}: {shown!r}",
            field=field,
            value=value,
        )


def folder_for(to: StrPath, count: int) -> None:
    """Refuse a file path where several files will come."""
    if count > 1 and not names_a_folder(to) and not Path(os.fspath(to)).is_dir():
        raise InvalidRequest(
            f"to={os.fspath(to)!r} names one file, and {count} files come; give a folder",
            field="to",
            value=os.fspath(to),
        )


def file_of_format(to: StrPath, audio: AudioFormat) -> None:
    """Refuse a file path whose extension is none of the format that will come; looks at the disk."""
    path = Path(os.fspath(to))
    if names_a_folder(to) or path.is_dir() or AudioFormat.of_extension(path.suffix) is audio:
        return
    raise InvalidRequest(
        f"to={str(path)!r} does not fit: the audio will be {audio.value}; "
        f"end the name in {audio.extension}, or give a folder",
        field="to",
        value=str(path),
    )


def finite(field: str, value: float | None, unit: str = "") -> None:
    """Refuse what is no finite number; None means not given."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidRequest.of(field, value, f"a finite number{' of ' + unit if unit else ''}")


def records(field: str, values: Mapping[str, Any] | None, kind: type) -> None:
    """Refuse a mapping whose values are not records of *kind*; None means not given."""
    if values is None:
        return
    named = f"a mapping of names to {kind.__name__}(...)"
    if not isinstance(values, Mapping):
        raise InvalidRequest.of(field, values, named)
    for value in values.values():
        if not isinstance(value, kind):
            raise InvalidRequest.of(field, value, named)


def audio(field: str, source: Source, allowed: Collection[str]) -> None:
    """Refuse content (the name does not count) that is none of the *allowed* formats."""
    if source.format is not None and source.format.value in allowed:
        return
    found = source.format.value if source.format else source.looks_like
    raise UnsupportedAudio(
        f"{field} must be {', '.join(sorted(allowed))} audio, got {found} in {source.name!r}"
        " (told by content, not by name)",
        field=field,
        value=source.name,
    )
