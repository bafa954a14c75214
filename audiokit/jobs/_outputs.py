"""The files a job has saved: what they are, and whether they are still there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import anyio.to_thread

from audiokit.jobs._journal import Output

_CHUNK_BYTES: Final = 1024 * 1024


async def describe(saved: Sequence[Path | Output]) -> list[Output]:
    """Size and SHA-256 of each file; what does not come with them is read in a thread."""
    known = [one for one in saved if isinstance(one, Output)]
    if len(known) == len(saved):
        return known
    return await anyio.to_thread.run_sync(
        lambda: [one if isinstance(one, Output) else _describe(one) for one in saved]
    )


def files_of(saved: Iterable[Path | Output] | None) -> tuple[Path | Output, ...]:
    """What a kind's `collect` saved; paths may be text, and None is no file.

    Raises:
        TypeError: One of them is no path.
    """
    return tuple(one if isinstance(one, Output) else Path(one) for one in saved) if saved else ()


async def are_there(outputs: Iterable[Output]) -> bool:
    """Whether each file is there with the size it had; their content is not read again."""
    found = list(outputs)
    return not found or await anyio.to_thread.run_sync(lambda: all(_is_there(one) for one in found))


def _describe(path: Path) -> Output:
    digest = hashlib.sha256()
    size_bytes = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return Output(path=str(path.absolute()), size_bytes=size_bytes, sha256=digest.hexdigest())


def _is_there(output: Output) -> bool:
    try:
        return Path(output.path).stat().st_size == output.size_bytes
    except OSError:
        return False
