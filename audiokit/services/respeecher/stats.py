"""Statistics on conversions."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Unpack

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._several import several
from audiokit.services.respeecher._base import RespeecherService
from audiokit.transport import Retry
from audiokit.typing import CallOptions

MOST_IDS = 200


@attrs.define
class ConversionCounts(Model):
    """How many conversions there are, by state."""

    total: int = 0
    completed: int = 0
    in_progress: int = 0
    failed: int = 0


@attrs.define
class MonthlyTime(Model):
    """Time converted in one month; `month` is an ISO date inside it."""

    month: str
    duration_s: float = wire("duration", default=0.0)


@attrs.define
class TimeConverted(Model):
    """Time converted, in seconds."""

    total_s: float = wire("total", default=0.0)
    current_month_s: float = wire("current_month", default=0.0)
    # The misspelling is the wire's.
    previous_months: list[MonthlyTime] = wire("previous_monthes", factory=list)


@attrs.define
class VoiceUse(Model):
    """How much one voice was used; the time is in seconds."""

    id: str
    name: str | None = None
    conversions_count: int = 0
    converted_time_s: float = wire("converted_time", default=0.0)


@attrs.define
class AccountStats(Model):
    """Statistics of the account."""

    time_converted: TimeConverted
    conversions: ConversionCounts
    models: list[VoiceUse] = attrs.field(factory=list)


@attrs.define
class ProjectStats(Model):
    """Statistics of one project."""

    project_id: str
    time_converted: TimeConverted
    conversions: ConversionCounts


@attrs.define
class FolderStats(Model):
    """Statistics of one folder."""

    folder_id: str
    conversions: ConversionCounts = wire("stats")


_SOURCE = "vendor endpoint reference, Statistics"

GET = get("respeecher.stats.get", "/api/stats", AccountStats, source=_SOURCE)
PROJECTS = get("respeecher.stats.projects", "/api/stats/projects", list[ProjectStats], source=_SOURCE)
FOLDERS = get("respeecher.stats.folders", "/api/stats/folders", list[FolderStats], source=_SOURCE)
PROJECTS_POST = Endpoint(
    name="respeecher.stats.projects_post",
    method="POST",
    path="/api/stats/projects",
    returns=list[ProjectStats],
    retry=Retry.SAFE,  # reads only
    source="gateway openapi 0.6.0",
)
FOLDERS_POST = Endpoint(
    name="respeecher.stats.folders_post",
    method="POST",
    path="/api/stats/folders",
    returns=list[FolderStats],
    retry=Retry.SAFE,
    source="gateway openapi 0.6.0",
)


class Stats(RespeecherService):
    """Calls on statistics."""

    async def get(self, **options: Unpack[CallOptions]) -> AccountStats:
        """Get the statistics of the account."""
        return await self._call(GET, options=options)

    async def projects(
        self, project_ids: str | Iterable[str], *, use_post: bool = False, **options: Unpack[CallOptions]
    ) -> builtins.list[ProjectStats]:
        """Get the statistics of up to 200 projects.

        Args:
            project_ids: 1 to 200 ids.
            use_post: Send the ids in a POST body, as the deployed gateway's own specification
                wants it, instead of the documented GET.
            options: See `CallOptions`.
        """
        ids = _ids("project_ids", project_ids)
        if use_post:
            return await self._call(PROJECTS_POST, json={"project_ids": ids}, options=options)
        return await self._call(PROJECTS, query={"project_ids": ids}, options=options)

    async def folders(
        self, folder_ids: str | Iterable[str], *, use_post: bool = False, **options: Unpack[CallOptions]
    ) -> builtins.list[FolderStats]:
        """Get the statistics of up to 200 folders; arguments as `projects`."""
        ids = _ids("folder_ids", folder_ids)
        if use_post:
            return await self._call(FOLDERS_POST, json={"folder_ids": ids}, options=options)
        return await self._call(FOLDERS, query={"folder_ids": ids}, options=options)


def _ids(field: str, values: str | Iterable[str]) -> builtins.list[str]:
    ids = several(values)
    if not 1 <= len(ids) <= MOST_IDS:
        raise InvalidRequest.of(field, len(ids), f"1 to {MOST_IDS} ids")
    return ids
