"""Real sockets: connections kept and replaced, answers cut, bodies of unknown length."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from audiokit import ApiAccess, ApiKey, Limits, Rate, RateLimits, RetryPolicy, Timeouts
from audiokit._config import RateClass
from audiokit.errors import AudiokitError, CallTimeout, ConnectionFailed, ConnectionLost, OutcomeUnknown
from audiokit.testing import FakeClock
from audiokit.transport import Call, JsonBody, Multipart, Retry, StreamBody, Target, Transport, as_source

GET = Call(api="respeecher", operation="x.get", method="GET", url="/a", retry=Retry.SAFE)


def _post(body: Any, retry: Retry = Retry.IF_REFUSED, **facts: Any) -> Call:
    return Call(
        api="respeecher", operation="x.post", method="POST", url="/a", body=body, retry=retry, **facts
    )


async def _any_status(_: Any) -> None:
    pass


async def test_connection_is_kept_for_the_next_call(serve: Any, connect: Any) -> None:
    """Ten calls one after the other use one connection."""

    async def answer(exchange: Any) -> None:
        await exchange.reply(200, b"ok")

    server = await serve(answer)
    async with connect(server) as transport:
        for _ in range(10):
            assert b"ok" == (await transport.fetch(GET)).content
    assert (1, 10) == (server.connections, len(server.requests))


async def test_idle_connection_that_was_closed_is_replaced(serve: Any, connect: Any) -> None:
    """A server that hangs up between calls costs nothing, not even a costly call."""

    async def answer(exchange: Any) -> None:
        await exchange.reply(200, b"ok", connection="keep-alive")
        exchange.hang_up()

    server = await serve(answer)
    async with connect(server) as transport:
        for _ in range(3):
            await transport.fetch(_post(JsonBody({})))
            await asyncio.sleep(0.01)
    assert 3 == server.connections


async def test_no_more_connections_than_allowed(serve: Any, connect: Any) -> None:
    """Calls beyond the limit wait for a connection."""
    live = most = 0

    async def answer(exchange: Any) -> None:
        nonlocal live, most
        live += 1
        most = max(most, live)
        await asyncio.sleep(0.005)
        live -= 1
        await exchange.reply()

    server = await serve(answer)
    async with connect(server, limits=Limits(connections=3, idle_connections=3)) as transport:
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(transport.fetch, GET)
    assert 3 == most


async def test_refused_connection_sends_nothing() -> None:
    """A port where nobody listens is told as such, for a costly call too."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        access = ApiAccess(base_url=f"http://127.0.0.1:{port}", credentials=ApiKey("k"))
        async with Transport({"respeecher": access}, clock=FakeClock()) as transport:
            with pytest.raises(ConnectionFailed, match="nothing was sent") as caught:
                await transport.fetch(_post(JsonBody({}), Retry.NEVER))
    assert 4 == caught.value.attempts


async def test_stream_that_has_not_begun_survives_a_refused_connection(
    serve: Any, chunks_of: Callable[..., AsyncIterator[bytes]]
) -> None:
    """A one-shot body can be sent by the second attempt when the first never connected."""
    taken: list[bytes] = []

    async def answer(exchange: Any) -> None:
        taken.append(await exchange.body())
        await exchange.reply()

    server = await serve(answer)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = unused.getsockname()[1]

        class SwitchingClock(FakeClock):
            async def sleep(self, seconds: float, /) -> None:
                transport._sender._access["respeecher"] = ApiAccess(
                    base_url=server.base_url, credentials=ApiKey("k")
                )
                await super().sleep(seconds)

        access = ApiAccess(base_url=f"http://127.0.0.1:{dead}", credentials=ApiKey("k"))
        async with Transport({"respeecher": access}, clock=SwitchingClock()) as transport:
            body = StreamBody(source=await as_source(chunks_of(b"OggS", b"rest")))
            assert 200 == (await transport.fetch(_post(body))).status
    assert [b"OggSrest"] == taken


@pytest.mark.parametrize("cut", ["before the head", "in the head"])
async def test_cut_before_the_answer_is_unknown_for_a_costly_call(cut: str, serve: Any, connect: Any) -> None:
    """The request arrived and no answer came: sent once, and told as unknown."""

    async def answer(exchange: Any) -> None:
        await exchange.body()
        if cut == "in the head":
            exchange.writer.write(b"HTTP/1.1 200 OK\r\ncontent-le")
            await exchange.writer.drain()
        exchange.hang_up()

    server = await serve(answer)
    async with connect(server, clock=FakeClock()) as transport:
        with pytest.raises(OutcomeUnknown):
            await transport.fetch(_post(JsonBody({"a": 1})))
    assert 1 == len(server.requests)


async def test_cut_before_the_answer_is_repeated_for_a_safe_call(serve: Any, connect: Any) -> None:
    """A GET is asked again until an answer comes."""

    async def answer(exchange: Any) -> None:
        if len(server.requests) < 3:
            exchange.hang_up()
        else:
            await exchange.reply(200, b"ok")

    server = await serve(answer)
    async with connect(server, clock=FakeClock()) as transport:
        assert b"ok" == (await transport.fetch(GET)).content
    assert 3 == len(server.requests)


