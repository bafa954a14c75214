"""Whatever is uploaded and wherever it fails: the server has the same bytes, or the call is refused."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import hashlib
import importlib.util
import io
import os
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiofiles
import attrs
import pytest
from examples import examples
from faults_run import KEY, TIMEOUTS, leftovers, open_files, other_tasks
from faults_server import FaultServer, Seen, Wire
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from audiokit import ApiAccess, ApiKey, AudioKit, Limits, RetryPolicy
from audiokit.errors import AudiokitError
from audiokit.testing import FakeClock
from audiokit.transport import Call, Retry, StreamBody, Tally, Transport, as_source
from audiokit.typing import Progress, UploadReceipt

NEEDS_STARLETTE = "needs Starlette (extra: emulator)"
HAS_STARLETTE = importlib.util.find_spec("starlette") is not None
MAGIC = b"RIFF\x24\x00\x03\x00WAVE"


class Origin(enum.Enum):
    """Where the bytes come from."""

    BYTES = "bytes"
    BYTEARRAY = "a bytearray, overwritten while it is sent"
    PATH = "a path"
    OPEN_FILE = "an open file"
    ASYNC_FILE = "an aiofiles handle"
    BYTESIO = "a BytesIO"
    SPOOLED = "a file object that is no file"
    UPLOAD_FILE = "a web framework's upload"
    ASYNC_READER = "an object with an async read and nothing else"
    STREAM = "an async generator"
    ITERABLE = "a generator"
    PIPE = "a pipe"
    SOCKET = "a socket"
    REOPENED_PATH = "a callable that opens a path"
    REOPENED_STREAM = "a callable that makes an async generator"


ON_DISK = {Origin.PATH, Origin.OPEN_FILE, Origin.ASYNC_FILE, Origin.REOPENED_PATH}
BREAKABLE = {Origin.ASYNC_READER, Origin.STREAM, Origin.ITERABLE, Origin.REOPENED_STREAM}


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
    OTHER_AGAIN = "429 so far, and the bytes are others when they are asked for again"
    RAISES = "the source raises"
    CALLBACK = "the caller's progress callback raises"
    CANCELLED = "the caller's task is cancelled"


class SourceBroke(Exception):
    """What a caller's own source or callback raises."""


