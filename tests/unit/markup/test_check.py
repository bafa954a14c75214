"""What a script lacks is found before it is paid for."""

from __future__ import annotations

import pytest

from audiokit import markup
from audiokit.errors import InvalidRequest
from audiokit.markup import Problem, v1, v2
from audiokit.services.apiaudio._audience import RESERVED

V1 = (
    "<<sectionName::a>><<soundSegment::intro>>Hi {{name}} from {{city|here}} "
    "<<media::song>><<soundEffect::effect1>>"
)
V2 = (
    "<as:section name='a' soundSegment='intro'>Hi <as:placeholder id='name'/> from "
    "<as:placeholder id='city'>here</as:placeholder><as:media name='song'/><as:fx name='effect1'/>"
    "</as:section>"
)


def found(script: str, **given: object) -> list[tuple[str, str]]:
    """Kind and name of the problems."""
    return [(one.kind, one.name) for one in markup.check(script, **given)]  # type: ignore[arg-type]


@pytest.mark.parametrize("script", [V1, V2])
def test_what_is_not_given_is_not_checked(script: str) -> None:
    """Without template, audience and media there is nothing to compare with."""
    assert [] == markup.check(script)


@pytest.mark.parametrize("script", [V1, V2])
def test_all_is_well_when_everything_is_there(script: str) -> None:
    """Names of parameters are compared without case."""
    given = {"template_segments": ["intro", "effect1"], "effects": ["effect1"]}
    assert [] == found(script, audience={"NAME": "Ann"}, media={"song": "m-1"}, **given)


@pytest.mark.parametrize("script", [V1, V2])
def test_everything_missing_is_found_at_once(script: str) -> None:
    """Segment, effect, parameter without fallback, and media."""
    expected = [("segment", "intro"), ("effect", "effect1"), ("parameter", "name"), ("media", "song")]
    assert expected == found(script, template_segments=["main"], effects=[], audience={}, media=[])


def test_messages_say_what_is_known() -> None:
    """A wrong segment's message names those the template has."""
    problem = markup.check(V2, template_segments=["main", "outro"])[0]
    assert "sound segment 'intro' is not in the sound template, which has 'main', 'outro'" == str(problem)


def test_each_listener_is_looked_at() -> None:
    """Among several, the message says which one lacks the value."""
    problems = markup.check(V1, audience=[{"name": "Ann"}, {"city": "x"}])
    assert ["listener 2 of 2" in str(problem) for problem in problems] == [True]


def test_names_used_twice_are_found() -> None:
    """Settings and files go by a section's name."""
    assert [("section", "a")] == found("<<sectionName::a>>x<<sectionName::a>>y")
    assert [("section", "a")] == found(
        "<as:section name='a'>x</as:section><as:section name='a'>y</as:section>"
    )


def test_wrong_markup_is_one_problem() -> None:
    """It is reported like the others, with its place, instead of raised."""
    problem = Problem(
        kind="markup",
        name="<<media::x",
        message="script_text, line 1, column 4: a tag ends in '>>' and a parameter in '}}', got '<<media::x'",
    )
    assert [problem] == markup.check("Hi <<media::x")


def test_parameter_that_could_not_be_retrieved_is_found() -> None:
    """v1 retrieves by audience names beside its own, which therefore are taken."""
    assert [("parameter", "Version")] == found("Hi {{Version|x}}")
    assert [] == found("Hi <as:placeholder id='version'>x</as:placeholder>")
    assert RESERVED == v1.RETRIEVAL_NAMES


def test_ensure_gives_the_script_or_all_problems() -> None:
    """One exception with a line per problem, or the parsed script."""
    assert v2.parse(V2) == markup.ensure(V2, template_segments=["intro"])
    with pytest.raises(InvalidRequest, match=r"sound segment 'intro'.*\nparameter 'name'") as caught:
        markup.ensure(v1.parse(V1), template_segments=["effect1"], audience={})
    assert ("script_text", "intro") == (caught.value.field, caught.value.value)


@pytest.mark.parametrize(
    ("script", "argument", "kind"),
    [
        ("<<sectionName::a>><<media::jin>>", "media", "media"),
        ("<<sectionName::a>><<soundSegment::jin>>", "template_segments", "segment"),
        ("<as:section name='a'>x<as:fx name='jin'/></as:section>", "effects", "effect"),
    ],
)
def test_one_name_alone_is_one(script: str, argument: str, kind: str) -> None:
    """A text is a single name: what is a part of it is not there."""
    assert [(kind, "jin")] == found(script, **{argument: "jingle"})
    assert [] == found(script, **{argument: "jin"})
