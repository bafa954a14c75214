"""Pipes, sockets and terminals, read as their bytes arrive."""

from __future__ import annotations

import asyncio
import io
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import anyio

from audiokit.errors import InvalidRequest
from audiokit.transport._feeds import Feed
from audiokit.transport._off_loop import made

_PIPE_BYTES: Final = 1 << 16
"""What a pipe holds by default."""


class DescriptorFeed(Feed):
    """A pipe, socket or terminal: waited for without a thread, which could not be called back.

    Args:
        number: A descriptor to wait for; from now on its owner is this object.
        take: Takes what has arrived, without waiting; None when nothing has.
    """

    def __init__(self, number: int, take: Callable[[], bytes | None]) -> None:
        self._number = number
        self._take = take

    def begin(self) -> asyncio.Future[bytes]:
        """Wait in a task of its own, which `settle` cancels."""
        return asyncio.create_task(self.read())

    async def read(self) -> bytes:
        """What has arrived.

        Raises:
            InvalidRequest: The system cannot wait for such a thing, e.g. ``/dev/null``.
        """
        data: bytes | None = None
        while data is None:
            try:
                await anyio.wait_readable(self._number)
            except PermissionError as error:
                raise InvalidRequest(
                    "cannot upload from a device that cannot be waited for; allowed are regular files, "
                    "pipes, sockets and terminals",
                    field="data",
                    value=None,
                ) from error
            data = self._take()
        return data

    async def aclose(self) -> None:
        """Close our descriptor."""
        number, self._number = self._number, -1
        if number >= 0:
            os.close(number)


async def pipe_at(path: Path) -> DescriptorFeed:
    """A named pipe, or another device that has a name; its writer is waited for by the first read.

    Raises:
        OSError: It cannot be opened.
    """
    number = await made(lambda: os.open(path, os.O_RDONLY | os.O_NONBLOCK), os.close)
    return DescriptorFeed(number, lambda: _now(lambda: os.read(number, _PIPE_BYTES)))


def pipe_of(file: io.FileIO | io.BufferedReader[Any]) -> DescriptorFeed:
    """A file object on a pipe or the like; what it holds in its own buffer comes first."""
    if isinstance(file, io.FileIO):
        return DescriptorFeed(os.dup(file.fileno()), lambda: file.read(_PIPE_BYTES))
    raw = file.raw

    def take() -> bytes | None:
        data = file.read1(_PIPE_BYTES)
        if data or os.get_blocking(file.fileno()):
            return data
        more: bytes | None = raw.read(_PIPE_BYTES)  # read1 says the same of the end and of nothing yet
        return more

    return DescriptorFeed(os.dup(file.fileno()), take)


def feed_of_socket(connected: socket.socket) -> DescriptorFeed:
    """A connected socket, up to where the other side ends."""
    return DescriptorFeed(os.dup(connected.fileno()), lambda: _now(lambda: connected.recv(_PIPE_BYTES)))


def _now(take: Callable[[], bytes]) -> bytes | None:
    try:
        return take()
    except BlockingIOError:
        return None
