"""Files: what an account keeps, uploaded or made."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import one_of
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look
from audiokit.services._upload import uploading
from audiokit.services.audiostack._base import AudioStackService, StackModel, given
from audiokit.transport import Retry, StreamBody, Target
from audiokit.typing import AudioData, CallOptions, ProgressCallback, ReceiptCallback, StrPath


@attrs.define
class FileType(Model):
    """A kind of file; what else the API says, e.g. its categories, is in `extra`."""

    file_type_id: str | None = None
    name: str | None = None


@attrs.define
class StackFile(StackModel):
    """A file.

    Attributes:
        status: ``uploaded`` once its content has arrived and was taken in.
        url: Where the content is; None before that.
        size_bytes: Size of the content.
        duration_s: Length in seconds, of audio.
        access_control: ``public`` or ``private``.
        file_category: Its category, as the API writes it.
    """

    file_id: str
    file_name: str | None = None
    folder_id: str | None = None
    status: str | None = None
    url: str | None = attrs.field(default=None, repr=False)
    created_by: str | None = None
    created_at: datetime | None = None
    updated_by: str | None = None
    updated_at: datetime | None = None
    file_type: FileType | None = None
    file_category: Any = None
    size_bytes: int | None = wire("size", default=None)
    duration_s: float | None = wire("duration", default=None)
    access_control: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the content has arrived."""
        return self.status == "uploaded"


@attrs.define
class _UploadPlace(StackModel):
    file_id: str
    upload_url: str = attrs.field(repr=False)
    mime_type: str | None = None


@attrs.define
class _Categories(StackModel):
    file_types: list[FileType] = attrs.field(factory=list)


_SOURCE = "official SDK 4.0, Files"

