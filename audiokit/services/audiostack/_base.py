"""What all AudioStack v2 services share: the dialect, credits and warnings of an answer, lists by token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from audiokit.errors import InvalidRequest, JobTimeout
from audiokit.services._convert import Model
from audiokit.services._dialect import AUDIOSTACK
from audiokit.services._endpoint import Endpoint
from audiokit.services._pages import TokenPage, TokenPages
from audiokit.services._service import QueryValue, Service
from audiokit.transport import Reply
from audiokit.transport._secrets import shown_document
from audiokit.typing import CallOptions

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Meta:
    """What an answer says about itself.

    Attributes:
        request_id: The API's id of the request; name it when asking the vendor.
        version: Version of the service that answered.
        credits_used: Credits this request cost; sum them for the cost of a session.
        credits_remaining: Credits left in the account.
        message: The API's remark.
        warnings: What it noticed but did not refuse, as it came.
    """

    request_id: str | None = None
    version: str | None = None
    credits_used: float | None = None
    credits_remaining: float | None = None
    message: str = ""
    warnings: tuple[Any, ...] = ()

    @classmethod
    def of(cls, document: object) -> Meta:
        """Read the whole document of an answer; what it does not have stays None."""
        if not isinstance(document, dict):
            return cls()
        # Audioform and Story write "metadata", and some of their answers "creditUsed".
        found = document.get("meta") or document.get("metadata")
        facts = found if isinstance(found, dict) else {}
        warnings = document.get("warnings")
        return cls(
            request_id=_text(facts.get("requestId")),
            version=_text(facts.get("version")),
            credits_used=_number(facts.get("creditsUsed", facts.get("creditUsed"))),
            credits_remaining=_number(facts.get("creditsRemaining")),
            message=_text(document.get("message")) or "",
            warnings=tuple(warnings) if isinstance(warnings, list) else (),
        )


NO_META: Final = Meta()


@attrs.define
class StackModel(Model):
    """Base of what v2 answers; `meta` has credits and warnings of the answer it came in.

    Objects inside an answer, such as the items of a list, have an empty one.
    """

    meta: Meta = attrs.field(default=NO_META, init=False, repr=False, eq=False)


@attrs.define
class StackAnswer(StackModel):
    """An answer whose shape the vendor does not publish: `data` is the decoded JSON as it came."""

    data: Any = attrs.field(default=None, repr=shown_document)


class AudioStackService(Service):
    """Base of the v2 services."""

    dialect = AUDIOSTACK

    def _structure_document(
        self, endpoint: Endpoint[Any], reply: Reply, document: object, into: type[T]
    ) -> T:
        """As `Service`, and put credits and warnings on the model."""
        found = super()._structure_document(endpoint, reply, document, into)
        if isinstance(found, StackModel):
            found.meta = Meta.of(document)
        return found

    async def _answer(
        self,
        endpoint: Endpoint[StackAnswer],
        *,
        query: Mapping[str, QueryValue] | None = None,
        json: Mapping[str, Any] | None = None,
        options: CallOptions,
    ) -> StackAnswer:
        """Call an endpoint whose answer has no published shape."""
        reply = await self._reply(endpoint, query=query, json=json, options=options)
        document = self._document(endpoint, reply) if reply.content else None
        answer = StackAnswer(data=self.dialect.unwrap(document))
        answer.meta = Meta.of(document)
        return answer

    def _token_pages(
        self,
        endpoint: Endpoint[Any],
        query: Mapping[str, QueryValue],
        items_of: Callable[[Any], list[T]],
        *,
        pagination_token: str | None,
        options: CallOptions,
    ) -> TokenPages[T]:
        """The list that *query* selects, page by page; *options* hold for each page."""

        async def fetch(token: str | None) -> TokenPage[T]:
            reply = await self._reply(endpoint, query={**query, "paginationToken": token}, options=options)
            document = self._document(endpoint, reply)
            holder = self._structure_document(endpoint, reply, document, endpoint.returns or object)
            return TokenPage(items=items_of(holder), next_token=_next_token(document))

        return TokenPages(fetch, token=pagination_token)

    async def _with_restarts(
        self,
        once: Callable[[CallOptions], Awaitable[T]],
        *,
        restarts: int,
        options: CallOptions,
    ) -> T:
        """Do long work, and start afresh up to *restarts* times when a start was not finished in time.

        The call's timeout is for all starts together; each gets an equal share of what is left.
        """
        if restarts < 0:
            raise InvalidRequest.of("restarts", restarts, "0 or more")
        budget = self._budget(options)
        left: list[str] = []
        for more in range(restarts, -1, -1):
            try:
                return await once({**options, "timeout": budget.left() / (more + 1)})
            except Exception as error:
                if isinstance(error, JobTimeout) and more:
                    # Its work may still finish, but nobody waits for it any more.
                    left.append(repr(error.remote_id))
                    continue
                if left:
                    error.add_note(f"earlier starts may go on remotely, too: {', '.join(left)}")
                raise
        raise AssertionError  # pragma: no cover - the last round returns or raises


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given: v2 has no use for null, its own client never sends one."""
    return {name: value for name, value in values.items() if value is not None}


def exactly_one(**choices: object) -> None:
    """Refuse none or several of the arguments that exclude each other."""
    if sum(value is not None for value in choices.values()) != 1:
        names = " and ".join(choices)
        shown = " and ".join(repr(value) for value in choices.values())
        first, value = next(iter(choices.items()))
        raise InvalidRequest(f"exactly one of {names} must be given, got {shown}", field=first, value=value)


def reasons_of(*values: object) -> list[str]:
    """What failed work says of itself: texts, and lists of texts or objects."""
    lines: list[str] = []
    for value in values:
        items = value if isinstance(value, list) else [value]
        lines.extend(str(item) for item in items if item not in (None, "", {}, []))
    return lines


def _next_token(document: object) -> str | None:
    """The next page's token. Documented for requests only; answers are taken to name it alike."""
    if not isinstance(document, dict):
        return None
    inner = document.get("data")
    for place in (inner, document):
        if isinstance(place, dict) and isinstance(token := place.get("paginationToken"), str):
            return token or None
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
