"""One connection's bytes: a socket, and TLS over memory buffers where it is wanted.

Measured against asyncio's transports below anyio and httpcore, this saves their copies of what the socket
does not take at once, a cancel scope and a pass of the loop for every operation, and for TLS the way of
every 16 KiB record through Python on its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, Final

_RECEIVE_BYTES: Final = 1 << 20
_FEED_BYTES: Final = 1 << 16
_ENCRYPT_BYTES: Final = 1 << 18
"""Encrypted at once: what is on the way exists twice, so large chunks go in pieces."""

_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]

_NEXT_ADDRESS_S: Final = 1.0
"""How long one address of a host is waited for while there are others."""


def scratch_memory() -> memoryview:
    """Memory to receive into, one for all connections of a loop: filled and emptied at once."""
    return memoryview(bytearray(_RECEIVE_BYTES))


class Pace:
    """How long to wait for the other side: *least_bytes* must move in any *stall_s* seconds of waiting.

    Only waiting counts, not what happens between two waits. With more bytes than could ever come, it is a
    limit on the whole.
    """

    __slots__ = ("_least_bytes", "_moved_bytes", "_stall_s", "_waited_s")

    def __init__(self, stall_s: float | None, least_bytes: float) -> None:
        self._stall_s = stall_s
        self._least_bytes = max(1.0, least_bytes)
        self._waited_s = 0.0
        self._moved_bytes = 0

    @property
    def left_s(self) -> float | None:
        """Seconds until it is too slow; None for no limit."""
        return None if self._stall_s is None else max(0.0, self._stall_s - self._waited_s)

    def waited(self, seconds: float) -> None:
        """Count a wait."""
        self._waited_s += seconds

    def moved(self, size_bytes: int) -> None:
        """Count bytes; enough of them start it anew."""
        self._moved_bytes += size_bytes
        if self._moved_bytes >= self._least_bytes:
            self._waited_s, self._moved_bytes = 0.0, 0

    def __str__(self) -> str:
        if self._stall_s is None:
            return "no limit"
        return f"{self._moved_bytes} bytes in {self._stall_s:g} s"


async def connect(host: str, port: int, scratch: memoryview) -> Wire:
    """Connect to the first of the host's addresses that answers; the caller limits the time.

    Raises:
        OSError: None of them does, or the name is not known.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a host name with an empty or long label
        raise OSError(f"not a host name: {error}") from error
    addresses = _in_turn(found)
    failure: OSError = OSError("the name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses, 1):
        limit = _NEXT_ADDRESS_S if number < len(addresses) else None
        try:
            made = socket.socket(family, kind, protocol)
        except OSError as error:  # e.g. no IPv6 here
            failure = error
            continue
        try:
            made.settimeout(0)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(limit):
                await loop.sock_connect(made, address)
        except OSError as error:  # TimeoutError is one
            made.close()
            failure = error
        except BaseException:
            made.close()
            raise
        else:
            return Wire(made, scratch)
    raise failure


def _in_turn(found: Sequence[_Address]) -> list[_Address]:
    """Families taking turns, so that one that leads nowhere costs one wait."""
    first = [one for one in found if one[0] == found[0][0]]
    others = [one for one in found if one[0] != found[0][0]]
    return [one for pair in zip_longest(first, others) for one in pair if one is not None]


class Wire:
    """A connected socket that does not block. One task uses it at a time; anyone may close it.

    Everything raises OSError when the connection is gone; ssl.SSLError and TimeoutError are some.
    """

    def __init__(self, connected: socket.socket, scratch: memoryview) -> None:
        self._socket = connected
        self._scratch = scratch
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._tls: ssl.SSLObject | None = None
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self.listen: Callable[[], bool] | None = None
        """Called when something arrives while a write waits; must read it, and may end the write by False."""

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Shake hands; the caller limits the time, and closes the wire when this fails."""
        tls = context.wrap_bio(self._received, self._to_send, server_hostname=host)
        no_limit = Pace(None, 0)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._send(self._to_send.read(), no_limit)
                await self._feed(no_limit)
            else:
                break
        await self._send(self._to_send.read(), no_limit)
        self._tls = tls

    async def read(self, pace: Pace) -> bytes:
        """What has arrived, up to 1 MiB, waited for; empty at the end."""
        while (data := self.read_nowait()) is None:
            if self._tls is not None and self._to_send.pending:  # answers to the server's own TLS messages
                await self._send(self._to_send.read(), pace)
            await self._ready(pace, reading=True)
        pace.moved(len(data))
        return data

    def read_nowait(self) -> bytes | None:
        """What has arrived, up to 1 MiB; empty at the end, None when nothing has."""
        if self._tls is not None:
            return self._decrypted(self._tls)
        try:
            # Into memory that stays: fresh pages for each piece cost more than copying it out.
            return bytes(self._scratch[: self._socket.recv_into(self._scratch)])
        except (BlockingIOError, InterruptedError):
            return None

    async def write(self, data: bytes | memoryview, pace: Pace) -> bool:
        """Send all of *data*, which may change when this returns; False when `listen` ended it before."""
        if self._tls is None:
            return await self._send(data, pace)
        view = memoryview(data)
        while view:
            view = view[self._tls.write(view[:_ENCRYPT_BYTES]) :]
            if not await self._send(self._to_send.read(), pace):
                return False
        return True

    @property
    def is_readable(self) -> bool:
        """Whether something arrived unasked: mostly the end of the connection."""
        if self._socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close the socket; TLS ends without its farewell, whose answer nobody would wait for."""
        number = self._socket.fileno()
        if number < 0:
            return
        self._loop.remove_reader(number)
        self._loop.remove_writer(number)
        with contextlib.suppress(OSError):
            self._socket.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(OSError("the connection was closed"))

    def _decrypted(self, tls: ssl.SSLObject) -> bytes | None:
        filled = 0
        while filled < len(self._scratch):
            try:
                read: int = tls.read(len(self._scratch) - filled, self._scratch[filled:])  # type: ignore[assignment]
                if not read:
                    break
                filled += read
            except ssl.SSLWantReadError:
                with contextlib.suppress(OSError):  # the next read meets it again
                    if self._feed_nowait():
                        continue
                if not filled:
                    return None
                break
            except ssl.SSLZeroReturnError:
                break
            except ssl.SSLError:
                if not filled:
                    raise
                break  # the connection was cut behind these bytes, which may well be all there are
        return bytes(self._scratch[:filled])

    async def _feed(self, pace: Pace) -> None:
        while not self._feed_nowait():
            await self._ready(pace, reading=True)

    def _feed_nowait(self) -> bool:
        """Give what has arrived to TLS; False when nothing has."""
        try:
            data = self._socket.recv(_FEED_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        if data:
            self._received.write(data)
        else:
            self._received.write_eof()
        return True

    async def _send(self, data: bytes | memoryview, pace: Pace) -> bool:
        view = memoryview(data)
        while view:
            try:
                sent = self._socket.send(view)
            except (BlockingIOError, InterruptedError):
                await self._ready(pace, reading=self.listen is not None, writing=True)
                if self.listen is not None and self.is_readable and not self.listen():
                    return False
                continue
            pace.moved(sent)
            view = view[sent:]
        return True

    async def _ready(self, pace: Pace, *, reading: bool = False, writing: bool = False) -> None:
        """Wait for the socket. By hand: a cancel scope for each wait costs more than the rest of it."""
        loop, number = self._loop, self._socket.fileno()
        if number < 0:
            raise OSError("the connection was closed")
        future = self._waiting = loop.create_future()
        if reading:
            loop.add_reader(number, _settle, future)
        if writing:
            loop.add_writer(number, _settle, future)
        left_s = pace.left_s
        timer = None if left_s is None else loop.call_later(left_s, _give_up, future, pace)
        start_s = loop.time()
        try:
            await future
        finally:
            pace.waited(loop.time() - start_s)
            self._waiting = None
            if timer is not None:
                timer.cancel()
            if self._socket.fileno() == number:  # else it was closed, and is watched no more
                if reading:
                    loop.remove_reader(number)
                if writing:
                    loop.remove_writer(number)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _give_up(future: asyncio.Future[None], pace: Pace) -> None:
    if not future.done():
        future.set_exception(TimeoutError(f"too slow: {pace}"))
