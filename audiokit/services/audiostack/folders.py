"""Folders: where an account's files are."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import Any, Unpack

import attrs

from audiokit.errors import UnexpectedResponse
from audiokit.services._check import between
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Page, Pages, count_of
from audiokit.services.audiostack._base import AudioStackService, StackModel, given
from audiokit.services.audiostack.files import StackFile
from audiokit.transport import Reply, Retry
from audiokit.typing import CallOptions


@attrs.define
class StackFolder(StackModel):
    """A folder; `parent_folder_id` is None for the root."""

    folder_id: str
    folder_name: str | None = None
    parent_folder_id: str | None = None
    created_by: str | None = None
    created_at: datetime | None = None
    updated_by: str | None = None
    updated_at: datetime | None = None


@attrs.define
class FolderContents(StackModel):
    """What is in a folder.

    Attributes:
        folders: Folders in it.
        files: Files in it, perhaps not all: `Folders.list_files` gives all.
        current_path_chain: The folders from the root down to this one.
        limit: Most objects this answer could hold, where the API says.
        offset: Objects before the first one.
    """

    folders: list[StackFolder] = attrs.field(factory=list)
    files: list[StackFile] = attrs.field(factory=list)
    current_path_chain: list[StackFolder] = attrs.field(factory=list)
    limit: int | None = attrs.field(default=None, init=False)
    offset: int | None = attrs.field(default=None, init=False)


_SOURCE = "official SDK 4.0, Folders"
_GONE = frozenset({200, 204})

LIST = get("audiostack.folders.list", "/folders", FolderContents, source=_SOURCE)
CREATE = Endpoint(
    name="audiostack.folders.create", method="POST", path="/folders", returns=StackFolder, source=_SOURCE
)
GET = get("audiostack.folders.get", "/folders/{folder_id}", FolderContents, source=_SOURCE)
PATCH = Endpoint(
    name="audiostack.folders.patch",
    method="PATCH",
    path="/folders/{folder_id}",
    returns=StackFolder,
    retry=Retry.SAFE,  # sets a value
    source=_SOURCE,
)
DELETE: Endpoint[None] = Endpoint(
    name="audiostack.folders.delete",
    method="DELETE",
    path="/folders/{folder_id}",
    returns=None,
    expects=_GONE,
    retry=Retry.SAFE,
    source=_SOURCE,
)
LIST_FILES = get(
    "audiostack.folders.list_files", "/folders/{folder_id}/files", list[StackFile], source=_SOURCE
)


class Folders(AudioStackService):
    """Calls on folders."""

    async def list(self, *, path: str | None = None, **options: Unpack[CallOptions]) -> FolderContents:
        """Look into the folder at *path*, or into the root."""
        return self._contents(LIST, await self._reply(LIST, query={"path": path}, options=options))

    async def root_id(self, **options: Unpack[CallOptions]) -> str:
        """Get the id of the account's root folder."""
        reply = await self._reply(LIST, options=options)
        chain = self._contents(LIST, reply).current_path_chain
        if not chain:
            raise UnexpectedResponse(
                f"{LIST.name}: the answer names no root folder", operation=LIST.name, status=reply.status
            )
        return chain[0].folder_id

    async def create(
        self, name: str, *, parent_folder_id: str | None = None, **options: Unpack[CallOptions]
    ) -> StackFolder:
        """Create a folder.

        Args:
            name: Its name.
            parent_folder_id: The folder to create it in; the root when not given.
            options: See `CallOptions`.
        """
        body = {"folder_name": name, "parent_folder_id": parent_folder_id}
        return await self._call(CREATE, json=given(body), options=options)

    async def get(self, folder_id: str, **options: Unpack[CallOptions]) -> FolderContents:
        """Look into a folder; the folder itself is the last of `FolderContents.current_path_chain`."""
        reply = await self._reply(GET, path={"folder_id": folder_id}, options=options)
        return self._contents(GET, reply)

    async def patch(self, folder_id: str, *, name: str, **options: Unpack[CallOptions]) -> StackFolder:
        """Rename a folder."""
        return await self._call(
            PATCH, path={"folder_id": folder_id}, json={"folder_name": name}, options=options
        )

    async def delete(self, folder_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a folder."""
        await self._call(DELETE, path={"folder_id": folder_id}, options=options)

    def list_files(
        self,
        folder_id: str,
        *,
        filter: str | None = None,  # noqa: A002 - the API's word
        order_by: str | None = None,
        page_size: int | None = None,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[StackFile]:
        """List the files of a folder.

        Args:
            folder_id: The folder.
            filter: An OData expression, e.g. ``status eq 'uploaded'``.
            order_by: An OData expression, e.g. ``createdAt desc``.
            page_size: Files asked for at once; the API's own when not given.
            offset: Files to skip.
            options: See `CallOptions`.
        """
        between("page_size", page_size, 1, 2**31)
        between("offset", offset, 0, 2**31)

        async def fetch(at: int) -> Page[StackFile]:
            query = {"$filter": filter, "$orderBy": order_by, "limit": page_size, "offset": at or None}
            reply = await self._reply(LIST_FILES, path={"folder_id": folder_id}, query=query, options=options)
            document = self._document(LIST_FILES, reply)
            files = self._structure_document(LIST_FILES, reply, document, builtins.list[StackFile])
            # No total is given: a page that is not exactly full is the last.
            told = count_of(_paging(document).get("limit"))
            full = told or page_size
            total = None if len(files) == full else at + len(files)
            # Where the API does not tell its limit, a page that looks short may be full all the same.
            is_sure = bool(told) or (full is not None and len(files) > full)
            return Page(items=files, total=total, offset=at, is_counted=is_sure)

        return Pages(fetch, offset=offset, operation=LIST_FILES.name, key=lambda file: file.file_id)

    def _contents(self, endpoint: Endpoint[FolderContents], reply: Reply) -> FolderContents:
        contents = self._structure(endpoint, reply, FolderContents)
        paging = _paging(self._document(endpoint, reply))  # beside `data`, where the model does not reach
        contents.limit, contents.offset = paging.get("limit"), paging.get("offset")
        return contents


def _paging(document: object) -> dict[str, Any]:
    paging = document.get("pagination") if isinstance(document, dict) else None
    return paging if isinstance(paging, dict) else {}
