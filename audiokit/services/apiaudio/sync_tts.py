"""Synchronous speech: a short text in, its audio in the same answer."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final, Unpack

import attrs

from audiokit._formats import describe, sniff
from audiokit.errors import InvalidRequest
from audiokit.services._check import between, one_of, text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services._options import with_headers
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.transport import Reply
from audiokit.transport._secrets import shown_url
from audiokit.typing import CallOptions

TEXT_CHARACTERS: Final = 800
SSML_CHARACTERS: Final = 1000
SAMPLE_RATES_HZ: Final = (16_000, 22_050, 24_000, 44_100, 48_000)
FORMATS: Final = ("wav", "mp3", "pcm")

# These keys are the few that the API writes in snake_case.


@attrs.frozen(kw_only=True)
class SyncSpeech:
    """Speech made at once.

    Attributes:
        audio: The encoded audio; None where a link was asked for.
        url: Link to the audio, where one was asked for.
        sample_rate_hz: Of the audio, where the API says.
        events: Phonemes as the API gives them: ``phoneme``, ``viseme``, ``offset``, ``duration``.
        raw: The JSON answer, where it was one.
    """

    audio: bytes | None = attrs.field(default=None, repr=False)
    url: str | None = attrs.field(default=None, repr=shown_url)
    sample_rate_hz: int | None = None
    events: tuple[dict[str, Any], ...] = ()
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.define
class _Document(Model):
    """Any object: which keys it has depends on what was asked for."""


CREATE = Endpoint(
    name="apiaudio.sync_tts.create",
    method="POST",
    path="/speech/sync",
    returns=_Document,
    source="official Python client 0.17, SyncTTS; openapi v1",
)


class SyncTTS(ApiAudioService):
    """Speak short texts without a script."""

    async def create(
        self,
        spoken_text: str | None = None,
        *,
        voice: str,
        ssml: str | None = None,
        metadata: bool | str | None = None,
        url: bool = False,
        format: str | None = None,  # noqa: A002 - the name all calls of this API use
        sample_rate_hz: int | None = None,
        bitrate_kbps: int | None = None,
        effect: str | None = None,
        speed: float | None = None,
        use_cache: bool = True,
        **options: Unpack[CallOptions],
    ) -> SyncSpeech:
        """Speak a text and get its audio; the API gives up after about 30 s.

        Args:
            spoken_text: Up to 800 characters. Exactly one of *spoken_text* and *ssml*.
            voice: Alias of a voice.
            ssml: Up to 1000 characters of SSML.
            metadata: True or ``full`` asks for phoneme data as well.
            url: Ask for a link instead of the audio; texts may then be longer.
            format: ``wav`` (the API's default), ``mp3`` or ``pcm``.
            sample_rate_hz: 16000, 22050, 24000 (the API's default), 44100 or 48000; for wav.
            bitrate_kbps: For mp3; the API's default is 192.
            effect: Name of a voice effect.
            speed: Factor, 0.5 to 3.
            use_cache: False has the text spoken anew, though it was spoken before.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: A value is outside what the contract allows; nothing was sent.
            NotFound: There is no such voice.
            UnexpectedResponse: What came is no audio, or audio of another format than asked for.
        """
        _check_text(spoken_text, ssml, is_limited=not url)
        one_of("format", format, FORMATS)
        between("speed", speed, 0.5, 3)
        if isinstance(metadata, str):
            one_of("metadata", metadata, ("full", "none"))
        _check_encoding(format, sample_rate_hz, bitrate_kbps)
        body = {
            "text": spoken_text,
            "ssml": ssml,
            "voice": voice,
            "metadata": metadata,
            "url": url or None,
            "sampling_rate": None if sample_rate_hz is None else str(sample_rate_hz),
            "bitrate": None if bitrate_kbps is None else str(bitrate_kbps),
            "effect": effect,
            "speed": speed,
        }
        given = {name: value for name, value in body.items() if value is not None}
        headers = {"accept": f"audio/{format}"} if format is not None else {}
        if not use_cache:
            headers["cache-control"] = "no-cache"
        own = with_headers(options, headers, wins=False)
        return self._speech(await self._reply(CREATE, json=given, options=own), format)

    def _speech(self, reply: Reply, wanted: str | None) -> SyncSpeech:
        media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            self._check_audio(reply, media_type, wanted)
            return SyncSpeech(audio=reply.content)
        raw = self._structure(CREATE, reply, _Document).extra
        audio, link = (_text_or_none(raw.get(name)) for name in ("audio_data", "url"))
        rate, events = raw.get("sampling_rate"), raw.get("event_data")
        if audio is None and link is None:
            raise self._unexpected(CREATE, reply, "holds neither audio_data nor url")
        try:
            decoded = None if audio is None else base64.b64decode(audio, validate=True)
        except binascii.Error as error:
            raise self._unexpected(CREATE, reply, f"has audio_data that is no base64: {error}") from error
        return SyncSpeech(
            audio=decoded,
            url=link,
            sample_rate_hz=int(rate) if isinstance(rate, int | str) and str(rate).isdecimal() else None,
            events=tuple(one for one in events if isinstance(one, dict)) if isinstance(events, list) else (),
            raw=raw,
        )

    def _check_audio(self, reply: Reply, media_type: str, wanted: str | None) -> None:
        """Refuse what is no audio, such as the page of a network that wants a login."""
        found = sniff(reply.content, complete=True)
        is_pcm = wanted == "pcm"  # which has nothing to tell it by
        if found is None and (not is_pcm or not reply.content or media_type.startswith("text/")):
            seen = describe(reply.content)
            raise self._unexpected(CREATE, reply, f"is no audio but {seen} (content type {media_type!r})")
        if found is not None and found.value != (wanted or found.value) and not is_pcm:
            raise self._unexpected(CREATE, reply, f"is {found.value} audio, {wanted} was asked for")


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _check_text(spoken_text: str | None, ssml: str | None, *, is_limited: bool) -> None:
    if (spoken_text is None) == (ssml is None):
        raise InvalidRequest(
            f"exactly one of spoken_text and ssml must be given, got {spoken_text!r} and {ssml!r}",
            field="spoken_text",
            value=spoken_text,
        )
    if is_limited:
        text("spoken_text", spoken_text, shortest=1, longest=TEXT_CHARACTERS)
        text("ssml", ssml, shortest=1, longest=SSML_CHARACTERS)


def _check_encoding(audio_format: str | None, sample_rate_hz: int | None, bitrate_kbps: int | None) -> None:
    """The API reads the rate for wav only and the bit rate for mp3 only; elsewhere both would be lost."""
    if sample_rate_hz is not None:
        if sample_rate_hz not in SAMPLE_RATES_HZ:
            raise InvalidRequest.of(
                "sample_rate_hz", sample_rate_hz, f"one of {', '.join(map(str, SAMPLE_RATES_HZ))} Hz"
            )
        if audio_format not in {None, "wav"}:
            raise InvalidRequest(
                f"sample_rate_hz={sample_rate_hz!r} needs format='wav', got {audio_format!r}",
                field="sample_rate_hz",
                value=sample_rate_hz,
            )
    if bitrate_kbps is not None and audio_format != "mp3":
        raise InvalidRequest(
            f"bitrate_kbps={bitrate_kbps!r} needs format='mp3', got {audio_format!r}",
            field="bitrate_kbps",
            value=bitrate_kbps,
        )
