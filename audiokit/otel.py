"""OpenTelemetry: one client span per call. Needs ``audiokit[otel]``.

::

    from audiokit.otel import Tracing

    async with AudioKit(respeecher="key", hooks=[Tracing()]) as kit: ...

A span is named after the operation, e.g. ``respeecher.orders.create``, and is the current span while the
call is under way. It covers everything that the caller waits for: queues, retries, the body. It carries
the attributes of the HTTP conventions that hold no secret: method, status, host, size of the request, count
of repeats; and our own ``audiokit.attempts`` and ``audiokit.received_bytes``. ``url.full`` is left out: URLs
here carry signatures and listeners' data. So are headers and bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Token
from typing import Final

import attrs

from audiokit.typing import RequestEvent, RequestFinished, RequestRetried, RequestStarted

try:
    from opentelemetry import context, trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "audiokit.otel needs OpenTelemetry's API: pip install 'audiokit[otel]'", name=error.name
    ) from error

__all__ = ["Tracing"]

_NAME: Final = "audiokit"
_FAILED: Final = 400


@attrs.frozen
class _Open:
    """A span under way, and what makes it the current one, if anything does."""

    span: trace.Span
    token: Token[context.Context] | None


class Tracing:
    """A hook that makes a client span of each call; give it to ``AudioKit(hooks=[...])``.

    A streamed answer is read in the caller's own block, so its span is there, and is never the current one.

    Args:
        tracer_provider: Where spans go; the global provider when not given.
        propagate: Send ``traceparent`` (and ``tracestate``) with each request to an API's own origin, so
            that its spans and ours meet. Baggage is never sent: it may hold what is none of the API's
            business.
    """

    def __init__(
        self, tracer_provider: trace.TracerProvider | None = None, *, propagate: bool = True
    ) -> None:
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
        self._propagator = TraceContextTextMapPropagator() if propagate else None
        self._open: dict[int, _Open] = {}

    def __repr__(self) -> str:
        return f"<Tracing, {len(self._open)} calls under way>"

    def __call__(self, event: RequestEvent) -> None:
        """Open, note or close the span of a call."""
        match event:
            case RequestStarted():
                self._start(event)
            case RequestRetried():
                self._note(event)
            case RequestFinished():
                self._finish(event)

    def request_headers(self, event: RequestStarted) -> Mapping[str, str]:
        """``traceparent`` of the call's span."""
        headers: dict[str, str] = {}
        opened = self._open.get(event.call_id)
        if self._propagator is not None and opened is not None:
            self._propagator.inject(headers, context=trace.set_span_in_context(opened.span))
        return headers

    def _start(self, event: RequestStarted) -> None:
        host, _, port = event.host.rpartition(":")
        attributes: dict[str, str | int] = {"http.request.method": event.method, "server.address": host}
        if port.isdecimal():
            attributes["server.port"] = int(port)
        if event.sent_bytes is not None:
            attributes["http.request.body.size"] = event.sent_bytes
        span = self._tracer.start_span(event.operation, kind=trace.SpanKind.CLIENT, attributes=attributes)
        token = None if event.is_stream else context.attach(trace.set_span_in_context(span))
        self._open[event.call_id] = _Open(span, token)

    def _note(self, event: RequestRetried) -> None:
        opened = self._open.get(event.call_id)
        if opened is None:
            return
        attributes: dict[str, str | int | float] = {"attempt": event.attempt, "wait_s": event.wait_s}
        if event.status is not None:
            attributes["http.response.status_code"] = event.status
        if event.error is not None:
            attributes["error.type"] = event.error
        opened.span.add_event("retry", attributes)

    def _finish(self, event: RequestFinished) -> None:
        opened = self._open.pop(event.call_id, None)
        if opened is None:
            return
        span = opened.span
        span.set_attribute("audiokit.attempts", event.attempts)
        span.set_attribute("audiokit.received_bytes", event.received_bytes)  # decompressed, as read
        if event.attempts > 1:
            span.set_attribute("http.request.resend_count", event.attempts - 1)
        if event.status is not None:
            span.set_attribute("http.response.status_code", event.status)
        is_refused = event.status is not None and event.status >= _FAILED
        if event.error is not None or is_refused:
            span.set_attribute("error.type", event.error or str(event.status))
            span.set_status(trace.StatusCode.ERROR)
        span.end()
        if opened.token is not None:
            context.detach(opened.token)
