"""Script markup of AudioStack v2: ``<as:section>`` and what stands in it.

::

    <as:section name="main" soundSegment="main">
      Hello <as:placeholder id="name">friend</as:placeholder>
    </as:section>

The language is no strict XML: a bare ``&`` or ``<`` is text, and what is none of its elements
(other SSML) passes through as text. `escape` protects text of others.

Source: custom sound design templates guide; vendor docs, "Script syntax" and "SSML tags".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from audiokit.errors import InvalidRequest
from audiokit.markup._v2_elements import (
    STRENGTHS,
    Break,
    Effect,
    Inline,
    Media,
    Placeholder,
    Prosody,
    Script,
    Section,
    Sub,
)
from audiokit.markup._v2_reader import read

__all__ = [
    "STRENGTHS",
    "Break",
    "Effect",
    "Media",
    "Placeholder",
    "Prosody",
    "Script",
    "Section",
    "Sub",
    "build",
    "escape",
    "parse",
]

_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def parse(text: str) -> Script:
    """Read a script. Names of elements and attributes are compared without case.

    Text that stands in no section becomes a section without a name, as the API does it.

    Raises:
        InvalidRequest: An element is unknown, malformed, out of place or not closed, or lacks an
            attribute; the message has line and column.
    """
    return read(text)


def build(script: Script) -> str:
    """Write a script as text for `Scripts.create`, attributes in the vendor's spelling.

    Raises:
        InvalidRequest: Some text would be read as an element, e.g. because it holds ``<as:media ...>``.
    """
    text = _bare(script) or "\n".join(_element(section) for section in script.sections)
    if parse(text) != script:
        raise InvalidRequest(
            "content holds text that would be read as markup; pass text of others through escape()",
            field="content",
            value=text[:80],
        )
    return text


def _bare(script: Script) -> str | None:
    """The text of a script that is one section without any settings: it needs no section around it."""
    if len(script.sections) != 1 or script.sections[0] != Section(script.sections[0].content):
        return None
    content = script.sections[0].content
    is_blank = all(isinstance(item, str) and not item.strip() for item in content)
    has_sub = any(isinstance(item, Sub) for item in content)
    return None if is_blank or has_sub else "".join(_element(item) for item in content)


def escape(text: str) -> str:
    """Text with ``&``, ``<`` and ``>`` as entities, so that none of it is read as markup."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def _element(item: Inline | Sub | Section) -> str:
    match item:
        case str():
            return item
        case Section():
            own = {"name": item.name, "soundSegment": item.sound_segment}
            return _written("section", own | dict(item.others), item.content)
        case Sub():
            return _written("sub", {"name": item.name, **item.others}, item.content)
        case Placeholder():
            fallback = () if item.fallback is None else (item.fallback,)
            return _written("placeholder", {"id": item.id, **item.others}, fallback)
        case Media():
            return _written("media", {"name": item.name, "id": item.id, **item.others}, None)
        case Effect():
            return _written("fx", {"name": item.name, "id": item.id, **item.others}, None)
        case Break():
            own = {"time": item.time_text, "strength": item.strength}
            return _written("break", own | dict(item.others), None)
        case Prosody():
            own = {"pitch": item.pitch, "rate": item.rate, "volume": item.volume}
            return _written("prosody", own | dict(item.others), item.content)


def _written(name: str, attributes: Mapping[str, str | None], content: Iterable[Inline | Sub] | None) -> str:
    pairs = "".join(f" {key}={_quoted(value)}" for key, value in attributes.items() if value is not None)
    if content is None:
        return f"<as:{name}{pairs}/>"
    return f"<as:{name}{pairs}>{''.join(_element(item) for item in content)}</as:{name}>"


def _quoted(value: str) -> str:
    return f"'{value}'" if '"' in value else f'"{value}"'
