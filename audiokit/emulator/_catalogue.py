"""What the emulator can speak and play, as data: speech voices, languages, sound templates.

The voices of the Respeecher market are in `audiokit.emulator.respeecher._market`.
"""

from __future__ import annotations

from typing import Any

import attrs

LANGUAGES: dict[str, tuple[str, str]] = {
    "en": ("gmw/en-US", "English"),
    "de": ("gmw/de", "German"),
    "fr": ("roa/fr", "French"),
    "es": ("roa/es", "Spanish"),
    "it": ("roa/it", "Italian"),
    "pt": ("roa/pt", "Portuguese"),
    "nl": ("gmw/nl", "Dutch"),
    "pl": ("zlw/pl", "Polish"),
    "cs": ("zlw/cs", "Czech"),
    "sk": ("zlw/sk", "Slovak"),
    "hu": ("urj/hu", "Hungarian"),
    "ro": ("roa/ro", "Romanian"),
    "uk": ("zle/uk", "Ukrainian"),
    "ru": ("zle/ru", "Russian"),
    "bg": ("zls/bg", "Bulgarian"),
    "hr": ("zls/hr", "Croatian"),
    "sr": ("zls/sr", "Serbian"),
    "sv": ("gmq/sv", "Swedish"),
    "nb": ("gmq/nb", "Norwegian"),
    "da": ("gmq/da", "Danish"),
    "fi": ("urj/fi", "Finnish"),
    "el": ("grk/el", "Greek"),
    "tr": ("trk/tr", "Turkish"),
    "ar": ("sem/ar", "Arabic"),
    "he": ("sem/he", "Hebrew"),
    "hi": ("inc/hi", "Hindi"),
    "id": ("poz/id", "Indonesian"),
    "vi": ("aav/vi", "Vietnamese"),
    "ko": ("ko", "Korean"),
    "ja": ("jpx/ja", "Japanese"),
    "zh": ("sit/cmn", "Chinese"),
}
"""ISO 639-1 code -> (espeak-ng voice, English name)."""

_REGIONS: dict[str, str] = {
    "en-gb": "gmw/en-GB-x-rp",
    "en-gb-scotland": "gmw/en-GB-scotland",
    "en-029": "gmw/en-029",
    "es-419": "roa/es-419",
    "es-mx": "roa/es-419",
    "fr-be": "roa/fr-BE",
    "fr-ch": "roa/fr-CH",
    "pt-br": "roa/pt-BR",
}
"""Language with region, in lower case -> espeak-ng voice, where it differs from the language's own."""

_ACCENTS = {
    "en-US": "American",
    "en-GB": "British",
    "de-DE": "German",
    "es-ES": "Castilian",
    "fr-FR": "French",
}


class UnknownNameError(LookupError):
    """The catalogue has no such name; the message says which exist."""


def language_voice(code: str) -> str:
    """Return the espeak-ng voice of a language code like ``de`` or ``pt-BR``.

    A region that the speech engine does not tell from the others is left aside; case does not matter.

    Raises:
        UnknownNameError: The language is not spoken here.
    """
    locale = code.strip().replace("_", "-").casefold()
    if locale in _REGIONS:
        return _REGIONS[locale]
    known = LANGUAGES.get(locale.split("-")[0])
    if known is None:
        raise UnknownNameError(
            f"language {code!r} is not spoken here; allowed: {', '.join(sorted(LANGUAGES))}"
        )
    return known[0]


