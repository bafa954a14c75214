"""Script markup of api.audio v1: ``<<tag::name>>``, ``{{name|fallback}}``, lexicon flags and SSML breaks.

Source: vendor docs, "Script" (tags and parameters), "Mastering resource" (media tags).
"""

from __future__ import annotations

import re

from audiokit.emulator._script import (
    CARRY_ON,
    Effect,
    Media,
    Parameter,
    Pause,
    Say,
    Script,
    ScriptError,
    pause_seconds,
)
from audiokit.emulator._script_builder import ScriptBuilder

TAG_NAMES = ("sectionName", "soundSegment", "soundEffect", "media")
"""Tag names, spelt as on the wire; compared exactly."""

DEFAULT_SECTION = "default"
"""Name of the section that holds the text before the first section tag."""

# Every alternative is linear: no nested repeats, and negated classes that stop at the next bracket.
_TOKEN = re.compile(
    r"<<(?P<tag>[^<>\n]*)>>"
    r"|\{\{(?P<parameter>[^{}]*)\}\}"
    r"|<!(?P<flag>[^<>\n]*)>"
    r"|<`|`>"
    r"|</?(?P<element>[A-Za-z][\w:.-]*)(?P<attributes>(?:\s[^<>]*)?)/?>"
)
_UNCLOSED = re.compile(r"<<\s*\w+\s*::|\{\{")
# A name is tried at its first character only: from each of them it would be quadratic.
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([A-Za-z][\w:.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_PARAMETER_NAME = re.compile(r"[\w-]+\Z")


def parse(text: str) -> Script:
    """Parse a v1 script.

    A section runs from its ``sectionName`` to the next one. ``soundSegment`` belongs to the section it stands
    in, or to the next one when a ``sectionName`` follows before any words.

    Raises:
        ScriptError: Unknown tag, malformed tag or parameter, a section name used twice, or nothing to say.
    """
    return _Parser().parse(text)


class _Parser:
    def __init__(self) -> None:
        self._builder = ScriptBuilder()
        self._implicit = True  # the section being read was not named by the author
        self._next_segment: str | None = None
        self._builder.start(DEFAULT_SECTION)

    def parse(self, text: str) -> Script:
        position = 0
        for match in _TOKEN.finditer(text):
            self._words(text[position : match.start()])
            position = match.end()
            if match["tag"] is not None:
                self._tag(match["tag"])
            elif match["parameter"] is not None:
                self._parameter(match["parameter"])
            elif match["flag"] is not None:
                self._flag(match["flag"], text, position)
            elif match["element"] is not None:
                self._element(match["element"], match["attributes"])
        self._words(text[position:])
        self._apply_segment()
        self._builder.finish(keep_empty=not self._implicit)
        return self._builder.build()

    def _words(self, text: str) -> None:
        unclosed = _UNCLOSED.search(text)
        if unclosed:
            excerpt = text[unclosed.start() : unclosed.start() + 30]
            raise ScriptError(
                f"tag or parameter without its end: {excerpt!r}; write <<tag::name>> or {{{{name}}}}"
            )
        if text.strip():
            self._apply_segment()
        self._builder.add(Say(text=text))

    def _tag(self, inside: str) -> None:
        name, separator, ident = (piece.strip() for piece in inside.partition("::"))
        if name not in TAG_NAMES:
            raise ScriptError(f"unknown tag {f'<<{inside}>>'!r}; allowed: {', '.join(TAG_NAMES)}")
        if not separator or not ident or ":" in ident:
            raise ScriptError(f"tag {f'<<{inside}>>'!r} needs a name without a colon, like <<{name}::intro>>")
        if ident == CARRY_ON and name != "soundSegment":
            raise ScriptError(f"tag {f'<<{inside}>>'!r} needs a name; only soundSegment may be '*'")
        if name == "sectionName":
            self._section(ident)
        elif name == "soundSegment":
            self._apply_segment()
            if self._builder.has_content or self._builder.segment is not None:
                self._next_segment = ident
            else:
                self._builder.segment = ident
        else:
            self._apply_segment()
            self._builder.add(Media(key=ident) if name == "media" else Effect(key=ident))

    def _section(self, name: str) -> None:
        segment = self._next_segment
        if self._implicit and not self._builder.has_content and segment is None:
            segment = self._builder.segment  # <<soundSegment::x>> at the very start, before the first section
        self._builder.finish(keep_empty=not self._implicit)
        self._builder.start(name, segment=segment)
        self._implicit, self._next_segment = False, None

    def _apply_segment(self) -> None:
        """Words follow a segment tag that stood after other words: it is this section's, if that has none."""
        if self._next_segment is None:
            return
        if self._builder.segment is not None:
            raise ScriptError(
                f"a section plays one sound segment, but {self._builder.segment!r} and "
                f"{self._next_segment!r} "
                "stand in one section; begin a new one with <<sectionName::name>>"
            )
        self._builder.segment, self._next_segment = self._next_segment, None

    def _parameter(self, inside: str) -> None:
        name, separator, fallback = inside.partition("|")
        name = name.strip()
        if not _PARAMETER_NAME.match(name):
            raise ScriptError(
                f"parameter {'{{' + inside + '}}'!r} needs a name of letters, digits, underscore or hyphen, "
                "like {{city|your town}}"
            )
        self._apply_segment()
        self._builder.add(Parameter(name=name, fallback=fallback.strip() if separator else None))

    def _flag(self, inside: str, text: str, position: int) -> None:
        """Speak a flagged word; in the older form the flag names a dictionary, the words stand behind it."""
        following = text.find("<!", position)
        is_dictionary = following != -1 and text.startswith("<!>", following)
        if inside and not is_dictionary:
            self._words(inside)

    def _element(self, name: str, attributes: str) -> None:
        """Turn a break into a pause; other SSML is dropped and its words are spoken plainly."""
        if name.lower() == "break":
            given = {
                m[1].lower(): m[2] if m[2] is not None else m[3] for m in _ATTRIBUTE.finditer(attributes)
            }
            self._builder.add(Pause(seconds=pause_seconds(given) if given else 0.5))
