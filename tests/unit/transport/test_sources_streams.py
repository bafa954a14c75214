"""Sources that come piece after piece: iterables, pipes, sockets, and callables that open them anew."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from audiokit._formats import HEAD_BYTES, AudioFormat
from audiokit.errors import InvalidRequest, UploadInterrupted, UsageError
from audiokit.transport import Source, as_source
from audiokit.transport._source import CHUNK_BYTES

DATA = b"OggS" + bytes(range(256)) * 6000

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and sockets as files")


async def sent_by(source: Source) -> bytes:
    """All it gives."""
    return b"".join([bytes(chunk) async for chunk in source.open()])


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """No descriptor and no thread of a source outlives a test."""
    before = len(list(Path("/dev/fd").iterdir()))
    yield
    assert before == len(list(Path("/dev/fd").iterdir()))
    for thread in threading.enumerate():
        if thread.name.startswith("audiokit-source"):
            thread.join(2)
            assert not thread.is_alive()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def end_of(pipe: tuple[int, int], buffering: int) -> Any:
    """The reading end as a file object."""
    return os.fdopen(pipe[0], "rb", buffering=buffering)


def feed(number: int, data: bytes = DATA) -> threading.Thread:
    """Write to a pipe and close it, in a thread: it holds only 64 KiB."""

    def write() -> None:
        with os.fdopen(number, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


# -- iterables --


async def test_large_chunks_are_sent_in_pieces(chunks_of: Callable[..., AsyncIterator[bytes]]) -> None:
    """A chunk of the caller's may have any size; none of ours is over 1 MiB."""
    source = await as_source(chunks_of(bytes(2 * CHUNK_BYTES + 5)))
    assert [CHUNK_BYTES, CHUNK_BYTES, 5] == [len(chunk) async for chunk in source.open()]


