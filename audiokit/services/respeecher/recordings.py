"""Recordings: uploaded, spoken from text, or converted."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

import attrs

from audiokit._unset import UNSET, UnsetType
from audiokit.errors import InvalidRequest, RemoteFailure
from audiokit.services._check import audio, one_of, text
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Pages
from audiokit.services._poll import Look, PollSchedule
from audiokit.services.respeecher._base import AUDIO_FORMATS, LABEL_CHARACTERS, RespeecherService
from audiokit.services.respeecher._deleted import deleted_ids
from audiokit.transport import Call, Multipart, Retry, Target, as_source
from audiokit.typing import AudioData, CallOptions, ProgressCallback, StrPath

TEXT_CHARACTERS = 1000


@attrs.define
class RecordingNote(Model):
    """A note as it hangs on a recording."""

    id: str | None = None
    text: str | None = None
    active: bool | None = None


@attrs.define
class Recording(Model):
    """A recording, original or converted.

    Attributes:
        type: ``original`` or ``converted``.
        state: ``processing``, ``postprocessing``, ``done`` or ``error``; others may come.
        process_stage: Free text on what is going on, or on what was noticed.
        url: Where the audio is, once done; pass the recording to `Recordings.download`.
        original_id: What a conversion was made from.
        duration_s: Length in seconds.
        size_bytes: Size of the audio file.
        tts: Whether it was spoken from `text`.
        error: Why it failed.
    """

    id: str
    state: str
    type: str | None = None
    project_id: str | None = None
    parent_folder_id: str | None = None
    url: str | None = None
    waveform_url: str | None = None
    file_name: str | None = None
    label: str | None = None
    original_id: str | None = None
    model_id: str | None = None
    model_name: str | None = None
    calibration_id: str | None = None
    calibration_value: float | str | None = None
    calibration_name: str | None = None
    microphone: str | None = None
    size_bytes: int | None = wire("size", default=None)
    duration_s: float | None = wire("duration", default=None)
    starred: bool = False
    tts: bool = False
    tts_voice: str | None = None
    tts_voice_id: str | None = None
    text: str | None = None
    params: Any = None
    error: str | None = None
    active: bool = True
    created_at: datetime | None = None
    converted_at: datetime | None = None
    listen_count: int | None = None
    process_stage: str | None = None
    note: RecordingNote | str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it will not change by itself any more."""
        return self.state in {"done", "error"}

    def raise_for_error(self) -> Recording:
        """Raise `RemoteFailure` when the state is ``error``, else give the recording back."""
        if self.state == "error":
            raise RemoteFailure(
                f"recording {self.id} failed: {self.error or 'no reason given'}",
                operation=GET.name,
                status=200,
                api_message=self.error or "",
            )
        return self


