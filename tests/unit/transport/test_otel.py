"""One client span per call: named, timed, parented, and without secrets."""

from __future__ import annotations

import asyncio
import builtins
import importlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio
import attrs
import httpx
import pytest
import respx

from audiokit import ApiAccess, AudioKit
from audiokit.errors import ConnectionLost
from audiokit.testing import FakeClock
from audiokit.transport import Call, JsonBody, Retry, Transport
from audiokit.typing import RequestFinished, RequestRetried

pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed (extra: otel)")

from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from audiokit.otel import Tracing

URL = "https://gateway.example/api/x"
CALL = Call(api="respeecher", operation="respeecher.x.y", method="GET", url="/api/x", retry=Retry.SAFE)


class Traces:
    """A tracer provider that keeps its spans."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("tests")

    @property
    def spans(self) -> list[Any]:
        return list(self._exporter.get_finished_spans())


@pytest.fixture
def traces() -> Traces:
    """What was traced in this test."""
    return Traces()


@pytest.fixture
async def transport(
    access: dict[str, ApiAccess], clock: FakeClock, traces: Traces
) -> AsyncIterator[Transport]:
    """An open transport whose calls are traced."""
    async with Transport(access, clock=clock, hooks=[Tracing(traces.provider)]) as opened:
        yield opened


async def test_call_is_one_client_span(
    transport: Transport, traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """Name, kind, the HTTP conventions' attributes, and no error."""
    respx_mock.post(URL).respond(201, content=b"created")
    await transport.fetch(attrs.evolve(CALL, method="POST", body=JsonBody({"a": 1})))
    (span,) = traces.spans
    assert ("respeecher.x.y", trace.SpanKind.CLIENT) == (span.name, span.kind)
    assert trace.StatusCode.UNSET is span.status.status_code
    assert {
        "http.request.method": "POST",
        "server.address": "gateway.example",
        "server.port": 443,
        "http.request.body.size": 7,
        "http.response.status_code": 201,
        "audiokit.attempts": 1,
        "audiokit.received_bytes": 7,
    } == dict(span.attributes)


