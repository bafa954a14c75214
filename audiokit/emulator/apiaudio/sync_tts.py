"""SyncTTS: a short text in, its sound in the same answer, with its phonemes if wanted."""

from __future__ import annotations

import asyncio
import base64
import wave
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from audiokit.emulator import _markup_v1, _voicing
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import MEDIA_TYPES, HttpError, account_of, context_of
from audiokit.emulator._links import private_url
from audiokit.emulator._off_loop import off_loop
from audiokit.emulator._script import Say, ScriptError, SpeechPart
from audiokit.emulator._warnings import unknown_fields, warning_header
from audiokit.emulator.apiaudio._kept import KEPT
from audiokit.emulator.apiaudio._reply import reply
from audiokit.emulator.apiaudio._speech import read_speed
from audiokit.emulator.apiaudio._visemes import viseme

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from audiokit.emulator._context import Context

TEXT_CHARACTERS, SSML_CHARACTERS = 800, 1000
RATES_HZ = (16_000, 22_050, 24_000, 44_100, 48_000)
_NATIVE_HZ = 24_000
_BIT_RATES_KBPS = (32, 320)
_ACCEPTED = {"audio/wav": "wav", "audio/mp3": "mp3", "audio/mpeg": "mp3", "audio/pcm": "pcm"}


async def create(request: Request) -> Response:
    """Speak a text and answer with the sound, or with a link to it."""
    context, account = context_of(request), account_of(request)
    fields = Fields(await read_json(request))
    wants_url = fields.flag("url")
    part = await _part(fields, is_limited=not wants_url)
    delivery = _voicing.Delivery(
        voice=_voicing.voice_named(fields.required_text("voice")),
        speed=read_speed(fields.raw("speed")),
        effect=_voicing.effect_named(fields.text("effect")),
    )
    wants_events = _wants_events(fields)
    name = _format(request)
    rate_hz = _number(fields, "sampling_rate", RATES_HZ, "Hz") if name != "mp3" else None
    kbps = _number(fields, "bitrate", range(_BIT_RATES_KBPS[0], _BIT_RATES_KBPS[1] + 1), "kbit/s")
    if name == "mp3" and fields.raw("sampling_rate") is not None:
        raise HttpError(400, "sampling_rate works with wav only; leave it out, or accept audio/wav")
    if name != "mp3" and kbps is not None:
        raise HttpError(400, f"bitrate works with mp3 only, got it for {name}; accept audio/mp3")
    use_cache = "no-cache" not in request.headers.get("cache-control", "").lower()
    spoken = await _voicing.speak(
        context, account, part, delivery, {}, use_cache=use_cache, phonemes=wants_events
    )
    file_id = spoken.file
    if name == "mp3" or (rate_hz or _NATIVE_HZ) != _NATIVE_HZ:
        if name == "mp3":
            settings: dict[str, object] = {"format": "mp3", "bit_rate_kbps": kbps or 192}
        else:
            settings = {"format": "wav", "rate_hz": rate_hz}
        file_id = await _encoded(context, account, spoken.file, settings)
    header = warning_header(unknown_fields(fields))
    headers = {"Warning": header} if header else {}
    body: dict[str, Any] = {}
    if wants_url:
        body["url"] = private_url(request, file_id, f"speech.{'mp3' if name == 'mp3' else 'wav'}")
    data = b""
    if wants_events or not wants_url:
        data = await asyncio.to_thread(_bytes, context.files.path(file_id), only_samples=name == "pcm")
    if wants_events:
        body["audio_data"] = base64.b64encode(data).decode()
        body["sampling_rate"] = rate_hz or _NATIVE_HZ
        body["event_data"] = [
            {"phoneme": phoneme, "viseme": viseme(phoneme), "offset": start_s, "duration": length_s}
            for phoneme, start_s, length_s in spoken.phonemes
        ]
    if body:
        answer = reply(body)
        answer.headers.update(headers)
        return answer
    media_type = "audio/pcm" if name == "pcm" else MEDIA_TYPES[name]
    return Response(data, media_type=media_type, headers={**headers, "X-Content-Type-Options": "nosniff"})


async def _part(fields: Fields, *, is_limited: bool) -> SpeechPart:
    """Read ``text`` or ``ssml``: of both exactly one."""
    longest = {"text": TEXT_CHARACTERS, "ssml": SSML_CHARACTERS}
    given = {name: fields.text(name) for name in longest if fields.raw(name) is not None}
    if len(given) != 1:
        raise HttpError(400, "give exactly one of text and ssml")
    [(name, text)] = given.items()
    if is_limited and len(text) > longest[name]:
        raise fields.error(
            name, text, f"at most {longest[name]} characters, it has {len(text)}; url=true takes more"
        )
    if name == "text":
        if not text.strip():
            raise HttpError(400, "text is required: a string that is not empty")
        return SpeechPart(name="text", section="text", voice_key="text", items=(Say(text=text),))
    try:
        script = await off_loop(lambda: _markup_v1.parse(text), characters=len(text))
    except ScriptError as error:
        raise HttpError(400, f"ssml: {error}") from None
    if len(script.sections) != 1 or len(script.speech) != 1 or script.parameters or script.media_keys:
        raise HttpError(400, "ssml takes words and breaks only: no sections, parameters, media or effects")
    return script.speech[0]


def _wants_events(fields: Fields) -> bool:
    """Read ``metadata``: phonemes with their times are wanted."""
    value = fields.raw("metadata")
    if value is True or value == "full":
        return True
    if value is None or value is False or value == "none":
        return False
    raise fields.error("metadata", value, "true, false, 'full' or 'none'")


def _format(request: Request) -> str:
    """Read the wanted format off the Accept header; whoever takes anything gets wav."""
    accepted = request.headers.get("accept", "*/*")
    kinds = [part.partition(";")[0].strip().lower() for part in accepted.split(",")]
    for kind in kinds:
        if kind in _ACCEPTED:
            return _ACCEPTED[kind]
    if not kinds[0] or any(kind in {"*/*", "audio/*", "application/json"} for kind in kinds):
        return "wav"
    raise HttpError(400, f"Accept {shown(accepted)} must be one of {', '.join(_ACCEPTED)}")


def _number(fields: Fields, name: str, allowed: range | tuple[int, ...], unit: str) -> int | None:
    """Read a whole number, which this call takes as a string, too."""
    value = fields.raw(name)
    if value is None:
        return None
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if text.isascii() and text.isdigit() and len(text) <= 6 and int(text) in allowed:
        return int(text)
    listed = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else ", ".join(map(str, allowed))
    raise fields.error(name, value, f"{listed} {unit}")


async def _encoded(context: Context, account: str, file_id: str, settings: dict[str, object]) -> str:
    path = context.files.scratch()
    try:
        await context.work.run("transcode", path=str(context.files.path(file_id)), out=str(path), **settings)
        made = await context.files.keep(path)
    finally:
        path.unlink(missing_ok=True)
    await context.store.put(KEPT, made, {"file": made}, account=account)
    return made


def _bytes(path: Path, *, only_samples: bool) -> bytes:
    if not only_samples:
        return path.read_bytes()
    with wave.open(str(path), "rb") as file:
        return file.readframes(file.getnframes())