async def test_cut_in_the_body_is_repeated_for_a_safe_call(serve: Any, connect: Any) -> None:
    """A GET whose body ends early is asked again."""

    async def answer(exchange: Any) -> None:
        if len(server.requests) == 1:
            await exchange.reply(200, b"hal", announce=100)
            exchange.hang_up()
        else:
            await exchange.reply(200, b"whole")

    server = await serve(answer)
    async with connect(server, clock=FakeClock()) as transport:
        assert b"whole" == (await transport.fetch(GET)).content


async def test_cut_download_is_asked_for_again(serve: Any, connect: Any, wav: bytes, tmp_path: Path) -> None:
    """A file that breaks off arrives whole at the second attempt, and alone."""

    async def answer(exchange: Any) -> None:
        if len(server.requests) == 1:
            await exchange.reply(200, wav[:100], announce=len(wav))
            exchange.hang_up()
        else:
            await exchange.reply(200, wav)

    server = await serve(answer)
    async with connect(server, clock=FakeClock()) as transport:
        path = await transport.download(GET, Target.of(tmp_path), check=_any_status)
    assert (wav, [path]) == (path.read_bytes(), list(tmp_path.iterdir()))


async def test_download_that_stalls_is_ended(serve: Any, connect: Any, wav: bytes, tmp_path: Path) -> None:
    """Silence longer than `stall_s` is a broken connection, and nothing stays behind."""

    async def answer(exchange: Any) -> None:
        await exchange.reply(200, wav[:100], announce=len(wav))
        await asyncio.sleep(5)

    server = await serve(answer)
    options = {"timeouts": Timeouts(stall_s=0.05), "retry": RetryPolicy(attempts=1)}
    async with connect(server, **options) as transport:
        with pytest.raises(ConnectionLost, match="ReadTimeout"):
            await transport.download(GET, Target.of(tmp_path), check=_any_status)
    assert [] == list(tmp_path.iterdir())


async def test_answer_that_never_comes_ends_with_the_call(serve: Any, connect: Any) -> None:
    """The whole-call limit holds on a silent server, and the client goes on working."""
    go = asyncio.Event()

    async def answer(exchange: Any) -> None:
        if len(server.requests) == 1:
            await go.wait()
        await exchange.reply(200, b"ok")

    server = await serve(answer)
    async with connect(server) as transport:
        with pytest.raises(CallTimeout):
            await transport.fetch(_post(JsonBody({}), timeout_s=0.05))
        assert b"ok" == (await transport.fetch(GET)).content
        go.set()


async def test_body_of_unknown_length_goes_out_in_chunks(
    serve: Any, connect: Any, chunks_of: Callable[..., AsyncIterator[bytes]]
) -> None:
    """A stream is sent chunked, without a length, and arrives whole."""
    seen: dict[str, Any] = {}

    async def answer(exchange: Any) -> None:
        seen["headers"], seen["body"] = exchange.headers, await exchange.body()
        await exchange.reply()

    server = await serve(answer)
    async with connect(server) as transport:
        parts = [b"OggS", b"", bytes(70_000), b"end"]
        await transport.fetch(_post(StreamBody(source=await as_source(chunks_of(*parts)))))
    assert ("chunked", None) == (
        seen["headers"].get("transfer-encoding"),
        seen["headers"].get("content-length"),
    )
    assert b"".join(parts) == seen["body"]


async def test_form_with_a_file_announces_its_exact_length(serve: Any, connect: Any, tmp_path: Path) -> None:
    """A path is sent with its length, byte for byte."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(3 << 20))
    seen: dict[str, Any] = {}

    async def answer(exchange: Any) -> None:
        seen["length"], seen["body"] = exchange.headers.get("content-length"), await exchange.body()
        await exchange.reply()

    server = await serve(answer)
    body = Multipart(fields=[("a", "b")], file_field="data", source=await as_source(path))
    async with connect(server) as transport:
        await transport.fetch(_post(body))
    assert str(body.size_bytes) == seen["length"]
    assert path.read_bytes() in seen["body"]


async def test_early_refusal_of_an_upload_is_its_answer(serve: Any, connect: Any) -> None:
    """A server that says 413 before all has arrived is heard."""

    async def answer(exchange: Any) -> None:
        await exchange.reader.read(1000)
        await exchange.reply(413, b"too large", connection="close")
        while await exchange.reader.read(1 << 20):  # servers take in the rest before they close
            pass
        exchange.hang_up()

    server = await serve(answer)
    source = await as_source(b"RIFF\0\0\0\0WAVE" + bytes(20 << 20))
    async with connect(server) as transport:
        reply = await transport.fetch(_post(StreamBody(source=source)))
    assert (413, b"too large") == (reply.status, reply.content)


async def test_cancelled_calls_do_not_use_up_the_connections(serve: Any, connect: Any) -> None:
    """After two hundred calls given up at odd moments, the few connections still serve."""

    async def answer(exchange: Any) -> None:
        await asyncio.sleep(0.004)
        await exchange.reply(200, bytes(50_000))

    server = await serve(answer)
    async with connect(server, limits=Limits(connections=2, idle_connections=2)) as transport:

        async def give_up(after_s: float) -> None:
            with anyio.move_on_after(after_s):
                await transport.fetch(GET)

        for _ in range(10):
            async with anyio.create_task_group() as tasks:
                for number in range(20):
                    tasks.start_soon(give_up, 0.001 + number * 0.0008)
        with anyio.fail_after(2):
            for _ in range(8):
                assert 50_000 == len((await transport.fetch(GET)).content)


async def test_closing_the_client_closes_its_connections(serve: Any, connect: Any) -> None:
    """After the block the server sees the end of each connection."""

    async def answer(exchange: Any) -> None:
        await exchange.reply()

    server = await serve(answer)
    async with connect(server) as transport:
        await transport.fetch(GET)
    with anyio.fail_after(2):
        while not server.requests[0].reader.at_eof():  # noqa: ASYNC110 - a stream has no event for it
            await asyncio.sleep(0.005)


async def test_closing_under_a_call_ends_it_with_an_error_of_ours(serve: Any, connect: Any) -> None:
    """A call that is under way when its client closes does not hang and does not leak httpx's errors."""

    async def answer(exchange: Any) -> None:
        await asyncio.sleep(5)

    server = await serve(answer)
    transport = connect(server)
    await transport.__aenter__()
    calls = [asyncio.create_task(transport.fetch(one)) for one in (GET, _post(JsonBody({})))]
    while len(server.requests) < 2:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.005)
    await transport.aclose()
    with anyio.fail_after(3):
        ended = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(one, AudiokitError) for one in ended)
    assert isinstance(ended[1], OutcomeUnknown)


