"""What an order has read from the store, kept with its work: done again after a restart, it is the same work.

While an order is checked under `remembering`, every document that is read is noted; the note is kept in the
document of the work (which also keeps the files that it names). Under `recalling`, the same questions get the
same answers, whatever has been changed or deleted since. Other questions go to the store.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping

T = TypeVar("T")

_noted: ContextVar[dict[str, Any] | None] = ContextVar("_noted", default=None)
_known: ContextVar[Mapping[str, Any] | None] = ContextVar("_known", default=None)


@contextlib.contextmanager
def remembering() -> Generator[dict[str, Any]]:
    """Note what is read in the block: question (as text) -> documents."""
    notes: dict[str, Any] = {}
    token = _noted.set(notes)
    try:
        yield notes
    finally:
        _noted.reset(token)


@contextlib.contextmanager
def recalling(notes: Mapping[str, Any]) -> Generator[None]:
    """Answer from *notes* what they know."""
    token = _known.set(notes)
    try:
        yield
    finally:
        _known.reset(token)


async def ask(question: tuple[Any, ...], read: Callable[[], Awaitable[T]]) -> T:
    """Answer a question from what is recalled, else by *read*; note the answer if somebody wants notes."""
    known, notes = _known.get(), _noted.get()
    if not known and notes is None:
        return await read()
    text = orjson.dumps(question).decode()
    answer: T = _copy(known[text]) if known and text in known else await read()
    if notes is not None:
        notes[text] = _copy(answer)
    return answer


def _copy(answer: Any) -> Any:
    """Documents are their readers' own, and some change them."""
    return orjson.loads(orjson.dumps(answer))
