"""What every service does: fill the path, call, check the status, structure the answer."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from audiokit._unset import UNSET, UnsetType
from audiokit.errors import (
    ApiError,
    AuthenticationError,
    InvalidRequest,
    UnexpectedResponse,
    error_for_status,
)
from audiokit.services._dialect import Dialect
from audiokit.services._endpoint import Endpoint
from audiokit.services._poll import Budget, Look, PollSchedule, follow
from audiokit.transport import Body, Call, JsonBody, Multipart, Reply, Retry, StreamReply, Target, Transport
from audiokit.transport._auth import ORGANISATION_HEADER
from audiokit.transport._retry import parse_retry_after
from audiokit.transport._secrets import without_queries
from audiokit.typing import CallOptions, ProgressCallback, RawReply

T = TypeVar("T")

QueryValue = str | int | float | bool | None | UnsetType | Iterable[str | int | float]

_ERROR_BODY_BYTES: Final = 65_536
_EXCERPT_BYTES: Final = 2000
_NO_OPTIONS: Final[CallOptions] = {}
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_NOT_FOR_CALLERS: Final = frozenset(
    {
        "api-key",
        "x-api-key",
        "cookie",
        "x-csrf-token",
        "authorization",
        ORGANISATION_HEADER,
        "proxy-authorization",
        # What frames the message, and what is between us and the next machine only.
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "te",
        "trailer",
        "expect",
    }
)


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
        if "on_reply" in options:
            options["on_reply"](reply)
        if reply.status not in endpoint.expects:
            raise self._error(endpoint, reply.status, reply.headers, reply.content)
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
        return Call(
            api=endpoint.api,
            operation=endpoint.name,
            method=endpoint.method,
            url=endpoint.fill(path or {}),
            query=encode_query(query or {}),
            body=body if json is None else JsonBody(without_unset(json)),
            retry=_retry_rule(endpoint, options),
            timeout_s=_timeout_s(options),
            headers=_own_headers(options),
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
        options: CallOptions = _NO_OPTIONS,
    ) -> Call:
        """A call to a URL the API has given, for an endpoint that has no path of its own.

        A URL without a host goes on the base URL as text, so a base URL with a path keeps it.
        """
        return Call(
            api=endpoint.api,
            operation=endpoint.name,
            method=endpoint.method,
            url=url,
            query=encode_query(query or {}),
            body=body,
            retry=_retry_rule(endpoint, options),
            timeout_s=_timeout_s(options),
            headers=_own_headers(options) if authorise else {},
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
        said = self._excerpt(endpoint, reply.content)
        raise self._unexpected(endpoint, reply, f"is no JSON: {said}") from fault

    def _structure_document(
        self, endpoint: Endpoint[Any], reply: Reply, document: object, into: type[T]
    ) -> T:
        """Structure a document that was decoded already."""
        try:
            return self.dialect.converter.structure(self.dialect.unwrap(document), into)
        except ValueError as error:
            raise self._unexpected(endpoint, reply, f"does not fit {_name_of(into)}: {error}") from error

    def _unexpected(self, endpoint: Endpoint[Any], reply: Reply, what: str) -> UnexpectedResponse:
        return UnexpectedResponse(
            f"{endpoint.name}: the answer (HTTP {reply.status}) {self._shown(endpoint, what)}",
            operation=endpoint.name,
            status=reply.status,
            body=self._shown(endpoint, _decoded(reply.content)),
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
            if "on_reply" in options:
                options["on_reply"](RawReply(status=reply.status, headers=reply.headers, content=b""))
            if reply.status not in endpoint.expects:
                content = await reply.read(_ERROR_BODY_BYTES)
                raise self._error(endpoint, reply.status, reply.headers, content)

        return await self._transport.download(call, target, check=check, on_progress=on_progress)

    @asynccontextmanager
    async def _stream(self, endpoint: Endpoint[Any], call: Call) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Chunks of what *call* answers; the connection is given back on leaving."""
        async with self._transport.stream(call) as reply:
            if reply.status not in endpoint.expects:
                content = await reply.read(_ERROR_BODY_BYTES)
                raise self._error(endpoint, reply.status, reply.headers, content)
            yield reply.chunks()

    def _budget(self, options: CallOptions, *, default_s: float | None = None) -> Budget:
        """Time for a call of several steps: its timeout, else *default_s*, else `Timeouts.wait_s`."""
        timeout = _timeout_s(options)
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
        """Look until the work is over; *look* is given the options of one look."""
        budget = self._budget(options)
        return await follow(
            lambda: look(budget.without_timeout()),
            clock=self._transport.clock,
            timeout_s=budget.left(),
            job=what,
            remote_id=remote_id,
            schedule=schedule,
        )

    def _error(
        self, endpoint: Endpoint[Any], status: int, headers: Mapping[str, str], content: bytes
    ) -> ApiError:
        body = self._shown(endpoint, _decoded(content))
        said = without_queries("; ".join(self.dialect.error_lines(body)))
        kind = error_for_status(status)
        hint = ""
        if kind is AuthenticationError:
            names = {"apiaudio": "APIAUDIO_API_KEY", "audiostack": "AUDIOSTACK_API_KEY"}
            name = names.get(endpoint.api, "RESPEECHER_API_KEY (or RESPEECHER_EMAIL and RESPEECHER_PASSWORD)")
            hint = f"; check {name} (or AUDIOKIT_EMULATOR), or the credentials passed to AudioKit"
        return kind(
            f"{endpoint.name}: HTTP {status}: {said or self._excerpt(endpoint, content)}{hint}",
            operation=endpoint.name,
            status=status,
            api_message=said,
            request_id=self.dialect.request_id(body) or self._shown(endpoint, headers.get("x-request-id")),
            retry_after=parse_retry_after(headers.get("retry-after"), date=headers.get("date")),
            body=body,
        )

    def _shown(self, endpoint: Endpoint[Any], value: Any) -> Any:
        """What an API said, which may repeat our key."""
        return self._transport.without_secrets(endpoint.api, value)

    def _excerpt(self, endpoint: Endpoint[Any], content: bytes) -> str:
        text = self._shown(endpoint, content[:_EXCERPT_BYTES].decode("utf-8", "replace"))
        text = " ".join(without_queries(text)[:200].split())
        return repr(text) if text else "no explanation was given"