CREATE = Endpoint(
    name="audiostack.files.create", method="POST", path="/files", returns=_UploadPlace, source=_SOURCE
)
PUT: Endpoint[None] = Endpoint(
    name="audiostack.files.put",
    method="PUT",
    path="{url}",
    returns=None,
    expects=frozenset(range(200, 400)),  # any status below 400 is success here
    retry=Retry.SAFE,  # the same bytes to the same place
    source=_SOURCE,
)
CATEGORIES = get("audiostack.files.categories", "/files/file-categories", _Categories, source=_SOURCE)
GET = get("audiostack.files.get", "/files/{file_id}", StackFile, source=_SOURCE)
DELETE: Endpoint[None] = Endpoint(
    name="audiostack.files.delete",
    method="DELETE",
    path="/files/{file_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
COPY = Endpoint(
    name="audiostack.files.copy",
    method="PUT",
    path="/files/copy",
    returns=StackFile,
    retry=Retry.IF_REFUSED,  # each call makes a further copy
    source=_SOURCE,
)
PATCH = Endpoint(
    name="audiostack.files.patch",
    method="PATCH",
    path="/files/{file_id}",
    returns=StackFile,
    retry=Retry.SAFE,  # sets values
    source=_SOURCE,
)
FILE: Endpoint[None] = get("audiostack.files.file", "{url}", None, source=_SOURCE)


class Files(AudioStackService):
    """Calls on files."""

    async def create(
        self,
        data: AudioData,
        *,
        name: str | None = None,
        folder_id: str | None = None,
        category_id: str | None = None,
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> StackFile:
        """Upload a file, in chunks: ask for a place, put the bytes there without the key, get the item.

        Args:
            data: See `AudioData`.
            name: Name to keep it under; the path's own when not given.
            folder_id: Folder to keep it in; the root when not given.
            category_id: Its category, one of `categories`.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Returns:
            The file; `is_ready` tells whether the API has taken the content in.
        """
        budget = self._budget(options, default_s=math.inf)
        async with uploading(
            self._transport, PUT, data, budget, name=name, on_receipt=on_receipt, checksum=checksum
        ) as source:
            body = {"file_name": source.name, "folder_id": folder_id, "category_id": category_id}
            place = await self._call(CREATE, json=given(body), options=budget.options())
            content = StreamBody(source=source, content_type=place.mime_type, on_progress=on_progress)
            call = self._at(PUT, place.upload_url, body=content, authorise=False, options=budget.options())
            await self._send(PUT, call, options)
        return await self.get(place.file_id, **budget.options())

    async def create_and_wait(
        self,
        data: AudioData,
        *,
        name: str | None = None,
        folder_id: str | None = None,
        category_id: str | None = None,
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> StackFile:
        """Upload a file and wait until the API has taken it in; raises as `wait`.

        Args:
            data: See `AudioData`.
            name: Name to keep it under; the path's own when not given.
            folder_id: Folder to keep it in; the root when not given.
            category_id: Its category, one of `categories`.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.
        """
        budget = self._budget(options, default_s=math.inf)
        file = await self.create(
            data,
            name=name,
            folder_id=folder_id,
            category_id=category_id,
            on_progress=on_progress,
            on_receipt=on_receipt,
            checksum=checksum,
            **budget.options(),
        )
        return file if file.is_ready else await self.wait(file.file_id, **budget.options())

    async def get(self, file_id: str, **options: Unpack[CallOptions]) -> StackFile:
        """Get a file's item."""
        return await self._call(GET, path={"file_id": file_id}, options=options)

    async def wait(self, file_id: str, **options: Unpack[CallOptions]) -> StackFile:
        """Look at a file until its content was taken in.

        Raises:
            JobTimeout: It was not within `timeout=` seconds (default `Timeouts.wait_s`); the API
                has no state for an upload that failed.
        """

        async def look(each: CallOptions) -> tuple[StackFile, Look]:
            found = await self.get(file_id, **each)
            return found, Look(state=found.status or "unknown", is_over=found.is_ready)

        return await self._follow(look, what="file", remote_id=file_id, options=options)

    async def delete(self, file_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a file."""
        await self._call(DELETE, path={"file_id": file_id}, options=options)

    async def copy(
        self, file_id: str, *, current_folder_id: str, new_folder_id: str, **options: Unpack[CallOptions]
    ) -> StackFile:
        """Copy a file to another folder.

        Args:
            file_id: The file.
            current_folder_id: The folder it is in.
            new_folder_id: The folder to copy it to.
            options: See `CallOptions`.

        Returns:
            The copy: a new id, the same name.
        """
        body = {
            "file_id": file_id,
            "current_folder_id": current_folder_id,
            "new_folder_id": new_folder_id,
        }
        return await self._call(COPY, json=body, options=options)

    async def patch(
        self,
        file_id: str,
        *,
        name: str | None = None,
        category_id: str | None = None,
        category_name: str | None = None,
        access_control: str | None = None,
        **options: Unpack[CallOptions],
    ) -> StackFile:
        """Change what is kept about a file; what is not given stays.

        Args:
            file_id: The file.
            name: Its new name.
            category_id: Its new category.
            category_name: The same by name.
            access_control: ``public`` or ``private``.
            options: See `CallOptions`.
        """
        one_of("access_control", access_control, {"public", "private"})
        body = {
            "file_name": name,
            "category_id": category_id,
            "category_name": category_name,
            "access_control": access_control,
        }
        return await self._call(PATCH, path={"file_id": file_id}, json=given(body), options=options)

    async def categories(self, **options: Unpack[CallOptions]) -> list[FileType]:
        """List the kinds of files with their categories."""
        return (await self._call(CATEGORIES, options=options)).file_types

    async def download(
        self,
        file: StackFile,
        to: StrPath,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Save a file's content.

        Args:
            file: The file.
            to: An existing folder, or the file's own path.
            name: Name in the folder; the API's when not given.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: Its content has not arrived yet.
        """
        if not file.url:
            raise InvalidRequest(
                f"file {file.file_id} has no content yet (status {file.status!r}); wait for it first",
                field="file",
                value=file.file_id,
            )
        call = self._at(FILE, file.url, options=options)
        target = Target.of(to, name=name or file.file_name, must_be_audio=False)
        return await self._save(FILE, call, target, on_progress=on_progress, options=options)
