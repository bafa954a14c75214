"""The v1 language: reading, writing, and that the two agree."""

from __future__ import annotations

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiokit.emulator import _markup_v1, _script
from audiokit.errors import InvalidRequest
from audiokit.markup import v1
from audiokit.markup.v1 import Media, Parameter, Script, Section, SoundEffect

NAME_CHARACTERS = st.characters(
    codec="utf-8", exclude_characters="<>:\r\n*", exclude_categories=["Cc", "Zs", "Zl", "Zp"]
)
NAMES = st.text(NAME_CHARACTERS, min_size=1, max_size=12)
PARAMETERS = st.builds(
    Parameter,
    st.from_regex(r"[\w-]{1,12}", fullmatch=True),
    st.none() | st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=12),
)
# Any text but such as holds (the beginning of) markup, which `build` refuses.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=20).filter(
    lambda text: "<<" not in text
)
ITEMS = TEXTS | PARAMETERS | NAMES.map(Media) | NAMES.map(SoundEffect)
SECTIONS = st.builds(
    lambda name, segment, content: Section(name, sound_segment=segment, content=content),
    NAMES,
    st.none() | st.just("*") | NAMES,
    st.lists(ITEMS, max_size=6),
)
SCRIPTS = st.lists(SECTIONS, max_size=4).map(Script)


def words_of(part: _script.Part) -> str:
    """What a part says or plays, as text."""
    if not isinstance(part, _script.SpeechPart):
        return f" {part.key} "
    return "".join(getattr(item, "text", None) or f" {item} " for item in part.items)


def sections_of(script: _script.Script) -> list[tuple[str, str | None, str]]:
    """Name, segment and words (white space aside) of each section, as the emulator reads them."""
    return [
        (section.name, section.segment, "".join("".join(map(words_of, section.parts)).split()))
        for section in script.sections
    ]


def buildable(script: Script) -> bool:
    """Whether texts that meet do not make up markup, like '<' and '<a>>'."""
    try:
        v1.build(script)
    except InvalidRequest:
        return False
    return True


@given(SCRIPTS.filter(buildable))
def test_what_was_built_reads_as_it_was(script: Script) -> None:
    """parse(build(x)) is x, whatever the text between the tags."""
    assert script == v1.parse(v1.build(script))


TAGS = ["<<sectionName::s>>", "<<sectionName::t>>", "<<soundSegment::y>>", "<<soundSegment::z>>"]
TAGS += ["<<media::x>>", "{{b|c}}", "word", " ", "\n"]
PIECES = [*TAGS, "<", ">", "{", "}", "|", ":", "*", "<!", "<`", "<<media::"]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_read_can_be_built_and_read_again(text: str) -> None:
    """Any text gives a script or a refusal, and a script survives being written."""
    try:
        script = v1.parse(text)
    except InvalidRequest:
        return
    assert script == v1.parse(v1.build(script))


@given(st.lists(st.sampled_from(TAGS), max_size=14).map("".join))
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_built_means_what_was_read(text: str) -> None:
    """Another reader finds the same sections, segments and words before and after."""
    try:
        written = v1.build(v1.parse(text))
        before = _markup_v1.parse(text)
    except (InvalidRequest, _script.ScriptError):
        return
    assert sections_of(before) == sections_of(_markup_v1.parse(written))


WORDS = st.text("abc ,.", min_size=1, max_size=8).map(lambda text: f"w{text}")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "*"]),
            st.lists(
                WORDS
                | st.builds(Parameter, st.sampled_from("pq"), st.sampled_from([None, "f"]))
                | st.builds(Media, st.sampled_from("mn"))
                | st.builds(SoundEffect, st.sampled_from("ef")),
                max_size=4,
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_emulator_reads_what_is_built(sections: list[tuple[str, list[v1.Item]]]) -> None:
    """Two parsers, written apart, find the same sections, segments, media and effects."""
    script = Script(
        Section(f"s{index}", sound_segment=segment or None, content=["w", *content])
        for index, (segment, content) in enumerate(sections)
    )
    read = _markup_v1.parse(v1.build(script))
    assert [(s.name, s.sound_segment) for s in script.sections] == [
        (s.name, s.segment) for s in read.sections
    ]
    assert script.media == read.media_keys
    assert script.effects == read.effect_keys
    assert set(script.parameters) == set(read.parameters)
    assert script.segments == read.segment_names


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("", []),
        (" \n ", []),
        ("Hello.", [("default", None)]),
        ("Hi <<sectionName::a>> x", [("default", None), ("a", None)]),
        ("<<sectionName::a>><<soundSegment::i>> x", [("a", "i")]),
        ("<<soundSegment::i>><<sectionName::a>> x", [("a", "i")]),
        ("<<soundSegment::i>> x", [("default", "i")]),
        ("x <<soundSegment::i>>", [("default", "i")]),
        ("x <<soundSegment::i>> <<sectionName::a>> y", [("default", None), ("a", "i")]),
        ("<<sectionName::a>> x <<soundSegment::i>> y", [("a", "i")]),
        ("<<sectionName::a>><<soundSegment::*>>", [("a", "*")]),
        ("<<sectionName::a>><<soundSegment::i>><<sectionName::b>>", [("a", "i"), ("b", None)]),
        ("<< sectionName\n:: a b >>x", [("a b", None)]),
    ],
)
def test_sections_and_segments(text: str, sections: list[tuple[str, str | None]]) -> None:
    """A segment belongs to its section, or to the one that follows at once; text alone is section default."""
    assert sections == [(one.name, one.sound_segment) for one in v1.parse(text).sections]


