"""What every service does: fill the path, call, check the status, structure the answer."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import orjson

from audiokit._unset import UNSET, UnsetType
from audiokit.errors import (
    ApiError,
    AuthenticationError,
    InvalidRequest,
    RemoteFailure,
    UnexpectedResponse,
    error_for_status,
)
from audiokit.services._dialect import Dialect
from audiokit.services._endpoint import Endpoint
from audiokit.services._options import check_options, own_headers, retry_rule, tell
from audiokit.services._poll import Budget, Look, PollSchedule, follow
from audiokit.transport import Body, Call, JsonBody, Multipart, Reply, StreamReply, Target, Transport
from audiokit.transport._retry import parse_retry_after
from audiokit.transport._secrets import without_queries
from audiokit.typing import CallOptions, ProgressCallback, RawReply

T = TypeVar("T")

QueryValue = str | int | float | bool | None | UnsetType | Iterable[str | int | float]

_ERROR_BODY_BYTES: Final = 65_536
_EXCERPT_BYTES: Final = 2000
_FIRST_REFUSAL: Final = 400
_NOT_SHOWN: Final = "the answer is not shown, because it may hold credentials"
_NO_OPTIONS: Final[CallOptions] = {}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://)?")


class Service:
    """Base of the services: knows a transport and a dialect, no vendor."""

    dialect: Dialect

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __repr__(self) -> str:
        return f"<{self.dialect.api} {type(self).__name__.lower()}>"

    async def _call(
        self,
        endpoint: Endpoint[T],
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        json: Mapping[str, Any] | None = None,
        body: Body | None = None,
        options: CallOptions = _NO_OPTIONS,
    ) -> T:
        """Call, and structure the answer into what the endpoint returns."""
        reply = await self._reply(endpoint, path=path, query=query, json=json, body=body, options=options)
        return self._structure(endpoint, reply, endpoint.returns)

    async def _reply(
        self,
        endpoint: Endpoint[Any],
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        json: Mapping[str, Any] | None = None,
        body: Body | None = None,
        options: CallOptions = _NO_OPTIONS,
    ) -> Reply:
        """Call, and give the successful answer as it came."""
        call = self._build(endpoint, path=path, query=query, json=json, body=body, options=options)
        return await self._send(endpoint, call, options)

    async def _send(self, endpoint: Endpoint[Any], call: Call, options: CallOptions = _NO_OPTIONS) -> Reply:
        """Send *call*, and give the successful answer as it came."""
        reply = await self._transport.fetch(call)
        tell(options, reply)
        if reply.status not in endpoint.expects:
            raise self._error(endpoint, reply)
        return reply

    def _build(
        self,
        endpoint: Endpoint[Any],
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        json: Mapping[str, Any] | None = None,
        body: Body | None = None,
        options: CallOptions = _NO_OPTIONS,
    ) -> Call:
        check_options(options)
        return Call(
            api=endpoint.api,
            operation=endpoint.name,
            method=endpoint.method,
            url=endpoint.fill(path or {}),
            query=encode_query(query or {}),
            body=body if json is None else JsonBody(without_unset(json)),
            retry=retry_rule(endpoint, options),
            timeout_s=options.get("timeout"),
            headers=own_headers(options),
            rate_class=endpoint.rate_class,
            look_up=endpoint.facts(path or {}, json or {}, _fields(body)) if endpoint.look_up else {},
        )

    def _at(
        self,
        endpoint: Endpoint[Any],
        url: str,
        *,
        body: Body | None = None,
        query: Mapping[str, QueryValue] | None = None,
        authorise: bool = True,
        field: str | None = None,
        options: CallOptions = _NO_OPTIONS,
    ) -> Call:
        """A call to a URL the API has given, for an endpoint that has no path of its own.

        A URL without a host goes on the base URL as text, so a base URL with a path keeps it.
        *field* is the argument it came in, where the caller gave it.

        Raises:
            UnexpectedResponse: It is empty, or leads to a host otherwise than by http or https.
            InvalidRequest: The same of a URL that the caller gave.
        """
        check_options(options)
        return Call(
            api=endpoint.api,
            operation=endpoint.name,
            method=endpoint.method,
            url=_usable(endpoint, url, field),
            query=encode_query(query or {}),
            body=body,
            retry=retry_rule(endpoint, options),
            timeout_s=options.get("timeout"),
            headers=own_headers(options) if authorise else {},
            authorise=authorise,
            rate_class=endpoint.rate_class,
        )

    def _structure(self, endpoint: Endpoint[Any], reply: Reply, into: type[T] | None) -> T:
        if into is None:
            return None  # type: ignore[return-value]  # an endpoint without `returns` is Endpoint[None]
        return self._structure_document(endpoint, reply, self._document(endpoint, reply), into)

    def _document(self, endpoint: Endpoint[Any], reply: Reply) -> object:
        """The decoded JSON of an answer."""
        try:
            return reply.json()
        except ValueError as error:
            fault = ValueError(str(error))  # orjson's own holds the document, which may repeat our key
        said = "" if _is_secret(endpoint, reply) else f": {self._excerpt(endpoint, reply)}"
        raise self._unexpected(endpoint, reply, f"is no JSON{said}") from fault

    def _structure_document(
        self, endpoint: Endpoint[Any], reply: Reply, document: object, into: type[T]
    ) -> T:
        """Structure a document that was decoded already."""
        try:
            return self.dialect.converter.structure(self.dialect.unwrap(document), into)
        except ValueError as error:
            # The converter's own errors hold the values that do not fit, and these anything.
            fault = ValueError(self._said(endpoint, str(error)))
        raise self._unexpected(endpoint, reply, f"does not fit {_name_of(into)}: {fault}") from fault

    def _unexpected(self, endpoint: Endpoint[Any], reply: Reply, what: str) -> UnexpectedResponse:
        """The error for an answer that is not as the contract says; *what* follows "the answer"."""
        return UnexpectedResponse(
            f"{endpoint.name}: the answer (HTTP {reply.status}) {self._said(endpoint, what)}"
            + (f"; {_NOT_SHOWN}" if _is_secret(endpoint, reply) else ""),
            operation=endpoint.name,
            status=reply.status,
            method=reply.method,
            path=reply.path,
            body=self._body(endpoint, reply),
        )

    def _failure(
        self, endpoint: Endpoint[Any], reply: Reply, what: str, reasons: Iterable[str]
    ) -> RemoteFailure:
        """The error for an answer that says, inside a success, that the work failed."""
        said = self._said(endpoint, "; ".join(reasons))
        body = self._body(endpoint, reply)
        request_id = reply.headers.get("x-request-id")
        return RemoteFailure(
            f"{endpoint.name}: {self._said(endpoint, what)} failed: {said or 'no reason was given'}",
            operation=endpoint.name,
            status=reply.status,
            method=reply.method,
            path=reply.path,
            api_message=said,
            request_id=self.dialect.request_id(body) or self._shown(endpoint, request_id),
            body=body,
        )

    async def _save(
        self,
        endpoint: Endpoint[Any],
        call: Call,
        target: Target,
        *,
        on_progress: ProgressCallback | None = None,
        options: CallOptions = _NO_OPTIONS,
    ) -> Path:
        """Download what *call* answers to *target*."""

        async def check(reply: StreamReply) -> None:
            await self._check_head(endpoint, call, reply, options)

        return await self._transport.download(call, target, check=check, on_progress=on_progress)

    @asynccontextmanager
    async def _stream(
        self, endpoint: Endpoint[Any], call: Call, options: CallOptions
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Chunks of what *call* answers; the connection is given back on leaving."""
        async with self._transport.stream(call) as reply:
            await self._check_head(endpoint, call, reply, options)
            yield reply.chunks()

    async def _check_head(
        self, endpoint: Endpoint[Any], call: Call, reply: StreamReply, options: CallOptions
    ) -> None:
        """Tell of an answer whose body is a file; raises where it is none."""
        head = RawReply(
            status=reply.status, headers=reply.headers, content=b"", method=call.method, path=call.path
        )
        tell(options, head)
        if reply.status not in endpoint.expects:
            raise self._error(endpoint, attrs.evolve(head, content=await reply.read(_ERROR_BODY_BYTES)))

    def _budget(self, options: CallOptions, *, default_s: float | None = None) -> Budget:
        """Time for a call of several steps: its timeout, else *default_s*, else `Timeouts.wait_s`."""
        check_options(options)
        timeout = options.get("timeout")
        if timeout is None:
            timeout = self._transport.timeouts.wait_s if default_s is None else default_s
        return Budget(self._transport.clock, timeout, options)

    async def _follow(
        self,
        look: Callable[[CallOptions], Awaitable[tuple[T, Look]]],
        *,
        what: str,
        remote_id: str,
        options: CallOptions,
        schedule: PollSchedule | None = None,
    ) -> T:
        """Look until the work is over; *look* is given the options of one look.

        How long the API asks to wait before the next one is taken from the answer's Retry-After.
        """
        budget = self._budget(options)
        asked_s: float | None = None

        def seen(reply: RawReply) -> None:
            nonlocal asked_s
            asked_s = _retry_after(reply)
            tell(options, reply)

        async def look_once() -> tuple[T, Look]:
            value, found = await look({**budget.without_timeout(), "on_reply": seen})
            return value, found if asked_s is None else attrs.evolve(found, retry_after=asked_s)

        return await follow(
            look_once,
            clock=self._transport.clock,
            timeout_s=budget.left(),
            job=what,
            remote_id=remote_id,
            schedule=schedule,
        )

    def _error(self, endpoint: Endpoint[Any], reply: Reply) -> ApiError:
        """The error for an answer whose status is no success."""
        status, headers = reply.status, reply.headers
        body = self._body(endpoint, reply)
        said = without_queries("; ".join(self.dialect.error_lines(body)))
        kind = error_for_status(status)
        hint = ""
        if kind is AuthenticationError:
            names = {"apiaudio": "APIAUDIO_API_KEY", "audiostack": "AUDIOSTACK_API_KEY"}
            name = names.get(endpoint.api, "RESPEECHER_API_KEY (or RESPEECHER_EMAIL and RESPEECHER_PASSWORD)")
            hint = f"; check {name} (or AUDIOKIT_EMULATOR), or the credentials passed to AudioKit"
        request_id = self.dialect.request_id(body) or self._shown(endpoint, headers.get("x-request-id"))
        return kind(
            f"{endpoint.name}: HTTP {status}: {said or self._excerpt(endpoint, reply)}{hint}",
            operation=endpoint.name,
            status=status,
            method=reply.method,
            path=reply.path,
            api_message=said,
            request_id=request_id,
            retry_after=_retry_after(reply),
            body=body,
        )

    def _body(self, endpoint: Endpoint[Any], reply: Reply) -> object:
        """As much of an answer as an error may carry."""
        return None if _is_secret(endpoint, reply) else self._shown(endpoint, _decoded(reply.content))

    def _said(self, endpoint: Endpoint[Any], text: str) -> str:
        """What an API said, as a part of a message: without our key, and without what signs URLs."""
        return without_queries(str(self._shown(endpoint, text)))

    def _shown(self, endpoint: Endpoint[Any], value: Any) -> Any:
        """What an API said, which may repeat our key."""
        return self._transport.without_secrets(endpoint.api, value)

    def _excerpt(self, endpoint: Endpoint[Any], reply: Reply) -> str:
        if _is_secret(endpoint, reply):
            return _NOT_SHOWN
        text = self._shown(endpoint, reply.content[:_EXCERPT_BYTES].decode("utf-8", "replace"))
        text = " ".join(without_queries(text)[:200].split())
        return repr(text) if text else "no explanation was given"