@attrs.frozen(kw_only=True)
class SpeechVoice:
    """A synthetic voice of api.audio v1 and AudioStack v2.

    Attributes:
        alias: Name people use, matched without case.
        voice_id: Name at the provider; accepted in place of the alias.
        language_code: Like ``en-US``.
        language: English name of the language.
        accent: Regional accent.
        gender: ``male`` or ``female``.
        age: ``child``, ``young``, ``adult`` or ``senior``.
        espeak: espeak-ng voice with variant.
        f0_hz: Median pitch the voice speaks at, in Hz.
        rate_wpm: Words per minute at normal speed.
        tags: Words to look it up by.
    """

    alias: str
    voice_id: str
    language_code: str
    language: str
    accent: str
    gender: str
    age: str
    espeak: str
    f0_hz: float
    rate_wpm: int
    tags: tuple[str, ...]

    def speak_item(self, text: str, *, speed: float = 1.0) -> dict[str, Any]:
        """Make the item of the work pool's ``speak`` for *text*; *speed* 1.0 is normal, 2.0 twice as fast."""
        rate_wpm = max(80, min(450, round(self.rate_wpm * speed)))
        return {"text": text, "voice": self.espeak, "rate_wpm": rate_wpm, "f0_hz": self.f0_hz}


def _voice(alias: str, locale: str, gender: str, variant: str, f0_hz: float, **more: Any) -> SpeechVoice:
    return SpeechVoice(
        alias=alias,
        voice_id=f"{locale}-{alias}Neural" if alias[0].isupper() else f"{locale}_{alias}",
        language_code=locale,
        language=LANGUAGES[locale[:2]][1],
        accent=_ACCENTS[locale],
        gender=gender,
        age=more.get("age", "adult"),
        espeak=f"{language_voice(locale)}+{variant}",
        f0_hz=f0_hz,
        rate_wpm=more.get("rate_wpm", 170),
        tags=more.get("tags", ("clear",)),
    )


SPEECH_VOICES: tuple[SpeechVoice, ...] = (
    _voice("Joanna", "en-US", "female", "f2", 196, tags=("neutral", "news")),
    _voice("Aria", "en-US", "female", "f3", 212, tags=("bright", "commercial")),
    _voice("Matthew", "en-US", "male", "m1", 112, tags=("warm", "narration")),
    _voice("linda", "en-US", "female", "linda", 204, tags=("friendly",)),
    _voice("isaac", "en-US", "male", "m3", 98, rate_wpm=160, tags=("deep", "calm")),
    _voice("wren", "en-US", "female", "f4", 232, age="young", rate_wpm=180, tags=("lively",)),
    _voice("coco", "en-US", "female", "f5", 262, age="young", rate_wpm=180, tags=("playful",)),
    _voice("sara", "en-US", "female", "f1", 188, tags=("warm",)),
    _voice("sonia", "en-GB", "female", "f2", 206, tags=("formal",)),
    _voice("charlie", "en-GB", "male", "m2", 124, age="young", tags=("friendly",)),
    _voice("gabriel", "en-US", "male", "m4", 106, tags=("commercial",)),
    _voice("ryan", "en-GB", "male", "m5", 116, tags=("news",)),
    _voice("Amy", "en-GB", "female", "f3", 216, tags=("bright",)),
    _voice("Brian", "en-GB", "male", "m7", 92, rate_wpm=160, tags=("deep", "narration")),
    _voice("Salli", "en-US", "female", "f1", 222, age="young", tags=("friendly",)),
    _voice("Ivy", "en-US", "female", "f5", 284, age="child", rate_wpm=175, tags=("child",)),
    _voice("Hans", "de-DE", "male", "m3", 108, tags=("news",)),
    _voice("Vicki", "de-DE", "female", "f2", 200, tags=("clear",)),
    _voice("Conchita", "es-ES", "female", "f3", 210, tags=("clear",)),
    _voice("Celine", "fr-FR", "female", "f4", 208, tags=("clear",)),
)
"""All speech voices."""

DEFAULT_VOICE = "Joanna"
"""Voice of a call that names none."""

_BY_NAME = {name.casefold(): voice for voice in SPEECH_VOICES for name in (voice.alias, voice.voice_id)}


