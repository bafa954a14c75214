"""Media: recordings of one's own to be mixed into tracks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Unpack

import attrs

from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.transport import Retry, StreamBody, as_source
from audiokit.typing import AudioData, CallOptions, ProgressCallback


@attrs.define
class UploadedMedia(Model):
    """An uploaded file; bind `media_id` to a ``<<media::alias>>`` with `Mastering.create`'s *media_files*."""

    media_id: str
    file_upload_url: str | None = attrs.field(default=None, repr=False)


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


class Media(ApiAudioService):
    """Calls on media files."""

    async def upload(
        self,
        data: AudioData,
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> UploadedMedia:
        """Upload a file, in chunks: ask for a place, then put the bytes there without the key.

        Args:
            data: Path, bytes or async iterable.
            name: Name to keep it under, a label; the path's own when not given.
            tags: Tags to keep with it.
            on_progress: Called after each chunk sent.
            options: See `CallOptions`.

        Raises:
            RequestRefused: The content is no audio the API can use.
        """
        source = await as_source(data, name=name)
        query = {"filename": source.name, "tags": ",".join(tags) or None}
        budget = self._budget(options, default_s=math.inf)
        media = await self._call(UPLOAD_URL, query=query, options=budget.options())
        # The official client labels every file audio/mpeg, and presigned places may insist on it.
        body = StreamBody(source=source, content_type="audio/mpeg", on_progress=on_progress)
        url = media.file_upload_url or ""
        call = self._at(PUT, url, body=body, authorise=False, options=budget.options())
        await self._send(PUT, call, options)
        return media
