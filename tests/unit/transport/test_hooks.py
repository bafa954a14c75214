"""Hooks are told of each call's start, retries and end, and can neither hurt a call nor see a secret."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
import pytest
import respx

from audiokit import ApiAccess, AudioKit, Limits, Rate, RateLimits, RetryPolicy
from audiokit.errors import CallTimeout, ConnectionFailed, InvalidRequest, OutcomeUnknown
from audiokit.testing import FakeClock
from audiokit.transport import Call, JsonBody, Retry, StreamBody, Target, Transport, as_source
from audiokit.transport import _repeater as repeater_module
from audiokit.typing import Hook, RequestEvent, RequestFinished, RequestRetried, RequestStarted

URL = "https://gateway.example/api/x"
HOST = "gateway.example:443"
CALL = Call(api="respeecher", operation="respeecher.x.y", method="GET", url="/api/x", retry=Retry.SAFE)
POST = attrs.evolve(CALL, method="POST", retry=Retry.IF_REFUSED, body=JsonBody({"a": 1}))


class Seen:
    """A hook that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, event: RequestEvent) -> None:
        self.events.append(event)

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


@pytest.fixture
def seen() -> Seen:
    """A hook that keeps what it is told."""
    return Seen()


@pytest.fixture
async def transport(access: dict[str, ApiAccess], clock: FakeClock, seen: Seen) -> AsyncIterator[Transport]:
    """An open transport with the hook."""
    async with Transport(access, clock=clock, hooks=[seen]) as opened:
        yield opened


async def test_call_is_told_from_start_to_end(
    transport: Transport, seen: Seen, respx_mock: respx.MockRouter
) -> None:
    """Two events for a call that goes well, with its facts and one id."""
    respx_mock.post(URL).respond(201, content=b"created")
    await transport.fetch(attrs.evolve(POST, url="/api/x?token=SECRET#more"))
    started, finished = seen.events
    assert (
        RequestStarted(
            call_id=started.call_id,
            operation="respeecher.x.y",
            method="POST",
            host=HOST,
            path="/api/x",
            sent_bytes=7,
            is_stream=False,
        )
        == started
    )
    assert (
        RequestFinished(
            call_id=started.call_id,
            operation="respeecher.x.y",
            method="POST",
            host=HOST,
            path="/api/x",
            attempts=1,
            status=201,
            error=None,
            elapsed_s=0.0,
            sent_bytes=7,
            received_bytes=7,
        )
        == finished
    )


async def test_retries_are_told_with_their_reason_and_wait(
    transport: Transport, seen: Seen, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """Each failed attempt that is followed by another, by status or class of failure."""
    respx_mock.get(URL).mock(
        side_effect=[
            httpx.Response(503, headers={"retry-after": "4"}),
            httpx.ReadError("cut, with a SECRET"),
            httpx.Response(200, content=b"fine"),
        ]
    )
    await transport.fetch(CALL)
    assert ["RequestStarted", "RequestRetried", "RequestRetried", "RequestFinished"] == seen.kinds
    first, second, finished = seen.events[1:]
    assert (1, 503, None) == (first.attempt, first.status, first.error)
    assert (2, None, "ReadError") == (second.attempt, second.status, second.error)
    assert clock.slept == [first.wait_s, second.wait_s]
    assert (0.0, clock.slept[0]) == (first.elapsed_s, second.elapsed_s)
    assert (3, 200, 4, sum(clock.slept)) == (
        finished.attempts,
        finished.status,
        finished.received_bytes,
        finished.elapsed_s,
    )
    assert "SECRET" not in repr(seen.events)


class _Cut(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"half"
        raise httpx.ReadError("cut")


async def test_answer_cut_in_its_body_is_told_as_a_retry(
    transport: Transport, seen: Seen, respx_mock: respx.MockRouter
) -> None:
    """The end tells of the last answer's bytes only."""
    respx_mock.get(URL).mock(
        side_effect=[httpx.Response(200, stream=_Cut()), httpx.Response(200, content=b"whole")]
    )
    await transport.fetch(CALL)
    assert ["RequestStarted", "RequestRetried", "RequestFinished"] == seen.kinds
    assert "ReadError" == seen.events[1].error
    assert (2, 5) == (seen.events[2].attempts, seen.events[2].received_bytes)


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (httpx.ConnectError("refused"), ConnectionFailed, None),
        (httpx.ReadError("cut"), OutcomeUnknown, None),
        (httpx.Response(504), OutcomeUnknown, 504),
    ],
    ids=["refused", "cut", "gateway"],
)
async def test_failed_call_is_told_with_its_error(
    answer: httpx.Response | Exception,
    error: type[Exception],
    status: int | None,
    access: dict[str, ApiAccess],
    seen: Seen,
    respx_mock: respx.MockRouter,
) -> None:
    """The class of the error that the caller gets, and the status where there was one."""
    respx_mock.post(URL).mock(side_effect=[answer])
    async with Transport(access, retry=RetryPolicy(attempts=1), hooks=[seen]) as transport:
        with pytest.raises(error):
            await transport.fetch(POST)
    assert (error.__name__, status) == (seen.events[-1].error, seen.events[-1].status)