def speech_voice(name: str) -> SpeechVoice:
    """Return a voice by alias or provider id, without regard to case.

    Raises:
        UnknownNameError: No voice has this name.
    """
    voice = _BY_NAME.get(name.strip().casefold())
    if voice is None:
        some = ", ".join(v.alias for v in SPEECH_VOICES[:8])
        raise UnknownNameError(f"voice {name!r} not found; there are {len(SPEECH_VOICES)}, among them {some}")
    return voice


@attrs.frozen(kw_only=True)
class SoundTemplate:
    """A built-in piece of music.

    Attributes:
        name: Name people use, matched without case.
        style: Parameters of the work pool's ``template``; None for the silent template.
        description: One sentence.
        genre: ``electronic``, ``acoustic``, ``atmospheric``, ``abstract`` or ``rock``.
        tempo: ``down``, ``mid`` or ``up``.
        tags: Words to look it up by.
        collections: Collections it belongs to.
        contents: Its segments and effects.
    """

    name: str
    style: dict[str, Any] | None
    description: str
    genre: str
    tempo: str
    tags: tuple[str, ...]
    collections: tuple[str, ...]
    contents: tuple[str, ...] = ("intro", "main", "outro", "effect1")


def _template(
    name: str, style: tuple[str, int, int] | None, genre: str, tags: str, collections: str, description: str
) -> SoundTemplate:
    bpm = 0 if style is None else style[2]
    return SoundTemplate(
        name=name,
        style=None if style is None else {"style": style[0], "root": style[1], "bpm": bpm},
        description=description,
        genre=genre,
        tempo="down" if bpm < 90 else "mid" if bpm < 110 else "up",
        tags=tuple(tags.split()),
        collections=tuple(collections.split(",")),
    )


# style name, root note (MIDI number), beats per minute
SOUND_TEMPLATES: tuple[SoundTemplate, ...] = (
    _template(
        "jakarta", ("bright", 60, 108), "acoustic", "uplifting warm", "commercial", "Sunny plucked strings."
    ),
    _template(
        "chill_vibes",
        ("chill", 57, 84),
        "atmospheric",
        "calm soft",
        "commercial,education",
        "Slow soft pads.",
    ),
    _template(
        "heatwave",
        ("pulse", 55, 118),
        "electronic",
        "summer driving",
        "commercial,fitness",
        "A warm club beat.",
    ),
    _template(
        "cityechoes",
        ("pulse", 52, 100),
        "electronic",
        "night urban",
        "newscast,commercial",
        "A city by night.",
    ),
    _template(
        "parisianmorning",
        ("bright", 62, 92),
        "acoustic",
        "light cafe",
        "commercial",
        "Breakfast by the river.",
    ),
    _template(
        "openup",
        ("bright", 64, 116),
        "acoustic",
        "happy corporate",
        "education,commercial",
        "Bright and open.",
    ),
    _template(
        "spooky_strings",
        ("chill", 50, 72),
        "abstract",
        "dark eerie",
        "kids entertainment",
        "Low, uneasy pads.",
    ),
    _template(
        "lofi", ("chill", 53, 78), "electronic", "calm study", "education", "A quiet afternoon of study."
    ),
    _template(
        "newstoday", ("pulse", 57, 112), "electronic", "serious news", "newscast", "The hour's headlines."
    ),
    _template(
        "hotwheels",
        ("pulse", 59, 128),
        "rock",
        "fast energetic",
        "fitness,ready set audio ad",
        "Full throttle.",
    ),
    _template("fullsilence", None, "abstract", "silent", "education", "No music at all."),
)
"""All built-in sound templates."""

_TEMPLATES = {template.name.casefold(): template for template in SOUND_TEMPLATES}


def sound_template(name: str) -> SoundTemplate:
    """Return a built-in template by name, without regard to case.

    Raises:
        UnknownNameError: No built-in template has this name.
    """
    template = _TEMPLATES.get(name.strip().casefold())
    if template is None:
        names = ", ".join(sorted(t.name for t in SOUND_TEMPLATES))
        raise UnknownNameError(f"sound template {name!r} not found; built in are {names}")
    return template
