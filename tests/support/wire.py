"""Operations as rows of a table: what a call sends, request by request, and what the answers become."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import attrs
import httpx
import orjson

from audiokit import AudioKit
from audiokit.typing import CallOptions

Query = list[tuple[str, str]]

KEY_HEADERS = {"apiaudio": "x-api-key", "audiostack": "x-api-key", "respeecher": "api-key"}
SECRET = "SECRET"
"""In every key that the tests use, and in nothing else."""
WAV = b"RIFF\x24\0\0\0WAVEfmt "
"""The smallest content that is told as wav audio."""


@attrs.frozen
class Sent:
    """A request as a server would read it."""

    method: str
    url: str
    query: Query
    json: Any
    form: dict[str, Any]
    headers: httpx.Headers
    content: bytes

    @classmethod
    def of(cls, request: httpx.Request) -> Sent:
        """Read a request: its query, and its body as JSON or form where it is one."""
        kind = request.headers.get("content-type", "")
        return cls(
            method=request.method,
            url=str(request.url.copy_with(query=None)),
            query=list(request.url.params.multi_items()),
            json=orjson.loads(request.content) if kind == "application/json" else None,
            form=_form(kind, request.content) if kind.startswith("multipart/form-data") else {},
            headers=request.headers,
            content=request.content,
        )


def _form(kind: str, content: bytes) -> dict[str, Any]:
    form: dict[str, Any] = {}
    parts: Any = (
        BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + content).get_payload()
    )
    for part in parts:
        data = part.get_payload(decode=True)
        name = str(part.get_param("name", header="content-disposition"))
        form[name] = data if part.get_filename() else data.decode()
    return form


@attrs.frozen(kw_only=True)
class Step:
    """One request and its answer.

    Attributes:
        operation: The contract's name of what is asked for; None where it lists no such request.
        request: Method and path below the API's base URL, or method and a whole URL.
        query: Query pairs, in order.
        json: The JSON body; None for none.
        form: Parts of the multipart body.
        headers: Headers that must be there; others may be, too.
        content: The body as bytes, where it is neither JSON nor a form.
        has_key: Whether it carries its API's key; no other key is ever sent.
        reply: JSON of the answer, bytes for another body, None for an empty one.
        status: HTTP status of the answer.
        reply_headers: Headers of the answer.
    """

    operation: str | None
    request: str
    query: Query = attrs.field(factory=list)
    json: Any = None
    form: dict[str, Any] = attrs.field(factory=dict)
    headers: dict[str, str] = attrs.field(factory=dict)
    content: bytes | None = None
    has_key: bool = True
    reply: Any = None
    status: int = 200
    reply_headers: dict[str, str] = attrs.field(factory=dict)

    @property
    def method(self) -> str:
        """The request's method."""
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        """The request's path, or whole URL."""
        return self.request.partition(" ")[2]

    def url(self, base: str) -> str:
        """The whole URL, without the query."""
        return base + self.path if self.path.startswith("/") else self.path

    def response(self) -> httpx.Response:
        """The answer."""
        if self.reply is None:
            return httpx.Response(self.status, headers=self.reply_headers)
        body: dict[str, Any] = (
            {"content": self.reply} if isinstance(self.reply, bytes) else {"json": self.reply}
        )
        return httpx.Response(self.status, headers=self.reply_headers, **body)

    def check(self, sent: Sent, *, base: str, key: dict[str, str]) -> None:
        """Hold what was sent against what must be; *key* is the header with the API's key."""
        assert f"{self.method} {self.url(base)}" == f"{sent.method} {sent.url}"
        assert self.query == sent.query
        assert self.json == sent.json
        assert self.form == sent.form
        assert self.headers == {name: sent.headers.get(name) for name in self.headers}
        assert self.content in (None, sent.content)
        carried = {name: value for name, value in sent.headers.items() if SECRET in value}
        assert (key if self.has_key else {}) == carried


