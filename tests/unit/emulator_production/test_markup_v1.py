"""What v1 scripts mean."""

import pytest

from audiokit.emulator._markup_v1 import parse
from audiokit.emulator._script import Effect, Media, Pause, Say, ScriptError, fill


def texts(text: str, **values: str) -> list[str]:
    """Return the words of every speech part, filled and with single spaces."""
    parts = [fill(part, values) for part in parse(text).speech]
    return [" ".join("".join(i.text for i in part.items if isinstance(i, Say)).split()) for part in parts]


def test_plain_text_is_one_section_named_default() -> None:
    """A script without tags is section default, without music of its own choice."""
    script = parse("Hello there.")
    assert [("default", None)] == [(s.name, s.segment) for s in script.sections]


def test_a_section_runs_to_the_next_section_tag() -> None:
    """Text before the first tag is section default, then each tag begins a section."""
    script = parse("Before. <<sectionName::one>> First. <<sectionName::two>> Second.")
    assert ["default", "one", "two"] == [s.name for s in script.sections]


@pytest.mark.parametrize(
    "text",
    [
        "<<soundSegment::intro>><<sectionName::a>> Hello. <<soundSegment::main>><<sectionName::b>> Bye.",
        "<<sectionName::a>><<soundSegment::intro>> Hello. <<sectionName::b>> <<soundSegment::main>> Bye.",
        "<<sectionName::a>> Hi <<soundSegment::intro>> there <<soundSegment::main>><<sectionName::b>> Bye.",
    ],
)
def test_a_segment_may_stand_before_or_after_its_section_tag(text: str) -> None:
    """Both orders that scripts use give the same sections."""
    assert [("a", "intro"), ("b", "main")] == [(s.name, s.segment) for s in parse(text).sections]


def test_a_star_carries_on_with_the_segment_playing() -> None:
    """The star is kept for the production to resolve."""
    assert "*" == parse("<<soundSegment::*>> Hello.").sections[0].segment


def test_media_and_effects_split_a_section_into_numbered_parts() -> None:
    """Speech around media becomes name, name_2 and so on, in order."""
    section = parse("<<sectionName::s>> One <<media::song>> two <<soundEffect::effect1>> three").sections[0]
    assert ["s", Media(key="song"), "s_2", Effect(key="effect1"), "s_3"] == [
        getattr(part, "name", part) for part in section.parts
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "Hi friend."),
        ({"name": "Ann"}, "Hi Ann."),
        ({"NAME": "Ann"}, "Hi Ann."),
        ({"other": "x"}, "Hi friend."),
    ],
)
def test_a_parameter_takes_the_value_or_its_fallback(values: dict[str, str], expected: str) -> None:
    """Names are compared without case; a missing value gives the fallback."""
    assert [expected] == texts("Hi {{name|friend}}.", **values)


def test_neighbouring_parameters_keep_the_space_between_them() -> None:
    """Blank text between two parameters is not lost."""
    assert ["a b"] == texts("{{x|a}} {{y|b}}")


def test_a_parameter_without_value_and_fallback_is_named() -> None:
    """Filling refuses and says which parameter lacks a value."""
    with pytest.raises(ScriptError, match=r"parameter 'city' in section 'default' has no value"):
        texts("Hello {{city}}.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I say <!tomato> now", "I say tomato now"),
        ("In <!location>Reading<!> now", "In Reading now"),
        ("A <`very odd`> word", "A very odd word"),
        ("a < b & c > d", "a < b & c > d"),
        ("<p>Para <emphasis level='strong'>graph</emphasis></p>", "Para graph"),
    ],
)
def test_flags_and_foreign_markup_are_spoken_plainly(text: str, expected: str) -> None:
    """Lexicon flags, verbatim marks and other SSML never reach the voice; single brackets are text."""
    assert [expected] == texts(text)


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ("<break time='600ms'/>", 0.6),
        ('<break time="1.5s" />', 1.5),
        ("<break strength='strong'/>", 0.7),
        ("<break/>", 0.5),
    ],
)
def test_a_break_becomes_a_pause(tag: str, seconds: float) -> None:
    """Time in s or ms, strength by name, and a bare break."""
    items = parse(f"Wait {tag} here").speech[0].items
    assert [seconds] == [item.seconds for item in items if isinstance(item, Pause)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<<soundTemplate::intro>> Hi",
            r"unknown tag '<<soundTemplate::intro>>'; allowed: sectionName, soundSegment",
        ),
        ("<<sectionName::>> Hi", r"needs a name"),
        ("<<media::*>> Hi", r"only soundSegment may be"),
        ("<<media::x Hi", r"without its end"),
        ("Hi {{name", r"without its end"),
        ("Hi {{a b}}", r"needs a name of letters"),
        ("<<sectionName::a>> x <<sectionName::a>> y", r"section name 'a' is used twice"),
        ("<<soundSegment::a>> x <<soundSegment::b>> y", r"plays one sound segment"),
        ("Hi <break time='10'/>", r"break time '10' must be a number with unit"),
        ("Hi <break time='90s'/>", r"from 0 to 60 s"),
        ("  ... ", r"nothing to say"),
    ],
)
def test_wrong_markup_is_refused_with_a_reason(text: str, message: str) -> None:
    """Every fault names what was written."""
    with pytest.raises(ScriptError, match=message):
        parse(text)


def test_hostile_markup_parses_in_linear_time() -> None:
    """A megabyte of opening brackets is read in a moment."""
    with pytest.raises(ScriptError):
        parse("<" * 200_000 + "{{" * 200_000)
