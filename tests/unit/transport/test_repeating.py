"""What the transport repeats, what it never repeats, and what it tells when it gives up."""

from __future__ import annotations

import asyncio
import email.utils
import pickle
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
import respx

from audiokit import ApiAccess, AudioKit, Limits, Login, Rate, RateLimits, RetryPolicy, Timeouts
from audiokit.errors import (
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    OutcomeUnknown,
    RateLimited,
    TransportError,
)
from audiokit.testing import FakeClock
from audiokit.transport import Call, JsonBody, Multipart, Network, Retry, StreamBody, Transport, as_source
from audiokit.transport._transport import StreamReply

URL = "https://gateway.example/api/x"


def _call(method: str = "GET", retry: Retry = Retry.SAFE, **facts: object) -> Call:
    given = {"api": "respeecher", "operation": "respeecher.x.y", "url": "/api/x"} | facts
    return Call(method=method, retry=retry, **given)  # type: ignore[arg-type]


class _Cut(httpx.AsyncByteStream):
    """A body that breaks off."""

    def __init__(self, start: bytes) -> None:
        self._start = start

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._start
        raise httpx.ReadError("cut")


@pytest.mark.parametrize(
    "first",
    [
        httpx.Response(408),
        httpx.Response(425),
        httpx.Response(429),
        httpx.Response(500),
        httpx.Response(502),
        httpx.Response(503),
        httpx.Response(504),
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadError("cut"),
        httpx.RemoteProtocolError("hung up"),
    ],
    ids=lambda first: str(getattr(first, "status_code", type(first).__name__)),
)
async def test_safe_call_is_repeated(
    first: httpx.Response | Exception, transport: Transport, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """A temporary failure of a call that is safe to repeat costs one wait and nothing else."""
    route = respx_mock.get(URL).mock(side_effect=[first, httpx.Response(200, content=b"ok")])
    reply = await transport.fetch(_call())
    assert (200, b"ok", 2) == (reply.status, reply.content, route.call_count)
    assert 1 == len(clock.slept)
    assert 0 <= clock.slept[0] <= 0.5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 501])
