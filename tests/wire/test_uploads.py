"""Uploads of every kind of source over real sockets: framing, receipts, progress, strangers, stalls."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import itertools
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from starlette.datastructures import UploadFile

from audiokit import ApiAccess, ApiKey, AudioKit, Limits, Timeouts
from audiokit.errors import (
    CallTimeout,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
    UnsupportedAudio,
    UploadInterrupted,
)
from audiokit.testing import FakeClock
from audiokit.transport import Network
from audiokit.typing import Progress, UploadReceipt

DATA = b"RIFF\x24\x00\x03\x00WAVE" + bytes(range(256)) * 9000
DIGEST = hashlib.sha256(DATA).hexdigest()
RECORDING = orjson.dumps({"id": "r-1", "state": "done", "url": "/x.wav", "label": "take"})


def client(server: Any, **settings: Any) -> AudioKit:
    """A client of *server* whose clock does not wait."""
    access = ApiAccess(base_url=server.base_url, credentials=ApiKey("key-SECRET"))
    return AudioKit(**{"respeecher": access, "clock": FakeClock(), **settings})


def file_in(exchange: Any, body: bytes) -> bytes:
    """The file part of a form, by its framing alone."""
    boundary = exchange.headers["content-type"].partition("boundary=")[2].encode()
    begin = body.index(b"\r\n\r\n", body.index(b"filename=")) + 4
    assert body.endswith(b"\r\n--" + boundary + b"--\r\n")
    return body[begin : -len(boundary) - 8]


async def _chunks() -> AsyncIterator[bytes]:
    for start in range(0, len(DATA), 70_000):
        yield DATA[start : start + 70_000]


def _pipe() -> Any:
    reading, writing = os.pipe()

    def write() -> None:
        # Whoever reads may leave in the middle.
        with contextlib.suppress(OSError), os.fdopen(writing, "wb") as file:
            file.write(DATA)

    threading.Thread(target=write).start()
    return os.fdopen(reading, "rb")


SOURCES: dict[str, tuple[Callable[[Path], Any], bool, bool]] = {
    # Made from a path that holds the data; whether its length is known; whether it can be sent again.
    "path": (lambda path: path, True, True),
    "bytes": (lambda _: DATA, True, True),
    "bytearray": (lambda _: bytearray(DATA), True, True),
    "open file": (lambda path: path.open("rb"), True, True),
    "BytesIO": (lambda _: io.BytesIO(DATA), True, True),
    "UploadFile": (lambda _: UploadFile(io.BytesIO(DATA), size=len(DATA), filename="x.wav"), True, True),
    "callable": (lambda path: lambda: path.open("rb"), True, True),
    "callable of a generator": (lambda _: _chunks, False, True),
    "async generator": (lambda _: _chunks(), False, False),
    "iterable": (lambda _: iter([DATA[:5], DATA[5:]]), False, False),
    "pipe": (lambda _: _pipe(), False, False),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds the data."""
    made = tmp_path / "take.wav"
    made.write_bytes(DATA)
    return made


@pytest.mark.parametrize("kind", SOURCES)
async def test_every_source_arrives_whole_with_a_receipt(serve: Any, path: Path, kind: str) -> None:
    """By length or chunked, the form holds the file; the receipt says what hashlib says."""
    make, has_length, _ = SOURCES[kind]
    taken: list[bytes] = []

    async def answer(exchange: Any) -> None:
        taken.append(file_in(exchange, await exchange.body()))
        await exchange.reply(200, RECORDING)

    server = await serve(answer)
    receipts: list[UploadReceipt] = []
    seen: list[int] = []
    source = make(path)
    async with client(server) as kit:
        await kit.respeecher.recordings.upload(
            source,
            folder_id="f",
            on_progress=lambda now: seen.append(now.done_bytes),
            on_receipt=receipts.append,
            checksum=True,
        )
    assert [DATA] == taken
    assert [UploadReceipt(size_bytes=len(DATA), format="wav", sha256=DIGEST)] == receipts
    assert (sorted(set(seen)), len(DATA)) == (seen, seen[-1])
    headers = server.requests[0].headers
    assert has_length == ("content-length" in headers)
    assert has_length != (headers.get("transfer-encoding") == "chunked")
    if hasattr(source, "fileno"):
        source.close()