@pytest.mark.parametrize("kind", ["async", "plain"])
async def test_small_chunks_in_quick_succession_are_sent_together(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 KiB at a time costs the CPU of 64 KiB; what comes slowly is not held back for more."""

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(1024):
            yield bytes([number % 256]) * 1024

    def plain() -> Iterator[bytes]:
        for number in range(1024):
            yield bytes([number % 256]) * 1024

    now_s, step_s = 0.0, 0.0

    def monotonic() -> float:
        nonlocal now_s
        now_s += step_s
        return now_s

    monkeypatch.setattr("audiokit.transport._feeds.monotonic", monotonic)
    source = await as_source(chunks() if kind == "async" else plain())
    quick = source.open()
    sent = [bytes(await anext(quick)) for _ in range(4)]
    assert [1 << 16] * 4 == [len(chunk) for chunk in sent]
    step_s = 1.0
    later = [bytes(chunk) async for chunk in quick]
    assert 1024 in {len(chunk) for chunk in later[1:]} == {len(chunk) for chunk in later[2:]}
    assert list(plain()) == [
        data[start : start + 1024] for data in [b"".join(sent + later)] for start in range(0, len(data), 1024)
    ]
    await source.aclose()


async def test_async_generator_is_read_in_the_task_that_calls() -> None:
    """It may stand inside a timeout of its own, which no other task may leave."""

    async def guarded() -> AsyncIterator[bytes]:
        async with asyncio.timeout(10):
            with anyio.fail_after(10):
                for start in range(0, len(DATA), 50_000):
                    yield DATA[start : start + 50_000]

    assert DATA == await sent_by(await as_source(guarded()))


async def test_generator_is_closed_when_nobody_wants_its_rest() -> None:
    """Its own cleanup runs before the call is over, not when the garbage is collected."""
    closed: list[str] = []

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield DATA
        finally:
            closed.append("async")

    def plain() -> Iterator[bytes]:
        try:
            while True:
                yield DATA
        finally:
            closed.append("plain")

    for generator in (chunks(), plain()):
        source = await as_source(generator)
        opened = source.open()
        await anext(opened)
        await opened.aclose()
        await source.aclose()
    assert ["async", "plain"] == closed


async def test_plain_iterable_is_read_in_a_thread() -> None:
    """Each of its steps may block: the event loop turns meanwhile."""
    turn = threading.Event()
    threads: set[int] = set()

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(DATA), 100_000):
            threads.add(threading.get_ident())
            assert turn.wait(10)
            turn.clear()
            yield DATA[start : start + 100_000]

    async def turns() -> None:
        while True:
            turn.set()
            await asyncio.sleep(0)

    turning = asyncio.create_task(turns())
    try:
        source = await as_source(chunks())
        assert (None, False, AudioFormat.OGG) == (source.size_bytes, source.is_replayable, source.format)
        assert DATA == await sent_by(source)
    finally:
        turning.cancel()
    assert threading.get_ident() not in threads


async def test_blocking_sources_do_not_keep_each_other_waiting() -> None:
    """40 iterables that each wait for all the others: none waits for a thread that another holds."""
    all_here = threading.Barrier(40, timeout=10)

    def chunks() -> Iterator[bytes]:
        yield b"OggS" + bytes(HEAD_BYTES)
        all_here.wait()
        yield b"end"

    async def send() -> int:
        source = await as_source(chunks())
        try:
            return len(await sent_by(source))
        finally:
            await source.aclose()

    sizes = await asyncio.gather(*(send() for _ in range(40)))
    assert {4 + HEAD_BYTES + 3} == set(sizes)


async def test_iterator_without_a_close_is_read_to_its_end() -> None:
    """Neither kind of iterator has to be a generator."""

    class Chunks:
        def __init__(self) -> None:
            self._pieces = iter([DATA, b"end"])

        def __aiter__(self) -> Chunks:
            return self

        async def __anext__(self) -> bytes:
            for piece in self._pieces:
                return piece
            raise StopAsyncIteration

    source = await as_source(Chunks())
    assert DATA + b"end" == await sent_by(source)
    await source.aclose()


async def test_generator_that_hangs_does_not_hold_up_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread goes on until it gives something; nobody waits longer than a moment for that."""
    monkeypatch.setattr("audiokit.transport._off_loop.CLOSE_S", 0.02)
    go_on = threading.Event()

    def hangs() -> Iterator[bytes]:
        yield bytes(HEAD_BYTES)
        go_on.wait(10)

    source = await as_source(hangs())
    chunks = source.open()
    await anext(chunks)
    with anyio.move_on_after(0.02) as scope:
        await anext(chunks)
    assert scope.cancelled_caught
    await source.aclose()
    go_on.set()


async def test_list_of_chunks_is_an_iterable() -> None:
    """Empty ones among them do not end it."""
    assert b"OggSab" == await sent_by(await as_source([b"OggS", b"", bytearray(b"a"), memoryview(b"b")]))


@pytest.mark.parametrize("data", [["OggS"], [1, 2], {"a": 1}])
async def test_iterable_of_something_else_is_refused(data: Any) -> None:
    """The message names what came in place of bytes."""
    with pytest.raises(UsageError, match=r"an upload takes bytes, and .*iterator gave (str|int)"):
        await as_source(data)


async def test_next_piece_is_read_while_the_current_one_is_sent() -> None:
    """A slow reader is asked for the next piece, and only for that, before the current one is gone."""
    asked = 0

    class Slow:
        async def read(self, size: int) -> bytes:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            return bytes(HEAD_BYTES) if asked < 6 else b""

    source = await as_source(Slow())
    assert 1 == asked
    seen = []
    async for _ in source.open():
        for _ in range(5):
            await asyncio.sleep(0)
        seen.append(asked)
    assert [2, 3, 4, 5, 6] == seen


@pytest.mark.parametrize("kind", ["task", "thread"])
async def test_cancelling_ends_a_read_that_is_under_way(kind: str) -> None:
    """A task is cancelled with it; a thread is waited for, and its bytes are dropped."""
    reading = asyncio.Event()
    loop = asyncio.get_running_loop()
    go_on = threading.Event()
    ended: list[str] = []

    class InTask:
        count = 0

        async def read(self, size: int) -> bytes:
            self.count += 1
            if self.count == 1:
                return bytes(HEAD_BYTES)
            reading.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("task")
            return b""

    class InThread:
        count = 0

        def read(self, size: int) -> bytes:
            self.count += 1
            if self.count == 1:
                return bytes(HEAD_BYTES)
            loop.call_soon_threadsafe(reading.set)
            go_on.wait(10)
            ended.append("thread")
            return b""

    async def send(source: Source) -> None:
        async with contextlib.aclosing(source.open()) as chunks:
            async for _ in chunks:
                pass

    source = await as_source(InTask() if kind == "task" else InThread())
    sending = asyncio.create_task(send(source))
    await reading.wait()
    sending.cancel()
    loop.call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [kind] == ended


# -- pipes and sockets --


@pytest.mark.parametrize("buffering", [0, -1])
async def test_pipe_is_sent_to_its_end(pipe: tuple[int, int], buffering: int) -> None:
    """Of unknown length, once; what its owner's buffer holds is not lost."""
    writer = feed(pipe[1], b"skipped" + DATA)
    with end_of(pipe, buffering) as file:
        assert b"skipped" == file.read(7)
        source = await as_source(file)
        assert (None, False, AudioFormat.OGG) == (source.size_bytes, source.is_replayable, source.format)
        assert ("audio.ogg", DATA) == (source.name, await sent_by(source))
        await source.aclose()
        assert not file.closed
    writer.join()


async def test_pipe_that_does_not_block_is_sent_whole(pipe: tuple[int, int]) -> None:
    """Nothing there yet is not the end."""
    os.set_blocking(pipe[0], False)
    with end_of(pipe, -1) as file:
        looking = asyncio.create_task(as_source(file))
        await asyncio.sleep(0)
        writer = feed(pipe[1])
        source = await looking
        assert DATA == await sent_by(source)
        await source.aclose()
    writer.join()


async def test_output_of_a_process_is_sent() -> None:
    """As ``ffmpeg ... -`` writes it, with subprocess and with asyncio's own."""
    command = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'OggS' + bytes(300_000))"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220 - as users do
        source = await as_source(process.stdout)  # type: ignore[arg-type]
        assert b"OggS" + bytes(300_000) == await sent_by(source)
        await source.aclose()
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert b"OggS" + bytes(300_000) == await sent_by(await as_source(child.stdout))
    await child.wait()


