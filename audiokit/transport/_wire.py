"""One connection's bytes: a socket, and TLS over memory buffers where it is wanted.

Measured against asyncio's transports below anyio and httpcore, this saves their copies of what the socket
does not take at once, a cancel scope and a pass of the loop for every operation, and for TLS the way of
every 16 KiB record through Python on its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import select
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

_RECEIVE_BYTES: Final = 1 << 20
_FEED_BYTES: Final = 1 << 16
_TURN_BYTES: Final = 1 << 20
"""Read without waiting before the loop has a turn: a server may be faster than we are, for seconds."""
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
    limit on the whole. Times are those of the loop.
    """

    __slots__ = ("_least_bytes", "_moved_bytes", "_since_s", "_stall_s", "_waited_s")

    def __init__(self, stall_s: float | None, least_bytes: float) -> None:
        self._stall_s = stall_s
        self._least_bytes = max(1.0, least_bytes)
        self._moved_bytes = 0
        self._waited_s = 0.0
        self._since_s = 0.0

    @classmethod
    def of(cls, extensions: Mapping[str, Any], direction: str) -> Pace:
        """What a request asks for when it is sent (``write``) or its answer is read (``read``)."""
        stall_s: float | None = extensions.get("timeout", {}).get(direction)
        return cls(stall_s, extensions.get("least_bytes_per_s", 0.0) * (stall_s or 0.0))

    def begin(self, now_s: float) -> None:
        """A wait begins."""
        self._since_s = now_s - self._waited_s

    def end(self, now_s: float) -> None:
        """The wait is over."""
        self._waited_s = now_s - self._since_s

    def moved(self, size_bytes: int, now_s: float) -> None:
        """Count bytes; enough of them start it anew."""
        self._moved_bytes += size_bytes
        if self._moved_bytes >= self._least_bytes:
            self._moved_bytes, self._waited_s, self._since_s = 0, 0.0, now_s

    @property
    def due_s(self) -> float | None:
        """When the wait that has begun will be too long; None for never."""
        return None if self._stall_s is None else self._since_s + self._stall_s

    def __str__(self) -> str:
        return f"{self._moved_bytes} bytes in {self._stall_s} s"


class Deadline(Pace):
    """A limit on the whole from *now_s* on: what is done between two waits counts as well."""

    __slots__ = ()

    def __init__(self, limit_s: float | None, now_s: float) -> None:
        super().__init__(limit_s, math.inf)
        self._since_s = now_s

    def begin(self, now_s: float) -> None:
        """It has begun long ago."""


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
        self._waiting: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = memoryview(b"")
        self._read_in_turn = 0
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
        if self._read_in_turn >= _TURN_BYTES:
            self._read_in_turn = 0
            await asyncio.sleep(0)
        while (data := self.read_nowait()) is None:
            self._read_in_turn = 0
            if self._tls is not None and self._to_send.pending:  # answers to the server's own TLS messages
                await self._send(self._to_send.read(), pace)
            await self._until(pace, read=_settle)
        self._read_in_turn += len(data)
        pace.moved(len(data), self._loop.time())
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
            if view:  # encrypting takes its time, and other uploads take theirs in the same turn
                await asyncio.sleep(0)
        return True

    @property
    def is_readable(self) -> bool:
        """Whether something arrived unasked: mostly the end of the connection."""
        # With TLS it may have left the socket: a read ends where its memory is full, maybe behind an answer.
        if self._tls is not None and (self._tls.pending() or self._received.pending):
            return True
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
            await self._until(pace, read=_settle)

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
        self._unsent = memoryview(data)
        try:
            if self._send_nowait(pace):
                return True
            return await self._until(
                pace,
                read=None if self.listen is None else self._overhear,
                write=functools.partial(self._send_more, pace),
            )
        finally:
            self._unsent = memoryview(b"")  # who lent it may use it again

    def _send_nowait(self, pace: Pace) -> bool:
        """Send what the socket takes; True when that was the rest."""
        if self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                return False
            pace.moved(sent, self._loop.time())
            self._unsent = self._unsent[sent:]
        return not self._unsent

    def _send_more(self, pace: Pace, future: asyncio.Future[bool]) -> None:
        if future.done():
            return
        try:
            if self._send_nowait(pace):
                future.set_result(True)
        except OSError as error:
            future.set_exception(error)

    def _overhear(self, future: asyncio.Future[bool]) -> None:
        if future.done():
            return
        if self.listen is None:
            self._loop.remove_reader(self._socket.fileno())
            return
        try:
            if not self.listen():
                future.set_result(False)
        except Exception as error:  # noqa: BLE001 - it belongs to the one who waits, not to the loop
            future.set_exception(error)

    async def _until(
        self,
        pace: Pace,
        *,
        read: Callable[[asyncio.Future[bool]], None] | None = None,
        write: Callable[[asyncio.Future[bool]], None] | None = None,
    ) -> bool:
        """Wait for what the callbacks settle. By hand: cancel scopes cost more than the rest of it."""
        loop, number = self._loop, self._socket.fileno()
        if number < 0:
            raise OSError("the connection was closed")
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting = future
        if read is not None:
            loop.add_reader(number, read, future)
        if write is not None:
            loop.add_writer(number, write, future)
        pace.begin(loop.time())
        self._watch(pace, future)
        try:
            return await future
        finally:
            pace.end(loop.time())
            self._waiting = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._socket.fileno() == number:  # else it was closed, and is watched no more
                if read is not None:
                    loop.remove_reader(number)
                if write is not None:
                    loop.remove_writer(number)

    def _watch(self, pace: Pace, future: asyncio.Future[bool]) -> None:
        """End the wait when it is too long; what moves meanwhile puts that off."""
        due_s = pace.due_s
        if due_s is None or future.done():
            return
        if due_s > self._loop.time():
            self._timer = self._loop.call_at(due_s, self._watch, pace, future)
        else:
            future.set_exception(TimeoutError(f"{pace}"))


def _settle(future: asyncio.Future[bool]) -> None:
    if not future.done():
        future.set_result(True)
