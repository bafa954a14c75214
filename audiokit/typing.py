"""Public types of audiokit that belong to no single layer."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import Protocol, TypeAlias, TypedDict

import attrs
import orjson

__all__ = [
    "AudioData",
    "CallOptions",
    "Clock",
    "Hook",
    "Progress",
    "ProgressCallback",
    "RawReply",
    "Readable",
    "ReceiptCallback",
    "RequestEvent",
    "RequestFinished",
    "RequestRetried",
    "RequestStarted",
    "StrPath",
    "UploadReceipt",
]

StrPath: TypeAlias = "str | os.PathLike[str]"
"""A path on this machine."""


class Readable(Protocol):
    """Anything with ``read(n)``, plain or async: a file open in mode ``rb``, a web framework's upload."""

    def read(self, size: int, /) -> bytes | Awaitable[bytes]:
        """Up to *size* bytes; none at the end."""
        ...


_Buffer: TypeAlias = "bytes | bytearray | memoryview"
_Given: TypeAlias = "StrPath | _Buffer | Readable | socket.socket | AsyncIterable[bytes] | Iterable[bytes]"

AudioData: TypeAlias = "_Given | Callable[[], _Given | Awaitable[_Given]]"
"""What can be uploaded, and whether a failed attempt can be repeated with it:

================================================  ========  ==================================================
what                                              repeated  remarks
================================================  ========  ==================================================
a path                                            yes       must not change meanwhile; a named pipe: no
``bytes``                                         yes       ``bytearray`` and ``memoryview`` are copied first
a file open in mode ``rb``                        yes       from its position, which it keeps
another object with ``read(n)``                   if seek   from its position, where it is told; blocking
                                                            ones are read in threads
the same with ``async read(n)``                   if seek   ``seek`` must be async too
a pipe, socket, terminal, ``sys.stdin.buffer``    no        up to its end
an async iterable of ``bytes``                    no        read in the task that calls
an iterable of ``bytes``                          no        each step in a thread, as it may block
a callable without arguments                      yes       gives one of the above anew, which is closed after
================================================  ========  ==================================================

What is of unknown length goes out chunked. Nothing the caller has opened is ever closed, except generators
given as they are: the rest of one is of no use. A source that gives other bytes the second time, or that
shrinks, grows or changes while it is sent, ends the upload with `UploadInterrupted`.
"""


@attrs.frozen(kw_only=True)
class Progress:
    """How far a transfer is.

    Attributes:
        done_bytes: Bytes of the file handed over so far.
        total_bytes: Size of the file, or None while it is unknown.
    """

    done_bytes: int
    total_bytes: int | None


ProgressCallback: TypeAlias = Callable[[Progress], object]
"""Called after each chunk, on the event loop: keep it short. Raising from it ends the transfer.

`Progress.done_bytes` grows within an attempt and begins anew when a failed attempt is repeated.
"""


@attrs.frozen(kw_only=True)
class UploadReceipt:
    """What an upload that the API has taken consisted of.

    Attributes:
        size_bytes: Bytes of the file that were sent, without the form around them.
        format: ``wav``, ``mp3``, ``flac`` or ``ogg``, told by content; None for anything else.
        sha256: SHA-256 of these bytes in hexadecimal, computed from what was sent, with
            ``checksum=True``; else None.
    """

    size_bytes: int
    format: str | None
    sha256: str | None


ReceiptCallback: TypeAlias = Callable[[UploadReceipt], object]
"""Called once, on the event loop, as soon as the API has taken an upload."""


class Clock(Protocol):
    """Time as audiokit sees it; tests pass one that does not wait."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def sleep(self, seconds: float, /) -> Awaitable[None]:
        """Wait for *seconds*."""
        ...


@attrs.frozen(kw_only=True)
class RawReply:
    """An answer as it came, of whatever status.

    Attributes:
        status: HTTP status.
        headers: Names compared without case; not shown, because cookies of a session are among them.
        content: The body; empty for a download, which goes to its file instead.
        method: HTTP verb of the request.
        path: Of the request, below the base URL, without query; empty for a URL that the API had given.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    method: str = attrs.field(default="", repr=False)
    path: str = attrs.field(default="", repr=False)

    def json(self) -> object:
        """The decoded JSON document.

        Raises:
            ValueError: The content is not JSON.
        """
        return orjson.loads(self.content)


