"""Respeecher's lists: where jobs are found by the page, and where lost submissions are looked for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Final

from audiokit.jobs._job import Services
from audiokit.jobs._poll_lists import Listing
from audiokit.services._poll import Look

if TYPE_CHECKING:
    from audiokit.services._pages import Page
    from audiokit.services.respeecher import Recording

_PAGE: Final = 100
_FARTHEST: Final = 1000
"""Objects looked through for a lost submission, the newest first."""
_TOKEN_AT_END: Final = re.compile(r"-[0-9a-f]{8}$")


def look_at(recording: Recording) -> tuple[Recording, Look]:
    """What a recording says of itself; raises `RemoteFailure` where it failed."""
    recording.raise_for_error()
    return recording, Look(state=recording.state, is_over=recording.is_over)


def recordings_of_folder(services: Services, folder_id: str) -> Listing[Any, Any]:
    """All recordings of a folder, its conversions among them."""

    async def fetch(offset: int, newest_first: bool) -> Page[Recording]:  # noqa: FBT001 - as `Listing` says
        listed = services.respeecher.recordings.list(
            folder_id=folder_id,
            direction="desc" if newest_first else "asc",
            page_size=_PAGE,
            offset=offset,
        )
        return await listed.page()

    return _listing(("respeecher folder", folder_id), fetch)


def conversions_of(services: Services, original_id: str) -> Listing[Any, Any]:
    """All conversions of an original."""

    async def fetch(offset: int, newest_first: bool) -> Page[Recording]:  # noqa: FBT001 - as `Listing` says
        listed = services.respeecher.recordings.list_conversions(
            original_id, direction="desc" if newest_first else "asc", page_size=_PAGE, offset=offset
        )
        return await listed.page()

    return _listing(("respeecher original", original_id), fetch)


async def find_conversion(
    services: Services, original_id: str, label: str, known: frozenset[str] | None
) -> str | None:
    """The conversion that an unanswered order made, told by its label or by being the only new one.

    Args:
        services: The client.
        original_id: What was to be converted.
        label: What was ordered; tells it apart only where it ends in a job's token.
        known: Conversions that are others'; None where that is not known.
    """
    found = await _newest(services.respeecher.recordings.list_conversions(original_id, direction="desc"))
    if _TOKEN_AT_END.search(label):
        for one in found:
            if one.label == label:
                return one.id
        if any(one.label is not None and _TOKEN_AT_END.search(one.label) for one in found):
            return None  # labels come back here, and ours is not among them
    if known is None:
        return None
    new = [one.id for one in found if one.id not in known]
    return new[0] if len(new) == 1 else None


async def find_original(services: Services, folder_id: str, label: str) -> str | None:
    """The original that an unanswered upload, or text to speak, made; told by its label."""
    if not _TOKEN_AT_END.search(label):
        return None
    found = await _newest(services.respeecher.recordings.list_originals(folder_id, direction="desc"))
    return next((one.id for one in found if one.label == label), None)


async def ids_of(recordings: AsyncIterable[Recording]) -> list[str]:
    """All ids of a list."""
    return [one.id async for one in recordings]


async def _newest(recordings: AsyncIterable[Recording]) -> list[Recording]:
    found: list[Recording] = []
    async for one in recordings:
        found.append(one)
        if len(found) >= _FARTHEST:
            break
    return found


def _listing(key: tuple[str, str], fetch: Any) -> Listing[Any, Any]:
    return Listing(key=key, fetch=fetch, page_size=_PAGE, remote_of=lambda one: str(one.id), read=look_at)
