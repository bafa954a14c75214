"""What v2 scripts are made of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs

from audiokit.errors import InvalidRequest
from audiokit.markup._common import check_kinds, first_spelling, join_text, unique

STRENGTHS: Final = ("none", "x-weak", "weak", "medium", "strong", "x-strong")

Others: TypeAlias = Mapping[str, str]
_ATTRIBUTE_NAME: Final = re.compile(r"[A-Za-z][\w-]*", re.ASCII)


def _others(own: Iterable[str]) -> Any:
    """The field for attributes audiokit does not know: kept, under lower-case names."""
    known = {name.lower() for name in own}

    def check(_: object, attribute: attrs.Attribute[Any], value: Others) -> None:
        for name, text in value.items():
            if not _ATTRIBUTE_NAME.fullmatch(name) or name != name.lower() or name in known:
                raise InvalidRequest.of(
                    attribute.name, name, "attribute names in lower case that have no field of their own"
                )
            _is_value(_, attribute, text)

    return attrs.field(factory=dict, converter=dict, validator=check, hash=False, kw_only=True)


def _is_value(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None and (not isinstance(value, str) or ('"' in value and "'" in value)):
        raise InvalidRequest.of(attribute.name, value, "text with at most one of the two kinds of quotes")


def _blank_is_none(value: str | None) -> str | None:
    return value if value is None or value.strip() else None


def _text_or_none(**options: Any) -> Any:
    return attrs.field(default=None, converter=_blank_is_none, validator=_is_value, **options)


def _needs_one(element: Any, *names: str) -> None:
    if all(getattr(element, name) is None for name in names):
        kind = type(element).__name__
        raise InvalidRequest(
            f"{kind} needs at least one of {', '.join(names)}, got none", field=names[0], value=None
        )


@attrs.frozen
class Placeholder:
    """A place for a listener's value; *fallback*, plain text, is said when there is none."""

    id: str = attrs.field(validator=_is_value)
    fallback: str | None = attrs.field(default=None, converter=_blank_is_none)
    others: Others = _others(["id"])

    def __attrs_post_init__(self) -> None:
        if not self.id.strip():
            raise InvalidRequest.of("id", self.id, "a name that is not empty")


@attrs.frozen
class Media:
    """A place for a recorded file, bound by its `key` in *media_files* of `Mixes.create`."""

    name: str | None = _text_or_none()
    id: str | None = _text_or_none(kw_only=True)
    others: Others = _others(["name", "id"])

    def __attrs_post_init__(self) -> None:
        _needs_one(self, "name", "id")

    @property
    def key(self) -> str:
        """What binds it: the id, or else the name."""
        return self.id or self.name or ""


@attrs.frozen
class Effect:
    """A sound effect (``as:fx``): a stock one by name, or bound by `key` in *fx_files* of `Mixes.create`."""

    name: str | None = _text_or_none()
    id: str | None = _text_or_none(kw_only=True)
    others: Others = _others(["name", "id"])

    def __attrs_post_init__(self) -> None:
        _needs_one(self, "name", "id")

    @property
    def key(self) -> str:
        """What binds it: the id, or else the name."""
        return self.id or self.name or ""


@attrs.frozen(kw_only=True)
class Break:
    """A pause: *time_s* in seconds, 0 or more, or else *strength*, e.g. ``strong``."""

    time_s: float | None = None
    strength: str | None = None
    others: Others = _others(["time", "strength"])

    def __attrs_post_init__(self) -> None:
        if (self.time_s is None) == (self.strength is None):
            raise InvalidRequest(
                f"Break needs exactly one of time_s and strength, got {self.time_s!r} and {self.strength!r}",
                field="time_s",
                value=self.time_s,
            )
        if self.time_s is not None and not (math.isfinite(self.time_s) and self.time_s >= 0):
            raise InvalidRequest.of("time_s", self.time_s, "0 or more seconds")
        if self.strength is not None and self.strength not in STRENGTHS:
            raise InvalidRequest.of("strength", self.strength, f"one of {', '.join(STRENGTHS)}")

    @property
    def time_text(self) -> str | None:
        """The time as an attribute; never with an exponent, which the language does not know."""
        return None if self.time_s is None else f"{Decimal(repr(float(self.time_s))):f}s"


