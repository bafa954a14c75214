"""The voices of the market, their accents and narration styles, and the voices that speak TTS originals."""

from __future__ import annotations

import uuid
from typing import Any

import attrs

from audiokit.emulator._catalogue import language_voice

_IDS = uuid.UUID("6d1c2a52-6c0b-5d0e-9a44-0b8f4b6b7f10")


def stable_id(*parts: str) -> str:
    """Make the id of a catalogue item; the same on every machine and after every restart."""
    return str(uuid.uuid5(_IDS, "/".join(parts)))


@attrs.frozen(kw_only=True)
class NarrationStyle:
    """A manner of speaking.

    Attributes:
        id: Its id with one voice.
        name: What it is called.
        settings: ``rate``, ``pitch`` (factors), ``range`` (0 to 99), ``word_gap`` (10 ms), for ``speak``.
    """

    id: str
    name: str
    settings: dict[str, float]


@attrs.frozen(kw_only=True)
class Accent:
    """An accent of one voice.

    Attributes:
        id: Its id with one voice.
        name: What it is called.
        short_name: Two or three letters.
        locale: Like ``en-GB``.
        native: Whether the voice grew up with it.
        colour: What it changes in a conversion, added to the voice's timbre. A converter that hears no words
            cannot say another vowel, so each accent moves all vowels a little its own way.
    """

    id: str
    name: str
    short_name: str
    locale: str
    native: bool
    colour: dict[str, float]


@attrs.frozen(kw_only=True)
class MarketVoice:
    """A voice that recordings are converted to.

    Attributes:
        name: What it is called; `slug` and `id` follow from it.
        gender: ``male``, ``female`` or None.
        age_group: ``child``, ``young``, ``adult``, ``senior`` or None.
        pitch_hz: Median pitch it converts to.
        species: ``human``, ``animal`` or ``other``.
        nationality: Like ``American``.
        visibility: ``public``, ``paid``, ``private`` or ``kids``.
        variant: espeak-ng variant that speaks its narrations; None when it cannot do TTS.
        timbre: Colour beside the pitch, as the work pool's ``convert`` takes it.
        description: One sentence.
        rating: 0 to 100.
        created_at: ISO 8601.
        accents: At least two; the first is the default.
        styles: The first is the default; none when the voice cannot do TTS.
    """

    name: str
    gender: str | None
    age_group: str | None
    pitch_hz: float
    species: str
    nationality: str
    visibility: str
    variant: str | None
    timbre: dict[str, float]
    description: str
    rating: int
    created_at: str
    accents: tuple[Accent, ...]
    styles: tuple[NarrationStyle, ...]

    @property
    def slug(self) -> str:
        """Name in lower case."""
        return self.name.lower()

    @property
    def id(self) -> str:
        """Stable id."""
        return stable_id("voice", self.slug)

    @property
    def pitch_group(self) -> str:
        """``low`` under 140 Hz, ``high`` from 220 Hz, else ``mid``."""
        return "low" if self.pitch_hz < 140 else "high" if self.pitch_hz >= 220 else "mid"

    def espeak(self, language: str) -> str:
        """Return the espeak-ng voice that narrates in *language*, with the voice's own accent if it has one.

        Raises:
            UnknownNameError: The language is not spoken here.
        """
        native = self.accents[0].locale
        is_own = "-" not in language and native.startswith(f"{language.casefold()}-")
        return f"{language_voice(native if is_own else language)}+{self.variant}"

    def timbre_in(self, accent: Accent) -> dict[str, float]:
        """Return the colour of a conversion with an accent, as the work pool's ``convert`` takes it."""
        tilt = self.timbre["tilt_db_per_octave"] + accent.colour["tilt_db_per_octave"]
        return {**self.timbre, **accent.colour, "tilt_db_per_octave": tilt}