async def test_refusal_by_status_is_an_answer(
    transport: Transport, seen: Seen, respx_mock: respx.MockRouter
) -> None:
    """A 404 was read to its end: it is told by its status, not as an error."""
    respx_mock.get(URL).respond(404)
    await transport.fetch(CALL)
    assert (404, None) == (seen.events[-1].status, seen.events[-1].error)


async def _never(_: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def test_timeout_and_cancellation_are_ends_too(
    transport: Transport, seen: Seen, respx_mock: respx.MockRouter
) -> None:
    """However a call ends, its last event comes."""
    respx_mock.get(URL).mock(side_effect=_never)
    with pytest.raises(CallTimeout):
        await transport.fetch(attrs.evolve(CALL, timeout_s=0.02))
    task = asyncio.create_task(transport.fetch(CALL))
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["CallTimeout", "CancelledError"] == [
        event.error for event in seen.events if isinstance(event, RequestFinished)
    ]


async def test_call_that_found_no_place_in_time_was_no_attempt(
    access: dict[str, ApiAccess], clock: FakeClock, seen: Seen, respx_mock: respx.MockRouter
) -> None:
    """A call that the rate limit ended has an end and no attempts."""
    respx_mock.get(URL).respond(200)
    limits = Limits(rates=RateLimits(respeecher_fast=Rate(times=1, seconds=100)))
    async with Transport(access, clock=clock, limits=limits, hooks=[seen]) as transport:
        await transport.fetch(CALL)
        with pytest.raises(CallTimeout):
            await transport.fetch(CALL)
    assert ("CallTimeout", 0, None) == (
        seen.events[-1].error,
        seen.events[-1].attempts,
        seen.events[-1].status,
    )


async def test_presigned_url_is_told_by_its_host_only(
    transport: Transport, seen: Seen, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Its path and query may be all that is needed to read or write the file."""
    respx_mock.put(url__startswith="https://files.example").respond(200)
    body = StreamBody(source=await as_source(wav))
    url = "https://files.example:8443/SECRET/path?signature=SECRET"
    await transport.fetch(
        attrs.evolve(CALL, method="PUT", url=url, body=body, authorise=False, retry=Retry.SAFE)
    )
    started = seen.events[0]
    assert ("files.example:8443", "", len(wav)) == (started.host, started.path, started.sent_bytes)
    assert "SECRET" not in repr(seen.events)


async def test_download_and_stream_are_told_with_their_bytes(
    transport: Transport, seen: Seen, wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A stream says so, and its end comes when its reader is done."""
    respx_mock.get(URL).respond(200, content=wav)

    async def check(_: object) -> None:
        pass

    await transport.download(CALL, Target.of(tmp_path), check=check)
    assert len(wav) == seen.events[-1].received_bytes
    async with transport.stream(CALL) as reply:
        assert (True, 3) == (seen.events[-1].is_stream, len(seen.events))
        assert [wav] == [chunk async for chunk in reply.chunks()]
    assert (4, len(wav), 200) == (len(seen.events), seen.events[-1].received_bytes, seen.events[-1].status)


async def test_hook_that_fails_hurts_nobody_and_is_told_once(
    access: dict[str, ApiAccess],
    seen: Seen,
    caplog: pytest.LogCaptureFixture,
    respx_mock: respx.MockRouter,
) -> None:
    """The call and the other hooks go on; the log has type and place, and nothing that it said."""

    def broken(_: RequestEvent) -> None:
        raise KeyError("SECRET")

    respx_mock.get(URL).respond(200)
    async with Transport(access, hooks=[broken, seen]) as transport:
        for _ in range(3):
            assert 200 == (await transport.fetch(CALL)).status
    assert 6 == len(seen.events)
    (message,) = [record.getMessage() for record in caplog.records if "hook" in record.getMessage()]
    assert "broken raised KeyError at " in message
    assert "test_hooks.py:" in message
    assert "SECRET" not in message


async def _coroutine(_: RequestEvent) -> None:
    """No hook."""


class _AsyncCallable:
    async def __call__(self, _: RequestEvent) -> None:
        """No hook either."""


@pytest.mark.parametrize("hook", [_coroutine, _AsyncCallable(), "print"], ids=["function", "object", "text"])
def test_hook_that_cannot_be_one_is_refused(hook: Any) -> None:
    """A coroutine would never be awaited; the message says what is wanted, when the client is made."""
    with pytest.raises(InvalidRequest, match="hooks must be a sequence of functions that take an event"):
        AudioKit(hooks=[hook])


class Tracer:
    """A hook that wants a header sent along."""

    def __init__(self, headers: Any) -> None:
        self.headers = headers

    def __call__(self, event: RequestEvent) -> None:
        pass

    def request_headers(self, event: RequestStarted) -> Mapping[str, str]:
        headers: Mapping[str, str] = self.headers
        return headers


async def _headers_sent(
    access: dict[str, ApiAccess], hook: Hook, call: Call, router: respx.MockRouter
) -> httpx.Headers:
    route = router.route(url__startswith="https://").respond(200)
    async with Transport(access, hooks=[hook]) as transport:
        await transport.fetch(call)
    return route.calls[-1].request.headers


async def test_header_of_a_hook_goes_to_the_api(
    access: dict[str, ApiAccess], respx_mock: respx.MockRouter
) -> None:
    """A trace context reaches the server; the caller's own header of that name wins."""
    tracer = Tracer({"traceparent": "00-1-2-01"})
    assert "00-1-2-01" == (await _headers_sent(access, tracer, CALL, respx_mock))["traceparent"]
    own = attrs.evolve(CALL, headers={"traceparent": "mine"})
    assert "mine" == (await _headers_sent(access, tracer, own, respx_mock))["traceparent"]


@pytest.mark.parametrize(
    "call",
    [
        attrs.evolve(CALL, url="https://files.example/x"),
        attrs.evolve(CALL, url="https://files.example/x", authorise=False),
    ],
)
async def test_header_of_a_hook_goes_nowhere_else(
    call: Call, access: dict[str, ApiAccess], respx_mock: respx.MockRouter
) -> None:
    """File hosts are none of a trace's business."""
    sent = await _headers_sent(access, Tracer({"traceparent": "x"}), call, respx_mock)
    assert "traceparent" not in sent


@pytest.mark.parametrize("headers", [{"a b": "x"}, {"x": "a\r\nb"}, {"x": "ä"}, {"": "x"}, None])
async def test_header_that_http_cannot_carry_is_the_hooks_failure(
    headers: Any,
    access: dict[str, ApiAccess],
    caplog: pytest.LogCaptureFixture,
    respx_mock: respx.MockRouter,
) -> None:
    """It is left out and logged; the call goes on."""
    caplog.set_level(logging.WARNING, logger="audiokit")
    sent = await _headers_sent(access, Tracer(headers), CALL, respx_mock)
    assert not {"a b", "x"} & set(sent)
    assert "hook Tracer raised" in caplog.text


async def test_hook_cannot_replace_credentials(
    access: dict[str, ApiAccess], keys: dict[str, str], respx_mock: respx.MockRouter
) -> None:
    """The key is the client's."""
    sent = await _headers_sent(access, Tracer({"api-key": "other"}), CALL, respx_mock)
    assert keys["respeecher"] == sent["api-key"]


async def test_without_hooks_nothing_is_made_for_them(
    access: dict[str, ApiAccess], respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No event, no watcher: a call without hooks pays for a single question."""

    def made(*_: object, **__: object) -> None:
        raise AssertionError("made for nobody")

    monkeypatch.setattr(repeater_module, "Watch", made)
    respx_mock.get(URL).mock(side_effect=[httpx.Response(429), httpx.Response(200)])
    async with Transport(access, clock=FakeClock()) as transport:
        assert 200 == (await transport.fetch(CALL)).status


async def test_hooks_of_a_client_see_its_calls(
    access: dict[str, ApiAccess], seen: Seen, respx_mock: respx.MockRouter
) -> None:
    """``AudioKit(hooks=...)``, given as any iterable."""
    respx_mock.get("https://gateway.example/api/credits").respond(200, json={"credits": 3})
    async with AudioKit(respeecher=access["respeecher"], hooks=iter([seen])) as kit:
        await kit.respeecher.credits.get()
    assert ("respeecher.credits.get", "/api/credits") == (seen.events[0].operation, seen.events[0].path)
    assert isinstance(seen.events[-1], RequestFinished)
    assert not [event for event in seen.events if isinstance(event, RequestRetried)]