async def test_retries_are_events_of_the_span(
    transport: Transport, traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """Attempts are counted, and each failed one is told with its reason."""
    respx_mock.get(URL).mock(side_effect=[httpx.Response(503), httpx.ReadError("cut"), httpx.Response(200)])
    await transport.fetch(CALL)
    (span,) = traces.spans
    assert (3, 2) == (span.attributes["audiokit.attempts"], span.attributes["http.request.resend_count"])
    told = [
        (
            event.attributes["attempt"],
            event.attributes.get("http.response.status_code"),
            event.attributes.get("error.type"),
        )
        for event in span.events
    ]
    assert [(1, 503, None), (2, None, "ReadError")] == told


async def test_error_is_the_spans_error(
    transport: Transport, traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """By class for a failure, by status for an answer that says no."""
    respx_mock.get(URL).mock(side_effect=[httpx.Response(404)])
    await transport.fetch(CALL)
    respx_mock.get(URL).mock(side_effect=httpx.ReadError("cut"))
    with pytest.raises(ConnectionLost):
        await transport.fetch(CALL)
    assert ["404", "ConnectionLost"] == [span.attributes["error.type"] for span in traces.spans]
    assert {trace.StatusCode.ERROR} == {span.status.status_code for span in traces.spans}


async def test_span_is_a_child_of_the_callers_and_current_during_the_call(
    transport: Transport, traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """What is traced below, as a caller's own transport may be, hangs under the call."""

    def below(_: httpx.Request) -> httpx.Response:
        with traces.tracer.start_as_current_span("below"):
            return httpx.Response(200)

    respx_mock.get(URL).mock(side_effect=below)
    with traces.tracer.start_as_current_span("caller") as caller:
        await transport.fetch(CALL)
        assert trace.get_current_span() is caller
    inner, call, outer = traces.spans
    assert ["below", "respeecher.x.y", "caller"] == [inner.name, call.name, outer.name]
    assert (call.context.span_id, outer.context.span_id) == (inner.parent.span_id, call.parent.span_id)


async def test_calls_at_once_keep_their_spans_apart(
    transport: Transport, traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """Each task's call is a child of that task's own span, cancelled ones included."""
    answered, scopes = asyncio.Event(), {str(number): anyio.CancelScope() for number in range(8)}

    async def answer(_: httpx.Request) -> httpx.Response:
        await answered.wait()
        return httpx.Response(200)

    respx_mock.get(URL).mock(side_effect=answer)

    async def work(name: str) -> None:
        with traces.tracer.start_as_current_span(name), scopes[name]:
            await transport.fetch(CALL)

    async with anyio.create_task_group() as tasks:
        for name in scopes:
            tasks.start_soon(work, name)
        await anyio.wait_all_tasks_blocked()
        scopes["3"].cancel()
        answered.set()
    own = {span.context.span_id: span.name for span in traces.spans if span.name != "respeecher.x.y"}
    calls = [span for span in traces.spans if span.name == "respeecher.x.y"]
    assert sorted(own.values()) == sorted(own[span.parent.span_id] for span in calls)
    (cancelled,) = [span for span in calls if own[span.parent.span_id] == "3"]
    assert "CancelledError" == cancelled.attributes["error.type"]


async def test_context_is_sent_to_the_api_without_baggage(
    transport: Transport, traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """The server's span would be a child of the call's; the caller's baggage stays at home."""
    route = respx_mock.get(URL).respond(200)
    token = context.attach(baggage.set_baggage("customer", "SECRET"))
    try:
        await transport.fetch(CALL)
    finally:
        context.detach(token)
    (span,) = traces.spans
    sent = route.calls[0].request.headers
    ids = f"{span.context.trace_id:032x}-{span.context.span_id:016x}"
    assert f"00-{ids}" == sent["traceparent"].rpartition("-")[0]
    assert not any("SECRET" in value for name, value in sent.items() if name != "api-key")


async def test_context_stays_at_home_where_asked(
    access: dict[str, ApiAccess], traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """``propagate=False`` sends nothing; other hosts get nothing either way."""
    route = respx_mock.get(url__startswith="https://").respond(200)
    async with Transport(access, hooks=[Tracing(traces.provider, propagate=False)]) as transport:
        await transport.fetch(CALL)
    async with Transport(access, hooks=[Tracing(traces.provider)]) as transport:
        await transport.fetch(attrs.evolve(CALL, url="https://files.example/x"))
    assert [] == [call for call in route.calls if "traceparent" in call.request.headers]


async def test_stream_has_a_span_that_is_never_current(
    transport: Transport, traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """The reader's own spans are not put under it; it ends with the block."""
    respx_mock.get(URL).respond(200, content=b"audio")
    async with transport.stream(CALL) as reply:
        assert trace.get_current_span() is trace.INVALID_SPAN
        assert [] == traces.spans
        assert [b"audio"] == [chunk async for chunk in reply.chunks()]
    (span,) = traces.spans
    assert 5 == span.attributes["audiokit.received_bytes"]


async def test_spans_hold_no_secret(
    access: dict[str, ApiAccess], traces: Traces, respx_mock: respx.MockRouter
) -> None:
    """Neither key nor query nor body nor what an answer says is in any span."""
    respx_mock.route(url__startswith="https://").respond(422, json={"detail": "SECRET"})
    async with AudioKit(respeecher=access["respeecher"], hooks=[Tracing(traces.provider)]) as kit:
        for path in ("/api/SECRET-less", "/api/y"):
            with pytest.raises(Exception, match="SECRET"):
                await kit.respeecher.request("POST", path, query={"q": "SECRET"}, json={"text": "SECRET"})
    shown = "".join(span.to_json() for span in traces.spans)
    assert 2 == len(traces.spans)
    assert "SECRET" not in shown


def test_call_that_began_before_the_hook_is_left_alone(traces: Traces) -> None:
    """The end of a call it never heard of is no trouble; its repr tells how many are under way."""
    tracing = Tracing(traces.provider)
    facts: dict[str, Any] = {"call_id": 0, "operation": "x", "elapsed_s": 1.0, "status": 200, "error": None}
    tracing(RequestRetried(attempt=1, wait_s=0.1, **facts))
    tracing(
        RequestFinished(
            method="GET", host="h:443", path="/", attempts=1, sent_bytes=0, received_bytes=0, **facts
        )
    )
    assert ([], "<Tracing, 0 calls under way>") == (traces.spans, repr(tracing))


def test_without_opentelemetry_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who imports it without the extra learns what to install."""
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "opentelemetry":
            raise ModuleNotFoundError("No module named 'opentelemetry'", name="opentelemetry")
        return real(name, *arguments, **options)

    monkeypatch.delitem(sys.modules, "audiokit.otel")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'audiokit\[otel\]'") as caught:
        importlib.import_module("audiokit.otel")
    assert "opentelemetry" == caught.value.name