_STYLES: dict[str, dict[str, float]] = {
    "neutral": {},
    "calm": {"rate": 0.8, "pitch": 0.94, "range": 30, "word_gap": 2},
    "excited": {"rate": 1.17, "pitch": 1.15, "range": 85},
    "story": {"rate": 0.72, "range": 65, "word_gap": 4},
}
_ACCENTS = {
    "us": ("American English", "en-US"),
    "gb": ("British English", "en-GB"),
    "sct": ("Scottish English", "en-GB-scotland"),
    "de": ("German", "de-DE"),
    "fr": ("French", "fr-FR"),
    "es": ("Spanish", "es-ES"),
}
_COLOURS = {  # tilt in dB per octave, ratio of the first and of the second formant
    "us": (0.0, 1.0, 1.0),
    "gb": (0.8, 1.1, 0.88),
    "sct": (-0.8, 0.9, 1.1),
    "de": (-0.5, 0.88, 0.95),
    "fr": (1.0, 1.1, 1.14),
    "es": (1.0, 1.14, 1.06),
}


def _colour(short: str) -> dict[str, float]:
    tilt, first, second = _COLOURS[short]
    return {"tilt_db_per_octave": tilt, "first_formant_ratio": first, "second_formant_ratio": second}


def _voice(
    name: str, gender: str | None, age_group: str | None, pitch_hz: float, accents: str, **more: Any
) -> MarketVoice:
    slug = name.lower()
    variant: str | None = more.pop("variant", None)
    timbre = {"tilt_db_per_octave": more.pop("tilt", 0.0)}
    if "formants" in more:  # else they follow the shift, as with real speakers
        timbre["formant_ratio"] = more.pop("formants")
    return MarketVoice(
        name=name,
        gender=gender,
        age_group=age_group,
        pitch_hz=pitch_hz,
        species=more.pop("species", "human"),
        visibility=more.pop("visibility", "public"),
        variant=variant,
        accents=tuple(
            Accent(
                id=stable_id("accent", slug, short),
                name=_ACCENTS[short][0],
                short_name=short,
                locale=_ACCENTS[short][1],
                native=place == 0,
                colour=_colour(short),
            )
            for place, short in enumerate(accents.split())
        ),
        styles=tuple(
            NarrationStyle(id=stable_id("style", slug, style), name=style, settings=settings)
            for style, settings in (_STYLES.items() if variant else ())
        ),
        timbre=timbre,
        **more,
    )


MARKET_VOICES: tuple[MarketVoice, ...] = (
    _voice(
        "Boris", "male", "senior", 72, "gb us", variant="m3", tilt=-1.5,
        nationality="British", description="An old, very deep storyteller.",
        rating=88, created_at="2024-01-08T09:00:00.000Z",
    ),
    _voice(
        "Gordon", "male", "adult", 96, "sct gb", variant="m3", tilt=-1.0,
        nationality="Scottish", description="A deep, unhurried narrator.",
        rating=91, created_at="2024-01-15T09:00:00.000Z",
    ),
    _voice(
        "Nathan", "male", "adult", 116, "us gb", variant="m1",
        nationality="American", description="An everyday voice for commercials.",
        rating=84, created_at="2024-02-01T09:00:00.000Z",
    ),
    _voice(
        "Theo", "male", "young", 142, "us fr", variant="m4", tilt=0.5,
        nationality="American", description="A light young man.",
        rating=76, created_at="2024-02-20T09:00:00.000Z",
    ),
    _voice(
        "Ingrid", "female", "adult", 168, "de gb", variant="f1", tilt=-0.5,
        nationality="German", description="A low and calm woman.",
        rating=82, created_at="2024-03-05T09:00:00.000Z",
    ),
    _voice(
        "Helen", "female", "senior", 182, "gb us", variant="f2", tilt=-1.0,
        nationality="British", description="A kind grandmother.",
        rating=79, created_at="2024-03-18T09:00:00.000Z",
    ),
    _voice(
        "Clara", "female", "adult", 206, "us es", variant="f3",
        nationality="American", description="A clear voice for news.",
        rating=93, created_at="2024-04-02T09:00:00.000Z",
    ),
    _voice(
        "Maya", "female", "young", 230, "us gb", variant="f4", tilt=1.0, visibility="paid",
        nationality="American", description="A bright young woman.",
        rating=87, created_at="2024-04-22T09:00:00.000Z",
    ),
    _voice(
        "Oscar", "male", "child", 268, "us gb", variant="f5", tilt=1.0, visibility="kids",
        nationality="American", description="A boy of nine.",
        rating=72, created_at="2024-05-06T09:00:00.000Z",
    ),
    _voice(
        "Lucie", "female", "child", 300, "fr us", variant="f5", tilt=1.5, visibility="kids",
        nationality="French", description="A girl of seven.",
        rating=74, created_at="2024-05-21T09:00:00.000Z",
    ),
    _voice(
        "Minka", None, None, 320, "us gb", species="animal", formants=1.3, tilt=2.0,
        nationality="", description="A talking cat; conversions only.",
        rating=65, created_at="2024-06-03T09:00:00.000Z",
    ),
    _voice(
        "Golem", None, None, 80, "gb us", species="other", formants=0.8, tilt=-3.0,
        nationality="", description="A creature of stone; conversions only.",
        rating=68, created_at="2024-06-17T09:00:00.000Z",
    ),
)  # fmt: skip
"""All voices of the market."""

