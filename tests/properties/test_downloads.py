"""Property of downloads: whatever the server does, the file is one that the server had, or there is none."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest import mock

import attrs
import httpx
from examples import examples
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from audiokit import ApiAccess, ApiKey, RetryPolicy
from audiokit.errors import AudiokitError
from audiokit.testing import FakeClock
from audiokit.transport import Call, Network, Retry, Target, Transport, _download

CALL = Call(api="respeecher", operation="x.download", method="GET", url="/take.bin", retry=Retry.SAFE)
ATTEMPTS = 5
DATES = [f"Mon, 16 Nov 2026 08:00:0{second} GMT" for second in range(3)]
NOW = "Mon, 16 Nov 2026 09:00:00 GMT"


@attrs.frozen(kw_only=True)
class Turn:
    """How the server treats one request.

    Attributes:
        version: Which of its files it has at the time.
        cut: Part of the body that is sent, 0 to 1; None for all of it.
        ranges: What it does with a Range: as it should, not at all, without looking at If-Range, from a
            wrong start, the right number of bytes from a wrong start, with a wrong total, or with a 416.
        names: How it names the version: by tag, weak tag, date or not at all.
        names_parts: Whether it does so in a 206 too.
        has_length: Whether it announces the length.
        piece: Bytes sent at once.
    """

    version: int = 0
    cut: float | None = None
    ranges: str = "right"
    names: str = "tag"
    names_parts: bool = True
    has_length: bool = True
    piece: int = 1000


class _Cut(httpx.AsyncByteStream):
    def __init__(self, data: bytes, *, whole: bool, piece: int) -> None:
        self._data, self._whole, self._piece = data, whole, piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), self._piece):
            yield self._data[start : start + self._piece]
        if not self._whole:
            raise httpx.RemoteProtocolError("the answer ended too early")


class Server(httpx.AsyncBaseTransport):
    """Plays the turns, and then goes on as it should."""

    def __init__(self, versions: list[bytes], turns: list[Turn]) -> None:
        self._versions = versions
        self._turns = list(turns)
        self._version = 0
        self.continued = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        turn = self._turns.pop(0) if self._turns else Turn(version=self._version)
        self._version = turn.version % len(self._versions)
        data = self._versions[self._version]
        names = {
            "tag": {"etag": f'"v{self._version}"'},
            "weak": {"etag": 'W/"v"'},  # the same for all: that is what weak means
            "date": {"last-modified": DATES[self._version], "date": NOW},
            "not": {},
        }[turn.names]
        start, end, status, headers = 0, len(data), 200, dict(names)
        asked, condition = request.headers.get("range"), request.headers.get("if-range")
        if asked and turn.ranges != "none" and (turn.ranges != "right" or condition in names.values()):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if turn.ranges == "416" or start >= len(data):
                return httpx.Response(416, stream=_Cut(b"", whole=True, piece=1))
            start -= turn.ranges in {"wrong start", "shifted"}
            end = len(data) - (turn.ranges == "shifted")
            total = len(data) + (turn.ranges == "wrong total")
            status, headers = 206, names if turn.names_parts else {}
            headers = {**headers, "content-range": f"bytes {start}-{end - 1}/{total}"}
            self.continued += 1
        body = data[start:end]
        sent = body if turn.cut is None else body[: int(turn.cut * len(body))]
        if turn.has_length:
            headers["content-length"] = str(len(body))
        return httpx.Response(
            status, headers=headers, stream=_Cut(sent, whole=sent == body, piece=turn.piece)
        )


ranges = st.sampled_from(["right", "blind", "none", "wrong start", "shifted", "wrong total", "416"])
turns = st.builds(
    Turn,
    version=st.integers(0, 2),
    cut=st.none() | st.floats(0, 1),
    ranges=ranges,
    names=st.sampled_from(["tag", "date", "weak", "not"]),
    names_parts=st.booleans(),
    has_length=st.booleans(),
    piece=st.integers(1, 400),
)
# After each of these the client may go on: what is drawn freely rarely comes to that.
cut_short = st.builds(
    Turn,
    version=st.integers(0, 1),
    cut=st.floats(0.1, 0.9),
    ranges=st.just("blind") | ranges,
    names=st.sampled_from(["tag", "tag", "date"]),
)


def _files(sizes_bytes: list[int]) -> list[bytes]:
    """Files that differ from each other everywhere."""
    return [
        bytes((number + 3 * place) % 251 for place in range(size)) for number, size in enumerate(sizes_bytes)
    ]


# Of one size mostly: a change that the size betrays is the easy one.
sizes = st.integers(2, 600)
equal = sizes.map(lambda size: [size] * 3)
files = (equal | equal | st.lists(sizes, min_size=3, max_size=3)).map(_files)
THREE = _files([300] * 3)
HALF = Turn(cut=0.5)


@settings(max_examples=examples(200), deadline=None)
@given(
    versions=files,
    script=st.lists(cut_short, min_size=1, max_size=4) | st.lists(turns, max_size=ATTEMPTS),
    gathered=st.integers(1, 300),
)
@example(versions=THREE, script=[HALF, Turn(version=1, ranges="blind")], gathered=1)
@example(versions=THREE, script=[HALF, Turn(version=1, ranges="blind", names_parts=False)], gathered=100)
@example(
    versions=THREE,
    script=[Turn(cut=0.5, names="weak"), Turn(version=1, ranges="blind", names="weak")],
    gathered=100,
)
@example(versions=THREE, script=[HALF, Turn(ranges="shifted")], gathered=300)
def test_file_is_one_the_server_had_or_there_is_none(
    versions: list[bytes], script: list[Turn], gathered: int
) -> None:
    """Cuts anywhere, with ranges right, wrong or none, while the content changes: never a mixture."""

    async def download(folder: Path) -> Path:
        server = Server(versions, script)
        access = {"respeecher": ApiAccess(base_url="https://api.example", credentials=ApiKey("k"))}
        options: dict[str, Any] = {"clock": FakeClock(), "retry": RetryPolicy(attempts=ATTEMPTS)}

        async def check(reply: Any) -> None:
            assert reply.status == 200

        async with Transport(access, network=Network(http=server), **options) as transport:
            try:
                target = Target.of(folder / "out.bin", must_be_audio=False)
                return await transport.download(CALL, target, check=check)
            finally:
                event(f"continued {min(server.continued, 2)} times")

    with tempfile.TemporaryDirectory() as name, mock.patch.object(_download, "WRITE_BYTES", gathered):
        folder = Path(name)
        try:
            path = asyncio.run(download(folder))
        except AudiokitError as error:
            event(type(error).__name__)
            assert [] == list(folder.iterdir())
        else:
            event("saved")
            assert path.read_bytes() in versions
            assert [path] == list(folder.iterdir())