async def test_named_pipe_waits_for_its_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By path, without a thread that waits in vain."""
    is_waiting, wait_readable = asyncio.Event(), anyio.wait_readable

    async def noted(number: Any) -> None:
        is_waiting.set()
        await wait_readable(number)

    monkeypatch.setattr(anyio, "wait_readable", noted)
    path = tmp_path / "take.ogg"
    os.mkfifo(path)
    looking = asyncio.create_task(as_source(path))
    await is_waiting.wait()
    await anyio.wait_all_tasks_blocked()
    assert not looking.done()
    writer = feed(os.open(path, os.O_WRONLY))
    source = await looking
    assert ("take.ogg", None, False) == (source.name, source.size_bytes, source.is_replayable)
    assert DATA == await sent_by(source)
    await source.aclose()
    writer.join()


async def test_waiting_for_a_writer_can_be_cancelled(tmp_path: Path) -> None:
    """And leaves nothing open; the fixture counts."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with anyio.move_on_after(0.05) as scope:
        await as_source(path)
    assert scope.cancelled_caught


@pytest.mark.parametrize("is_blocking", [True, False])
async def test_socket_is_sent_to_its_end(is_blocking: bool) -> None:  # noqa: FBT001
    """Until the other side ends; it stays open."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(is_blocking)

        def write() -> None:
            theirs.sendall(DATA)
            theirs.shutdown(socket.SHUT_WR)

        writer = threading.Thread(target=write)
        writer.start()
        source = await as_source(ours)
        assert (None, False) == (source.size_bytes, source.is_replayable)
        assert DATA == await sent_by(source)
        await source.aclose()
        assert ours.fileno() >= 0
        writer.join()


async def test_sockets_that_cannot_be_read_are_refused() -> None:
    """Closed ones, and TLS over a blocking socket, with the way out."""
    ours, theirs = socket.socketpair()
    theirs.close()
    wrapped = ssl.create_default_context().wrap_socket(
        ours, server_hostname="x.example", do_handshake_on_connect=False
    )
    with wrapped, pytest.raises(UsageError, match=r"pass the reader of asyncio\.open_connection"):
        await as_source(wrapped)
    theirs.close()
    with pytest.raises(InvalidRequest, match="closed socket"):
        await as_source(theirs)


async def test_device_that_cannot_be_waited_for_is_refused() -> None:
    """``/dev/null`` is no pipe."""
    with pytest.raises(InvalidRequest, match="cannot be waited for; allowed are regular files, pipes"):
        await as_source("/dev/null")


async def test_standard_input_is_a_pipe_by_path_and_by_handle() -> None:
    """In a process of its own, which has one."""
    program = (
        "import asyncio, sys\n"
        "from audiokit.transport import as_source\n"
        "async def main():\n"
        "    source = await as_source(sys.argv[1] if sys.argv[1:] else sys.stdin.buffer)\n"
        "    print(source.name, source.size_bytes, sum([len(chunk) async for chunk in source.open()]))\n"
        "    await source.aclose()\n"
        "asyncio.run(main())\n"
    )
    for arguments in ([], ["/dev/stdin"]):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-W", "error", "-c", program, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        told, _ = await child.communicate(DATA)
        assert f"audio.ogg None {len(DATA)}\n".encode() == told


# -- callables --


async def _agen() -> AsyncIterator[bytes]:
    for start in range(0, len(DATA), 200_000):
        yield DATA[start : start + 200_000]


async def _coroutine() -> bytes:
    return DATA


@pytest.mark.parametrize(
    ("reopen", "size"),
    [
        (lambda: DATA, len(DATA)),
        (lambda: io.BytesIO(DATA), len(DATA)),
        (lambda: iter([DATA[:9], DATA[9:]]), None),
        (_agen, None),
        (lambda: _agen(), None),
        (_coroutine, len(DATA)),
    ],
)
async def test_callable_gives_a_source_for_each_attempt(reopen: Any, size: int | None) -> None:
    """Whatever it gives, and however it is called, can be sent again."""
    source = await as_source(reopen)
    assert (size, True, AudioFormat.OGG, "audio.ogg") == (
        source.size_bytes,
        source.is_replayable,
        source.format,
        source.name,
    )
    assert DATA == await sent_by(source) == await sent_by(source) == await sent_by(source)
    await source.aclose()


async def test_callable_is_called_once_per_attempt_and_what_it_opens_is_closed(tmp_path: Path) -> None:
    """The first opening serves the first attempt; every file it gave is closed, sent or not."""
    path = tmp_path / "take.ogg"
    path.write_bytes(DATA)
    opened: list[Any] = []

    def reopen() -> Any:
        opened.append(path.open("rb"))
        return opened[-1]

    source = await as_source(reopen)
    assert "take.ogg" == source.name
    await sent_by(source)
    await sent_by(source)
    assert [True, True] == [file.closed for file in opened]
    unsent = await as_source(reopen)
    assert not opened[-1].closed
    await unsent.aclose()
    assert opened[-1].closed


async def test_callable_that_gives_something_else_is_refused_before_a_byte_goes() -> None:
    """Another length or format the second time is no repeat."""
    answers = iter([DATA, DATA + b"more"])
    source = await as_source(lambda: next(answers))
    await sent_by(source)
    with pytest.raises(UploadInterrupted, match=f"{len(DATA) + 4} bytes of ogg, at first {len(DATA)} bytes"):
        await anext(source.open())


async def note_sizes(source: Source, sizes: list[int]) -> None:
    """Read it, noting what came before it broke."""
    async for chunk in source.open():
        sizes.append(len(chunk))  # noqa: PERF401 - an extend would note nothing when it breaks


async def test_callable_that_gives_other_bytes_is_noticed() -> None:
    """Same length, same format, other content: the checksum tells, before the last byte goes."""
    other = DATA[:-1] + b"!"
    for first, second in ((DATA, other), (other, DATA)):
        answers = iter([first, second])
        source = await as_source(lambda answers=answers: next(answers))  # type: ignore[misc]
        await sent_by(source)
        sent: list[int] = []
        with pytest.raises(UploadInterrupted, match="gave other bytes than before"):
            await note_sizes(source, sent)
        assert sum(sent) < len(DATA)


@pytest.mark.parametrize("change", [-1, 1])
async def test_callable_of_unknown_length_that_gives_less_or_more_is_noticed(change: int) -> None:
    """Where no length is told, the end is compared."""
    answers = iter([[DATA, b"end"], [DATA, b"end"[:change] if change < 0 else b"endx"]])
    source = await as_source(lambda: iter(next(answers)))
    await sent_by(source)
    with pytest.raises(UploadInterrupted, match="gave other bytes than before"):
        await sent_by(source)


async def test_callable_that_gives_a_callable_or_nothing_is_refused() -> None:
    """One level is enough; None is the usual slip of a function without return."""
    with pytest.raises(UsageError, match="must give bytes, a path, a file or an iterator, not a callable"):
        await as_source(lambda: lambda: DATA)  # type: ignore[arg-type,return-value]
    with pytest.raises(UsageError, match="got NoneType"):
        await as_source(lambda: None)  # type: ignore[arg-type,return-value]


async def test_error_of_a_callable_reaches_the_caller() -> None:
    """Undressed, as that of a generator does."""

    def fails() -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await as_source(fails)


async def test_callable_that_fails_the_second_time_interrupts_the_upload(tmp_path: Path) -> None:
    """Whatever it gave is gone: no more than an upload that has to begin anew."""
    path = tmp_path / "take.ogg"
    for reopen in (lambda: path.open("rb"), lambda: path):
        path.write_bytes(DATA)
        source = await as_source(reopen)
        await sent_by(source)
        path.unlink()
        with pytest.raises(UploadInterrupted, match=r"failed when it was called again: .*No such file"):
            await sent_by(source)


async def test_source_that_never_waits_leaves_the_loop_its_turns() -> None:
    """A generator that has everything at hand, sent over a socket that takes it: others run once per MiB."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def source() -> AsyncIterator[bytes]:
        yield DATA
        for _ in range(128):
            yield bytes(1 << 16)

    made = await as_source(source())
    counting = asyncio.create_task(count())
    await asyncio.sleep(0)
    before = turns
    try:
        assert len(DATA) + (8 << 20) == len(await sent_by(made))
    finally:
        counting.cancel()
        await made.aclose()
    assert 8 <= turns - before <= 16