@attrs.frozen(kw_only=True)
class RequestStarted:
    """A call begins. No event carries a query, a header, a body or a credential.

    Attributes:
        call_id: Same in all events of the call; unique in the process.
        operation: As in errors, e.g. ``respeecher.orders.create``.
        method: HTTP verb.
        host: Host and port it goes to first, e.g. ``gateway.respeecher.com:443``.
        path: Below the base URL, ids filled in. Empty for a URL that the API has given, which may be
            signed.
        sent_bytes: Size of its body in bytes, 0 without one, None while unknown.
        is_stream: Whether the caller reads the answer while it arrives; the call then ends with that.
    """

    call_id: int
    operation: str
    method: str
    host: str
    path: str
    sent_bytes: int | None
    is_stream: bool


@attrs.frozen(kw_only=True)
class RequestRetried:
    """An attempt failed, and there will be another.

    Attributes:
        call_id: As in `RequestStarted`.
        operation: As in `RequestStarted`.
        attempt: Number of the attempt that failed, from 1.
        status: HTTP status, or None when there was no answer.
        error: Class of the failure where there was no answer, e.g. ``ReadError``; else None.
        wait_s: Seconds until the next attempt.
        elapsed_s: Seconds since the call began.
    """

    call_id: int
    operation: str
    attempt: int
    status: int | None
    error: str | None
    wait_s: float
    elapsed_s: float


@attrs.frozen(kw_only=True)
class RequestFinished:
    """A call is over.

    Attributes:
        call_id: As in `RequestStarted`.
        operation: As in `RequestStarted`.
        method: HTTP verb.
        host: As in `RequestStarted`.
        path: As in `RequestStarted`.
        attempts: How many times the request was started.
        status: HTTP status of the last answer, of whatever kind; None without one.
        error: Class of the error that ended it, e.g. ``OutcomeUnknown`` or ``CancelledError``; None
            when the answer was read, also when its status is no success.
        elapsed_s: Seconds from start to end: queue, retries, body.
        sent_bytes: As in `RequestStarted`.
        received_bytes: Bytes of the last answer's body that were read, decompressed.
    """

    call_id: int
    operation: str
    method: str
    host: str
    path: str
    attempts: int
    status: int | None
    error: str | None
    elapsed_s: float
    sent_bytes: int | None
    received_bytes: int


RequestEvent: TypeAlias = RequestStarted | RequestRetried | RequestFinished
"""What hooks are told."""

Hook: TypeAlias = Callable[[RequestEvent], object]
"""Called with each event, on the event loop and in the task of the call: keep it short, and no coroutine.

What it raises is logged once and goes no further. A hook that has a method
``request_headers(event: RequestStarted) -> Mapping[str, str]`` is asked for headers to send along, e.g.
``traceparent``; they go to the API's own origin only.
"""


class CallOptions(TypedDict, total=False):
    """Options that every call takes, as keyword arguments.

    Attributes:
        timeout: Seconds for the whole call: queue, rate limit, retries, polling, body. Without it the
            client's `Timeouts` apply, and a transfer of a file ends only when it stalls.
        headers: Further request headers, e.g. a trace id; sent to the API's own origin only.
        is_repeatable: True lets a request be repeated after any temporary failure, also where
            that could do the work twice. False forbids what the endpoint itself would allow.
        on_reply: Called with the answer that a request ends with, as it came, also where it is about to
            raise; no coroutine function. It is not called for answers after which the request was
            repeated. A call of several requests, e.g. the looks of a `wait`, calls it for each of them.
            Of a file it gets status and headers, again whenever the file is begun anew. What a gateway
            says in the place of the API (502, 504) after a call that could do its work twice is no
            answer: that ends as `OutcomeUnknown`.

    None is the same as not given.
    """

    timeout: float | None
    headers: Mapping[str, str] | None
    is_repeatable: bool | None
    on_reply: Callable[[RawReply], object] | None