def _timeout_s(options: CallOptions) -> float | None:
    """The call's limit; options are checked here, which every call passes."""
    unknown = sorted(set(options) - set(CallOptions.__annotations__))
    if unknown:
        allowed = ", ".join(sorted(CallOptions.__annotations__))
        # As Python itself would, had it been told the names.
        raise TypeError(f"no call takes {', '.join(map(repr, unknown))}; options of every call: {allowed}")
    timeout = options.get("timeout")
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        raise InvalidRequest.of("timeout", timeout, "seconds above 0, or None")
    return timeout


def _retry_rule(endpoint: Endpoint[Any], options: CallOptions) -> Retry:
    """The endpoint's rule, unless the caller knows better."""
    if "is_repeatable" not in options:
        return endpoint.retry
    return Retry.SAFE if options["is_repeatable"] else Retry.NEVER


def _own_headers(options: CallOptions) -> dict[str, str]:
    """The caller's headers, refused where they would replace ours; of two spellings the last counts."""
    headers = {}
    for name, value in options.get("headers", {}).items():
        if (
            not isinstance(name, str)
            or not _HEADER_NAME.fullmatch(name)
            or not isinstance(value, str)
            or not _HEADER_VALUE.fullmatch(value)
        ):
            # The value stays out of the message: it may be a secret.
            raise InvalidRequest(
                f"headers must be names and values of printable ASCII, which {name!r} or its value is not",
                field="headers",
                value=name,
            )
        if name.lower() in _NOT_FOR_CALLERS:
            raise InvalidRequest(
                f"headers must not set {name!r}: audiokit sets it itself; credentials go to AudioKit(...)",
                field="headers",
                value=name,
            )
        headers[name.lower()] = value
    return headers


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