async def test_final_answer_is_given_at_once(
    status: int, transport: Transport, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """An answer that will not change is handed on without a second request."""
    route = respx_mock.get(URL).respond(status)
    assert status == (await transport.fetch(_call())).status
    assert (1, []) == (route.call_count, clock.slept)


async def test_last_failing_answer_is_given_when_attempts_run_out(
    transport: Transport, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """Four attempts by default, three growing waits, then the answer as it came."""
    route = respx_mock.get(URL).respond(503, content=b"down")
    reply = await transport.fetch(_call())
    assert (503, b"down", 4) == (reply.status, reply.content, route.call_count)
    assert 3 == len(clock.slept)
    assert all(wait <= ceiling for wait, ceiling in zip(clock.slept, (0.5, 1.0, 2.0), strict=True))


async def test_retries_can_be_switched_off(
    access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """One attempt means one request, whatever comes of it."""
    route = respx_mock.get(URL).mock(side_effect=httpx.ConnectError("refused"))
    async with Transport(access, clock=clock, retry=RetryPolicy(attempts=1)) as transport:
        with pytest.raises(ConnectionFailed, match="in 1 attempt ") as caught:
            await transport.fetch(_call())
    assert (1, 1, "respeecher.x.y") == (route.call_count, caught.value.attempts, caught.value.operation)


async def test_unreachable_host_is_named_as_nothing_sent(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """After the last refused connection the error says that nothing was sent, and keeps the cause."""
    respx_mock.get(URL).mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(ConnectionFailed, match="nothing was sent") as caught:
        await transport.fetch(_call())
    assert 4 == caught.value.attempts
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


async def test_lost_safe_call_is_told_as_safe(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """A safe call that breaks off each time ends as `ConnectionLost`."""
    respx_mock.get(URL).mock(side_effect=httpx.ReadError("cut"))
    with pytest.raises(ConnectionLost, match="safe to repeat"):
        await transport.fetch(_call())


@pytest.mark.parametrize("retry", [Retry.IF_REFUSED, Retry.NEVER])
@pytest.mark.parametrize("error", [httpx.ReadError, httpx.ReadTimeout, httpx.WriteError])
async def test_order_is_not_repeated_after_an_unknown_outcome(
    retry: Retry, error: type[httpx.RequestError], transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """What may have arrived and costs credits is sent once; the error says so."""
    route = respx_mock.post(URL).mock(side_effect=error("cut"))
    with pytest.raises(OutcomeUnknown, match="was not repeated") as caught:
        await transport.fetch(_call("POST", retry, body=JsonBody({"a": 1})))
    assert (1, 1) == (route.call_count, caught.value.attempts)


@pytest.mark.parametrize("retry", [Retry.IF_REFUSED, Retry.NEVER])
@pytest.mark.parametrize("status", [500, 503])
async def test_order_is_not_repeated_after_a_server_error(
    retry: Retry, status: int, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A 5xx does not say whether the work was done, so a costly call is not sent again."""
    route = respx_mock.post(URL).respond(status)
    assert status == (await transport.fetch(_call("POST", retry))).status
    assert 1 == route.call_count


@pytest.mark.parametrize("retry", [Retry.IF_REFUSED, Retry.NEVER])
@pytest.mark.parametrize("status", [502, 504])
async def test_order_that_a_gateway_gave_up_has_an_unknown_outcome(
    retry: Retry, status: int, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A gateway does not know whether the work was done: the error has what is needed to look it up."""
    route = respx_mock.post(URL).respond(status, headers={"retry-after": "7"})
    before = datetime.now(UTC)
    look_up = {"label": "take 1"}
    with pytest.raises(OutcomeUnknown, match=rf"gave up .*HTTP {status}.*by label 'take 1'") as caught:
        await transport.fetch(_call("POST", retry, look_up=look_up, url="/api/x?token=SECRET"))
    error = pickle.loads(pickle.dumps(caught.value))
    assert (status, "POST", "/api/x", look_up, 7.0) == (
        error.status,
        error.method,
        error.path,
        error.look_up,
        error.retry_after,
    )
    assert before <= error.sent_at <= datetime.now(UTC)
    assert "SECRET" not in str(error) + repr(vars(error))
    assert 1 == route.call_count


async def test_read_that_a_gateway_gave_up_is_a_server_error(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A GET changes nothing, so there is nothing to look up, also where it must not be repeated."""
    respx_mock.get(URL).respond(502)
    assert 502 == (await transport.fetch(_call("GET", Retry.NEVER))).status


@pytest.mark.parametrize(
    ("retry", "requests"), [(Retry.SAFE, 2), (Retry.IF_REFUSED, 2), (Retry.NEVER, 1)], ids=lambda v: str(v)
)
@pytest.mark.parametrize("status", [408, 425, 429, 503])
async def test_order_that_was_rejected_is_repeated_if_allowed(
    status: int, retry: Retry, requests: int, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A rejection means that nothing was done; only `Retry.NEVER` stays away from it."""
    no = httpx.Response(status, headers={"retry-after": "1"})
    route = respx_mock.post(URL).mock(side_effect=[no, httpx.Response(200)][:requests])
    await transport.fetch(_call("POST", retry, body=JsonBody({"a": 1})))
    assert requests == route.call_count


async def test_login_that_fails_for_a_while_is_no_outcome_of_the_order(
    clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """Nothing of the order was sent when the login before it failed, so the order may try again."""
    login = {"json": {"csrf_token": "t"}, "headers": {"set-cookie": "session_id=s"}}
    respx_mock.post("https://gateway.example/api/login").mock(
        side_effect=[httpx.Response(502), httpx.Response(200, **login)]
    )
    route = respx_mock.post(URL).respond(200)
    credentials = Login(email="a@example.com", password="pw")
    access = {"respeecher": ApiAccess(base_url="https://gateway.example", credentials=credentials)}
    async with Transport(access, clock=clock) as transport:
        assert 200 == (await transport.fetch(_call("POST", Retry.NEVER))).status
    assert (1, 1) == (route.call_count, len(clock.slept))


@pytest.mark.parametrize("retry", Retry)
async def test_order_that_was_not_sent_is_repeated(
    retry: Retry, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A connection that was never made did nothing; the same body goes out again."""
    route = respx_mock.post(URL).mock(side_effect=[httpx.ConnectError("refused"), httpx.Response(200)])
    await transport.fetch(_call("POST", retry, body=JsonBody({"a": 1})))
    assert [b'{"a":1}'] * 2 == [call.request.content for call in route.calls]


async def test_file_is_sent_again_with_identical_bytes(
    transport: Transport, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A replayable upload that was refused goes out again, byte for byte."""
    route = respx_mock.post(URL).mock(side_effect=[httpx.Response(429), httpx.Response(200)])
    body = Multipart(fields=[("a", "b")], file_field="data", source=await as_source(wav))
    await transport.fetch(_call("POST", Retry.IF_REFUSED, body=body))
    first, second = (call.request.content for call in route.calls)
    assert wav in first
    assert first == second


async def test_one_shot_body_is_not_replayed(
    transport: Transport, chunks_of: Callable[..., AsyncIterator[bytes]], respx_mock: respx.MockRouter
) -> None:
    """A stream that has begun to leave cannot leave again, so the answer is handed on."""
    route = respx_mock.put(URL).respond(503)
    body = StreamBody(source=await as_source(chunks_of(b"OggS", b"rest")))
    assert 503 == (await transport.fetch(_call("PUT", Retry.SAFE, body=body))).status
    assert (1, b"OggSrest") == (route.call_count, route.calls[0].request.content)


async def test_retry_after_is_honoured(
    transport: Transport, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """The wait is what the server asked for, and at most a tenth more."""
    respx_mock.get(URL).mock(
        side_effect=[httpx.Response(503, headers={"retry-after": "20"}), httpx.Response(200)]
    )
    await transport.fetch(_call())
    assert 20 <= clock.slept[0] <= 22


async def test_retry_after_beyond_the_cap_is_the_callers_business(
    transport: Transport, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """A wait longer than a minute is not slept through: the answer comes at once."""
    route = respx_mock.get(URL).respond(429, headers={"retry-after": "3600"})
    assert 429 == (await transport.fetch(_call())).status
    assert (1, []) == (route.call_count, clock.slept)


@pytest.mark.parametrize(
    "header",
    ["20", email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=900), usegmt=True)],
    ids=["seconds", "date"],
)
async def test_retry_after_beyond_the_deadline_ends_the_call_at_once(
    header: str, access: dict[str, ApiAccess], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """Both forms: the answer is handed on, with its Retry-After, instead of sleeping into the timeout."""
    route = respx_mock.get(URL).respond(429, headers={"retry-after": header})
    async with Transport(access, clock=clock, retry=RetryPolicy(retry_after_cap_s=3600)) as transport:
        reply = await transport.fetch(_call(timeout_s=15))
    assert (429, header) == (reply.status, reply.headers["retry-after"])
    assert (1, []) == (route.call_count, clock.slept)


async def test_retry_after_beyond_the_deadline_is_told_by_the_error(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Who is told to come back later learns when."""
    respx_mock.get("https://gateway.example/api/credits").respond(429, headers={"retry-after": "20"})
    with pytest.raises(RateLimited) as caught:
        await kit.respeecher.credits.get(timeout=15)
    assert 20.0 == caught.value.retry_after


async def test_untrusted_certificate_is_told_at_once(access: dict[str, ApiAccess], clock: FakeClock) -> None:
    """It would be the same the next time; the error says what is wrong and what could be done."""

    def distrust(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no") from ssl.SSLCertVerificationError(1, "verify failed: self-signed")

    network = Network(http=httpx.MockTransport(distrust))  # respx would lose the cause
    async with Transport(access, clock=clock, network=network) as transport:
        with pytest.raises(ConnectionFailed, match=r"certificate is not trusted.*SSL_CERT_FILE") as caught:
            await transport.fetch(_call())
    assert (1, []) == (caught.value.attempts, clock.slept)


async def _never(_: httpx.Request) -> Any:
    await asyncio.Event().wait()
    raise AssertionError


async def test_whole_call_limit_names_attempts_and_seconds(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """The limit covers all attempts; its error is a `TimeoutError` that counts them."""
    answers = [httpx.Response(503), None]

    async def answer(request: httpx.Request) -> Any:
        return answers.pop(0) or await _never(request)

    respx_mock.get(URL).mock(side_effect=answer)
    with pytest.raises(CallTimeout, match=r"within 0\.05 s \(2 attempts\)") as caught:
        await transport.fetch(_call(timeout_s=0.05))
    assert (2, 0.05, True) == (caught.value.attempts, caught.value.timeout_s, caught.value.maybe_sent)
    assert isinstance(caught.value, TimeoutError)


async def test_default_limit_comes_from_the_timeouts(
    access: dict[str, ApiAccess], respx_mock: respx.MockRouter
) -> None:
    """Without `timeout` a call that moves no file ends after `call_s`."""
    respx_mock.get(URL).mock(side_effect=_never)
    async with Transport(access, timeouts=Timeouts(call_s=0.05)) as transport:
        with pytest.raises(CallTimeout, match=r"within 0\.05 s \(1 attempt\)"):
            await transport.fetch(_call())


async def test_upload_has_no_limit_of_its_own(
    access: dict[str, ApiAccess], wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """A file may take longer than `call_s`, which is for calls that move none."""

    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(200)

    respx_mock.put(URL).mock(side_effect=slow)
    async with Transport(access, timeouts=Timeouts(call_s=0.01)) as transport:
        body = StreamBody(source=await as_source(wav))
        assert 200 == (await transport.fetch(_call("PUT", body=body))).status


async def test_uploads_wait_for_their_turn(
    access: dict[str, ApiAccess], wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """No more than `Limits.uploads` files are under way at once; other calls are not held up."""
    under_way = most = 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(100):  # turns enough for all that may begin meanwhile
            await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200)

    respx_mock.put(URL).mock(side_effect=slow)
    source = await as_source(wav)
    async with Transport(access, limits=Limits(uploads=2)) as transport:
        async with anyio.create_task_group() as tasks:
            for _ in range(7):
                tasks.start_soon(transport.fetch, _call("PUT", body=StreamBody(source=source)))
    assert 2 == most


async def test_outer_cancellation_stays_a_cancellation(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A task cancelled from outside ends cancelled, not with one of our errors."""
    respx_mock.get(URL).mock(side_effect=_never)
    task = asyncio.create_task(transport.fetch(_call()))
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("scope", ["anyio", "asyncio"])
async def test_outer_deadline_wins(scope: str, transport: Transport, respx_mock: respx.MockRouter) -> None:
    """A deadline around the call ends it as that deadline's own `TimeoutError`."""
    respx_mock.get(URL).mock(side_effect=_never)
    with pytest.raises(TimeoutError) as caught:  # noqa: PT012 - two kinds of deadline
        if scope == "anyio":
            with anyio.fail_after(0.02):
                await transport.fetch(_call(timeout_s=5))
        else:
            async with asyncio.timeout(0.02):
                await transport.fetch(_call(timeout_s=5))
    assert not isinstance(caught.value, TransportError)


async def test_safe_call_cut_in_its_body_is_repeated(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A GET whose answer breaks off half way is as safe to repeat as one that never began."""
    respx_mock.get(URL).mock(
        side_effect=[httpx.Response(200, stream=_Cut(b"{")), httpx.Response(200, content=b"{}")]
    )
    assert b"{}" == (await transport.fetch(_call())).content


async def test_order_cut_in_its_answer_has_an_unknown_outcome(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """The work was done or not, nobody knows: never `ConnectionLost`, which means safe to repeat."""
    respx_mock.post(URL).mock(return_value=httpx.Response(200, stream=_Cut(b"[{")))
    with pytest.raises(OutcomeUnknown):
        await transport.fetch(_call("POST", Retry.IF_REFUSED))


async def test_cut_answer_names_its_operation(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """Whatever goes wrong with a call, its error says which call it was."""
    respx_mock.get(URL).mock(side_effect=lambda _: httpx.Response(200, stream=_Cut(b"{")))
    with pytest.raises(ConnectionLost) as caught:
        await transport.fetch(_call())
    assert "respeecher.x.y" == caught.value.operation


@pytest.mark.parametrize(
    ("base_url", "way_on"),
    [
        ("http://127.0.0.1:8900", "`audiokit emulator` starts the emulator"),
        ("http://[::1]:8900", "`audiokit emulator` starts the emulator"),
        ("https://v1.example", "check the address and the network"),
    ],
)
async def test_api_that_nobody_answers_for_is_told_with_a_way_on(
    base_url: str, way_on: str, respx_mock: respx.MockRouter
) -> None:
    """On this machine it is most likely an emulator that is not running."""
    respx_mock.get(f"{base_url}/api/x").mock(side_effect=httpx.ConnectError("refused"))
    retry = RetryPolicy(attempts=1)
    async with Transport({"respeecher": ApiAccess(base_url=base_url, credentials="k")}, retry=retry) as one:
        with pytest.raises(ConnectionFailed, match=way_on):
            await one.fetch(_call())


async def test_refusal_cut_in_its_words_is_still_a_refusal(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A 422 says that nothing was done, however its body ends."""
    respx_mock.post(URL).mock(return_value=httpx.Response(422, stream=_Cut(b"{")))
    assert 422 == (await transport.fetch(_call("POST", Retry.IF_REFUSED))).status


async def test_stream_cut_in_its_body_is_not_repeated(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """Who has seen a part of a stream decides what to do about the rest."""
    route = respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=_Cut(b"part")))
    seen = []
    async with transport.stream(_call()) as reply:
        with pytest.raises(ConnectionLost):  # noqa: PT012 - the loop is what raises
            async for chunk in reply.chunks():
                seen.append(chunk)  # noqa: PERF401 - kept although the loop raises
    assert ([b"part"], 1) == (seen, route.call_count)


class _Slow(httpx.AsyncByteStream):
    """One chunk, and then nothing for ever."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"part"
        await asyncio.Event().wait()


async def test_stream_keeps_its_limit_while_it_is_read(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """`timeout_s` of a stream covers its body, and ends it as our error."""
    respx_mock.get(URL).mock(return_value=httpx.Response(200, stream=_Slow()))
    seen = []
    with pytest.raises(CallTimeout, match=r"no complete answer within 0\.5 s"):  # noqa: PT012 - the block
        async with transport.stream(_call(timeout_s=0.5)) as reply:
            async for chunk in reply.chunks():
                seen.append(chunk)  # noqa: PERF401 - kept although the loop raises
    assert [b"part"] == seen


async def test_stream_may_be_left_by_another_task(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """As web frameworks do: one task opens it and reads, another closes; with a limit or without."""
    respx_mock.get(URL).respond(200, content=b"all")
    for timeout_s in (None, 5.0):
        stream = transport.stream(_call(timeout_s=timeout_s))
        reply = await asyncio.create_task(_entered(stream))
        assert b"all" == b"".join([chunk async for chunk in reply.chunks()])
        await asyncio.create_task(_left(stream))


async def _entered(stream: AbstractAsyncContextManager[StreamReply]) -> StreamReply:
    return await stream.__aenter__()


async def _left(stream: AbstractAsyncContextManager[StreamReply]) -> None:
    await stream.__aexit__(None, None, None)


_REFUSED = httpx.Response(429)


@pytest.mark.parametrize(
    ("attempts", "maybe_sent"),
    [
        ([_REFUSED], False),
        ([httpx.Response(503, headers={"retry-after": "0"})], False),
        ([httpx.ConnectError("refused"), _REFUSED], False),
        ([httpx.Response(500)], True),
        ([httpx.ReadError("cut")], True),
        ([httpx.Response(500), _REFUSED], True),
    ],
    ids=["429", "503 with Retry-After", "not connected", "500", "cut", "500 and 429"],
)
async def test_time_that_runs_out_between_attempts_tells_what_may_have_arrived(
    attempts: list[httpx.Response | Exception],
    maybe_sent: bool,  # noqa: FBT001 - a parameter
    access: dict[str, ApiAccess],
    clock: FakeClock,
    respx_mock: respx.MockRouter,
) -> None:
    """What was rejected or not sent did nothing; what is unknown may have, whatever came after it.

    The call ends because no attempt has a place any more under the rate limit before its deadline.
    """
    respx_mock.get(URL).mock(side_effect=attempts)
    places = sum(not isinstance(one, httpx.ConnectError) for one in attempts)
    limits = Limits(rates=RateLimits(respeecher_fast=Rate(times=places, seconds=300)))
    async with Transport(access, clock=clock, limits=limits) as transport:
        with pytest.raises(CallTimeout) as caught:
            await transport.fetch(_call())
    assert (len(attempts), maybe_sent) == (caught.value.attempts, caught.value.maybe_sent)