@pytest.mark.parametrize("kind", SOURCES)
async def test_repeat_sends_the_same_bytes_or_there_is_none(serve: Any, path: Path, kind: str) -> None:
    """After 429 half way: the same again with its own progress and receipt, or the refusal itself."""
    make, _, is_replayable = SOURCES[kind]
    taken: list[bytes] = []

    async def answer(exchange: Any) -> None:
        if len(server.requests) == 1:
            async for _ in exchange.body_chunks():
                break
            await exchange.reply(429)
            exchange.hang_up()
            return
        taken.append(file_in(exchange, await exchange.body()))
        await exchange.reply(200, RECORDING)

    server = await serve(answer)
    receipts: list[UploadReceipt] = []
    seen: list[int] = []
    source = make(path)
    async with client(server) as kit:
        upload = kit.respeecher.recordings.upload(
            source,
            folder_id="f",
            on_progress=lambda now: seen.append(now.done_bytes),
            on_receipt=receipts.append,
            checksum=True,
        )
        if is_replayable:
            await upload
        else:
            with pytest.raises(RateLimited):
                await upload
    assert (
        ([DATA], [DIGEST]) == (taken, [one.sha256 for one in receipts])
        if is_replayable
        else ([], [])
        == (
            taken,
            receipts,
        )
    )
    if is_replayable:
        assert len(DATA) == seen[-1]
        assert sum(later <= earlier for earlier, later in itertools.pairwise(seen)) <= 1
    if hasattr(source, "fileno"):
        source.close()


async def test_receipt_without_checksum_has_none(serve: Any) -> None:
    """Hashing costs; it is done where it was asked for."""

    async def answer(exchange: Any) -> None:
        await exchange.body()
        await exchange.reply(200, RECORDING)

    server = await serve(answer)
    receipts: list[UploadReceipt] = []
    async with client(server) as kit:
        await kit.respeecher.recordings.upload(DATA, folder_id="f", on_receipt=receipts.append)
        await kit.respeecher.recordings.upload(DATA, folder_id="f", checksum=True)  # nobody wants to know
    assert [UploadReceipt(size_bytes=len(DATA), format="wav", sha256=None)] == receipts


async def test_refused_upload_has_no_receipt(serve: Any) -> None:
    """Neither one that the API refuses, nor one that never went."""

    async def answer(exchange: Any) -> None:
        await exchange.body()
        await exchange.reply(422, b"{}")

    server = await serve(answer)
    receipts: list[UploadReceipt] = []
    async with client(server) as kit:
        for data in (DATA, b"text"):
            with pytest.raises((RequestRefused, UnsupportedAudio)):
                await kit.respeecher.recordings.upload(
                    data, folder_id="f", on_receipt=receipts.append, checksum=True
                )
    assert ([], 1) == (receipts, len(server.requests))


# -- places given by the API --


@pytest.mark.parametrize("how", ["apiaudio.media", "audiostack.media", "audiostack.files"])
async def test_presigned_place_gets_no_credentials(serve: Any, how: str) -> None:
    """Neither key, nor organisation, nor cookie, nor the caller's own headers go to another host."""
    put: list[tuple[dict[str, str], bytes]] = []

    async def store(exchange: Any) -> None:
        put.append((exchange.headers, await exchange.body()))
        await exchange.reply(200)

    async def api(exchange: Any) -> None:
        await exchange.body()
        url = f"http://localhost:{stranger.port}/bucket/x?signature=s"
        content = {
            "mediaId": "m-1",
            "fileUploadUrl": url,
            "fileId": "f-1",
            "uploadUrl": url,
            "mimeType": "audio/wav",
        }
        wrapped = content if how == "apiaudio.media" else {"data": content, "statusCode": 200}
        await exchange.reply(200, orjson.dumps(wrapped), set_cookie="session_id=SECRET; Path=/")

    stranger, server = await serve(store), await serve(api)
    access = ApiAccess(base_url=server.base_url, credentials=ApiKey("key-SECRET"), organisation="org-SECRET")
    receipts: list[UploadReceipt] = []
    given: dict[str, Any] = {
        "headers": {"x-trace": "trace-SECRET"},
        "on_receipt": receipts.append,
        "checksum": True,
    }
    async with AudioKit(apiaudio=access, audiostack=access, clock=FakeClock()) as kit:
        match how:
            case "apiaudio.media":
                await kit.apiaudio.media.upload(DATA, **given)
            case "audiostack.media":
                await kit.audiostack.media.create(DATA, **given)
            case _:
                await kit.audiostack.files.create(DATA, **given)
    assert "key-SECRET" in str(server.requests[0].headers)
    ((headers, body),) = put
    assert DATA == body
    assert "SECRET" not in str(headers)
    assert not {"cookie", "authorization", "api-key", "x-api-key", "x-assume-org"} & set(headers)
    assert str(len(DATA)) == headers["content-length"]
    assert [DIGEST] == [one.sha256 for one in receipts]


