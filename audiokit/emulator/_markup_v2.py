"""Script markup of AudioStack v2: ``<as:section>`` and its inline elements, read tolerantly.

Real scripts are no strict XML: a bare ``&`` or ``<`` is text, attribute names come in any case, values in
either kind of quotes.
Source: vendor docs, "Script syntax" and "SSML tags".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from audiokit.emulator import _markup_v1
from audiokit.emulator._script import (
    NEUTRAL,
    Effect,
    Media,
    Parameter,
    Pause,
    Say,
    Script,
    ScriptError,
    Spoken,
    Tone,
    pause_seconds,
)
from audiokit.emulator._script_builder import ScriptBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ELEMENTS = ("section", "sub", "placeholder", "media", "fx", "break", "prosody")
_TAG = re.compile(r"<(/?)([A-Za-z][\w.-]*(?::[\w.-]+)?)((?:\s[^<>]*)?/?)>")
# A name is tried at its first character only: from each of them it would be quadratic.
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([A-Za-z][\w:.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_AMOUNT = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{1,4})?)(%|st|hz)?\Z")
_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
_PITCHES = {"x-low": 0.75, "low": 0.87, "medium": 1.0, "default": 1.0, "high": 1.15, "x-high": 1.33}
_FACTORS = (0.5, 2.0)


@attrs.define
class _Sub:
    name: str
    items: list[Spoken] = attrs.Factory(list)


def parse(text: str) -> tuple[Script, list[str]]:
    """Parse a v2 script.

    Text outside any section becomes a section of its own; sections without a name are named. A script without
    ``<as:...>`` that holds v1 tags or parameters is read as v1, as early v2 scripts were.

    Returns:
        The script, and warnings about markup that is understood but not rendered.

    Raises:
        ScriptError: Unknown or wrongly nested element, missing attribute, a name used twice, nothing to say.
    """
    if "<as:" not in text.lower() and ("<<" in text or "{{" in text):
        return _markup_v1.parse(text), []
    return _Parser().parse(text)


class _Parser:
    def __init__(self) -> None:
        self._builder = ScriptBuilder()
        self._in_section = False
        self._sub: _Sub | None = None
        self._tones: list[Tone] = []
        self._placeholder: tuple[str, list[str]] | None = None
        self._warnings: list[str] = []

    def parse(self, text: str) -> tuple[Script, list[str]]:
        position = 0
        for match in _TAG.finditer(text):
            self._words(text[position : match.start()])
            position = match.end()
            self._element(match[2].lower(), match[3], is_end=bool(match[1]), text=match[0])
        self._words(text[position:])
        for is_open, name in (
            (self._placeholder is not None, "as:placeholder"),
            (bool(self._tones), "as:prosody"),
            (self._sub is not None, "as:sub"),
            (self._in_section, "as:section"),
        ):
            if is_open:
                raise ScriptError(f"element <{name}> is never closed; write </{name}>")
        if self._builder.is_open:
            self._builder.finish(keep_empty=False)
        return self._builder.build(), self._warnings

    def _words(self, raw: str) -> None:
        text = unescape(raw)
        if self._placeholder is not None:
            self._placeholder[1].append(text)
        elif text.strip() or self._builder.is_open:
            self._add(Say(text=text, tone=self._tone))

    @property
    def _tone(self) -> Tone:
        return self._tones[-1] if self._tones else NEUTRAL

    def _add(self, item: Spoken | Media | Effect) -> None:
        if not self._builder.is_open:
            self._builder.start(_markup_v1.DEFAULT_SECTION, segment="")
        if self._sub is None:
            self._builder.add(item)
        elif isinstance(item, Media | Effect):
            raise ScriptError(
                f"sub-section {self._sub.name!r} may hold text to speak only, got media or an effect"
            )
        else:
            self._sub.items.append(item)

    def _element(self, name: str, attributes: str, *, is_end: bool, text: str) -> None:
        prefix, _, local = name.partition(":")
        if prefix != "as":
            if name == "break":
                given = _attributes(attributes)
                self._add(Pause(seconds=pause_seconds(given) if given else 0.5))
            return  # other SSML: its words are spoken plainly
        if local not in _ELEMENTS:
            allowed = ", ".join(f"as:{element}" for element in _ELEMENTS)
            raise ScriptError(f"unknown element {text!r}; allowed: {allowed}")
        if self._placeholder is not None and not (is_end and local == "placeholder"):
            raise ScriptError(
                f"element {text!r} stands inside <as:placeholder>, which may hold plain text only"
            )
        if is_end:
            self._end(local, text)
            return
        handler: Callable[[dict[str, str], str], None] = getattr(self, f"_start_{local}")
        handler(_attributes(attributes), text)
        if attributes.rstrip().endswith("/") and local in {"section", "sub", "placeholder", "prosody"}:
            self._end(local, text)

    def _start_section(self, given: dict[str, str], text: str) -> None:
        if self._in_section:
            raise ScriptError(
                f"sections cannot nest: {text!r} stands inside another section; close that one first"
            )
        if self._builder.is_open:
            self._builder.finish(keep_empty=False)
        name = given.get("name", "").strip() or self._builder.free_name("section")
        self._builder.start(name, segment=given.get("soundsegment", "").strip())
        self._in_section = True

    def _start_sub(self, given: dict[str, str], text: str) -> None:
        if not self._in_section:
            raise ScriptError(f"{text!r} stands outside a section; put it into <as:section>")
        if self._sub is not None:
            raise ScriptError(f"sub-sections cannot nest: {text!r} stands inside another one")
        self._sub = _Sub(name=given.get("name", "").strip() or self._builder.free_name("sub"))

    def _start_placeholder(self, given: dict[str, str], text: str) -> None:
        name = given.get("id", "").strip()
        if not name:
            raise ScriptError(
                f"{text!r} needs an id, like <as:placeholder id='city'>your town</as:placeholder>"
            )
        self._placeholder = (name, [])

    def _start_media(self, given: dict[str, str], text: str) -> None:
        self._add(Media(key=_key(given, text)))

    def _start_fx(self, given: dict[str, str], text: str) -> None:
        self._add(Effect(key=_key(given, text)))

    def _start_break(self, given: dict[str, str], _text: str) -> None:
        self._add(Pause(seconds=pause_seconds(given)))

    def _start_prosody(self, given: dict[str, str], text: str) -> None:
        unknown = sorted(set(given) - {"pitch", "rate", "volume"})
        if unknown or not given:
            raise ScriptError(
                f"{text!r} needs at least one of pitch, rate and volume, and nothing else; got {unknown}"
            )
        if "volume" in given:
            self._warnings.append(f"{text}: volume is not rendered by the emulator")
        outer = self._tone
        self._tones.append(
            Tone(
                rate=outer.rate * _factor("rate", given["rate"], _RATES) if "rate" in given else outer.rate,
                pitch=outer.pitch * _factor("pitch", given["pitch"], _PITCHES)
                if "pitch" in given
                else outer.pitch,
            )
        )

    def _end(self, local: str, text: str) -> None:
        if local == "section" and self._in_section and self._sub is None:
            self._builder.finish()
            self._in_section = False
        elif local == "sub" and self._sub is not None:
            self._builder.sub(self._sub.name, self._sub.items)
            self._sub = None
        elif local == "placeholder" and self._placeholder is not None:
            name, words = self._placeholder
            self._placeholder = None
            fallback = "".join(words).strip()
            self._add(Parameter(name=name, fallback=fallback or None, tone=self._tone))
        elif local == "prosody" and self._tones:
            self._tones.pop()
        elif local not in {"media", "fx", "break"}:  # their end tags close an empty element
            raise ScriptError(f"{text!r} closes nothing here; check the order of the elements around it")


def unescape(text: str) -> str:
    """Resolve the five XML entities; anything else that begins with & is text."""
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return text


def _attributes(text: str) -> dict[str, str]:
    return {m[1].lower(): unescape(m[2] if m[2] is not None else m[3]) for m in _ATTRIBUTE.finditer(text)}


def _key(given: Mapping[str, str], text: str) -> str:
    key = given.get("id", "").strip() or given.get("name", "").strip()
    if not key:
        raise ScriptError(f"{text!r} needs a name or an id")
    return key


def _factor(name: str, value: str, words: Mapping[str, float]) -> float:
    """Read a prosody value as a factor: a word, a percentage, semitones or a plain number."""
    text = value.strip().lower()
    factor = words.get(text)
    match = _AMOUNT.match(text)
    if factor is None and match:
        amount = float(match[2]) * (-1.0 if match[1] == "-" else 1.0)
        if match[3] == "st":
            factor = 2.0 ** (amount / 12.0)
        elif match[3] == "%":
            factor = 1.0 + amount / 100.0 if match[1] else amount / 100.0
        elif match[3] is None and not match[1]:
            factor = amount
    low, high = _FACTORS
    if factor is None or not low <= factor <= high:
        raise ScriptError(
            f"prosody {name} {value!r} must be one of {', '.join(words)}, a percentage like '+10%' or '90%', "
            f"or semitones like '+2st', and stay within {low:g} to {high:g} times the voice's own"
        )
    return factor
