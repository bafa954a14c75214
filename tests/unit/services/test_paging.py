"""Walking a list ends, and ends where the list does, whatever the server makes of offsets and tokens."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from itertools import cycle
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit
from audiokit.errors import UnexpectedResponse
from audiokit.services._pages import TokenPage, TokenPages, count_of

GATEWAY = "https://gateway.example"
ENOUGH = 500


async def _walked(items: AsyncIterable[Any]) -> list[Any]:
    """All items; fails where they do not end."""
    found: list[Any] = []
    async for one in items:
        found.append(one)
        assert len(found) < ENOUGH
    return found


def _voices(first: int, last: int) -> list[dict[str, str]]:
    return [{"id": f"v{at}", "name": "n"} for at in range(first, last)]


Serve = Callable[[Callable[[int, int], Any]], respx.Route]


@pytest.fixture
def serve(respx_mock: respx.MockRouter) -> Serve:
    """Have any list answered by a function of offset and limit."""

    def answer(document: Callable[[int, int], Any]) -> respx.Route:
        def handle(request: httpx.Request) -> httpx.Response:
            asked = request.url.params
            return httpx.Response(
                200, json=document(int(asked.get("offset", 0)), int(asked.get("limit", 100)))
            )

        return respx_mock.get(url__regex=".*").mock(side_effect=handle)

    return answer


@pytest.mark.parametrize(
    ("count", "calls"),
    [
        pytest.param(25, 2, id="a full page"),
        pytest.param(3, 2, id="a page that is not full"),
        pytest.param(60, 1, id="more than was asked for"),
    ],
)
async def test_bare_list_without_pages_is_read_once(
    count: int, calls: int, kit: AudioKit, serve: Serve
) -> None:
    """A server that gives all of it whatever the offset is walked once."""
    route = serve(lambda offset, limit: _voices(0, count))
    assert count == len(await _walked(kit.respeecher.voices.list(page_size=25)))
    assert calls == route.call_count


@pytest.mark.parametrize("count", [60, 55, 10, 9, 0])
async def test_bare_list_in_pages_shorter_than_asked_for_is_read_to_its_end(
    count: int, kit: AudioKit, serve: Serve
) -> None:
    """A server that allows ten items to a page is asked for the rest."""
    serve(lambda offset, limit: _voices(offset, min(offset + 10, count)))
    found = await _walked(kit.respeecher.voices.list(page_size=25))
    assert [f"v{at}" for at in range(count)] == [one.id for one in found]


async def test_short_page_after_full_ones_is_the_last(kit: AudioKit, serve: Serve) -> None:
    """It is not asked for more."""
    route = serve(lambda offset, limit: _voices(offset, min(offset + limit, 60)))
    assert 60 == len(await _walked(kit.respeecher.voices.list(page_size=25)))
    assert 3 == route.call_count


async def test_count_may_be_a_text(kit: AudioKit, serve: Serve) -> None:
    """Numbers in quotes are counts."""
    route = serve(lambda offset, limit: {"list": _voices(offset, offset + 5), "pagination": {"count": "10"}})
    page = await kit.respeecher.voices.list(page_size=5).page()
    assert (10, True) == (page.total, page.is_counted)
    assert 10 == len(await _walked(kit.respeecher.voices.list(page_size=5)))
    assert 3 == route.call_count


@pytest.mark.parametrize(
    ("sent", "count"),
    [("12", 12), (12, 12), (None, None), (True, None), ("many", None), ("-1", None), (1.5, None)],
)
def test_counts_are_numbers(sent: object, count: int | None) -> None:
    """Anything else is none."""
    assert count == count_of(sent)


async def test_page_that_comes_again_is_told_where_more_were_counted(kit: AudioKit, serve: Serve) -> None:
    """Ending there would hide the others, and going on would not end."""
    serve(lambda offset, limit: {"list": _voices(0, 5), "pagination": {"count": 1000}})
    with pytest.raises(
        UnexpectedResponse,
        match=r"respeecher\.voices\.list: the page from offset 5 is the one before it again, .* counts 1000",
    ):
        await _walked(kit.respeecher.voices.list(page_size=5))


async def test_page_that_comes_again_because_of_new_objects_is_none(kit: AudioKit, serve: Serve) -> None:
    """As many new ones as go on a page push the others to the next."""
    pages = iter([(_voices(0, 2), 3), (_voices(0, 2), 5), (_voices(2, 3), 5)])

    def document(offset: int, limit: int) -> Any:
        items, count = next(pages)
        return {"list": items, "pagination": {"count": count}}

    serve(document)
    found = await _walked(kit.respeecher.voices.list(page_size=2))
    assert ["v0", "v1", "v0", "v1", "v2"] == [one.id for one in found]


async def test_other_lists_by_offset_end_as_well(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """Those of v1 and v2, whose servers count nothing."""
    respx_mock.get(url__regex=".*").respond(json={"voices": [{"alias": "x"}] * 100})
    respx_mock.post(url__regex=".*").respond(json={"data": {"voices": [{"alias": "x"}] * 10}})
    assert 100 == len(await _walked(kit.apiaudio.voices.list(page_size=100)))
    assert 10 == len(await _walked(kit.audiostack.voices.query(page_size=10)))


@pytest.mark.parametrize(
    ("page_size", "longest", "tells"),
    [(None, 100, False), (100, 50, False), (100, 50, True), (None, 100, True)],
)
async def test_files_of_a_folder_are_read_to_their_end(
    page_size: int | None,
    longest: int,
    tells: bool,  # noqa: FBT001 - a parameter
    kit: AudioKit,
    serve: Serve,
) -> None:
    """Whether the API tells how long its pages are, or allows only shorter ones than asked for."""

    def document(offset: int, limit: int) -> Any:
        size = min(limit, longest)
        files = [{"fileId": f"f{at}"} for at in range(offset, min(offset + size, 230))]
        return {"data": files, **({"pagination": {"limit": str(size), "offset": offset}} if tells else {})}

    serve(document)
    found = await _walked(kit.audiostack.folders.list_files("f", page_size=page_size))
    assert [f"f{at}" for at in range(230)] == [one.file_id for one in found]


@pytest.mark.parametrize("tokens", ["AB", "ABC", "A"])
async def test_tokens_that_come_again_end_the_list(
    tokens: str, kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Each page is walked once."""
    coming = cycle(tokens)
    respx_mock.get(url__regex=".*").mock(
        side_effect=lambda request: httpx.Response(
            200, json={"data": {"scripts": [{"scriptId": "s"}], "paginationToken": next(coming)}}
        )
    )
    assert len(tokens) + 1 == len(await _walked(kit.audiostack.scripts.list()))


async def test_empty_pages_do_not_end_a_list_by_token() -> None:
    """Only the last has no token."""
    last = 3

    async def fetch(token: str | None) -> TokenPage[int]:
        at = int(token or 0)
        return TokenPage(items=[] if at < last else [at], next_token=str(at + 1) if at < last else None)

    assert [last] == await _walked(TokenPages(fetch))
