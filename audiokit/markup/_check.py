"""What a script needs and would not get, found before anything is paid for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs

from audiokit.errors import InvalidRequest
from audiokit.markup import v1, v2
from audiokit.markup._common import FIELD

Script: TypeAlias = v1.Script | v2.Script
Listeners: TypeAlias = Mapping[str, str] | Sequence[Mapping[str, str]]


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: ``markup``, ``section``, ``segment``, ``effect``, ``parameter`` or ``media``.
        name: The section, segment, effect, parameter or media alias; an excerpt for ``markup``.
        message: What is wrong and what to do.
    """

    kind: str
    name: str
    message: str

    def __str__(self) -> str:
        return self.message


def check(
    script: str | Script,
    *,
    template_segments: Collection[str] | None = None,
    audience: Listeners | None = None,
    media: Collection[str] | None = None,
    effects: Collection[str] | None = None,
) -> list[Problem]:
    """Find what a script needs and would not get. What is not given (None) is not checked.

    Args:
        script: Text or a parsed script. Text with ``<as:...>`` is read as v2, other text as v1.
        template_segments: What the sound template has: `SoundTemplate.contents`, or
            `StackTemplate.segment_names`. v1 effects are looked for here, too.
        audience: Values of one listener, or of several; an empty mapping for the fallback track.
            Names are compared without case.
        media: Aliases that will be bound, e.g. the *media_files* mapping itself.
        effects: v2 only: names that will be bound or that the library has.

    Returns:
        The problems, in reading order of their kinds; empty when all is well.
    """
    if isinstance(script, str):
        try:
            script = parse(script)
        except InvalidRequest as error:
            return [Problem(kind="markup", name=str(error.value), message=str(error))]
    template_segments, media, effects = _names(template_segments), _names(media), _names(effects)
    return [
        *_sections(script),
        *_segments(script, template_segments),
        *_effects(script, template_segments if isinstance(script, v1.Script) else effects),
        *_parameters(script, audience),
        *_media(script, media),
    ]


def ensure(
    script: str | Script,
    *,
    template_segments: Collection[str] | None = None,
    audience: Listeners | None = None,
    media: Collection[str] | None = None,
    effects: Collection[str] | None = None,
) -> Script:
    """Give the parsed script when `check` finds nothing; arguments as there.

    Raises:
        InvalidRequest: With all problems, one per line.
    """
    problems = check(
        script, template_segments=template_segments, audience=audience, media=media, effects=effects
    )
    if problems:
        raise InvalidRequest(
            "\n".join(problem.message for problem in problems), field=FIELD, value=problems[0].name
        )
    return parse(script) if isinstance(script, str) else script


def parse(text: str) -> Script:
    """Read a text in the language it is written in: v2 where it has ``<as:...>``, else v1."""
    return v2.parse(text) if "<as:" in text.lower() else v1.parse(text)


def _sections(script: Script) -> Iterator[Problem]:
    for name, times in Counter(script.section_names).items():
        if times > 1:
            message = (
                f"section name {name!r} is used {times} times; settings and files go by it, so make it unique"
            )
            yield Problem(kind="section", name=name, message=message)


def _segments(script: Script, template_segments: Collection[str] | None) -> Iterator[Problem]:
    for name in script.segments:
        if template_segments is not None and name not in template_segments:
            message = (
                f"sound segment {name!r} is not in the sound template, which has {_listed(template_segments)}"
            )
            yield Problem(kind="segment", name=name, message=message)


def _effects(script: Script, effects: Collection[str] | None) -> Iterator[Problem]:
    for name in script.effects:
        if effects is not None and name not in effects:
            message = f"sound effect {name!r} is not there; known are {_listed(effects)}"
            yield Problem(kind="effect", name=name, message=message)


def _parameters(script: Script, audience: Listeners | None) -> Iterator[Problem]:
    if isinstance(script, v1.Script):
        for name in script.parameters:
            if name.lower() in v1.RETRIEVAL_NAMES:
                message = (
                    f"parameter {name!r} has the name of a retrieval's own parameter, so what is made "
                    "for its values cannot be retrieved; rename it"
                )
                yield Problem(kind="parameter", name=name, message=message)
    if audience is None:
        return
    listeners = [audience] if isinstance(audience, Mapping) else list(audience)
    for number, listener in enumerate(listeners, start=1):
        known = {name.casefold() for name in listener}
        for name, fallback in script.parameters.items():
            if fallback is None and name.casefold() not in known:
                whose = f"listener {number} of {len(listeners)}" if len(listeners) > 1 else "the audience"
                message = f"parameter {name!r} has no fallback, and {whose} has no value for it; give either"
                yield Problem(kind="parameter", name=name, message=message)


def _media(script: Script, media: Collection[str] | None) -> Iterator[Problem]:
    for alias in script.media:
        if media is not None and alias not in media:
            message = f"media {alias!r} is bound to no file; bound are {_listed(media)}"
            yield Problem(kind="media", name=alias, message=message)


def _names(given: Collection[str] | None) -> Collection[str] | None:
    """A single name as one name: in a text, every part of it would be found."""
    return (given,) if isinstance(given, str) else given


def _listed(names: Collection[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