async def test_upload_stopped_by_its_callback_costs_one_connection_at_most(
    serve: Any, connect: Any, tmp_path: Path
) -> None:
    """After uploads that a caller stopped, the only connection allowed still serves."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(3 << 20))

    def stop(_: Any) -> None:
        raise KeyError("enough")

    async def answer(exchange: Any) -> None:
        await exchange.body()
        await exchange.reply()

    server = await serve(answer)
    async with connect(server, limits=Limits(connections=1, idle_connections=1, uploads=1)) as transport:
        for _ in range(3):
            body = StreamBody(source=await as_source(path), on_progress=stop)
            with pytest.raises(KeyError):
                await transport.fetch(_post(body))
        with anyio.fail_after(2):
            assert 200 == (await transport.fetch(GET)).status


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks for open files in /proc")
async def test_upload_that_runs_out_of_time_closes_its_file(serve: Any, connect: Any, tmp_path: Path) -> None:
    """A server that takes nothing in ends the upload in time, and the file is closed at once."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(30 << 20))

    async def answer(exchange: Any) -> None:
        await asyncio.sleep(5)

    server = await serve(answer)
    async with connect(server) as transport:
        body = StreamBody(source=await as_source(path))
        try:
            await transport.fetch(_post(body, timeout_s=0.1))
        except CallTimeout as error:
            assert error.maybe_sent
            opened = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    gc.collect()
    await asyncio.sleep(0.05)  # what the collector left to the loop, before the next test
    assert str(path) not in opened


async def _deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts a connection and answers no handshake."""
    try:
        await reader.read()
    finally:
        writer.close()


async def test_handshake_that_never_ends_sends_nothing() -> None:
    """A costly call that ran out of time there was not sent, and keeps no place under the rate limit."""
    server = await asyncio.start_server(_deaf, "127.0.0.1", 0)
    limits = Limits(connections=2, rates=RateLimits(respeecher_fast=Rate(times=10, seconds=300)))
    base_url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    access = ApiAccess(base_url=base_url, credentials=ApiKey("deaf-key"))
    async with server, Transport({"respeecher": access}, limits=limits) as transport:
        limiter = transport.limiter("respeecher", RateClass.FAST)
        assert limiter is not None
        with pytest.raises(CallTimeout) as caught:
            await transport.fetch(_post(JsonBody({}), Retry.NEVER, timeout_s=0.1, look_up={"a": "b"}))
        assert (False, {}) == (caught.value.maybe_sent, caught.value.look_up)
        calls = [asyncio.create_task(transport.fetch(GET)) for _ in range(8)]
        await asyncio.sleep(0.05)
        assert 2 == limiter.free_now()
        for call in calls:  # two shake hands, six wait for a connection
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert 10 == limiter.free_now()


async def test_call_that_was_sent_keeps_its_place(serve: Any, connect: Any) -> None:
    """Cancelled or not: the server may have counted it."""

    async def silent(exchange: Any) -> None:
        await asyncio.Event().wait()

    server = await serve(silent)
    limits = Limits(rates=RateLimits(respeecher_fast=Rate(times=10, seconds=300)))
    async with connect(server, limits=limits) as transport:
        limiter = transport.limiter("respeecher", RateClass.FAST)
        with pytest.raises(CallTimeout) as caught:
            await transport.fetch(_post(JsonBody({}), timeout_s=0.1))
        assert (True, 9) == (caught.value.maybe_sent, limiter.free_now())
