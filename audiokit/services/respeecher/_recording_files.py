"""The audio of recordings: sent, saved, streamed and exported."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Unpack

from audiokit._config import RateClass
from audiokit.errors import InvalidRequest
from audiokit.services._check import audio, text
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._upload import uploading
from audiokit.services.respeecher._base import AUDIO_FORMATS, LABEL_CHARACTERS
from audiokit.services.respeecher._recording import Recording
from audiokit.services.respeecher._recording_following import FollowedRecordings
from audiokit.transport import Call, Multipart, Target
from audiokit.typing import AudioData, CallOptions, ProgressCallback, ReceiptCallback, StrPath

_SOURCE = "vendor endpoint reference, Recordings"

UPLOAD = Endpoint(
    name="respeecher.recordings.upload",
    method="POST",
    path="/api/recordings",
    returns=Recording,
    rate_class=RateClass.SLOW,
    look_up=("parent_folder_id", "label", "microphone"),
    source=_SOURCE,
)
EXPORT: Endpoint[None] = get("respeecher.recordings.export", "/api/recordings/export", None, source=_SOURCE)
DOWNLOAD: Endpoint[None] = get(
    "respeecher.recordings.download",
    "/api/{file_url}",
    None,
    expects=frozenset({200, 206}),
    rate_class=RateClass.FREE,
    source="gateway openapi 0.6.0, official TTS client",
)


class RecordingFiles(FollowedRecordings):
    """Calls that move audio."""

    async def upload(
        self,
        data: AudioData,
        *,
        folder_id: str,
        label: str | None = None,
        microphone: str = "file",
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Upload an original recording, in chunks; its state may be ``processing`` at first.

        Args:
            data: wav, ogg, mp3 or flac; a path, bytes, an open file, ... (`AudioData` has them all).
            folder_id: The folder that shall hold it.
            label: Up to 40 characters.
            microphone: Name of the microphone, ``file`` for a file.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Raises:
            UnsupportedAudio: The content is no such audio; nothing was sent.
            UploadInterrupted: *data* changed while it was sent, or cannot be sent a second time.
            RequestRefused: The audio cannot be decoded, is too long, or the folder is unknown.
            OutcomeUnknown: The connection broke; look with `list_originals` before repeating.
        """
        text("label", label, longest=LABEL_CHARACTERS)
        fields = [("parent_folder_id", folder_id), ("microphone", microphone)]
        if label is not None:
            fields.append(("label", label))
        budget = self._budget(options, default_s=math.inf)
        async with uploading(
            self._transport, UPLOAD, data, budget, on_receipt=on_receipt, checksum=checksum
        ) as source:
            audio("data", source, AUDIO_FORMATS)
            body = Multipart(fields=fields, file_field="data", source=source, on_progress=on_progress)
            return await self._call(UPLOAD, body=body, options=budget.options())

    async def upload_and_wait(
        self,
        data: AudioData,
        *,
        folder_id: str,
        label: str | None = None,
        microphone: str = "file",
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Upload and follow until the recording is ready; also raises as `upload`.

        Args:
            data: wav, ogg, mp3 or flac; a path, bytes, an open file, ... (`AudioData` has them all).
            folder_id: The folder that shall hold it.
            label: Up to 40 characters.
            microphone: Name of the microphone, ``file`` for a file.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Raises:
            RemoteFailure: The API could not use it.
            JobTimeout: Not ready within `timeout=` seconds (default `Timeouts.wait_s`).
        """
        budget = self._budget(options)
        uploaded = await self.upload(
            data,
            folder_id=folder_id,
            label=label,
            microphone=microphone,
            on_progress=on_progress,
            on_receipt=on_receipt,
            checksum=checksum,
            **budget.options(),
        )
        return await self.wait(uploaded.id, **budget.options())

    async def export(
        self,
        original_id: str,
        to: StrPath,
        *,
        starred_only: bool = False,
        extract: bool = False,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Download a zip of all conversions of an original.

        Args:
            original_id: The original recording.
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
            EXPORT, query={"original_id": original_id, "starred_only": starred_only}, options=options
        )
        return await self._save_archive(
            EXPORT, call, to, extract=extract, on_progress=on_progress, options=options
        )

    async def download(
        self,
        recording: Recording | str,
        to: StrPath,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Save a recording's audio.

        Args:
            recording: A finished recording, or the `url` or `waveform_url` of one.
            to: An existing folder or a file path; the extension follows the content.
            name: Name in a folder, without extension; the label, or the server's name, when not given.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Returns:
            Path of the file.

        Raises:
            InvalidRequest: The recording has no audio yet, or *to* ends in another format.
            DownloadFailed: It arrived incomplete; nothing was left behind.
        """
        if name is None and isinstance(recording, Recording):
            name = recording.label
        is_picture = isinstance(recording, str) and recording.endswith(".png")
        target = Target.of(to, name=name, must_be_audio=not is_picture)
        return await self._save(
            DOWNLOAD, self._file_call(recording, options), target, on_progress=on_progress, options=options
        )

    def stream(
        self, recording: Recording | str, **options: Unpack[CallOptions]
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Get a recording's audio as it arrives, without a file.

        ::

            async with kit.respeecher.recordings.stream(recording) as chunks:
                async for chunk in chunks: ...
        """
        return self._stream(DOWNLOAD, self._file_call(recording, options), options)

    def _file_call(self, recording: Recording | str, options: CallOptions) -> Call:
        url = recording.url if isinstance(recording, Recording) else recording
        if not url:
            raise InvalidRequest(
                f"the recording has no audio yet (state {getattr(recording, 'state', None)!r}); "
                "wait for it first",
                field="recording",
                value=getattr(recording, "id", recording),
            )
        field = None if isinstance(recording, Recording) else "recording"
        return self._at(DOWNLOAD, url, field=field, options=options)
