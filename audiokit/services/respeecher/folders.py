"""Folders: where recordings are kept inside a project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

import attrs

from audiokit.services._check import one_of, text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Pages
from audiokit.services.respeecher._base import LABEL_CHARACTERS, RespeecherService
from audiokit.services.respeecher._deleted import deleted_ids
from audiokit.transport import Retry
from audiokit.typing import CallOptions


@attrs.define
class Folder(Model):
    """A folder of a project."""

    id: str
    name: str
    project_id: str
    parent_id: str | None = None
    active: bool = True
    created_at: datetime | None = None


_SOURCE = "vendor endpoint reference, Folders"

LIST = get("respeecher.folders.list", "/api/folders", list[Folder], source=_SOURCE)
CREATE = Endpoint(
    name="respeecher.folders.create", method="POST", path="/api/folders", returns=Folder, source=_SOURCE
)
RENAME = Endpoint(
    name="respeecher.folders.rename",
    method="PATCH",
    path="/api/folders/{folder_id}",
    returns=Folder,
    retry=Retry.SAFE,
    source=_SOURCE,
)
DELETE: Endpoint[None] = Endpoint(
    name="respeecher.folders.delete",
    method="DELETE",
    path="/api/folders/{folder_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
GET = get("respeecher.folders.get", "/api/folders/{folder_id}", Folder, source=_SOURCE)


class Folders(RespeecherService):
    """Calls on folders."""

    def list(
        self,
        project_id: str,
        *,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Folder]:
        """List the folders of a project.

        Args:
            project_id: The project's id.
            direction: ``asc`` or ``desc``.
            page_size: Objects asked for at once, 1 to 200.
            offset: Objects to skip.
            options: See `CallOptions`.
        """
        one_of("direction", direction, {"asc", "desc"})
        query = {"project_id": project_id, "direction": direction}
        return self._pages(LIST, query, page_size=page_size, offset=offset, largest=200, options=options)

    async def create(self, project_id: str, name: str, **options: Unpack[CallOptions]) -> Folder:
        """Create a folder in a project; *name* has 1 to 40 characters."""
        text("name", name, shortest=1, longest=LABEL_CHARACTERS)
        return await self._call(CREATE, json={"name": name, "project_id": project_id}, options=options)

    async def rename(self, folder_id: str, name: str, **options: Unpack[CallOptions]) -> Folder:
        """Give a folder a new name of 1 to 40 characters."""
        text("name", name, shortest=1, longest=LABEL_CHARACTERS)
        return await self._call(RENAME, path={"folder_id": folder_id}, json={"name": name}, options=options)

    async def delete(self, folder_id: str, **options: Unpack[CallOptions]) -> Sequence[str]:
        """Delete a folder with its recordings.

        Returns:
            Ids of the folders that are gone, as far as the API tells.
        """
        reply = await self._reply(DELETE, path={"folder_id": folder_id}, options=options)
        return deleted_ids(reply, folder_id)

    async def get(self, folder_id: str, **options: Unpack[CallOptions]) -> Folder:
        """Get one folder.

        Raises:
            NotFound: There is none with this id.
        """
        return await self._call(GET, path={"folder_id": folder_id}, options=options)
