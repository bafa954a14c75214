"""Originals made from text, in both versions of the call, and the voices that speak them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._catalogue import UnknownNameError, language_voice
from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of
from audiokit.emulator._submissions import submission
from audiokit.emulator.respeecher import _processing
from audiokit.emulator.respeecher._fields import body_fields, invalid
from audiokit.emulator.respeecher._language import guess_language
from audiokit.emulator.respeecher._lookup import find, not_found
from audiokit.emulator.respeecher._market import TTS_VOICES, TTSVoice, tts_voice
from audiokit.emulator.respeecher._shapes import recording_doc, wire
from audiokit.emulator.respeecher.recordings import add_recordings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator.respeecher._fields import Fields

LONGEST_TEXT = 1000
"""Most characters of one text."""


async def create(request: Request) -> Response:
    """Make an original from text; the language is guessed unless it is given."""
    fields = await body_fields(request)
    said = fields.opt_text("text_language", shortest=2, longest=12)
    voice_id = fields.opt_uuid("tts_voice_id")
    text, folder_id, label = _common(request, fields)
    language = said or guess_language(text)
    try:
        language_voice(language)
    except UnknownNameError as exc:
        raise invalid(("body", "text_language"), f"text_language: {exc}") from None
    voice = _voice(voice_id, "tts_voice_id") if voice_id is not None else _default_voice(language)
    return await _make(request, folder_id=folder_id, text=text, label=label, voice=voice, language=language)


async def create_v1(request: Request) -> Response:
    """Make an original from text with a chosen voice, in its language (the service deprecates it)."""
    fields = await body_fields(request)
    project_id, voice_id = fields.uuid("project_id"), fields.uuid("voice_id")
    text, folder_id, label = _common(request, fields)
    context, account = context_of(request), account_of(request)
    await find(context, account, "project", project_id)
    folder = await find(context, account, "folder", folder_id, field="parent_folder_id")
    if folder["project_id"] != project_id:
        actual = folder["project_id"]
        raise HttpError(400, f"parent_folder_id {folder_id!r} is in project {actual!r}, not {project_id!r}")
    voice = _voice(voice_id, "voice_id")
    return await _make(
        request, folder_id=folder_id, text=text, label=label, voice=voice, language=voice.language
    )


async def voices(_request: Request) -> Response:
    """List the voices that speak originals."""
    return JSONReply(
        [
            {
                "id": voice.id,
                "visibility": "public",
                "name": voice.name,
                "f0": voice.f0_hz,
                "is_default": voice is TTS_VOICES[0],
            }
            for voice in TTS_VOICES
        ]
    )


def _common(request: Request, fields: Fields) -> tuple[str, str, str | None]:
    """Read what both versions share, and raise everything that was wrong so far."""
    text = fields.text("text", longest=LONGEST_TEXT)
    if text and not text.strip():
        fields.wrong("text", f"text must hold something to say, got {text[:40]!r}")
    folder_id = fields.uuid("parent_folder_id")
    label = fields.opt_label("label", strict=context_of(request).settings.strict)
    fields.check()
    return text, folder_id, label


def _voice(voice_id: str, field: str) -> TTSVoice:
    voice = tts_voice(voice_id)
    if voice is None:
        raise not_found(field, voice_id, "GET /api/tts-voices lists them")
    return voice


def _default_voice(language: str) -> TTSVoice:
    """Take a voice made for the language, else the default, which speaks them all."""
    code = language.replace("_", "-").split("-")[0].casefold()
    return next((voice for voice in TTS_VOICES if voice.language == code), TTS_VOICES[0])


async def _make(
    request: Request, *, folder_id: str, text: str, label: str | None, voice: TTSVoice, language: str
) -> Response:
    context, account = context_of(request), account_of(request)
    folder = await find(context, account, "folder", folder_id, field="parent_folder_id")
    known: dict[str, Any] = {"label": label, "tts": True, "text": text, "_language": language}
    doc = recording_doc(
        folder=folder,
        type_="original",
        now=context.now(),
        tts_voice=voice.name,
        tts_voice_id=voice.id,
        **known,
    )
    record = submission("respeecher", "recordings.create_tts", doc["id"], label=label, name=None)
    await add_recordings(context, account, [doc], record)
    item = voice.speak_item(text, language=language)
    context.spawn(_processing.speak(context, account, doc, item), _processing.task_name(doc["id"]))
    return JSONReply(wire(doc))


routes = [
    Route("/api/recordings/tts", create_v1, methods=["POST"], name="recordings.create_tts_v1"),
    Route("/api/v2/recordings/tts", create, methods=["POST"], name="recordings.create_tts"),
    Route("/api/tts-voices", voices, methods=["GET"], name="tts_voices.list"),
]
