"""Media: recordings of one's own to be mixed into tracks."""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

import attrs

from audiokit.errors import NotFound
from audiokit.services._check import text
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._upload import uploading
from audiokit.services.apiaudio._base import ApiAudioService, comma_separated
from audiokit.transport import Retry, StreamBody, Target
from audiokit.typing import AudioData, CallOptions, ProgressCallback, ReceiptCallback, StrPath


@attrs.define
class UploadedMedia(Model):
    """An uploaded file; bind `media_id` to a ``<<media::alias>>`` with `Mastering.create`'s *media_files*."""

    media_id: str
    file_upload_url: str | None = attrs.field(default=None, repr=False)


@attrs.define
class MediaFile(Model):
    """A file of the account, or a public one; `download_url` only where it was asked for."""

    media_id: str
    filename: str | None = None
    tags: list[str] = attrs.field(factory=list)
    download_url: str | None = attrs.field(default=None, repr=False)


@attrs.define
class _Files(Model):
    # An unknown id answers an empty object, with status 200.
    files: list[MediaFile] = wire("savedAudioFiles", factory=list)


@attrs.define
class _Tags(Model):
    tags: list[str] = wire("uniqueTags", factory=list)


UPLOAD_URL = get(
    "apiaudio.media.upload",
    "/file/customaudio/uploadurl",
    UploadedMedia,
    source="official Python client 0.17, Media; openapi v1",
)
PUT: Endpoint[None] = Endpoint(
    name="apiaudio.media.put",
    method="PUT",
    path="{url}",
    returns=None,
    retry=Retry.SAFE,  # the same bytes to the same place
    source="official Python client 0.17, Media",
)
LIST = get(
    "apiaudio.media.list",
    "/file/customaudio",
    _Files,
    source="official Python client 0.17, Media; openapi v1",
)
LIST_TAGS = get(
    "apiaudio.media.list_tags", "/file/customaudio/tags", _Tags, source="official Python client 0.17, Media"
)
DELETE: Endpoint[None] = Endpoint(
    name="apiaudio.media.delete",
    method="DELETE",
    path="/file/customaudio",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source="official Python client 0.17, Media",
)
FILE: Endpoint[None] = get("apiaudio.media.file", "{url}", None, source="official Python client 0.17, Media")


class Media(ApiAudioService):
    """Calls on media files."""

    async def upload(
        self,
        data: AudioData,
        *,
        name: str | None = None,
        tags: str | Iterable[str] = (),
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> UploadedMedia:
        """Upload a file, in chunks: ask for a place, then put the bytes there without the key.

        Args:
            data: See `AudioData`.
            name: Name to keep it under, a label; the path's own when not given.
            tags: Tags to keep with it.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Raises:
            RequestRefused: The content is no audio the API can use.
        """
        budget = self._budget(options, default_s=math.inf)
        async with uploading(
            self._transport, PUT, data, budget, name=name, on_receipt=on_receipt, checksum=checksum
        ) as source:
            query = {"filename": source.name, "tags": comma_separated(tags) or None}
            reply = await self._reply(UPLOAD_URL, query=query, options=budget.options())
            media = self._structure(UPLOAD_URL, reply, UploadedMedia)
            if not media.file_upload_url:
                raise self._unexpected(
                    UPLOAD_URL, reply, "holds no fileUploadUrl, so there is no place to upload to"
                )
            # The official client labels every file audio/mpeg, and presigned places may insist on it.
            body = StreamBody(source=source, content_type="audio/mpeg", on_progress=on_progress)
            call = self._at(PUT, media.file_upload_url, body=body, authorise=False, options=budget.options())
            await self._send(PUT, call, options)
        return media

    async def list(
        self,
        *,
        media_id: str | None = None,
        tags: str | Iterable[str] | None = None,
        with_download_url: bool = False,
        public: bool = False,
        **options: Unpack[CallOptions],
    ) -> builtins.list[MediaFile]:
        """List files; one answer holds them all.

        Args:
            media_id: Only this one, whatever the tags; an unknown id gives an empty list.
            tags: Only files that carry at least these tags.
            with_download_url: Have each file carry a URL to fetch it from, for a while.
            public: The API's public files instead of the account's.
            options: See `CallOptions`.
        """
        query = {
            "mediaId": media_id,
            "tags": comma_separated(tags),
            "target": "download" if with_download_url else None,
            "public": public or None,
        }
        return (await self._call(LIST, query=query, options=options)).files

    async def list_tags(self, **options: Unpack[CallOptions]) -> builtins.list[str]:
        """List every tag in use."""
        return (await self._call(LIST_TAGS, options=options)).tags

    async def get_download_url(self, media_id: str, **options: Unpack[CallOptions]) -> str:
        """Get a URL to fetch a file from; it carries its own permission, for a while.

        Raises:
            NotFound: There is no such file, or its bytes never arrived.
        """
        files = await self.list(media_id=media_id, with_download_url=True, **options)
        url = files[0].download_url if files else None
        if not url:
            missing = "has no content yet; upload it again" if files else "does not exist"
            raise NotFound(f"{LIST.name}: media {media_id!r} {missing}", operation=LIST.name, status=200)
        return url

    async def download(
        self,
        media_id: str,
        to: StrPath,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Save a file.

        Args:
            media_id: The file.
            to: An existing folder or a file path; the extension follows the content.
            name: Name in a folder, without extension; the API's when not given.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Returns:
            Path of the file.

        Raises:
            NotFound: There is no such file.
        """
        budget = self._budget(options, default_s=math.inf)
        url = await self.get_download_url(media_id, **budget.options())
        call = self._at(FILE, url, authorise=False, options=budget.options())
        return await self._save(
            FILE, call, Target.of(to, name=name), on_progress=on_progress, options=options
        )

    async def delete(self, media_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a file.

        Raises:
            NotFound: There is none with this id.
        """
        text("media_id", media_id, shortest=1, longest=1000)
        await self._call(DELETE, query={"mediaId": media_id}, options=options)
