"""Collects what a parser reads, in order, into a `Script`."""

from __future__ import annotations

import re

import attrs

from audiokit.emulator._script import (
    Effect,
    Media,
    Part,
    Say,
    Script,
    ScriptError,
    Section,
    SpeechPart,
    Spoken,
    join_words,
)

_SPEAKABLE = re.compile(r"\w")


@attrs.define
class _OpenSection:
    """A section while it is being read."""

    name: str
    segment: str | None = None
    parts: list[Part] = attrs.Factory(list)
    items: list[Spoken] = attrs.Factory(list)
    count: int = 0


class ScriptBuilder:
    """Collects what a parser reads, in order, into a `Script`; splits sections at media and effects."""

    def __init__(self) -> None:
        self._sections: list[Section] = []
        self._open: _OpenSection | None = None
        self._names: set[str] = set()
        self._numbers: dict[str, int] = {}

    @property
    def is_open(self) -> bool:
        """Whether a section is being read."""
        return self._open is not None

    @property
    def segment(self) -> str | None:
        """Sound segment of the section being read."""
        return self._current.segment

    @segment.setter
    def segment(self, value: str) -> None:
        self._current.segment = value

    @property
    def has_content(self) -> bool:
        """Whether the section being read has anything in it but blank text."""
        return self._open is not None and (bool(self._open.parts) or _is_something(self._open.items))

    def start(self, name: str, *, segment: str | None = None) -> None:
        """Begin a section.

        Raises:
            ScriptError: The name is taken.
        """
        self._claim(name)
        self._open = _OpenSection(name=name, segment=segment)

    def finish(self, *, keep_empty: bool = True) -> None:
        """End the section being read; an empty one is dropped unless *keep_empty*."""
        section = self._current
        self._flush()
        if section.parts or keep_empty:
            self._sections.append(
                Section(name=section.name, segment=section.segment, parts=tuple(section.parts))
            )
        else:
            self._names.discard(section.name)
        self._open = None

    def add(self, item: Spoken | Media | Effect) -> None:
        """Append to the section being read."""
        if isinstance(item, Media | Effect):
            self._flush()
            self._current.parts.append(item)
        elif not isinstance(item, Say) or item.text:
            self._current.items.append(item)

    def sub(self, name: str, items: list[Spoken]) -> None:
        """Append a sub-section: speech of its own name and voice settings.

        Raises:
            ScriptError: The name is taken.
        """
        self._flush()
        self._claim(name)
        if _is_something(items):
            section = self._current
            section.parts.append(
                SpeechPart(name=name, section=section.name, voice_key=name, items=join_words(items))
            )

    def free_name(self, stem: str) -> str:
        """Return *stem* with the first number that makes it unused, like ``section_1``."""
        number = self._numbers.get(stem, 1)  # all below are taken: a script may have thousands
        while f"{stem}_{number}" in self._names:
            number += 1
        self._numbers[stem] = number
        return f"{stem}_{number}"

    def build(self) -> Script:
        """Return the script.

        Raises:
            ScriptError: There is nothing in it.
        """
        if not any(section.parts for section in self._sections):
            raise ScriptError("scriptText has nothing to say: no words and no media")
        return Script(sections=tuple(self._sections))

    @property
    def _current(self) -> _OpenSection:
        if self._open is None:
            raise RuntimeError("no section has been started")
        return self._open

    def _claim(self, name: str) -> None:
        if name in self._names:
            raise ScriptError(
                f"section name {name!r} is used twice; section names must be unique in a script"
            )
        self._names.add(name)

    def _flush(self) -> None:
        section = self._current
        if _is_something(section.items):
            section.count += 1
            name = section.name if section.count == 1 else f"{section.name}_{section.count}"
            if section.count > 1:
                self._claim(name)
            section.parts.append(
                SpeechPart(
                    name=name, section=section.name, voice_key=section.name, items=join_words(section.items)
                )
            )
        section.items = []


def _is_something(items: list[Spoken]) -> bool:
    return any(not isinstance(item, Say) or _SPEAKABLE.search(item.text) for item in items)
