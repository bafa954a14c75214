"""Downloads that break off, over real sockets: the rest is fetched where it is safe, else all of it again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import attrs
import pytest

from audiokit import RetryPolicy, Timeouts
from audiokit.errors import CallTimeout, ConnectionLost, DownloadFailed, NotFound
from audiokit.testing import FakeClock
from audiokit.transport import Call, Retry, Target
from audiokit.typing import Progress

CALL = Call(api="respeecher", operation="x.download", method="GET", url="/files/take.bin", retry=Retry.SAFE)
FIRST = random.Random(1).randbytes(300_000)
SECOND = random.Random(2).randbytes(300_000)
CUT = 100_000


async def _any_status(_: Any) -> None:
    pass


@attrs.define
class Shelf:
    """Answers with a file as a server with ranges does; a list says how each request is treated.

    Attributes:
        cuts: Bytes of the body after which each request is cut; None for the whole body.
        data: What the file holds.
        tag: Its ETag; None for a server that names no versions.
        dated: Its Last-Modified.
        digest: What it announces as Repr-Digest.
        next_version: What the file and its ETag become after the first request.
        twist: Called with the headers of each 206, to spoil them; gives the status.
    """

    cuts: list[int | None]
    data: bytes = FIRST
    tag: str | None = '"v1"'
    dated: str | None = None
    digest: str | None = None
    has_ranges: bool = True
    next_version: tuple[bytes, str] | None = None
    twist: Callable[[dict[str, str]], int] | None = None
    sent_bytes: int = 0
    ranges: list[str | None] = attrs.field(factory=list)
    conditions: list[str | None] = attrs.field(factory=list)

    async def answer(self, exchange: Any) -> None:
        """One request."""
        asked, condition = exchange.headers.get("range"), exchange.headers.get("if-range")
        self.ranges.append(asked)
        self.conditions.append(condition)
        start, status = 0, 200
        if asked and self.has_ranges and condition in {self.tag, self.dated}:
            start, status = int(asked.removeprefix("bytes=").removesuffix("-")), 206
        body = self.data[start:]
        headers = {"content-length": str(len(body)), "date": formatdate(usegmt=True)}
        if self.tag:
            headers["etag"] = self.tag
        if self.dated:
            headers["last-modified"] = self.dated
        if self.digest:
            headers["repr-digest"] = self.digest
        if status == 206:
            headers["content-range"] = f"bytes {start}-{len(self.data) - 1}/{len(self.data)}"
            if self.twist is not None:
                status = self.twist(headers)
        cut = self.cuts.pop(0) if self.cuts else None
        head = "\r\n".join([f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())])
        body = body if cut is None else body[:cut]
        exchange.writer.write(head.encode() + b"\r\n\r\n" + body)
        await exchange.writer.drain()
        self.sent_bytes += len(body)
        if self.next_version is not None:
            self.data, self.tag = self.next_version
        if cut is not None:
            exchange.hang_up()


@pytest.fixture
def fetch(serve: Any, connect: Any, tmp_path: Path) -> Callable[..., Any]:
    """Download what a shelf has, with a clock that does not wait."""

    async def run(
        shelf: Shelf, *, call: Call = CALL, to: Path = tmp_path / "out.bin", **options: Any
    ) -> Path:
        server = await serve(shelf.answer)
        progress = options.pop("on_progress", None)
        async with connect(server, **({"clock": FakeClock()} | options)) as transport:
            return await transport.download(
                call, Target.of(to, must_be_audio=False), check=_any_status, on_progress=progress
            )

    return run


async def test_rest_is_fetched_after_a_cut(fetch: Callable[..., Any]) -> None:
    """Two cuts cost not one byte twice: each request asks for what is missing, of the same version."""
    shelf = Shelf(cuts=[CUT, CUT, None])
    assert FIRST == (await fetch(shelf)).read_bytes()
    assert [None, f"bytes={CUT}-", f"bytes={2 * CUT}-"] == shelf.ranges
    assert ([None, '"v1"', '"v1"'], len(FIRST)) == (shelf.conditions, shelf.sent_bytes)


async def test_date_of_the_file_is_enough_without_a_tag(fetch: Callable[..., Any]) -> None:
    """A Last-Modified that lies before the answer names the version as well."""
    changed = formatdate(0, usegmt=True)
    shelf = Shelf(cuts=[CUT, None], tag=None, dated=changed)
    assert FIRST == (await fetch(shelf)).read_bytes()
    assert ([None, changed], len(FIRST)) == (shelf.conditions, shelf.sent_bytes)


async def test_file_that_changed_meanwhile_is_fetched_anew(fetch: Callable[..., Any]) -> None:
    """The new version, whole; nothing of the old one."""
    shelf = Shelf(cuts=[CUT, None], next_version=(SECOND, '"v2"'))
    assert SECOND == (await fetch(shelf)).read_bytes()
    assert [None, f"bytes={CUT}-"] == shelf.ranges


@pytest.mark.parametrize(
    "shelf",
    [
        Shelf(cuts=[CUT, None], tag='W/"v1"'),
        Shelf(cuts=[CUT, None], tag=None),
        Shelf(cuts=[CUT, None], tag=None, dated=formatdate(4e9, usegmt=True)),
        Shelf(cuts=[0, None]),
    ],
    ids=["weak tag", "no version", "date in the future", "no byte came"],
)
async def test_without_a_sure_version_all_is_fetched_again(shelf: Shelf, fetch: Callable[..., Any]) -> None:
    """No Range is asked for, and the file is right."""
    assert FIRST == (await fetch(shelf)).read_bytes()
    assert [None, None] == shelf.ranges


async def test_server_without_ranges_sends_all_again(fetch: Callable[..., Any]) -> None:
    """A 200 to a request for the rest is the whole file."""
    shelf = Shelf(cuts=[CUT, None], has_ranges=False)
    assert FIRST == (await fetch(shelf)).read_bytes()
    assert CUT + len(FIRST) == shelf.sent_bytes


def _status(status: int) -> Callable[[dict[str, str]], int]:
    return lambda _: status


def _header(name: str, value: str | None) -> Callable[[dict[str, str]], int]:
    def spoil(headers: dict[str, str]) -> int:
        if value is None:
            headers.pop(name)
        else:
            headers[name] = value
        return 206

    return spoil


SPOILT = {
    "416": _status(416),
    "earlier start": _header("content-range", f"bytes {CUT - 1}-{len(FIRST) - 1}/{len(FIRST)}"),
    "other total": _header("content-range", f"bytes {CUT}-{len(FIRST) - 1}/{len(FIRST) + 5}"),
    "no range": _header("content-range", None),
    "other version": _header("etag", '"v2"'),
    "no version": _header("etag", None),
    "packed": _header("content-encoding", "gzip"),
}


@pytest.mark.parametrize("how", SPOILT)
async def test_part_that_does_not_fit_is_left_and_all_is_fetched(how: str, fetch: Callable[..., Any]) -> None:
    """The third request is a plain one, and no byte of the doubtful part is in the file."""
    shelf = Shelf(cuts=[CUT, None, None], twist=SPOILT[how])
    assert FIRST == (await fetch(shelf)).read_bytes()
    assert [None, f"bytes={CUT}-", None] == shelf.ranges


async def test_part_that_does_not_fit_at_the_last_attempt_is_told(
    fetch: Callable[..., Any], tmp_path: Path
) -> None:
    """Without attempts left, the error says where it broke off and why it could not go on."""
    shelf = Shelf(cuts=[CUT], twist=SPOILT["other version"])
    with pytest.raises(DownloadFailed) as caught:
        await fetch(shelf, retry=RetryPolicy(attempts=2))
    assert (
        f"the download broke off after {CUT} bytes and cannot go on there: "
        """the rest is of etag '"v2"', the beginning of '"v1"'; download it again""" == str(caught.value)
    )
    assert (2, [], DownloadFailed) == (caught.value.attempts, list(tmp_path.iterdir()), type(caught.value))


async def test_cut_each_time_ends_within_the_retry_policy(fetch: Callable[..., Any], tmp_path: Path) -> None:
    """Progress buys no further attempts: four in all, then an error and nothing on the disk."""
    shelf = Shelf(cuts=[1000] * 9)
    with pytest.raises(ConnectionLost):
        await fetch(shelf)
    assert ([None, "bytes=1000-", "bytes=2000-", "bytes=3000-"], []) == (
        shelf.ranges,
        list(tmp_path.iterdir()),
    )


async def test_progress_goes_on_with_the_file(fetch: Callable[..., Any]) -> None:
    """The count never jumps: over a cut it goes on, and it ends with the whole."""
    seen: list[Progress] = []
    await fetch(Shelf(cuts=[CUT, CUT, None]), on_progress=seen.append)
    counts = [one.done_bytes for one in seen]
    assert (sorted(counts), len(FIRST)) == (counts, counts[-1])
    assert {len(FIRST)} == {one.total_bytes for one in seen}


async def test_progress_goes_back_where_the_file_does(fetch: Callable[..., Any]) -> None:
    """A new start is no progress."""
    seen: list[Progress] = []
    await fetch(Shelf(cuts=[2 * CUT, None], tag=None), on_progress=seen.append)
    counts = [one.done_bytes for one in seen]
    turns = [number for number in range(1, len(counts)) if counts[number] < counts[number - 1]]
    assert 1 == len(turns)
    assert counts[turns[0] - 1] == 2 * CUT


async def test_new_start_may_bring_another_name(serve: Any, connect: Any, tmp_path: Path) -> None:
    """Where the server names the file, the name is that of the answer whose bytes were saved."""
    names = ["first.bin", "second.bin"]

    async def answer(exchange: Any) -> None:
        name = names.pop(0)
        await exchange.reply(
            200,
            FIRST[: CUT if names else None],
            announce=len(FIRST),
            content_disposition=f"attachment; filename={name}",
        )
        exchange.hang_up()

    server = await serve(answer)
    async with connect(server, clock=FakeClock()) as transport:
        target = Target.of(tmp_path, must_be_audio=False)
        path = await transport.download(CALL, target, check=_any_status)
    assert (tmp_path / "second.bin", FIRST) == (path, path.read_bytes())
    assert [path] == list(tmp_path.iterdir())


async def test_silence_in_the_middle_is_continued(serve: Any, connect: Any, tmp_path: Path) -> None:
    """A transfer that stalls is dropped after `stall_s`, and goes on over another connection."""
    shelf = Shelf(cuts=[None])
    silent = asyncio.Event()

    async def answer(exchange: Any) -> None:
        if shelf.ranges:
            await shelf.answer(exchange)
            return
        shelf.ranges.append(None)
        exchange.writer.write(
            f'HTTP/1.1 200 X\r\ncontent-length: {len(FIRST)}\r\netag: "v1"\r\n\r\n'.encode() + FIRST[:CUT]
        )
        await silent.wait()

    server = await serve(answer)
    async with connect(server, clock=FakeClock(), timeouts=Timeouts(stall_s=0.1)) as transport:
        target = Target.of(tmp_path / "out.bin", must_be_audio=False)
        path = await transport.download(CALL, target, check=_any_status)
    assert (FIRST, [None, f"bytes={CUT}-"]) == (path.read_bytes(), shelf.ranges)
    assert 2 == server.connections


async def test_deadline_holds_for_all_parts_together(fetch: Callable[..., Any], tmp_path: Path) -> None:
    """`timeout` is for the download however often it goes on; then nothing is left."""
    shelf = Shelf(cuts=[1000] * 99)

    class Slow(FakeClock):
        async def sleep(self, seconds: float, /) -> None:
            await asyncio.sleep(0.04)

    call = attrs.evolve(CALL, timeout_s=0.1)
    with pytest.raises(CallTimeout):
        await fetch(shelf, call=call, clock=Slow(), retry=RetryPolicy(attempts=99))
    assert len(shelf.ranges) <= 4
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("way", ["redirect", "signed URL"])
async def test_rest_is_asked_of_the_host_that_sent_the_beginning(
    way: str, serve: Any, connect: Any, tmp_path: Path
) -> None:
    """A bucket behind a redirect or a signed URL is asked for the rest, and never sees the key."""
    shelf = Shelf(cuts=[CUT, None])
    bucket = await serve(shelf.answer)
    place = f"{bucket.base_url}/b/take.bin?signature=a%2Fb"

    async def redirect(exchange: Any) -> None:
        await exchange.reply(302, location=place)

    api = await serve(redirect)
    call = CALL if way == "redirect" else attrs.evolve(CALL, url=place)
    call = attrs.evolve(call, headers={"x-trace": "1"})
    async with connect(api, clock=FakeClock()) as transport:
        target = Target.of(tmp_path / "out.bin", must_be_audio=False)
        path = await transport.download(call, target, check=_any_status)
    assert (FIRST, len(FIRST)) == (path.read_bytes(), shelf.sent_bytes)
    assert [None, f"bytes={CUT}-"] == shelf.ranges
    assert ["/b/take.bin?signature=a%2Fb"] * 2 == [one.path for one in bucket.requests]
    assert not [one for one in bucket.requests if {"api-key", "cookie", "x-trace"} & set(one.headers)]
    assert [{"api-key", "x-trace"} & set(one.headers) for one in api.requests] == [
        {"api-key", "x-trace"} for _ in api.requests
    ]


async def test_signed_url_that_ran_out_is_asked_for_anew(serve: Any, connect: Any, tmp_path: Path) -> None:
    """Where the bucket refuses the rest, the whole is asked of the API, which signs a new URL."""
    shelf = Shelf(cuts=[CUT, None])
    signed = ["old", "new"]

    async def answer(exchange: Any) -> None:
        if "signature=old" in exchange.path and shelf.ranges:
            await exchange.reply(403, b"expired")
        else:
            await shelf.answer(exchange)

    bucket = await serve(answer)

    async def redirect(exchange: Any) -> None:
        await exchange.reply(302, location=f"{bucket.base_url}/b?signature={signed.pop(0)}")

    api = await serve(redirect)
    async with connect(api, clock=FakeClock()) as transport:
        target = Target.of(tmp_path / "out.bin", must_be_audio=False)
        path = await transport.download(CALL, target, check=_any_status)
    assert FIRST == path.read_bytes()
    assert ["/b?signature=old", "/b?signature=old", "/b?signature=new"] == [
        one.path for one in bucket.requests
    ]


async def test_file_that_is_gone_meanwhile_is_told_as_such(serve: Any, connect: Any, tmp_path: Path) -> None:
    """An error status to the request for the rest is the API's answer, and nothing is left."""
    shelf = Shelf(cuts=[CUT])

    async def answer(exchange: Any) -> None:
        await (exchange.reply(404) if shelf.ranges else shelf.answer(exchange))

    async def check(reply: Any) -> None:
        if reply.status != 200:
            raise NotFound("gone", operation="x", status=reply.status)

    server = await serve(answer)
    async with connect(server, clock=FakeClock()) as transport:
        with pytest.raises(NotFound):
            await transport.download(CALL, Target.of(tmp_path / "out.bin", must_be_audio=False), check=check)
    assert [] == list(tmp_path.iterdir())


async def test_digest_is_of_all_parts_together(fetch: Callable[..., Any]) -> None:
    """The checksum that the first answer announced holds for the file that was put together."""
    digest = base64.b64encode(hashlib.sha256(FIRST).digest()).decode()
    shelf = Shelf(cuts=[CUT, CUT, None], digest=f"sha-256=:{digest}:")
    assert FIRST == (await fetch(shelf)).read_bytes()
    assert (3, len(FIRST)) == (len(shelf.ranges), shelf.sent_bytes)


async def test_digest_is_checked_over_all_parts(fetch: Callable[..., Any], tmp_path: Path) -> None:
    """Parts that fit together and are damaged all the same are fetched once more, then refused."""
    digest = base64.b64encode(hashlib.sha256(SECOND).digest()).decode()
    shelf = Shelf(cuts=[CUT, None, None], digest=f"sha-256=:{digest}:")
    with pytest.raises(DownloadFailed, match="Repr-Digest announces sha256"):
        await fetch(shelf)
    assert ([None, f"bytes={CUT}-", None], []) == (shelf.ranges, list(tmp_path.iterdir()))
