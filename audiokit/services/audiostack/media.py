"""Media: uploaded files, e.g. the wav segments of a sound template."""

from __future__ import annotations

import builtins
import math
from typing import Unpack

import attrs

from audiokit.services._check import audio
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Budget
from audiokit.services._upload import uploading
from audiokit.services.audiostack._base import AudioStackService, StackModel
from audiokit.transport import Retry, Source, StreamBody
from audiokit.typing import AudioData, CallOptions, ProgressCallback, ReceiptCallback


@attrs.define
class StackMedia(StackModel):
    """An uploaded file."""

    media_id: str
    filename: str | None = None
    tags: list[str] = attrs.field(factory=list)


@attrs.define
class _UploadPlace(StackModel):
    media_id: str
    file_upload_url: str = attrs.field(repr=False)


@attrs.define
class _MediaFiles(StackModel):
    media_files: list[StackMedia] = attrs.field(factory=list)


_SOURCE = "custom sound design templates guide; official SDK 0.1 to 2.10, Content.Media"

CREATE = Endpoint(
    name="audiostack.media.create",
    method="POST",
    path="/content/media/create-upload-url",
    returns=_UploadPlace,
    source=_SOURCE,
)
PUT: Endpoint[None] = Endpoint(
    name="audiostack.media.put",
    method="PUT",
    path="{url}",
    returns=None,
    expects=frozenset(range(200, 400)),  # any status below 400 is success here
    retry=Retry.SAFE,  # the same bytes to the same place
    source=_SOURCE,
)
GET = get("audiostack.media.get", "/content/media/{media_id}", StackMedia, source=_SOURCE)
LIST = get("audiostack.media.list", "/content/media", _MediaFiles, source=_SOURCE)
DELETE: Endpoint[None] = Endpoint(
    name="audiostack.media.delete",
    method="DELETE",
    path="/content/media/{media_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)


class StackMediaFiles(AudioStackService):
    """Calls on media files."""

    async def create(
        self,
        data: AudioData,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> StackMedia:
        """Upload a file, in chunks: ask for a place, put the bytes there without the key, get the item.

        Args:
            data: See `AudioData`. Sound segments must be wav.
            name: Name to keep it under, a label; the path's own when not given.
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
            media_id = await self._put(source, budget, on_progress=on_progress, options=options)
        return await self.get(media_id, **budget.options())

    async def create_wav(
        self,
        data: AudioData,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> StackMedia:
        """As `create`, for sound segments: refuses all but wav before anything is sent.

        Args:
            data: See `AudioData`; wav by its content.
            name: Name to keep it under, a label; the path's own when not given.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Raises:
            UnsupportedAudio: The content is not wav, whatever the name says.
        """
        budget = self._budget(options, default_s=math.inf)
        async with uploading(
            self._transport, PUT, data, budget, name=name, on_receipt=on_receipt, checksum=checksum
        ) as source:
            audio("data", source, {"wav"})
            media_id = await self._put(source, budget, on_progress=on_progress, options=options)
        return await self.get(media_id, **budget.options())

    async def get(self, media_id: str, **options: Unpack[CallOptions]) -> StackMedia:
        """Get one uploaded file's item."""
        return await self._call(GET, path={"media_id": media_id}, options=options)

    async def list(self, **options: Unpack[CallOptions]) -> builtins.list[StackMedia]:
        """List the uploaded files."""
        return (await self._call(LIST, options=options)).media_files

    async def delete(self, media_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete an uploaded file."""
        await self._call(DELETE, path={"media_id": media_id}, options=options)

    async def _put(
        self,
        source: Source,
        budget: Budget,
        *,
        on_progress: ProgressCallback | None,
        options: CallOptions,
    ) -> str:
        """Ask for a place and put the bytes there; gives the id of the media."""
        place = await self._call(CREATE, json={"fileName": source.name}, options=budget.options())
        body = StreamBody(source=source, on_progress=on_progress)
        call = self._at(PUT, place.file_upload_url, body=body, authorise=False, options=budget.options())
        await self._send(PUT, call, options)
        return place.media_id
