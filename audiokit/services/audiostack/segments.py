"""Segments: the audio of a sound template, wav only."""

from __future__ import annotations

import math
from typing import Unpack

from audiokit.services._check import text
from audiokit.services._endpoint import Endpoint
from audiokit.services.audiostack.files import StackFile
from audiokit.services.audiostack.media import StackMedia, StackMediaFiles
from audiokit.services.audiostack.templates import StackTemplate, TemplateReply, TemplateService
from audiokit.transport import Transport
from audiokit.typing import AudioData, CallOptions, ProgressCallback, ReceiptCallback

CREATE = Endpoint(
    name="audiostack.segments.create",
    method="POST",
    path="/production/sound/segment",
    returns=TemplateReply,
    source="custom sound design templates guide; official SDK 4.0, Production.Sound",
)


class Segments(TemplateService):
    """Calls on segments."""

    def __init__(self, transport: Transport, media: StackMediaFiles) -> None:
        super().__init__(transport)
        self._media = media

    async def create(
        self,
        template_name: str,
        media: StackMedia | StackFile | str,
        name: str,
        **options: Unpack[CallOptions],
    ) -> StackTemplate:
        """Make an uploaded wav file a segment of a template.

        Args:
            template_name: An existing template.
            media: The uploaded file, from `media` or from `files`, or its id.
            name: Name of the segment; ``intro``, ``main`` and ``outro`` are customary, any will do.
            options: See `CallOptions`.

        Returns:
            The template with its segments.

        Raises:
            RequestRefused: The file is not wav.
            NotFound: There is no such template or file.
        """
        text("name", name, shortest=1, longest=1000)
        media_id = media
        if isinstance(media, StackMedia | StackFile):
            media_id = media.media_id if isinstance(media, StackMedia) else media.file_id
        body = {"templateName": template_name, "mediaId": media_id, "segmentName": name}
        return self._template(CREATE, await self._reply(CREATE, json=body, options=options))

    async def upload(
        self,
        template_name: str,
        data: AudioData,
        name: str,
        *,
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> StackTemplate:
        """Upload a wav file and make it a segment, in one step.

        Args:
            template_name: An existing template.
            data: See `AudioData`.
            name: Name of the segment.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Raises:
            UnsupportedAudio: The content is not wav; nothing was sent.
        """
        budget = self._budget(options, default_s=math.inf)
        media = await self._media.create_wav(
            data, on_progress=on_progress, on_receipt=on_receipt, checksum=checksum, **budget.options()
        )
        return await self.create(template_name, media, name, **budget.options())
