"""Script markup of api.audio v1: ``<<tag::name>>`` and ``{{name|fallback}}``.

::

    <<sectionName::intro>><<soundSegment::intro>> Hello {{name|friend}}, <<media::jingle>>

SSML, dictionary flags like ``<!word>`` and verbatim marks are text here: they pass through untouched.

Source: Mastering resource page (media tags); official Python client 0.17; openapi v1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from audiokit.errors import InvalidRequest
from audiokit.markup._common import check_kinds, first_spelling, join_text, refused, strip_text, unique

__all__ = [
    "CARRY_ON",
    "DEFAULT_SECTION",
    "RETRIEVAL_NAMES",
    "Media",
    "Parameter",
    "Script",
    "Section",
    "SoundEffect",
    "build",
    "parse",
]

DEFAULT_SECTION: Final = "default"
"""Name of the section that holds text before the first ``sectionName``."""

CARRY_ON: Final = "*"
"""As a sound segment: go on with the segment that is playing."""

RETRIEVAL_NAMES: Final = frozenset(
    {"scriptid", "version", "public", "vast", "endformat", "requestid", "section"}
)
"""Lower-case names no parameter should have: a track made for its values could not be retrieved."""

_TAGS: Final = ("sectionName", "soundSegment", "soundEffect", "media")
_PARAMETER_NAME: Final = re.compile(r"[\w-]+")
_FORBIDDEN: Final = re.compile(r"[<>:\r\n]")
# Linear: no alternative repeats inside another, and each class stops at the next bracket.
_MARKUP: Final = re.compile(r"<<(?P<tag>[^<>]*)>>|\{\{(?P<parameter>[^{}]*)\}\}")
_LEFT_OVER: Final = re.compile(r"<<\s*\w+\s*::|\{\{")


def _is_name(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not isinstance(value, str) or not value or value != value.strip() or _FORBIDDEN.search(value):
        raise InvalidRequest.of(attribute.name, value, "a name without '<', '>', ':' and line ends")
    if value == CARRY_ON:
        raise InvalidRequest.of(attribute.name, value, "a name; only sound_segment can be '*'")


def _is_segment(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None and value != CARRY_ON:
        _is_name(_, attribute, value)


def _is_parameter_name(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not isinstance(value, str) or not _PARAMETER_NAME.fullmatch(value):
        raise InvalidRequest.of(attribute.name, value, "letters, digits, '_' and '-'")


def _is_fallback(_: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None and ("{" in value or "}" in value):
        raise InvalidRequest.of(attribute.name, value, "text without '{' and '}'")


@attrs.frozen
class Parameter:
    """A place for a listener's value: ``{{name|fallback}}``.

    Attributes:
        name: Letters, digits, ``_`` and ``-``; compared without case.
        fallback: Said when there is no value; None makes the value necessary.
    """

    name: str = attrs.field(validator=_is_parameter_name)
    fallback: str | None = attrs.field(default=None, validator=_is_fallback)


@attrs.frozen
class Media:
    """A place for a recorded file; `alias` is bound by *media_files* of `Mastering.create`."""

    alias: str = attrs.field(validator=_is_name)


@attrs.frozen
class SoundEffect:
    """An effect of the sound template, e.g. ``effect1``."""

    name: str = attrs.field(validator=_is_name)


Item: TypeAlias = "str | Parameter | Media | SoundEffect"


def _content(value: str | Iterable[Item]) -> tuple[Item, ...]:
    return strip_text(join_text(value))


@attrs.frozen
class Section:
    """A stretch of a script; speech settings and timing go by its name.

    Attributes:
        name: Unique in the script.
        sound_segment: Segment of the sound template under it, `CARRY_ON`, or None.
        content: Text, parameters, media and effects, from first to last. Neighbouring texts become
            one, and white space at the two ends goes.
    """

    name: str = attrs.field(validator=_is_name)
    sound_segment: str | None = attrs.field(default=None, validator=_is_segment, kw_only=True)
    content: tuple[Item, ...] = attrs.field(default=(), converter=_content, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_kinds("content", self.content, (str, Parameter, Media, SoundEffect))


def _sections(value: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(value)


@attrs.frozen
class Script:
    """A script: its sections from top to bottom."""

    sections: tuple[Section, ...] = attrs.field(converter=_sections)

    @property
    def section_names(self) -> Sequence[str]:
        """Names of the sections, in order; one used twice is there twice."""
        return [section.name for section in self.sections]

    @property
    def segments(self) -> Sequence[str]:
        """Sound segments asked for, each once; without `CARRY_ON`."""
        return unique(s.sound_segment for s in self.sections if s.sound_segment != CARRY_ON)

    @property
    def media(self) -> Sequence[str]:
        """Aliases of the media tags, each once."""
        return unique(item.alias for item in self._items() if isinstance(item, Media))

    @property
    def effects(self) -> Sequence[str]:
        """Names of the sound effects, each once."""
        return unique(item.name for item in self._items() if isinstance(item, SoundEffect))

    @property
    def parameters(self) -> Mapping[str, str | None]:
        """Parameters with their fallbacks; None where a value is necessary in at least one place."""
        return first_spelling(
            (item.name, item.fallback) for item in self._items() if isinstance(item, Parameter)
        )

    def _items(self) -> Iterator[Item]:
        for section in self.sections:
            yield from section.content


def build(script: Script) -> str:
    """Write a script as text for `Scripts.create`.

    Raises:
        InvalidRequest: Some text would be read as markup, e.g. because it holds ``<<media::x>>``.
    """
    parts = [_section_text(section) for section in script.sections]
    first = script.sections[0] if script.sections else None
    if first is not None and first.content and first == Section(DEFAULT_SECTION, content=first.content):
        parts[0] = _content_text(first)  # text before the first tag is in this section anyway
    text = "\n".join(parts)
    if parse(text) != script:
        raise InvalidRequest(
            "content holds text that would be read as markup; write tags as Media, SoundEffect, "
            "Parameter or Section",
            field="content",
            value=text[:80],
        )
    return text


def _section_text(section: Section) -> str:
    segment = "" if section.sound_segment is None else f"<<soundSegment::{section.sound_segment}>>"
    head = f"<<sectionName::{section.name}>>{segment}"
    body = _content_text(section)
    return f"{head}\n{body}" if body else head


def _content_text(section: Section) -> str:
    return "".join(_item_text(item) for item in section.content)


def _item_text(item: Item) -> str:
    match item:
        case Parameter(name, None):
            return f"{{{{{name}}}}}"
        case Parameter(name, fallback):
            return f"{{{{{name}|{fallback}}}}}"
        case Media(alias):
            return f"<<media::{alias}>>"
        case SoundEffect(name):
            return f"<<soundEffect::{name}>>"
        case str():
            return item


def parse(text: str) -> Script:
    """Read a script.

    A section runs from its ``sectionName`` to the next. A ``soundSegment`` belongs to the section it
    stands in, or to the next one where a ``sectionName`` follows before any content.

    Raises:
        InvalidRequest: A tag or parameter is unknown or not closed, or a section asks for two segments;
            the message has line and column.
    """
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._done: list[Section] = []
        self._name: str | None = None  # None while no sectionName was met
        self._segment: str | None = None
        self._next_segment: str | None = None  # stood after content; whose it is shows later
        self._items: list[Item] = []

    def read(self) -> Script:
        end = 0
        for match in _MARKUP.finditer(self._text):
            self._words(end, match.start())
            end = match.end()
            if match["tag"] is not None:
                self._tag(match["tag"], match.start())
            else:
                self._parameter(match["parameter"], match.start())
        self._words(end, len(self._text))
        self._own_segment(len(self._text))
        self._finish()
        return Script(self._done)

    def _words(self, start: int, end: int) -> None:
        words = self._text[start:end]
        if left_over := _LEFT_OVER.search(words):
            what = "a tag ends in '>>' and a parameter in '}}'"
            raise refused(what, self._text, start + left_over.start())
        if words.strip():
            self._own_segment(start)
        self._items.append(words)

    def _tag(self, inside: str, start: int) -> None:
        kind, colons, name = (part.strip() for part in inside.partition("::"))
        if kind not in _TAGS or not colons:
            raise refused(f"a tag is <<tag::name>> with tag one of {', '.join(_TAGS)}", self._text, start)
        if not name or _FORBIDDEN.search(name) or (name == CARRY_ON and kind != "soundSegment"):
            raise refused(f"{kind} needs a name without ':' and line ends", self._text, start)
        if kind == "sectionName":
            self._finish()
            self._name, self._segment, self._next_segment = name, self._next_segment, None
        elif kind == "soundSegment":
            self._own_segment(start)
            self._items.append(" ")  # the tag goes from here, and must not leave "Hi" and "there" as one word
            if self._segment is None and not self._has_content() and self._name is not None:
                self._segment = name
            else:
                self._next_segment = name
        else:
            self._own_segment(start)
            self._items.append(Media(name) if kind == "media" else SoundEffect(name))

    def _parameter(self, inside: str, start: int) -> None:
        name, bar, fallback = inside.partition("|")
        if not _PARAMETER_NAME.fullmatch(name.strip()):
            raise refused(
                "a parameter is {{name}} or {{name|fallback}}, its name of letters, digits, '_' and '-'",
                self._text,
                start,
            )
        self._own_segment(start)
        self._items.append(Parameter(name.strip(), fallback if bar else None))

    def _own_segment(self, start: int) -> None:
        """Content follows a segment tag, so the tag was for this section."""
        if self._next_segment is None:
            return
        if self._segment is not None:
            raise refused(
                f"a section has one soundSegment, but {self._segment!r} and {self._next_segment!r} stand "
                "before this",
                self._text,
                start,
            )
        self._segment, self._next_segment = self._next_segment, None

    def _has_content(self) -> bool:
        return any(not isinstance(item, str) or item.strip() for item in self._items)

    def _finish(self) -> None:
        if self._name is None and self._segment is not None and not self._has_content():
            raise refused("a soundSegment needs a section or some content", self._text, 0)
        if self._name is not None or self._has_content():
            name = DEFAULT_SECTION if self._name is None else self._name
            self._done.append(Section(name, sound_segment=self._segment, content=self._items))
        self._items = []
