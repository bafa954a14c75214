"""Tells hooks what becomes of a call, and never lets one of them hurt it."""

from __future__ import annotations

import functools
import inspect
import itertools
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from audiokit.errors import InvalidRequest
from audiokit.transport._call import Call
from audiokit.typing import Hook, RequestEvent, RequestFinished, RequestRetried, RequestStarted

logger = logging.getLogger("audiokit.transport")

_ids: Final = itertools.count(1)


class Hooks:
    """The hooks of one client, in the sequence they were given.

    Raises:
        InvalidRequest: One of them cannot be called, or is a coroutine function.
    """

    def __init__(self, hooks: Iterable[Hook]) -> None:
        self._hooks = tuple(hooks)
        for hook in self._hooks:
            is_async = inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(
                getattr(hook, "__call__", None)  # noqa: B004 - not whether, but which
            )
            if not callable(hook) or is_async:
                raise InvalidRequest.of(
                    "hooks", hook, "a sequence of functions that take an event (no coroutines)"
                )
        self._complained: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def __repr__(self) -> str:
        return f"<Hooks: {', '.join(map(_name_of, self._hooks)) or 'none'}>"

    def tell(self, event: RequestEvent) -> None:
        """Call each hook with the event."""
        for hook in self._hooks:
            self._guarded(hook, hook, event)

    def headers_for(self, event: RequestStarted) -> dict[str, str]:
        """What the hooks that have `request_headers` want sent along."""
        headers: dict[str, str] = {}
        for hook in self._hooks:
            ask = getattr(hook, "request_headers", None)
            if ask is not None:
                self._guarded(hook, functools.partial(_collect, ask, headers), event)
        return headers

    def _guarded(self, hook: Hook, method: Callable[[Any], object], event: RequestEvent) -> None:
        try:
            method(event)
        except Exception as error:  # noqa: BLE001 - it is the caller's code, and the call is not its business
            if id(hook) in self._complained:
                return
            self._complained.add(id(hook))
            # Its message may hold anything, so only type and place are told.
            last = traceback.extract_tb(error.__traceback__)[-1]
            logger.warning(
                "hook %s raised %s at %s:%d; further errors of it are not logged",
                _name_of(hook),
                type(error).__name__,
                last.filename,
                last.lineno,
            )


class Watch:
    """One call, as hooks see it."""

    def __init__(self, hooks: Hooks, call: Call, *, host: str, now_s: float, is_stream: bool) -> None:
        self._hooks = hooks
        self._begun_s = now_s
        self._started = RequestStarted(
            call_id=next(_ids),
            operation=call.operation,
            method=call.method,
            host=host,
            path=call.path,
            sent_bytes=0 if call.body is None else call.body.size_bytes,
            is_stream=is_stream,
        )

    def started(self) -> Mapping[str, str]:
        """Tell that it begins; gives the headers that hooks want sent along."""
        self._hooks.tell(self._started)
        return self._hooks.headers_for(self._started)

    def retried(
        self, *, attempt: int, status: int | None, failure: BaseException | None, wait_s: float, now_s: float
    ) -> None:
        """Tell that an attempt failed and another follows."""
        self._hooks.tell(
            RequestRetried(
                call_id=self._started.call_id,
                operation=self._started.operation,
                attempt=attempt,
                status=status,
                error=None if failure is None else type(failure).__name__,
                wait_s=wait_s,
                elapsed_s=now_s - self._begun_s,
            )
        )

    def finished(
        self,
        *,
        attempts: int,
        status: int | None,
        error: BaseException | None,
        received_bytes: int,
        now_s: float,
    ) -> None:
        """Tell that it is over."""
        self._hooks.tell(
            RequestFinished(
                call_id=self._started.call_id,
                operation=self._started.operation,
                method=self._started.method,
                host=self._started.host,
                path=self._started.path,
                attempts=attempts,
                status=status,
                error=None if error is None else type(error).__name__,
                elapsed_s=now_s - self._begun_s,
                sent_bytes=self._started.sent_bytes,
                received_bytes=received_bytes,
            )
        )


def _collect(
    ask: Callable[[RequestStarted], Mapping[str, str]], headers: dict[str, str], event: RequestStarted
) -> None:
    for name, value in ask(event).items():
        if not name.isascii() or not name.replace("-", "").isalnum():
            raise ValueError("a header's name must be of letters, digits and hyphens")
        if not value.isascii() or not value.isprintable():
            raise ValueError("a header's value must be printable ASCII")
        headers[name.lower()] = value


def _name_of(hook: object) -> str:
    return getattr(hook, "__qualname__", None) or type(hook).__name__
