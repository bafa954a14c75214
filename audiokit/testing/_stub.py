"""A transport without a network: answers calls as a test says, and keeps what was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import attrs
import httpx
import orjson

from audiokit._client import AudioKit
from audiokit._config import ApiAccess, ApiKey
from audiokit.testing._clock import FakeClock
from audiokit.transport import Network
from audiokit.typing import Clock

BASES: Final = {api: f"https://{api}.test" for api in ("apiaudio", "audiostack", "respeecher")}
_KEY: Final = "stub-key"


@attrs.frozen(kw_only=True)
class SentRequest:
    """A request as it was sent.

    Attributes:
        api: ``apiaudio``, ``audiostack`` or ``respeecher``; empty for another host.
        path: Below the API's base URL, decoded, without the query.
        query: Its parameters; of one that repeats the last value.
        headers: By lower-case name.
        body: Its bytes.
    """

    method: str
    api: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    def json(self) -> Any:
        """Read the body as JSON."""
        return orjson.loads(self.body)


@attrs.frozen(kw_only=True)
class Answer:
    """What the stub answers.

    Attributes:
        status: HTTP status.
        json: Body to be written as JSON; *content* is then left out.
        content: Body as bytes.
        headers: Further headers.
    """

    status: int = 200
    json: Any = None
    content: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)


AnswerMaker = Callable[[SentRequest], Answer]


class StubTransport(httpx.AsyncBaseTransport):
    """Stands in for all three services.

    ::

        stub = StubTransport()
        stub.on("GET", "/api/credits", {"credits": 5, "initial_credits": 10})
        async with stub.kit() as kit:
            assert (await kit.respeecher.credits.get()).left == 5
        assert [("GET", "/api/credits")] == stub.calls

    A call that nothing was set up for fails the test: it raises AssertionError.

    Attributes:
        requests: What was sent, in order.
    """

    def __init__(self) -> None:
        self.requests: list[SentRequest] = []
        self._rules: list[_Rule] = []

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and path of what was sent, in order."""
        return [(request.method, request.path) for request in self.requests]

    def on(self, method: str, path: str, *answers: Answer | AnswerMaker | Exception | object) -> None:
        """Say what to answer.

        Args:
            method: Like ``GET``.
            path: Below the API's base URL; ``*`` stands for anything, as in ``/api/recordings/*``. An API in
                front keeps it to that one, as in ``apiaudio:/script``.
            *answers: Given in turn, the last one for ever: an `Answer`, a function that makes one from the
                `SentRequest`, an exception to raise (as if the network had failed), or anything else, which
                is written as JSON. None at all means status 200 without a body.

        Of several that fit, the one that was set up last counts.
        """
        self._rules.insert(0, _Rule(method=method.upper(), path=path, answers=list(answers or [Answer()])))

    def kit(self, *, clock: Clock | None = None, **arguments: Any) -> AudioKit:
        """Build a client of the stub: keys for all APIs, and a `FakeClock` unless another one is given.

        Args:
            clock: Time.
            **arguments: As `AudioKit` takes them.
        """
        chosen: dict[str, Any] = {
            api: ApiAccess(base_url=base, credentials=ApiKey(_KEY)) for api, base in BASES.items()
        }
        chosen |= {"network": Network(http=self), "clock": clock or FakeClock(), **arguments}
        return AudioKit(**chosen)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, as httpx asks its transports to."""
        sent = await _sent(request)
        self.requests.append(sent)
        rule = next((rule for rule in self._rules if rule.fits(sent)), None)
        if rule is None:
            known = ", ".join(f"{one.method} {one.path}" for one in self._rules) or "nothing"
            raise AssertionError(f"no answer was set up for {sent.method} {sent.path}; there is {known}")
        return _response(rule.next_answer(), sent)


@attrs.define(kw_only=True)
class _Rule:
    """Answers to one kind of call."""

    method: str
    path: str
    answers: list[Any]

    def fits(self, sent: SentRequest) -> bool:
        if sent.method != self.method:
            return False
        return fnmatchcase(sent.path, self.path) or fnmatchcase(f"{sent.api}:{sent.path}", self.path)

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def _sent(request: httpx.Request) -> SentRequest:
    apis = {httpx.URL(base).host: api for api, base in BASES.items()}
    return SentRequest(
        method=request.method,
        api=apis.get(request.url.host, ""),
        path=request.url.path,
        query=dict(request.url.params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.aread(),
    )


def _response(answer: Any, sent: SentRequest) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    if callable(answer):
        answer = answer(sent)
    if not isinstance(answer, Answer):
        answer = Answer(json=answer)
    headers = dict(answer.headers)
    content = answer.content
    if answer.json is not None:
        content = orjson.dumps(answer.json)
        headers.setdefault("content-type", "application/json")
    return httpx.Response(answer.status, headers=headers, content=content)