# -- sources that hang or break --


class Stalls:
    """Gives so much, and then nothing."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.is_cancelled = False

    async def read(self, size: int) -> bytes:
        self.pieces -= 1
        if self.pieces < 0:
            try:
                await asyncio.sleep(60)
            finally:
                self.is_cancelled = True
        return DATA[:100_000]


@pytest.mark.parametrize("pieces", [0, 3])
async def test_source_that_hangs_ends_with_the_calls_own_timeout(serve: Any, pieces: int) -> None:
    """Before anything was sent, and half way: one limit for all of it, and the read is cancelled."""

    async def answer(exchange: Any) -> None:
        await exchange.body()

    server = await serve(answer)
    source = Stalls(pieces)
    async with client(server, clock=None) as kit:
        with pytest.raises(CallTimeout) as caught:
            await kit.respeecher.recordings.upload(source, folder_id="f", timeout=0.3)
    assert (pieces > 0, pieces > 0) == (caught.value.maybe_sent, bool(server.requests))
    assert source.is_cancelled
    if not pieces:
        assert "the source gave too little to tell its format within" in str(caught.value)


async def _waits(pieces: int) -> AsyncIterator[bytes]:
    for _ in range(pieces):
        yield DATA[:100_000]
    await asyncio.sleep(60)


def _blocks(pieces: int, go_on: threading.Event) -> Iterator[bytes]:
    for _ in range(pieces):
        yield DATA[:100_000]
    go_on.wait(10)


@pytest.mark.parametrize("pieces", [0, 3])
@pytest.mark.parametrize("kind", ["async reader", "async generator", "iterable", "pipe", "callable"])
async def test_source_that_hangs_ends_without_any_timeout(serve: Any, kind: str, pieces: int) -> None:
    """A transfer without a limit of its own ends where nothing comes for `Timeouts.stall_s`."""

    async def answer(exchange: Any) -> None:
        await exchange.body()

    go_on = threading.Event()
    reading, writing = os.pipe()
    os.write(writing, DATA[:60_000] if pieces else b"")
    asyncio.get_running_loop().call_later(0.3, go_on.set)
    server = await serve(answer)
    with os.fdopen(reading, "rb") as file:
        source: Any = {
            "async reader": Stalls(pieces),
            "async generator": _waits(pieces),
            "iterable": _blocks(pieces, go_on),
            "pipe": file,
            "callable": lambda: _waits(pieces),
        }[kind]
        async with client(server, clock=None, timeouts=Timeouts(stall_s=0.1)) as kit:
            with pytest.raises(UploadInterrupted, match=r"it gave nothing for 0\.1 s \(Timeouts\.stall_s\)"):
                await kit.respeecher.recordings.upload(source, folder_id="f")
    os.close(writing)


async def test_broken_source_never_makes_a_whole_request(serve: Any) -> None:
    """An error of the caller's own generator comes out as it is, and the form is never ended."""
    bodies: list[bytes] = []

    async def answer(exchange: Any) -> None:
        try:
            async for chunk in exchange.body_chunks():
                bodies.append(chunk)  # noqa: PERF401 - what came before it broke counts
        except (asyncio.IncompleteReadError, ValueError):
            pass
        exchange.hang_up()

    async def breaks() -> AsyncIterator[bytes]:
        yield DATA
        raise ZeroDivisionError

    server = await serve(answer)
    async with client(server) as kit:
        with pytest.raises(ZeroDivisionError):
            await kit.respeecher.recordings.upload(breaks(), folder_id="f")
    assert b"--\r\n" not in b"".join(bodies)[-10:]