@attrs.frozen(kw_only=True)
class ModelConversion:
    """One wanted conversion of a superseded order.

    Attributes:
        id: A model, from `Models.list`.
        name: Its name.
        params: Its settings: mappings with ``id``, ``name`` and ``value``.
    """

    id: str
    name: str
    params: Sequence[Mapping[str, Any]] = ()

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it."""
        return {"id": self.id, "name": self.name, "params": [dict(one) for one in self.params]}


_SOURCE = "vendor endpoint reference, Recordings"

LIST = get("respeecher.recordings.list", "/api/recordings", list[Recording], source=_SOURCE)
LIST_ORIGINALS = get(
    "respeecher.recordings.list_originals", "/api/recordings/originals", list[Recording], source=_SOURCE
)
LIST_CONVERSIONS = get(
    "respeecher.recordings.list_conversions", "/api/recordings/conversions", list[Recording], source=_SOURCE
)
UPLOAD = Endpoint(
    name="respeecher.recordings.upload",
    method="POST",
    path="/api/recordings",
    returns=Recording,
    source=_SOURCE,
)
CREATE_TTS = Endpoint(
    name="respeecher.recordings.create_tts",
    method="POST",
    path="/api/v2/recordings/tts",
    returns=Recording,
    source="vendor endpoint reference, TTS",
)
CREATE_TTS_V1 = Endpoint(
    name="respeecher.recordings.create_tts_v1",
    method="POST",
    path="/api/recordings/tts",
    returns=Recording,
    source=_SOURCE + " (deprecated)",
)
CONVERSION_ORDER_V1 = Endpoint(
    name="respeecher.recordings.conversion_order_v1",
    method="POST",
    path="/api/recordings/conversion-order",
    returns=list[Recording],
    source="gateway openapi 0.6.0 (superseded)",
)
CONVERSION_REDO = Endpoint(
    name="respeecher.recordings.conversion_redo",
    method="POST",
    path="/api/recordings/conversion-redo/{recording_id}",
    returns=Recording,
    source="gateway openapi 0.6.0 (superseded)",
)
UPDATE = Endpoint(
    name="respeecher.recordings.update",
    method="PATCH",
    path="/api/recordings/{recording_id}",
    returns=Recording,
    retry=Retry.SAFE,
    source=_SOURCE,
)
REPLACE = Endpoint(
    name="respeecher.recordings.replace",
    method="PUT",
    path="/api/recordings/{recording_id}",
    returns=Recording,
    retry=Retry.SAFE,
    source=_SOURCE,
)
DELETE: Endpoint[None] = Endpoint(
    name="respeecher.recordings.delete",
    method="DELETE",
    path="/api/recordings/{recording_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)
EXPORT: Endpoint[None] = get("respeecher.recordings.export", "/api/recordings/export", None, source=_SOURCE)
GET = get("respeecher.recordings.get", "/api/recordings/{recording_id}", Recording, source=_SOURCE)
DOWNLOAD: Endpoint[None] = get(
    "respeecher.recordings.download",
    "/api/{file_url}",
    None,
    expects=frozenset({200, 206}),
    source="gateway openapi 0.6.0, official TTS client",
)


class Recordings(RespeecherService):
    """Calls on recordings."""

    def list(
        self,
        *,
        project_id: str | None = None,
        folder_id: str | None = None,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Recording]:
        """List recordings of a project or of a folder; one of the two ids is needed.

        Args:
            project_id: All recordings of this project.
            folder_id: All recordings of this folder.
            direction: ``asc`` or ``desc``.
            page_size: Objects asked for at once, 1 to 200.
            offset: Objects to skip.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: Neither id was given.
        """
        if project_id is None and folder_id is None:
            raise InvalidRequest(
                "project_id or folder_id must be given, got neither", field="folder_id", value=None
            )
        query = {"project_id": project_id, "folder_id": folder_id}
        return self._list(LIST, query, direction, page_size, offset, options)

    def list_originals(
        self,
        folder_id: str,
        *,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Recording]:
        """List the original recordings of a folder; arguments as `list`."""
        return self._list(LIST_ORIGINALS, {"folder_id": folder_id}, direction, page_size, offset, options)

    def list_conversions(
        self,
        original_id: str,
        *,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Recording]:
        """List what was converted from one original; arguments as `list`."""
        query = {"original_id": original_id}
        return self._list(LIST_CONVERSIONS, query, direction, page_size, offset, options)

    def _list(
        self,
        endpoint: Endpoint[builtins.list[Recording]],
        query: Mapping[str, str | None],
        direction: str | None,
        page_size: int,
        offset: int,
        options: CallOptions,
    ) -> Pages[Recording]:
        one_of("direction", direction, {"asc", "desc"})
        return self._pages(
            endpoint,
            {**query, "direction": direction},
            page_size=page_size,
            offset=offset,
            largest=200,
            options=options,
        )

    async def upload(
        self,
        data: AudioData,
        *,
        folder_id: str,
        label: str | None = None,
        microphone: str = "file",
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Upload an original recording, in chunks; its state may be ``processing`` at first.

        Args:
            data: wav, ogg, mp3 or flac.
            folder_id: The folder that shall hold it.
            label: Up to 40 characters.
            microphone: Name of the microphone, ``file`` for a file.
            on_progress: Called after each chunk sent.
            options: See `CallOptions`.

        Raises:
            UnsupportedAudio: The content is no such audio; nothing was sent.
            RequestRefused: The audio cannot be decoded, is too long, or the folder is unknown.
            OutcomeUnknown: The connection broke; look with `list_originals` before repeating.
        """
        text("label", label, longest=LABEL_CHARACTERS)
        source = await as_source(data)
        audio("data", source, AUDIO_FORMATS)
        fields = [("parent_folder_id", folder_id), ("microphone", microphone)]
        if label is not None:
            fields.append(("label", label))
        body = Multipart(fields=fields, file_field="data", source=source, on_progress=on_progress)
        return await self._call(UPLOAD, body=body, options=options)

    async def upload_and_wait(
        self,
        data: AudioData,
        *,
        folder_id: str,
        label: str | None = None,
        microphone: str = "file",
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Upload and follow until the recording is ready; arguments as `upload`.

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
            **budget.options(),
        )
        return await self.wait(uploaded.id, **budget.options())

    async def create_tts(
        self,
        text_to_speak: str,
        *,
        folder_id: str,
        text_language: str | None = None,
        label: str | None = None,
        tts_voice_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Create an original recording by having a text spoken.

        Args:
            text_to_speak: 1 to 1000 characters.
            folder_id: The folder that shall hold it.
            text_language: ISO 639 code; detected when not given.
            label: Up to 40 characters.
            tts_voice_id: A voice from `TTSVoices.list`; newer gateways only.
            options: See `CallOptions`.
        """
        text("text_to_speak", text_to_speak, shortest=1, longest=TEXT_CHARACTERS)
        text("label", label, longest=LABEL_CHARACTERS)
        body = {
            "parent_folder_id": folder_id,
            "text": text_to_speak,
            "text_language": _given(text_language),
            "label": _given(label),
            "tts_voice_id": _given(tts_voice_id),
        }
        return await self._call(CREATE_TTS, json=body, options=options)

    async def create_tts_and_wait(
        self,
        text_to_speak: str,
        *,
        folder_id: str,
        text_language: str | None = None,
        label: str | None = None,
        tts_voice_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Have a text spoken and follow until the recording is ready; raises as `upload_and_wait`."""
        budget = self._budget(options)
        created = await self.create_tts(
            text_to_speak,
            folder_id=folder_id,
            text_language=text_language,
            label=label,
            tts_voice_id=tts_voice_id,
            **budget.options(),
        )
        return await self.wait(created.id, **budget.options())

    async def create_tts_v1(
        self,
        text_to_speak: str,
        *,
        project_id: str,
        folder_id: str,
        voice_id: str,
        label: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Create a spoken recording the old way; deprecated by the API, use `create_tts`.

        Args:
            text_to_speak: 1 to 1000 characters.
            project_id: The project it shall belong to.
            folder_id: The folder that shall hold it.
            voice_id: A voice from `TTSVoices.list`.
            label: Up to 40 characters.
            options: See `CallOptions`.
        """
        warnings.warn(
            "the API has deprecated this call; use recordings.create_tts", DeprecationWarning, stacklevel=2
        )
        text("text_to_speak", text_to_speak, shortest=1, longest=TEXT_CHARACTERS)
        text("label", label, longest=LABEL_CHARACTERS)
        body = {
            "project_id": project_id,
            "parent_folder_id": folder_id,
            "voice_id": voice_id,
            "text": text_to_speak,
            "label": _given(label),
        }
        return await self._call(CREATE_TTS_V1, json=body, options=options)

    async def conversion_order_v1(
        self,
        original_id: str,
        models: Sequence[ModelConversion],
        *,
        calibration_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[Recording]:
        """Order conversions the old way, by model; superseded, use `Orders.create`. Costs credits.

        Args:
            original_id: The recording to convert.
            models: One entry per wanted conversion.
            calibration_id: Use this calibration.
            options: See `CallOptions`.

        Returns:
            The conversions ordered; follow each with `wait`.
        """
        warnings.warn("the API has superseded this call; use orders.create", DeprecationWarning, stacklevel=2)
        if not models:
            raise InvalidRequest.of("models", builtins.list(models), "at least one model")
        body = {
            "original_id": original_id,
            "models": [model.to_wire() for model in models],
            "calibration_id": _given(calibration_id),
        }
        return await self._call(CONVERSION_ORDER_V1, json=body, options=options)

    async def conversion_redo(self, recording_id: str, **options: Unpack[CallOptions]) -> Recording:
        """Do a conversion again, the old way; superseded, use `Orders.retry`. Costs credits."""
        warnings.warn("the API has superseded this call; use orders.retry", DeprecationWarning, stacklevel=2)
        return await self._call(CONVERSION_REDO, path={"recording_id": recording_id}, options=options)

    async def wait(
        self, recording_id: str, *, schedule: PollSchedule | None = None, **options: Unpack[CallOptions]
    ) -> Recording:
        """Follow a recording (upload, TTS or conversion) until it is done.

        Raises:
            RemoteFailure: Its state became ``error``.
            JobTimeout: Not done within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def look(each: CallOptions) -> tuple[Recording, Look]:
            found = await self.get(recording_id, **each)
            return found, Look(state=found.state, is_over=found.is_over)

        done = await self._follow(
            look, what="recording", remote_id=recording_id, options=options, schedule=schedule
        )
        return done.raise_for_error()

    async def update(
        self,
        recording_id: str,
        *,
        label: str | UnsetType = UNSET,
        starred: bool | UnsetType = UNSET,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Change label (up to 40 characters), star, or both; what is not given stays."""
        if not isinstance(label, UnsetType):
            text("label", label, longest=LABEL_CHARACTERS)
        body = {"label": label, "starred": starred}
        return await self._call(UPDATE, path={"recording_id": recording_id}, json=body, options=options)

    async def replace(
        self, recording_id: str, *, label: str, starred: bool, **options: Unpack[CallOptions]
    ) -> Recording:
        """Set label and star, both required (PUT)."""
        text("label", label, longest=LABEL_CHARACTERS)
        body = {"label": label, "starred": starred}
        return await self._call(REPLACE, path={"recording_id": recording_id}, json=body, options=options)

    async def delete(self, recording_id: str, **options: Unpack[CallOptions]) -> Sequence[str]:
        """Delete a recording and what hangs on it.

        Returns:
            Ids of the recordings that are gone, as far as the API tells.
        """
        reply = await self._reply(DELETE, path={"recording_id": recording_id}, options=options)
        return deleted_ids(reply, recording_id)

    async def export(
        self,
        original_id: str,
        to: StrPath,
        *,
        starred_only: bool = False,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Download a zip of all conversions of an original.

        Args:
            original_id: The original recording.
            to: A folder (the server names the file) or a file path.
            starred_only: Only starred recordings go into the zip.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Returns:
            Path of the zip.
        """
        call = self._build(
            EXPORT, query={"original_id": original_id, "starred_only": starred_only}, options=options
        )
        return await self._save(
            EXPORT, call, Target.of(to, must_be_audio=False), on_progress=on_progress, options=options
        )

    async def get(self, recording_id: str, **options: Unpack[CallOptions]) -> Recording:
        """Get one recording.

        Raises:
            NotFound: There is none with this id.
        """
        return await self._call(GET, path={"recording_id": recording_id}, options=options)

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
        return self._stream(DOWNLOAD, self._file_call(recording, options))

    def _file_call(self, recording: Recording | str, options: CallOptions) -> Call:
        url = recording.url if isinstance(recording, Recording) else recording
        if not url:
            raise InvalidRequest(
                f"the recording has no audio yet (state {getattr(recording, 'state', None)!r}); "
                "wait for it first",
                field="recording",
                value=getattr(recording, "id", recording),
            )
        if "://" not in url and not url.startswith("/"):
            url = f"/{url}"
        return self._at(DOWNLOAD, url, options=options)


def _given(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value