def test_content_is_in_order() -> None:
    """Text, parameters, media and effects as they stand; SSML, flags and verbatim marks are text."""
    text = (
        "Hi {{ name |my friend}}<<media::song>> <break time='1s'/> <!word> <`it`> "
        "<<soundEffect::fx>>{{x}}{{y|}}"
    )
    assert (
        "Hi ",
        Parameter("name", "my friend"),
        Media("song"),
        " <break time='1s'/> <!word> <`it`> ",
        SoundEffect("fx"),
        Parameter("x"),
        Parameter("y", ""),
    ) == v1.parse(text).sections[0].content


@pytest.mark.parametrize("text", ["a < b > c", "1 << 2", "{x}", "a }} b", ">>", "a {b} c", "Q&A"])
def test_single_brackets_are_text(text: str) -> None:
    """Only complete tags and parameters mean something."""
    assert (text,) == v1.parse(text).sections[0].content


@pytest.mark.parametrize("text", ["Hello {{name|friend}}", "Hi <<media::song>>"])
def test_script_without_sections_stays_one(text: str) -> None:
    """Plain text gets no section tag."""
    assert text == v1.build(v1.parse(text))


def test_script_lists_what_it_asks_for() -> None:
    """Names, segments, media, effects and parameters, each once and in order."""
    script = v1.parse(
        "<<sectionName::a>><<soundSegment::i>>{{n|x}} {{N}}<<media::m>><<media::m>>"
        "<<sectionName::b>><<soundSegment::*>><<soundEffect::e>>{{k|y}}"
    )
    assert ["a", "b"] == script.section_names
    assert ["i"] == script.segments
    assert ["m"] == script.media
    assert ["e"] == script.effects
    assert {"n": None, "k": "y"} == script.parameters


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ok\nso <<media:x>>", r"line 2, column 4: a tag is <<tag::name>>"),
        (
            "<<sectionaName::a>>",
            r"one of sectionName, soundSegment, soundEffect, media, got '<<sectionaName::a>>'",
        ),
        ("<<media::>>", r"media needs a name"),
        ("<<media::*>>", r"media needs a name"),
        ("<<media::a:b>>", r"media needs a name"),
        ("<<media::x", r"a tag ends in '>>'"),
        ("Hi {{name", r"a parameter in '}}'"),
        ("Hi {{}}", r"a parameter is {{name}}"),
        ("Hi {{two words}}", r"a parameter is {{name}}"),
        ("<<soundSegment::a>>", r"a soundSegment needs a section or some content"),
        ("<<soundSegment::a>><<soundSegment::b>><<sectionName::s>>x", r"needs a section or some content"),
        ("<<soundSegment::a>>x<<soundSegment::b>>y", r"one soundSegment, but 'a' and 'b'"),
    ],
)
def test_faults_are_named_with_their_place(text: str, message: str) -> None:
    """Line, column, what is allowed, what was found."""
    with pytest.raises(InvalidRequest, match=message) as caught:
        v1.parse(text)
    assert "script_text" == caught.value.field


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Section("a<b"), r"name must be a name without '<'"),
        (lambda: Section(" a"), r"name must be"),
        (lambda: Section("*"), r"only sound_segment can be"),
        (lambda: Section("a", sound_segment=""), r"sound_segment must be"),
        (
            lambda: Section("a", content=[3]),
            r"content must be made of str, Parameter, Media, SoundEffect, got 3",
        ),
        (lambda: Media("*"), r"alias must be"),
        (lambda: Parameter("a b"), r"name must be letters"),
        (lambda: Parameter("a", "{"), r"fallback must be text without"),
        (lambda: v1.build(Script([Section("a", content="say <<media::x>>")])), r"would be read as markup"),
        (lambda: v1.build(Script([Section("a", content="say {{x}}")])), r"would be read as markup"),
        (lambda: v1.build(Script([Section("a", content="say {{x")])), r"a parameter in"),
    ],
)
def test_what_cannot_be_written_is_refused(make, message: str) -> None:
    """At the latest when it is built, a script that would be read otherwise is refused."""
    with pytest.raises(InvalidRequest, match=message):
        make()


def test_neighbouring_texts_become_one_and_outer_space_goes() -> None:
    """Two ways to give the same content are equal."""
    assert Section("a", content="x y") == Section("a", content=[" x", " ", "", "y\n"])


def test_hostile_text_is_read_in_a_moment() -> None:
    """Half a megabyte of openings is refused, not chewed on."""
    with pytest.raises(InvalidRequest):
        v1.parse("<<" * 100_000 + "{{" * 100_000)