@attrs.frozen(kw_only=True)
class Row(Step):
    """One call: how it is made, its requests (the first is the row's own), and its result.

    Attributes:
        call: Makes the call. Files are written to the current folder, which is empty.
        then: The requests after the first.
        result: What of the call's result is compared.
        expected: What it must be.
        warns: What the call's deprecation warning says, as a pattern; None where it does not warn.
    """

    call: Callable[[AudioKit], Awaitable[Any]]
    then: Sequence[Step] = ()
    result: Callable[[Any], object] = lambda value: value
    expected: object = None
    warns: str | None = None

    @property
    def title(self) -> str:
        """The name of its test."""
        return self.operation or self.request

    @property
    def steps(self) -> list[Step]:
        """All its requests."""
        return [self, *self.then]


@attrs.frozen(kw_only=True)
class Served:
    """What serves a parameter that no request of ours carries.

    Attributes:
        by: Our service and method, e.g. ``tts.download``, or a function with its module.
        argument: Its argument.
        why: Why it is not on the wire.
    """

    by: str
    argument: str
    why: str


@attrs.frozen(kw_only=True)
class Table:
    """All rows of one API, and what the contract calls otherwise than the wire.

    Attributes:
        api: Our name of the API.
        contract: The contract's name of it.
        rows: The calls.
        renamed: Parameters by operation and name, to their name on the wire.
        not_sent: Parameters that no request of ours carries.
        received: Operations that are no requests of ours, to the module that tests them.
    """

    api: str
    contract: str
    rows: Sequence[Row]
    renamed: Mapping[tuple[str, str], str] = attrs.field(factory=dict)
    not_sent: Mapping[tuple[str, str], Served] = attrs.field(factory=dict)
    received: Mapping[str, str] = attrs.field(factory=dict)

    def steps_of(self, operation: str) -> list[Step]:
        """Every request that the rows make for an operation."""
        return [step for row in self.rows for step in row.steps if step.operation == operation]


@attrs.frozen(kw_only=True)
class Parameter:
    """A parameter of an operation, as the contract lists it."""

    operation: str
    path: str
    name: str
    place: str

    def is_in(self, step: Step, name: str) -> bool:
        """Whether a request shows the parameter, *name* on the wire, in its place."""
        match self.place:
            case "path":
                found = pattern_of(self.path).fullmatch(step.path)
                return found is not None and bool(found.groupdict().get(name))
            case "query":
                return name in dict(step.query)
            case "header":
                return name.lower() in {one.lower() for one in step.headers}
            case "form":
                return name in step.form
            case "body" if name == "(raw bytes)":
                return bool(step.content)
            case "body":
                return _holds(step.json, re.findall(r"[^.\[\]]+|\[\]", name))
        return False


def _holds(document: Any, way: Sequence[str]) -> bool:
    """Whether something is at the end of a way like ``clips``, ``[]``, ``name``; ``*`` is any key."""
    if not way:
        return True
    step, *rest = way
    if step == "[]":
        return isinstance(document, list) and any(_holds(one, rest) for one in document)
    if not isinstance(document, dict):
        return False
    if step == "*":
        return any(_holds(one, rest) for one in document.values())
    return step in document and _holds(document[step], rest)


def pattern_of(path: str) -> re.Pattern[str]:
    """A path of the contract or of an endpoint as a pattern, with a group per placeholder."""
    escaped = re.escape(path).replace(r"\[", "(?:").replace(r"\]", ")?")
    # A whole URL, or a path on the gateway, may stand for one that the API has given.
    wide = re.sub(r"\\\{(\w*[uU]rl|file_url)\\\}", r"(?P<\1>.+)", escaped)
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", wide))


@attrs.frozen
class Made:
    """A call as it was made: the method, and its arguments by name."""

    method: Callable[..., Any]
    arguments: frozenset[str]


class Spy:
    """The client, with a note of the methods called and of the arguments they were given."""

    def __init__(self, inner: Any, made: list[Made]) -> None:
        self._inner, self._made = inner, made

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return Spy(found, self._made)

        def call(*args: Any, **kwargs: Any) -> Any:
            bound = inspect.signature(found).bind(*args, **kwargs)
            options = bound.arguments.pop("options", {})
            assert set(options) <= set(CallOptions.__annotations__), f"{name} takes no {sorted(options)}"
            self._made.append(Made(found.__func__, frozenset(bound.arguments)))
            return found(*args, **kwargs)

        return call


async def items(pages: Any) -> list[Any]:
    """All items of a list that comes in pages."""
    return [item async for item in pages]


async def first_page(pages: Any) -> Any:
    """The first page of a list."""
    return await pages.page()
