"""Between socket and API: lets the faults happen that were asked for, for the server or for one call."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import tempfile
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import Match

from audiokit.emulator._body import MIB
from audiokit.emulator._faults import LATENCY, Fault, Strike, parse_faults, strike_of
from audiokit.emulator._http import HttpError
from audiokit.emulator._sockets import hangup_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from audiokit.emulator._context import Context
    from audiokit.emulator._http import Api
    from audiokit.emulator._operations import Operations

FAULT_HEADER: Final = "x-emulator-fault"
"""Request header with the faults of this one call, beside `CONTROL_HEADER`. In a reply: its fault."""

CONTROL_HEADER: Final = "x-control-key"
"""Header that carries the control key."""

_SPARE_BYTES = MIB  # a form's framing


class FaultLayer:
    """Wraps the app of one API.

    Args:
        app: The API.
        api: What it is made of, for names of operations and shapes of errors.
        context: The emulator.
        operations: All there are, with their names.
    """

    def __init__(self, app: ASGIApp, *, api: Api, context: Context, operations: Operations) -> None:
        self._app = app
        self._api = api
        self._context = context
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            operation, strikes = self._strikes(scope)
        except HttpError as error:
            await self._api.error_reply(error)(scope, receive, send)
            return
        for strike in strikes:
            self._context.ledger.fault(self._api.name, operation, strike.fault.kind)
            if strike.fault.kind == LATENCY:
                await asyncio.sleep(strike.seconds or 0.0)
            else:
                await self._end(strike, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _strikes(self, scope: Scope) -> tuple[str, list[Strike]]:
        """Return the operation and what happens to this call of it."""
        wished = _header(scope, FAULT_HEADER)
        dice = self._context.switches.dice
        if wished is None and not dice.faults:
            return "", []
        operation = self._operation(scope)
        if wished is None:
            return operation, dice.strikes(
                self._api.name, *self._operations.names_of(self._api.name, operation)
            )
        return operation, self._wished(wished, _header(scope, CONTROL_HEADER), operation)

    def _wished(self, text: str, key: str | None, operation: str) -> list[Strike]:
        """Read the faults that the call itself asks for; their rates and bursts do not count."""
        if not self._context.is_control_key(key):
            said = "missing" if key is None else "wrong"
            raise HttpError(
                403, f"header {FAULT_HEADER} needs the control key in {CONTROL_HEADER}: it is {said}"
            )
        try:
            faults = parse_faults(text)
            self._operations.check(faults)
        except ValueError as error:
            raise HttpError(400, f"header {FAULT_HEADER}: {error}") from None
        draw = random.Random()  # noqa: S311  (no secret)
        names = self._operations.names_of(self._api.name, operation)
        fitting = [strike_of(fault, draw) for fault in faults if fault.fits(self._api.name, *names)]
        waits = [strike for strike in fitting if strike.fault.kind == LATENCY]
        return [*waits, *[strike for strike in fitting if strike.fault.kind != LATENCY][:1]]

    def _operation(self, scope: Scope) -> str:
        """Name the operation that the call is going to reach; ``unknown`` for none."""
        for route in self._api.routes:
            if route.matches(scope)[0] is Match.FULL:
                return route.name
        return "unknown"

    async def _end(self, strike: Strike, scope: Scope, receive: Receive, send: Send) -> None:
        kind = strike.fault.kind
        if kind == "truncate":
            await self._app(scope, receive, _CutShort(send, scope))
        elif kind == "lost":
            await self._app(scope, receive, _nowhere)
            await _hang_up(scope, receive, reset=False)
        else:
            await self._after_reading(strike, scope, receive, send)

    async def _after_reading(self, strike: Strike, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole request, then let happen what happens without the API having seen it."""
        async with contextlib.AsyncExitStack() as stack:
            body = _Body(self._context, is_kept=strike.fault.kind == "late")
            stack.push_async_callback(body.aclose)
            if not await body.read(receive, self._context.settings.max_upload_bytes + _SPARE_BYTES):
                return  # the caller went away, or sends more than is ever taken
            if strike.fault.kind == "late":
                await _hang_up(scope, receive, reset=False)
                stack.pop_all()
                self._context.spawn(self._do_late(strike, scope, body), "late work")
            elif strike.fault.kind in {"reset", "close"}:
                await _hang_up(scope, receive, reset=strike.fault.kind == "reset")
            else:
                await self._api.error_reply(_refusal(strike.fault, strike.seconds))(scope, receive, send)

    async def _do_late(self, strike: Strike, scope: Scope, body: _Body) -> None:
        try:
            await asyncio.sleep(strike.seconds or 0.0)
            await self._app(scope, body.again(), _nowhere)
        finally:
            await body.aclose()


class _Body:
    """A request's body, read whole; kept beside the emulator's other temporary files if need be."""

    def __init__(self, context: Context, *, is_kept: bool) -> None:
        self._is_kept = is_kept
        self._file = tempfile.SpooledTemporaryFile(max_size=MIB, dir=str(context.files.scratch_folder))  # noqa: SIM115

    async def read(self, receive: Receive, limit_bytes: int) -> bool:
        """Read to the end; False when the caller left or the limit was passed."""
        size_bytes = 0
        while (message := await receive())["type"] == "http.request":
            data = message.get("body", b"")
            size_bytes += len(data)
            if size_bytes > limit_bytes:
                return False
            if self._is_kept and data:
                await asyncio.to_thread(self._file.write, data)
            if not message.get("more_body", False):
                await asyncio.to_thread(self._file.seek, 0)
                return True
        return False

    def again(self) -> Receive:
        """Return a way to receive it that never tells of the caller's leaving."""
        is_over = False

        async def receive() -> Message:
            nonlocal is_over
            if is_over:
                await asyncio.Event().wait()  # replies are watched for a caller who leaves: this one does not
            data = await asyncio.to_thread(self._file.read, MIB)
            is_over = len(data) < MIB
            return {"type": "http.request", "body": data, "more_body": not is_over}

        return receive

    async def aclose(self) -> None:
        """Forget it."""
        self._file.close()


class _CutShort:
    """Sends an answer up to the middle of its body, then closes the connection."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._hangup = hangup_of(scope)
        self._left_bytes: int | None = None
        self._is_cut = False

    async def __call__(self, message: Message) -> None:
        if self._is_cut:
            return
        if message["type"] == "http.response.start":
            length = dict(message["headers"]).get(b"content-length")
            self._left_bytes = None if length is None else int(length) // 2
            await self._send(message)
            return
        data: bytes = message.get("body", b"")
        part = data[: len(data) // 2 if self._left_bytes is None else self._left_bytes]
        await self._send({"type": "http.response.body", "body": part, "more_body": True})
        if self._left_bytes is not None:
            self._left_bytes -= len(part)
        if not self._left_bytes:
            self._is_cut = True
            self._hangup(reset=False)


def _header(scope: Scope, name: str) -> str | None:
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), None)


async def _nowhere(_message: Any) -> None:
    """Send an answer to nobody."""


async def _hang_up(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """Cut the connection and wait until the server knows, or it would answer in our place."""
    hangup_of(scope)(reset=reset)
    while (await receive())["type"] != "http.disconnect":
        pass


def _refusal(fault: Fault, seconds: float | None) -> HttpError:
    status = int(fault.kind)
    if seconds is None and status == 429:
        seconds = 1.0
    headers: Mapping[str, str] = {FAULT_HEADER: fault.kind}
    if seconds is not None:
        headers = {**headers, "Retry-After": str(math.ceil(seconds))}
    return HttpError(status, f"status {status} was asked for by a fault of the emulator", headers=headers)
