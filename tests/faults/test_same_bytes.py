"""Whatever is uploaded and wherever it fails: the server has the same bytes, or the call is refused."""

from __future__ import annotations

import asyncio
import enum
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faults_run import TIMEOUTS, client
from faults_server import FaultServer, Seen, Wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiokit.errors import AudiokitError
from audiokit.testing import FakeClock
from audiokit.typing import Progress

MAGIC = b"RIFF\x24\x00\x03\x00WAVE"


class Origin(enum.Enum):
    """Where the bytes come from."""

    BYTES = "bytes"
    PATH = "path"
    STREAM = "stream"


class Failure(enum.Enum):
    """What goes wrong, at some byte."""

    NONE = "nothing"
    RESET = "the server resets"
    CLOSE = "the server closes"
    BUSY = "the server says 429, having read so far, and takes the repeat"
    EARLY = "the server says 200 and goes on reading"
    TRUNCATED = "the file is cut shorter"
    GROWN = "the file grows"
    REWRITTEN = "the file is rewritten with as many bytes"
    RAISES = "the stream raises"
    CALLBACK = "the caller's progress callback raises"


class SourceBroke(Exception):
    """What a caller's own stream or callback raises."""


def _spoil(path: Path, data: bytes, failure: Failure, at: int) -> None:
    if failure is Failure.TRUNCATED:
        with path.open("r+b") as file:
            file.truncate(min(at, len(data) - 1))
    elif failure is Failure.GROWN:
        with path.open("ab") as file:
            file.write(b"more")
    elif failure is Failure.REWRITTEN:
        path.write_bytes(bytes(255 - byte for byte in data))


async def _stream(data: bytes, failure: Failure, at: int, step: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), step):
        if failure is Failure.RAISES and start + step > at:
            raise SourceBroke
        yield data[start : start + step]


def _file_in(seen: Seen) -> bytes:
    """The file part of a form, by its framing alone."""
    boundary = seen.headers["content-type"].partition("boundary=")[2].encode()
    body = bytes(seen.body)
    begin = body.index(b"\r\n\r\n", body.index(b"filename=")) + 4
    end = body.rindex(b"\r\n--" + boundary + b"--\r\n")
    return body[begin:end]


async def _upload(
    folder: Path, origin: Origin, data: bytes, failure: Failure, at: int, step: int
) -> tuple[str, list[Seen]]:
    """Upload with a failure; gives the outcome and what the server saw."""
    path = folder / "take.wav"
    path.write_bytes(data)

    async def script(wire: Wire) -> None:
        is_first = len(server.seen) == 1
        if failure is Failure.RESET:
            await wire.read_body(at)
            await wire.reset()
        elif failure is Failure.CLOSE:
            await wire.read_body(at)
            await wire.close()
        elif failure is Failure.BUSY and is_first:
            await wire.read_body(at)
            await wire.reply(status=429)
        elif failure is Failure.EARLY:
            await wire.read_body(at)
            content = wire.answer()
            await wire.send(wire.head(length=len(content)) + content)
            await wire.read_body()
        else:
            await wire.reply()

    def progress(now: Progress) -> None:
        if now.done_bytes >= at:
            if failure is Failure.CALLBACK:
                raise SourceBroke
            if origin is Origin.PATH and now.done_bytes < len(data):
                _spoil(path, data, failure, at)

    server = FaultServer(script)
    async with server:
        await server.listen()
        source: Any = {
            Origin.BYTES: data,
            Origin.PATH: path,
            Origin.STREAM: _stream(data, failure, at, step),
        }[origin]
        async with client(server, FakeClock(), timeouts=TIMEOUTS) as kit:
            try:
                await kit.respeecher.recordings.upload(source, folder_id="f-1", on_progress=progress)
            except (AudiokitError, SourceBroke) as error:
                outcome = type(error).__name__
            else:
                outcome = "ok"
                for _ in range(200):  # what is on the way still arrives
                    if server.seen[-1].is_whole:
                        break
                    await asyncio.sleep(0.005)
    return outcome, server.seen


@pytest.mark.timeout(60)
@given(
    origin=st.sampled_from(Origin),
    failure=st.sampled_from(Failure),
    size=st.one_of(st.integers(20, 5_000), st.integers(400_000, 2_300_000)),
    share=st.floats(0, 1),
    step=st.integers(1_000, 200_000),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_success_means_the_same_bytes(
    origin: Origin, failure: Failure, size: int, share: float, step: int
) -> None:
    """A success left every byte at the server, and no whole request ever held anything else."""
    pattern = bytes(range(256))
    data = MAGIC + (pattern * (size // 256 + 1))[: size - len(MAGIC)]
    with tempfile.TemporaryDirectory() as folder:
        outcome, seen = asyncio.run(_upload(Path(folder), origin, data, failure, int(share * size), step))
    if outcome == "ok":
        assert seen
        assert seen[-1].is_whole
    for one in seen:
        if one.is_whole:
            assert data == _file_in(one)
