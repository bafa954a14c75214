"""Projects: the folders' home."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

import attrs

from audiokit.services._check import one_of, text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Pages
from audiokit.services.respeecher._base import LABEL_CHARACTERS, RespeecherService
from audiokit.transport import Retry, Transport
from audiokit.typing import CallOptions, ProgressCallback, StrPath


@attrs.define
class Project(Model):
    """A project. `owner` is a user or a group; `url` is what `by_url` looks up."""

    id: str
    name: str
    slug: str | None = None
    owner: str | None = None
    url: str | None = None
    models: dict[str, Any] | None = None
    active: bool = True
    created_at: datetime | None = None
    last_recording_at: datetime | None = None


_SOURCE = "vendor endpoint reference, Projects"

LIST = get("respeecher.projects.list", "/api/projects", list[Project], source=_SOURCE)
CREATE = Endpoint(
    name="respeecher.projects.create", method="POST", path="/api/projects", returns=Project, source=_SOURCE
)
RENAME = Endpoint(
    name="respeecher.projects.rename",
    method="PATCH",
    path="/api/projects/{project_id}",
    returns=Project,
    retry=Retry.SAFE,
    source=_SOURCE,
)
UPDATE_MODELS = Endpoint(
    name="respeecher.projects.update_models",
    method="PUT",
    path="/api/projects/{project_id}",
    returns=Project,
    retry=Retry.SAFE,
    source="gateway openapi 0.6.0",
)
DELETE: Endpoint[None] = Endpoint(
    name="respeecher.projects.delete",
    method="DELETE",
    path="/api/projects/{project_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
BY_URL = get("respeecher.projects.by_url", "/api/projects/by-url", Project, source=_SOURCE)
EXPORT: Endpoint[None] = get(
    "respeecher.projects.export", "/api/projects/{project_id}/export", None, source=_SOURCE
)


class Projects(RespeecherService):
    """Calls on projects."""

    def __init__(self, transport: Transport, own_user_id: Callable[..., Awaitable[str]]) -> None:
        super().__init__(transport)
        self._own_user_id = own_user_id

    def list(
        self,
        *,
        owner: str | None = None,
        sort: str | None = None,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Project]:
        """List projects.

        Args:
            owner: Only those of this user or group id.
            sort: ``name``, ``created_at`` or ``last_recording_at``.
            direction: ``asc`` or ``desc``.
            page_size: Objects asked for at once, 1 to 100.
            offset: Objects to skip.
            options: See `CallOptions`.
        """
        one_of("sort", sort, {"name", "created_at", "last_recording_at"})
        one_of("direction", direction, {"asc", "desc"})
        query = {"owner": owner, "sort": sort, "direction": direction}
        return self._pages(LIST, query, page_size=page_size, offset=offset, largest=100, options=options)

    async def create(
        self,
        name: str,
        *,
        owner: str | None = None,
        models: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Project:
        """Create a project.

        Args:
            name: 1 to 40 characters.
            owner: A user or group id; the caller's own (asked for once) when not given.
            models: Retired by the API; leave it out.
            options: See `CallOptions`.
        """
        text("name", name, shortest=1, longest=LABEL_CHARACTERS)
        budget = self._budget(options, default_s=math.inf)
        owner = owner or await self._own_user_id(**budget.options())
        # `models` is retired, yet the deployed gateway's schema still requires it.
        body = {"name": name, "owner": owner, "models": dict(models or {})}
        return await self._call(CREATE, json=body, options=budget.options())

    async def rename(self, project_id: str, name: str, **options: Unpack[CallOptions]) -> Project:
        """Give a project a new name of 1 to 40 characters."""
        text("name", name, shortest=1, longest=LABEL_CHARACTERS)
        return await self._call(RENAME, path={"project_id": project_id}, json={"name": name}, options=options)

    async def update_models(
        self, project_id: str, models: Mapping[str, Any], **options: Unpack[CallOptions]
    ) -> Project:
        """Set the `models` of a project, a field that the API has retired but still keeps."""
        body = {"models": dict(models)}
        return await self._call(UPDATE_MODELS, path={"project_id": project_id}, json=body, options=options)

    async def delete(self, project_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a project.

        Raises:
            NotFound: There is none with this id.
        """
        await self._call(DELETE, path={"project_id": project_id}, options=options)

    async def by_url(self, project_url: str, **options: Unpack[CallOptions]) -> Project:
        """Get a project by its `url` field."""
        return await self._call(BY_URL, query={"project_url": project_url}, options=options)

    async def export(
        self,
        project_id: str,
        to: StrPath,
        *,
        starred_only: bool = False,
        extract: bool = False,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Download a zip of a project's recordings.

        Args:
            project_id: The project.
            to: A folder (the server names the file) or a file path. With *extract*, the folder to unpack
                to, which must not exist yet or be empty.
            starred_only: Only starred recordings go into the zip.
            extract: Unpack the zip, within `ArchiveLimits()`, and do not keep it. The timeout is for the
                download.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Returns:
            Path of the zip, or with *extract* of the folder.

        Raises:
            InvalidRequest: With *extract*, *to* is no new or empty folder; nothing was sent.
            UnpackFailed: The zip is damaged, unsafe or too large to unpack; nothing is left behind.
                `audiokit.archives.extract` unpacks a zip with limits of your own.
        """
        call = self._build(
            EXPORT, path={"project_id": project_id}, query={"starred_only": starred_only}, options=options
        )
        return await self._save_archive(
            EXPORT, call, to, extract=extract, on_progress=on_progress, options=options
        )
