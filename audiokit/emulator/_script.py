"""A script after parsing, the same for both markups: sections of speech, pauses, media and effects.

The two parsers build it with `audiokit.emulator._script_builder`; production code only reads it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CARRY_ON = "*"
"""Sound segment of a section that carries on with the segment already playing."""

MAX_SCRIPT_CHARACTERS = 200_000
"""Longest script that is parsed, in characters: about four hours of speech."""

MAX_PAUSE_S = 60.0
"""Longest pause a break tag may ask for, in seconds."""

_BREAK_TIME = re.compile(r"\+?(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})\s*(ms|s)\Z", re.IGNORECASE)
_BREAK_STRENGTHS = {"none": 0.0, "x-weak": 0.12, "weak": 0.3, "medium": 0.5, "strong": 0.7, "x-strong": 0.9}


class ScriptError(ValueError):
    """The markup is wrong, or a parameter has no value; the message is for the script's author."""


@attrs.frozen(kw_only=True)
class Tone:
    """How a stretch of speech departs from its voice: factors on speed and pitch, 1.0 for none."""

    rate: float = 1.0
    pitch: float = 1.0


NEUTRAL = Tone()


@attrs.frozen(kw_only=True)
class Say:
    """Plain words to be spoken."""

    text: str
    tone: Tone = NEUTRAL


@attrs.frozen(kw_only=True)
class Parameter:
    """A place for a listener's value; *fallback* is None when the author gave none."""

    name: str
    fallback: str | None
    tone: Tone = NEUTRAL


@attrs.frozen(kw_only=True)
class Pause:
    """Silence in seconds."""

    seconds: float


@attrs.frozen(kw_only=True)
class Media:
    """A recorded file, bound to its key by the request."""

    key: str


@attrs.frozen(kw_only=True)
class Effect:
    """A sound effect, by its name in the template or bound by the request."""

    key: str


Spoken = Say | Parameter | Pause


@attrs.frozen(kw_only=True)
class SpeechPart:
    """What becomes one speech file.

    Attributes:
        name: Unique in the script.
        section: Section it belongs to.
        voice_key: Section or sub-section whose voice settings apply.
        items: Words, parameters and pauses, in order.
    """

    name: str
    section: str
    voice_key: str
    items: tuple[Spoken, ...]


Part = SpeechPart | Media | Effect


@attrs.frozen(kw_only=True)
class Section:
    """A named stretch of a script.

    Attributes:
        name: Unique in the script.
        segment: Sound segment under it, `CARRY_ON`, ``""`` for no music, or None when nothing was said.
        parts: Content from top to bottom.
    """

    name: str
    segment: str | None = None
    parts: tuple[Part, ...] = ()

    @property
    def speech(self) -> tuple[SpeechPart, ...]:
        """The parts that become speech files."""
        return tuple(part for part in self.parts if isinstance(part, SpeechPart))


@attrs.frozen(kw_only=True)
class Script:
    """A parsed script."""

    sections: tuple[Section, ...]

    @property
    def speech(self) -> tuple[SpeechPart, ...]:
        """All parts that become speech files, in order."""
        return tuple(part for section in self.sections for part in section.speech)

    @property
    def parameters(self) -> dict[str, str | None]:
        """Names of the parameters with their fallbacks, in order; the first spelling of a name counts."""
        found: dict[str, tuple[str, str | None]] = {}
        for part in self.speech:
            for item in part.items:
                if isinstance(item, Parameter):
                    found.setdefault(item.name.casefold(), (item.name, item.fallback))
        return dict(found.values())

    @property
    def media_keys(self) -> list[str]:
        """Keys of the media tags, each once, in order."""
        return _unique(
            part.key for section in self.sections for part in section.parts if isinstance(part, Media)
        )

    @property
    def effect_keys(self) -> list[str]:
        """Keys of the effect tags, each once, in order."""
        return _unique(
            part.key for section in self.sections for part in section.parts if isinstance(part, Effect)
        )

    @property
    def segment_names(self) -> list[str]:
        """Names of the sound segments asked for, each once, in order; without `CARRY_ON`."""
        return _unique(s.segment for s in self.sections if s.segment and s.segment != CARRY_ON)


def fill(part: SpeechPart, values: Mapping[str, str]) -> SpeechPart:
    """Put a listener's values into a speech part; names are compared without case.

    Raises:
        ScriptError: A parameter has neither a value nor a fallback.
    """
    known = {name.casefold(): value for name, value in values.items()}
    items: list[Spoken] = []
    for item in part.items:
        if not isinstance(item, Parameter):
            items.append(item)
            continue
        text = known.get(item.name.casefold(), item.fallback)
        if text is None:
            raise ScriptError(
                f"parameter {item.name!r} in section {part.section!r} has no value in audience and no "
                "fallback; give audience a value for it, or write a fallback in the script"
            )
        items.append(Say(text=text, tone=item.tone))
    spoken = tuple(item for item in join_words(items) if not isinstance(item, Say) or item.text.strip())
    return attrs.evolve(part, items=spoken)


def pause_seconds(attributes: Mapping[str, str]) -> float:
    """Read the pause of a break element, in seconds (0 to `MAX_PAUSE_S`), from its one attribute.

    Raises:
        ScriptError: Not exactly one of time and strength, or a value that is none of the allowed.
    """
    given = {name: value.strip() for name, value in attributes.items() if name in {"time", "strength"}}
    if len(given) != 1 or len(attributes) != 1:
        raise ScriptError(f"a break takes exactly one attribute, time or strength, got {sorted(attributes)}")
    if "strength" in given:
        strength = _BREAK_STRENGTHS.get(given["strength"].lower())
        if strength is None:
            raise ScriptError(
                f"break strength {given['strength']!r} is none of {', '.join(_BREAK_STRENGTHS)}"
            )
        return strength
    match = _BREAK_TIME.match(given["time"])
    seconds = -1.0
    if match:
        seconds = float(match[1]) / (1000.0 if match[2].lower() == "ms" else 1.0)
    if not 0.0 <= seconds <= MAX_PAUSE_S:
        raise ScriptError(
            f"break time {given['time']!r} must be a number with unit, like '600ms' or '0.6s', "
            f"from 0 to {MAX_PAUSE_S:.0f} s"
        )
    return seconds


def join_words(items: Iterable[Spoken]) -> tuple[Spoken, ...]:
    """Join neighbouring words of one tone, so that sentences keep their melody."""
    joined: list[Spoken] = []
    for item in items:
        last = joined[-1] if joined else None
        if isinstance(item, Say) and isinstance(last, Say) and last.tone == item.tone:
            joined[-1] = Say(text=last.text + item.text, tone=item.tone)
        else:
            joined.append(item)
    return tuple(joined)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