def _usable(endpoint: Endpoint[Any], url: object, field: str | None) -> str:
    """A URL as the transport takes it: http(s) in small letters, or a path with one slash before it."""
    text = url.lstrip() if isinstance(url, str) else ""
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[0].lower() in {"http://", "https://"}:
        return scheme[0].lower() + text[scheme.end() :]
    if scheme is None and text and not text.startswith("//"):
        return text if text.startswith("/") else f"/{text}"
    # Queries carry signatures, and what is before an @ a password.
    shown = re.sub("//[^/]*@", "//", re.split("[?#]", str(url), maxsplit=1)[0])[:200]
    allowed = "an http:// or https:// URL, or a path on the API's own host"
    if field is not None:
        raise InvalidRequest.of(field, shown, allowed)
    raise UnexpectedResponse(
        f"{endpoint.name}: the URL that the API gave must be {allowed}, got {shown!r}; "
        "nothing was sent; get the object anew",
        operation=endpoint.name,
        status=200,
    )


def _is_secret(endpoint: Endpoint[Any], reply: Reply) -> bool:
    """Whether an answer may hold credentials that it was asked for; a refusal brings none."""
    return endpoint.has_secret_answer and reply.status < _FIRST_REFUSAL


def _retry_after(reply: RawReply) -> float | None:
    return parse_retry_after(reply.headers.get("retry-after"), date=reply.headers.get("date"))


def encode_query(values: Mapping[str, QueryValue]) -> Sequence[tuple[str, str]]:
    """Query pairs: None and UNSET left out, booleans as true/false, lists as repeated keys."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value is None or isinstance(value, UnsetType):
            continue
        if isinstance(value, bool):
            pairs.append((name, "true" if value else "false"))
        elif isinstance(value, str | int | float):
            pairs.append((name, str(value)))
        else:
            pairs.extend((name, str(item)) for item in value)
    return pairs


def without_unset(values: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without its UNSET values; None stays, as JSON null."""
    return {name: value for name, value in values.items() if value is not UNSET}


def _fields(body: Body | None) -> Mapping[str, str]:
    """The form fields beside a file."""
    return dict(body.fields) if isinstance(body, Multipart) else {}


def _decoded(content: bytes) -> object:
    try:
        return orjson.loads(content)
    except ValueError:
        return content[:_ERROR_BODY_BYTES].decode("utf-8", "replace")


def _name_of(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind)) if not hasattr(kind, "__args__") else str(kind)