@attrs.frozen(kw_only=True)
class Case:
    """One upload: what is sent how, and what goes wrong where.

    Attributes:
        size: Bytes of the file.
        at: The byte at which it goes wrong.
        step: Size of the pieces that streams give, in bytes.
        is_form: As a form, or as the whole body (as presigned places want it).
    """

    origin: Origin
    failure: Failure
    size: int
    at: int
    step: int
    is_form: bool
    checksum: bool

    @property
    def data(self) -> bytes:
        """The file: begins as a wav does."""
        return MAGIC + (bytes(range(256)) * (self.size // 256 + 1))[: self.size - len(MAGIC)]

    @property
    def breaks(self) -> bool:
        """Whether the source itself raises."""
        return self.failure is Failure.RAISES and self.origin in BREAKABLE

    @property
    def may_change(self) -> bool:
        """Whether the second attempt meets other bytes."""
        changeable = ON_DISK | {Origin.SPOOLED, Origin.UPLOAD_FILE, Origin.REOPENED_STREAM}
        return self.failure is Failure.OTHER_AGAIN and self.origin in changeable


def _spoil(path: Path, data: bytes, failure: Failure, at: int) -> None:
    """Change a file, and its time of change for sure: two writes may fall into one tick of the clock."""
    if failure is Failure.TRUNCATED:
        with path.open("r+b") as file:
            file.truncate(min(at, len(data) - 1))
    elif failure is Failure.GROWN:
        with path.open("ab") as file:
            file.write(b"more")
    else:
        path.write_bytes(_others(data))
        os.utime(path, ns=(1, 1))


def _others(data: bytes) -> bytes:
    """As many other bytes, of the same format."""
    return data[: len(MAGIC)] + bytes(255 - byte for byte in data[len(MAGIC) :])


@attrs.define
class Maker:
    """Makes the source of a case, changes it, and closes what it opened."""

    case: Case
    path: Path
    data: bytes
    stack: contextlib.AsyncExitStack
    spoil: Callable[[], object] = lambda: None

    async def source(self) -> Any:
        """What the caller passes to the upload."""
        case, enter = self.case, self.stack.enter_context
        match case.origin:
            case Origin.BYTES:
                return self.data
            case Origin.BYTEARRAY:
                mutable = bytearray(self.data)
                self.spoil = lambda: mutable.__setitem__(slice(None), bytes(len(mutable)))
                return mutable
            case Origin.PATH:
                return self.path
            case Origin.OPEN_FILE:
                return enter(self.path.open("rb"))
            case Origin.ASYNC_FILE:
                return await self.stack.enter_async_context(aiofiles.open(self.path, "rb"))
            case Origin.BYTESIO:
                return io.BytesIO(self.data)
            case Origin.SPOOLED | Origin.UPLOAD_FILE:
                file = enter(tempfile.SpooledTemporaryFile())  # noqa: SIM115 - the stack is one
                file.write(self.data)
                file.seek(0)
                self.spoil = lambda: self._overwrite(file)
                if case.origin is Origin.SPOOLED:
                    return file
                framework = pytest.importorskip("starlette.datastructures", reason=NEEDS_STARLETTE)
                return framework.UploadFile(file, size=len(self.data), filename="x.wav")
            case Origin.ASYNC_READER:
                return _Reader(self._pieces())
            case Origin.STREAM:
                return self._stream()
            case Origin.ITERABLE:
                return self._pieces()
            case Origin.PIPE:
                return self._fed(*os.pipe())
            case Origin.SOCKET:
                ours, theirs = socket.socketpair()
                self._feed(theirs.detach())
                return enter(ours)
            case Origin.REOPENED_PATH:
                return lambda: self.path.open("rb")
            case Origin.REOPENED_STREAM:
                self.spoil = lambda: setattr(self, "data", _others(self.data))
                return self._stream

    def _overwrite(self, file: Any) -> None:
        place = file.tell()
        file.seek(0)
        file.write(_others(self.data))
        file.seek(place)

    def _pieces(self) -> Iterator[bytes]:
        data = self.data
        for start in range(0, len(data), self.case.step):
            if self.case.breaks and start + self.case.step > self.case.at:
                raise SourceBroke
            yield data[start : start + self.case.step]

    async def _stream(self) -> AsyncIterator[bytes]:
        for piece in self._pieces():
            yield piece

    def _fed(self, reading: int, writing: int) -> Any:
        self._feed(writing)
        return self.stack.enter_context(open(reading, "rb"))

    def _feed(self, number: int) -> None:
        def write() -> None:
            with contextlib.suppress(OSError), open(number, "wb", buffering=0) as file:
                view = memoryview(self.data)
                while view:  # a raw file writes what fits
                    view = view[file.write(view) or 0 :]

        thread = threading.Thread(target=write)
        thread.start()
        self.stack.callback(thread.join, 10)  # after the other end was closed


class _Reader:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def read(self, size: int) -> bytes:
        await asyncio.sleep(0)
        return next(self._pieces, b"")


def _file_in(seen: Seen, *, is_form: bool) -> bytes:
    """The file of a request, by its framing alone."""
    body = bytes(seen.body)
    if not is_form:
        return body
    boundary = seen.headers["content-type"].partition("boundary=")[2].encode()
    begin = body.index(b"\r\n\r\n", body.index(b"filename=")) + 4
    end = body.rindex(b"\r\n--" + boundary + b"--\r\n")
    return body[begin:end]


class SpoilingClock(FakeClock):
    """A clock that does not wait, and changes the source while the client thinks it does."""

    def __init__(self, spoil: Callable[[], object] | None) -> None:
        super().__init__()
        self._spoil = spoil

    async def sleep(self, seconds: float, /) -> None:
        """Change it once, then move on."""
        spoil, self._spoil = self._spoil, None
        if spoil is not None:
            spoil()
        await super().sleep(seconds)


@attrs.frozen(kw_only=True)
class Ended:
    """How a case ended, what the server saw, and what was left behind."""

    outcome: str
    seen: list[Seen]
    receipts: list[UploadReceipt]
    is_spoilt: bool
    left: list[str]


async def _run(case: Case, folder: Path) -> Ended:
    """Upload with a failure."""
    path = folder / "take.wav"
    path.write_bytes(case.data)
    failure, at = case.failure, case.at
    before, tasks = open_files(), other_tasks()
    receipts: list[UploadReceipt] = []
    is_spoilt = False

    async def script(wire: Wire) -> None:
        is_first = len(server.seen) == 1
        if failure is Failure.RESET:
            await wire.read_body(at)
            await wire.reset()
        elif failure is Failure.CLOSE:
            await wire.read_body(at)
            await wire.close()
        elif failure in {Failure.BUSY, Failure.OTHER_AGAIN} and is_first:
            await wire.read_body(at)
            await wire.reply(status=429)
        elif failure is Failure.EARLY:
            await wire.read_body(at)
            content = wire.answer()
            await wire.send(wire.head(length=len(content)) + content)
            await wire.read_body()
        else:
            await wire.reply()

    def spoil() -> None:
        nonlocal is_spoilt
        is_spoilt = True
        _spoil(path, case.data, failure, at)
        maker.spoil()

    def progress(now: Progress) -> None:
        if case.origin is Origin.BYTEARRAY:
            maker.spoil()
        if now.done_bytes < at:
            return
        if failure is Failure.CALLBACK:
            raise SourceBroke
        if failure is Failure.CANCELLED:
            uploading.cancel()
        if (
            failure in {Failure.TRUNCATED, Failure.GROWN, Failure.REWRITTEN}
            and case.origin in ON_DISK
            and now.done_bytes < len(case.data)
        ):
            spoil()

    server = FaultServer(script)
    async with server:
        await server.listen()
        async with contextlib.AsyncExitStack() as stack:
            maker = Maker(case, path, case.data, stack)
            source = await maker.source()
            clock = SpoilingClock(spoil if case.may_change else None)
            uploading = asyncio.create_task(_upload(case, server, clock, source, progress, receipts))
            outcome = "ok"
            try:
                await uploading
            except (AudiokitError, SourceBroke, asyncio.CancelledError) as error:
                outcome = type(error).__name__
            if outcome == "ok":
                for _ in range(200):  # what is on the way still arrives
                    if server.seen[-1].is_whole:
                        break
                    await asyncio.sleep(0.005)
    return Ended(
        outcome=outcome,
        seen=server.seen,
        receipts=receipts,
        is_spoilt=is_spoilt,
        left=await leftovers(before, tasks),
    )


async def _upload(
    case: Case,
    server: FaultServer,
    clock: FakeClock,
    source: Any,
    progress: Any,
    receipts: list[UploadReceipt],
) -> None:
    given: dict[str, Any] = {
        "timeouts": TIMEOUTS,
        "limits": Limits(connections=4),
        "retry": RetryPolicy(attempts=3),
        "clock": clock,
    }
    access = ApiAccess(base_url=server.base_url, credentials=ApiKey(KEY))
    if case.is_form:
        async with AudioKit(respeecher=access, **given) as kit:
            await kit.respeecher.recordings.upload(
                source,
                folder_id="f-1",
                on_progress=progress,
                on_receipt=receipts.append,
                checksum=case.checksum,
            )
        return
    async with Transport({"respeecher": access}, **given) as transport:
        async with contextlib.aclosing(Tally(await as_source(source), checksum=case.checksum)) as tally:
            body = StreamBody(source=tally, on_progress=progress)
            call = Call(
                api="respeecher", operation="put", method="PUT", url="/files/x", body=body, retry=Retry.SAFE
            )
            reply = await transport.fetch(call)
            if reply.status == 200:
                receipts.append(tally.receipt)
            else:
                raise AudiokitError(f"refused with {reply.status}")


def _hold(case: Case) -> None:
    """Run a case, and hold it against what is promised of every case."""
    with tempfile.TemporaryDirectory() as folder:
        ended = asyncio.run(_run(case, Path(folder)))
    whole = [_file_in(one, is_form=case.is_form) for one in ended.seen if one.is_whole]
    digest = hashlib.sha256(case.data).hexdigest() if case.checksum else None
    receipt = UploadReceipt(size_bytes=len(case.data), format="wav", sha256=digest)
    if ended.outcome == "ok":
        assert ended.seen[-1].is_whole
        assert [receipt] == ended.receipts
    else:  # a cancellation may come when all is done and only the closing is left
        assert [] == ended.receipts or (case.failure, [receipt]) == (Failure.CANCELLED, ended.receipts)
    assert set(whole) <= {case.data}
    if ended.is_spoilt:
        assert "UploadInterrupted" == ended.outcome
    if case.failure is Failure.NONE:
        assert "ok" == ended.outcome
    assert [] == ended.left


CASES = st.builds(
    lambda origin, failure, size, share, step, is_form, checksum: Case(
        origin=origin,
        failure=failure,
        size=size,
        at=int(share * size),
        step=step,
        is_form=is_form,
        checksum=checksum,
    ),
    origin=st.sampled_from(Origin).filter(lambda one: one is not Origin.UPLOAD_FILE or HAS_STARLETTE),
    failure=st.sampled_from(Failure),
    size=st.one_of(st.integers(20, 5_000), st.integers(400_000, 2_300_000)),
    share=st.floats(0, 1),
    step=st.integers(1_000, 200_000),
    is_form=st.booleans(),
    checksum=st.booleans(),
)


@pytest.mark.parametrize("origin", Origin, ids=lambda origin: origin.name.lower())
def test_every_source_meets_every_failure(origin: Origin) -> None:
    """Each pair once, in the middle, as a form and as a whole body in turn."""
    for number, failure in enumerate(Failure, len(Failure) * list(Origin).index(origin)):
        _hold(
            Case(
                origin=origin,
                failure=failure,
                size=2_300_000 if origin in ON_DISK else 300_000,
                at=150_000,
                step=40_000,
                is_form=bool(number % 2),
                checksum=bool(number % 3),
            )
        )


@pytest.mark.timeout(60)
@seed(4)
@given(case=CASES)
@settings(
    max_examples=examples(60), deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
def test_success_means_the_same_bytes(case: Case) -> None:
    """A success left every byte at the server, and no whole request ever held anything else."""
    _hold(case)


@pytest.mark.heavy
@pytest.mark.timeout(900)
@seed(5)
@given(case=CASES)
@settings(max_examples=1500, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
def test_success_means_the_same_bytes_in_many_more_cases(case: Case) -> None:
    """The same, for longer than one waits for."""
    _hold(case)