@pytest.mark.parametrize("error", [ConnectionResetError("by peer"), TimeoutError(), OSError(5, "I/O error")])
@pytest.mark.parametrize("is_repeatable", [True, False])
async def test_error_of_the_system_in_a_source_is_not_taken_for_the_connections(
    serve: Any,
    error: OSError,
    is_repeatable: bool,  # noqa: FBT001
) -> None:
    """A source that reads from a network of its own: told as the source's, and not tried again."""

    async def answer(exchange: Any) -> None:
        await exchange.body()

    async def breaks() -> AsyncIterator[bytes]:
        yield DATA
        raise error

    server = await serve(answer)
    async with client(server) as kit:
        for source in (breaks(), breaks):
            with pytest.raises(UploadInterrupted, match="cannot be read to its end: ") as caught:
                await kit.respeecher.recordings.upload(source, folder_id="f", is_repeatable=is_repeatable)
            assert caught.value.__cause__ is error
    assert len(server.requests) <= 2  # one each, if the server has come to see it


async def test_wrong_content_is_refused_before_a_connection(serve: Any, path: Path) -> None:
    """Whatever the source: nothing is sent, and nothing stays open."""

    async def answer(exchange: Any) -> None:
        await exchange.reply(200, RECORDING)

    server = await serve(answer)
    path.write_bytes(b"%PDF-1.7")
    async with client(server) as kit:
        for source in (path, b"%PDF-1.7", iter([b"%PDF-1.7"]), lambda: path.open("rb")):
            with pytest.raises(UnsupportedAudio, match="got a PDF document"):
                await kit.respeecher.recordings.upload(source, folder_id="f")
    assert 0 == server.connections


async def test_yes_to_half_an_upload_is_not_believed(serve: Any) -> None:
    """Also not through an httpx client of the caller's, which takes the answer for the outcome."""

    async def answer(exchange: Any) -> None:
        async for _ in exchange.body_chunks():
            break
        await exchange.reply(200, RECORDING)
        await asyncio.sleep(0.05)  # the answer is there, and then the connection breaks
        exchange.hang_up()

    server = await serve(answer)
    data = DATA + bytes(20 << 20)
    async with httpx.AsyncClient() as http:
        for settings in ({}, {"network": Network(http=http)}):
            async with client(server, **settings) as kit:
                with pytest.raises(OutcomeUnknown):
                    await kit.respeecher.recordings.upload(data, folder_id="f")


async def test_uploads_beyond_the_memory_wait_their_turn(serve: Any, path: Path) -> None:
    """With memory for one file, eight places make no difference: one is under way at a time."""
    under_way = most = 0

    async def answer(exchange: Any) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await exchange.body()
        await asyncio.sleep(0.005)
        under_way -= 1
        await exchange.reply(200, RECORDING)

    server = await serve(answer)
    for upload_bytes, at_once in ((1, 1), (5 << 20, 2)):
        most = 0
        async with client(server, limits=Limits(upload_bytes=upload_bytes)) as kit:
            upload = kit.respeecher.recordings.upload
            await asyncio.gather(*(upload(path, folder_id="f") for _ in range(6)))
        assert at_once == most


async def test_file_that_changes_during_the_upload_is_no_success(serve: Any, path: Path) -> None:
    """The server never sees the end of the form."""
    path.write_bytes(DATA * 10)
    whole: list[bool] = []
    has_ended = asyncio.Event()

    async def answer(exchange: Any) -> None:
        size = 0
        try:
            async for chunk in exchange.body_chunks():
                size += len(chunk)
        finally:
            whole.append(size == int(exchange.headers["content-length"]))
            has_ended.set()
        exchange.hang_up()

    def spoil(now: Progress) -> None:
        if now.done_bytes < len(DATA):
            path.write_bytes(bytes(len(DATA) * 10))

    server = await serve(answer)
    async with client(server) as kit:
        with pytest.raises(UploadInterrupted, match="or was rewritten"):
            await kit.respeecher.recordings.upload(path, folder_id="f", on_progress=spoil)
        await asyncio.wait_for(has_ended.wait(), 5)
    assert [False] == whole
