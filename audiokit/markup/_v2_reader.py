"""Reading v2 markup, tolerantly: a bare ``&`` or ``<`` is text, case and kind of quotes do not matter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from audiokit.errors import InvalidRequest
from audiokit.markup._common import refused
from audiokit.markup._v2_elements import (
    Break,
    Effect,
    Media,
    Placeholder,
    Prosody,
    Script,
    Section,
    Sub,
)

ELEMENTS: Final = ("section", "sub", "placeholder", "media", "fx", "break", "prosody")
_EMPTY: Final = {"media", "fx", "break"}
DEEPEST: Final = 50

_OPENING: Final = re.compile(r"</?as:", re.IGNORECASE)
# Linear: every attribute begins with white space that only a name may follow.
_ELEMENT: Final = re.compile(
    r"<(?P<slash>/?)as:(?P<name>[a-z]+)"
    r"(?P<attributes>(?:\s+[a-z][\w-]*\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)"
    r"\s*(?P<closed>/?)>",
    re.IGNORECASE | re.ASCII,
)
_ATTRIBUTE: Final = re.compile(
    r"(?P<name>[a-z][\w-]*)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')", re.IGNORECASE | re.ASCII
)
_TIME: Final = re.compile(r"\+?(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)", re.IGNORECASE | re.ASCII)


@attrs.define
class _Open:
    """An element whose end has not come yet."""

    name: str
    start: int
    attributes: dict[str, str]
    content: list[Any] = attrs.field(factory=list)


def read(text: str) -> Script:
    """Read a script, see `audiokit.markup.v2.parse`."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._sections: list[Section] = []
        self._outside = _Open(name="", start=0, attributes={})  # content that stands in no section
        self._open: list[_Open] = []
        self._last_empty = ("", -1)  # name and end of the last element that has no content

    def read(self) -> Script:
        end = 0
        while opening := _OPENING.search(self._text, end):
            self._add(self._text[end : opening.start()])
            match = _ELEMENT.match(self._text, opening.start())
            if match is None:
                raise self._refused("an element is <as:name key='value'>, closed by '>'", opening.start())
            end = match.end()
            self._element(match)
        self._add(self._text[end:])
        if self._open:
            last = self._open[-1]
            raise self._refused(f"<as:{last.name}> is never closed by </as:{last.name}>", last.start)
        self._end_outside()
        return Script(self._sections)

    def _refused(self, what: str, start: int) -> InvalidRequest:
        return refused(what, self._text, start)

    def _add(self, item: Any) -> None:
        (self._open[-1] if self._open else self._outside).content.append(item)

    def _element(self, match: re.Match[str]) -> None:
        name, start = match["name"].lower(), match.start()
        if name not in ELEMENTS:
            allowed = ", ".join(f"as:{one}" for one in ELEMENTS)
            raise self._refused(f"an element is one of {allowed}", start)
        if match["slash"]:
            if name not in _EMPTY:
                self._end(name, start)
            elif not self._is_after_its_start(name, start):
                raise self._refused(f"</as:{name}> closes nothing", start)
            self._last_empty = ("", -1)
            return
        self._check_place(name, start)
        opened = _Open(name=name, start=start, attributes=self._attributes(match))
        if name in _EMPTY:
            self._add(self._built(opened))
            self._last_empty = (name, match.end())
            return
        self._open.append(opened)
        if len(self._open) > DEEPEST:
            raise self._refused(f"elements may nest {DEEPEST} deep", start)
        if match["closed"]:
            self._end(name, start)

    def _is_after_its_start(self, name: str, start: int) -> bool:
        """``<as:media name='x'></as:media>`` is the other way to write an empty element."""
        last_name, end = self._last_empty
        return last_name == name and not self._text[end:start].strip()

    def _check_place(self, name: str, start: int) -> None:
        inside = [one.name for one in self._open]
        if "placeholder" in inside:
            raise self._refused("a placeholder holds plain text only", start)
        if name == "section":
            if inside:
                raise self._refused("sections cannot nest", start)
            self._end_outside()
        elif name == "sub":
            if inside != ["section"]:
                raise self._refused("a sub-section stands in a section, and in nothing else", start)
        elif name in {"media", "fx"} and "sub" in inside:
            raise self._refused("a sub-section holds text to speak only", start)

    def _attributes(self, match: re.Match[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for one in _ATTRIBUTE.finditer(match["attributes"]):
            name = one["name"].lower()
            if name in found:
                raise self._refused(f"attribute {name!r} stands twice", match.start())
            found[name] = one["double"] if one["double"] is not None else one["single"]
        return found

    def _end(self, name: str, start: int) -> None:
        if not self._open or self._open[-1].name != name:
            wanted = f"</as:{self._open[-1].name}> must come first" if self._open else "nothing is open"
            raise self._refused(f"</as:{name}> closes nothing here: {wanted}", start)
        built = self._built(self._open.pop())
        if isinstance(built, Section):
            self._sections.append(built)
        else:
            self._add(built)

    def _end_outside(self) -> None:
        """Text that stands in no section is a section of its own; white space is not."""
        content, self._outside.content = self._outside.content, []
        if any(not isinstance(item, str) or item.strip() for item in content):
            self._sections.append(Section(content))

    def _built(self, element: _Open) -> Any:
        try:
            return _build(element.name, dict(element.attributes), element.content)
        except InvalidRequest as error:
            raise self._refused(str(error), element.start) from error


def _build(name: str, given: dict[str, str], content: list[Any]) -> Any:
    """The element; it checks its own fields. What is left of *given* is kept in `others`."""
    match name:
        case "section":
            fields = _taken(given, name="name", soundsegment="sound_segment")
            return Section(content, **fields, others=given)
        case "sub":
            return Sub(content, **_taken(given, name="name"), others=given)
        case "placeholder":
            fallback = "".join(content)
            return Placeholder(given.pop("id", ""), fallback, others=given)
        case "media":
            return Media(**_taken(given, name="name", id="id"), others=given)
        case "fx":
            return Effect(**_taken(given, name="name", id="id"), others=given)
        case "break":
            time, strength = given.pop("time", None), given.pop("strength", None)
            lower = None if strength is None else strength.strip().lower()
            return Break(time_s=None if time is None else _seconds(time), strength=lower, others=given)
        case _:
            fields = _taken(given, pitch="pitch", rate="rate", volume="volume")
            return Prosody(content, **fields, others=given)


def _taken(given: dict[str, str], **names: str) -> Mapping[str, Any]:
    return {field: given.pop(attribute, None) for attribute, field in names.items()}


def _seconds(time: str) -> float:
    match = _TIME.fullmatch(time.strip())
    if match is None:
        raise InvalidRequest.of("time", time, "a number with unit, like '600ms' or '0.6s'")
    return float(match[1]) / (1000.0 if match[2].lower() == "ms" else 1.0)