_BY_ID = {voice.id: voice for voice in MARKET_VOICES}
_BY_ACCENT = {accent.id: (voice, accent) for voice in MARKET_VOICES for accent in voice.accents}
_BY_STYLE = {style.id: (voice, style) for voice in MARKET_VOICES for style in voice.styles}


def market_voice(voice_id: str) -> MarketVoice | None:
    """Return a voice by id."""
    return _BY_ID.get(voice_id)


def voice_of_accent(accent_id: str) -> tuple[MarketVoice, Accent] | None:
    """Return an accent and its voice by the accent's id."""
    return _BY_ACCENT.get(accent_id)


def voice_of_style(style_id: str) -> tuple[MarketVoice, NarrationStyle] | None:
    """Return a narration style and its voice by the style's id."""
    return _BY_STYLE.get(style_id)


@attrs.frozen(kw_only=True)
class TTSVoice:
    """A voice that speaks the original of a TTS recording; conversions then change it.

    Attributes:
        name: What it is called.
        language: ISO 639-1 code it is meant for.
        variant: espeak-ng variant.
        f0_hz: Median pitch in Hz.
    """

    name: str
    language: str
    variant: str
    f0_hz: float

    @property
    def id(self) -> str:
        """Stable id."""
        return stable_id("tts", self.name.lower())

    def speak_item(self, text: str, *, language: str | None = None) -> dict[str, Any]:
        """Make the item of the work pool's ``speak`` for *text*, in another language if wanted.

        Raises:
            UnknownNameError: The language is not spoken here.
        """
        voice = f"{language_voice(language or self.language)}+{self.variant}"
        return {"text": text, "voice": voice, "rate_wpm": 170, "f0_hz": self.f0_hz}


TTS_VOICES: tuple[TTSVoice, ...] = (
    TTSVoice(name="Emma", language="en", variant="f2", f0_hz=200.0),
    TTSVoice(name="Liam", language="en", variant="m1", f0_hz=112.0),
    TTSVoice(name="Lena", language="de", variant="f3", f0_hz=205.0),
    TTSVoice(name="Louis", language="fr", variant="m3", f0_hz=108.0),
    TTSVoice(name="Sofia", language="es", variant="f4", f0_hz=215.0),
    TTSVoice(name="Marco", language="it", variant="m4", f0_hz=118.0),
)
"""Voices of TTS originals; the first is the default."""

_TTS_BY_ID = {voice.id: voice for voice in TTS_VOICES}


def tts_voice(voice_id: str) -> TTSVoice | None:
    """Return a TTS voice by id."""
    return _TTS_BY_ID.get(voice_id)
