"""Hanging up on a caller for real: uvicorn's HTTP/1.1 protocol, with a handle on its connection.

ASGI has no word for "cut the connection without an answer". The protocol below therefore puts a `Hangup`
into the scope's extensions; whoever is given none (tests that call the app directly) cannot cut.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope, Send

EXTENSION: Final = "audiokit.hangup"

# l_onoff and l_linger: Windows has them as shorts.
_AT_ONCE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Hangup:
    """Cuts one connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def __call__(self, *, reset: bool) -> None:
        """Cut at once by RST, or close by FIN after what was written already is sent."""
        if not reset:
            self._transport.close()
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None and not self._transport.is_closing():
            # A lingering time of zero makes the kernel answer with RST instead of FIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()


class HangupProtocol(H11Protocol):
    """uvicorn's protocol whose requests can be hung up on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answer: Any = self.app  # uvicorn's type of an app is not Starlette's
        self.app = self._with_hangup

    async def _with_hangup(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = Hangup(self.transport)
        await self._answer(scope, receive, send)


def hangup_of(scope: Scope) -> Hangup:
    """Return what cuts this request's connection.

    Raises:
        RuntimeError: The app is not served by `HangupProtocol`.
    """
    found: Hangup | None = scope.get("extensions", {}).get(EXTENSION)
    if found is None:
        raise RuntimeError("this server cannot cut connections; run the app by `audiokit emulator`")
    return found