def _inline(value: str | Iterable[Inline]) -> tuple[Inline, ...]:
    return join_text(value)


def _section_content(value: str | Iterable[Inline | Sub]) -> tuple[Inline | Sub, ...]:
    return join_text(value)


@attrs.frozen
class Prosody:
    """Text spoken otherwise; *pitch*, *rate* and *volume* as SSML writes them, at least one."""

    content: tuple[Inline, ...] = attrs.field(converter=_inline)
    pitch: str | None = _text_or_none(kw_only=True)
    rate: str | None = _text_or_none(kw_only=True)
    volume: str | None = _text_or_none(kw_only=True)
    others: Others = _others(["pitch", "rate", "volume"])

    def __attrs_post_init__(self) -> None:
        _needs_one(self, "pitch", "rate", "volume")
        check_kinds("content", self.content, INLINE)


Inline: TypeAlias = "str | Placeholder | Media | Effect | Break | Prosody"
INLINE: Final = (str, Placeholder, Media, Effect, Break, Prosody)


@attrs.frozen
class Sub:
    """A part of a section with a voice of its own, over the section's music; text to speak only."""

    content: tuple[Inline, ...] = attrs.field(converter=_inline)
    name: str | None = _text_or_none(kw_only=True)
    others: Others = _others(["name"])

    def __attrs_post_init__(self) -> None:
        check_kinds("content", self.content, (str, Placeholder, Break, Prosody))
        if any(isinstance(item, Media | Effect) for item in walk(self.content)):
            raise InvalidRequest.of("content", self.content, "text to speak only, without media and effects")


@attrs.frozen
class Section:
    """A stretch of a script.

    Attributes:
        content: Text, sub-sections and inline elements, from first to last. Text is kept as it is
            written, with entities and foreign SSML; see `escape`.
        name: Unique in the script; the API makes one up when there is none.
        sound_segment: Segment of the sound template under it; None for no music.
    """

    content: tuple[Inline | Sub, ...] = attrs.field(default=(), converter=_section_content)
    name: str | None = _text_or_none(kw_only=True)
    sound_segment: str | None = _text_or_none(kw_only=True)
    others: Others = _others(["name", "soundSegment"])

    def __attrs_post_init__(self) -> None:
        check_kinds("content", self.content, (*INLINE, Sub))


def _sections(value: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(value)


@attrs.frozen
class Script:
    """A script: its sections from top to bottom."""

    sections: tuple[Section, ...] = attrs.field(converter=_sections)

    @property
    def section_names(self) -> Sequence[str]:
        """Names of sections and sub-sections, in order; one used twice is there twice."""
        names: list[str | None] = []
        for section in self.sections:
            names.append(section.name)
            names.extend(item.name for item in section.content if isinstance(item, Sub))
        return [name for name in names if name is not None]

    @property
    def segments(self) -> Sequence[str]:
        """Sound segments asked for, each once."""
        return unique(section.sound_segment for section in self.sections)

    @property
    def media(self) -> Sequence[str]:
        """Keys of the media tags, each once."""
        return unique(item.key for item in self._items() if isinstance(item, Media))

    @property
    def effects(self) -> Sequence[str]:
        """Keys of the effects, each once."""
        return unique(item.key for item in self._items() if isinstance(item, Effect))

    @property
    def parameters(self) -> Mapping[str, str | None]:
        """Placeholders with their fallbacks; None where a value is necessary in at least one place."""
        return first_spelling(
            (item.id, item.fallback) for item in self._items() if isinstance(item, Placeholder)
        )

    def _items(self) -> Iterator[Inline | Sub]:
        for section in self.sections:
            yield from walk(section.content)


def walk(content: Iterable[Inline | Sub]) -> Iterator[Inline | Sub]:
    """All items, and what is inside them."""
    for item in content:
        yield item
        if isinstance(item, Prosody | Sub):
            yield from walk(item.content)
