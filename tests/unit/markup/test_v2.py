"""The v2 language: reading, writing, and that the two agree."""

from __future__ import annotations

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiokit.emulator import _markup_v2 as emulated
from audiokit.errors import InvalidRequest
from audiokit.markup import v2
from audiokit.markup.v2 import Break, Effect, Media, Placeholder, Prosody, Script, Section, Sub

ANY = st.characters(codec="utf-8")
TEXTS = st.text(ANY, max_size=20).filter(lambda text: "as:" not in text.lower())
VALUES = st.text(ANY, min_size=1, max_size=12).filter(
    lambda text: text.strip() and not ('"' in text and "'" in text)
)
MAYBE = st.none() | VALUES
OTHERS = st.dictionaries(st.sampled_from(["voice", "data-x", "x_y"]), VALUES, max_size=2)
PLACEHOLDERS = st.builds(
    lambda id_, text, others: Placeholder(id_, text, others=others), VALUES, st.none() | TEXTS, OTHERS
)
MEDIA = st.builds(lambda name, id_, others: Media(name, id=id_, others=others), MAYBE, VALUES, OTHERS)
EFFECTS = st.builds(lambda name, id_: Effect(name, id=id_), VALUES, MAYBE)
BREAKS = st.builds(lambda time: Break(time_s=time), st.floats(0, 1e6)) | st.sampled_from(v2.STRENGTHS).map(
    lambda strength: Break(strength=strength)
)


def prosody(inner):
    """Text spoken otherwise, around *inner*."""
    return st.builds(
        lambda content, pitch, rate: Prosody(content, pitch=pitch, rate=rate),
        st.lists(inner, max_size=3),
        VALUES,
        MAYBE,
    )


SPOKEN = st.recursive(TEXTS | PLACEHOLDERS | BREAKS, prosody, max_leaves=4)
INLINE = st.recursive(TEXTS | PLACEHOLDERS | BREAKS | MEDIA | EFFECTS, prosody, max_leaves=4)
SUBS = st.builds(lambda content, name: Sub(content, name=name), st.lists(SPOKEN, max_size=3), MAYBE)
SECTIONS = st.builds(
    lambda content, name, segment, others: Section(content, name=name, sound_segment=segment, others=others),
    st.lists(INLINE | SUBS, max_size=4),
    MAYBE,
    MAYBE,
    OTHERS,
)
SCRIPTS = st.lists(SECTIONS, max_size=3).map(Script)
SEED = '<as:section name="main" soundSegment="main">  Hello world! </as:section>'


def buildable(script: Script) -> bool:
    """Whether texts that meet do not make up an element."""
    try:
        v2.build(script)
    except InvalidRequest:
        return False
    return True


@given(SCRIPTS.filter(buildable))
def test_what_was_built_reads_as_it_was(script: Script) -> None:
    """parse(build(x)) is x, whatever the text and the attributes."""
    assert script == v2.parse(v2.build(script))


ELEMENTS = [
    "<as:section>",
    "<as:section soundSegment='i'>",
    "</as:section>",
    "<as:sub name='s'>",
    "</as:sub>",
]
ELEMENTS += ["<as:media id='m'/>", "<as:media name='m'>", "</as:media>", "<as:break time='1s'/>", "word", " "]
ELEMENTS += ["<as:placeholder id='p'>", "</as:placeholder>", "<as:prosody rate='fast'>", "</as:prosody>"]
PIECES = [*ELEMENTS, "<", ">", "&", "\n", "<b>", "<as:", "'", '"']


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_read_can_be_built_and_read_again(text: str) -> None:
    """Any text gives a script or a refusal, and a script survives being written."""
    try:
        script = v2.parse(text)
    except InvalidRequest:
        return
    assert script == v2.parse(v2.build(script))


@given(st.lists(st.sampled_from(ELEMENTS), max_size=12).map("".join))
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_built_means_what_was_read(text: str) -> None:
    """Another reader finds the same sections and segments before and after."""
    try:
        written = v2.build(v2.parse(text))
        before, _ = emulated.parse(text)
    except (InvalidRequest, emulated.ScriptError):
        return
    after, _ = emulated.parse(written)
    # Sections without a name get one from whoever reads them.
    assert [one.segment for one in before.sections] == [one.segment for one in after.sections]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "a", "b"]),
            st.lists(
                st.sampled_from(
                    [
                        " more",
                        Placeholder("p"),
                        Placeholder("q", "f"),
                        Media("m"),
                        Media("n", id="i"),
                        Effect("e"),
                        Break(time_s=0.5),
                        Prosody(["slow"], rate="slow"),
                    ]
                ),
                max_size=4,
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_emulator_reads_what_is_built(sections: list[tuple[str | None, list[v2.Inline]]]) -> None:
    """Two parsers, written apart, find the same sections, segments, media and placeholders."""
    script = Script(
        Section(["word", *content], name=f"s{index}", sound_segment=segment)
        for index, (segment, content) in enumerate(sections)
    )
    read, _ = emulated.parse(v2.build(script))
    assert [(s.name, s.sound_segment or "") for s in script.sections] == [
        (s.name, s.segment) for s in read.sections
    ]
    assert script.media == read.media_keys
    assert script.effects == read.effect_keys
    assert script.parameters == read.parameters
    assert script.segments == read.segment_names


def test_the_guides_script_reads_and_builds_to_the_letter() -> None:
    """The guide's own example comes back as it is printed there."""
    script = v2.parse(SEED)
    assert Script([Section("  Hello world! ", name="main", sound_segment="main")]) == script
    assert SEED == v2.build(script)


@pytest.mark.parametrize(
    "text",
    [
        "<AS:Section NAME='main' soundsegment='main'>x</as:SECTION>",
        '<as:section\n name = "main"\tSoundSegment="main" >x</as:section >',
    ],
)
def test_case_space_and_quotes_do_not_matter(text: str) -> None:
    """Scripts in the wild use them all."""
    assert [("main", "main")] == [(one.name, one.sound_segment) for one in v2.parse(text).sections]


@pytest.mark.parametrize("text", [" Hello ", 'Hi <as:break time="0.5s"/> there'])
def test_script_without_sections_stays_one(text: str) -> None:
    """Plain text gets nothing around it."""
    assert text == v2.build(v2.parse(text))


def test_text_outside_sections_is_a_section_without_name() -> None:
    """Plain text is wrapped, white space between sections is nothing."""
    script = v2.parse(" Hi <as:media name='m'/> \n<as:section name='a'>x</as:section>\n <as:section/> bye")
    assert [None, "a", None, None] == [section.name for section in script.sections]
    assert ["m"] == script.media


def test_all_elements_are_read() -> None:
    """Every element of the language with its attributes, nested as it may be."""
    text = (
        "<as:section name='s' soundSegment=''>a<as:sub name='t'>b<as:break strength='Strong'/></as:sub>"
        "<as:prosody pitch='+2st' volume=\"x\">c<as:fx name='e'></as:fx></as:prosody>"
        "<as:placeholder id='p'> you </as:placeholder><as:placeholder id='q'></as:placeholder>"
        "<as:media name='m' id='i' newer='1'/><as:break time='600ms'/></as:section>"
    )
    assert v2.parse(text) == Script(
        [
            Section(
                [
                    "a",
                    Sub(["b", Break(strength="strong")], name="t"),
                    Prosody(["c", Effect("e")], pitch="+2st", volume="x"),
                    Placeholder("p", " you "),
                    Placeholder("q"),
                    Media("m", id="i", others={"newer": "1"}),
                    Break(time_s=0.6),
                ],
                name="s",
            )
        ]
    )


def test_script_lists_what_it_asks_for() -> None:
    """Names, segments, media, effects and placeholders, also from inside other elements."""
    script = v2.parse(
        "<as:section name='a' soundSegment='i'><as:sub name='t'><as:placeholder id='n'/></as:sub>"
        "<as:prosody rate='fast'><as:media name='m' id='k'/><as:fx name='e'/></as:prosody></as:section>"
        "<as:section name='b'><as:placeholder id='N'>x</as:placeholder></as:section>"
    )
    assert ["a", "t", "b"] == script.section_names
    assert ["i"] == script.segments
    assert ["k"] == script.media
    assert ["e"] == script.effects
    assert {"n": None} == script.parameters


@pytest.mark.parametrize(
    "text", ["a < b", "AT&T", "<b>x</b>", "&lt;as:section&gt;", "<speak>x", "<a:s>", "x <<media::y>>"]
)
def test_foreign_markup_is_text(text: str) -> None:
    """What is no element of the language is kept as it is."""
    assert (text,) == v2.parse(text).sections[0].content


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x\n <as:media>", r"line 2, column 2: Media needs at least one of name, id"),
        ("<as:voice>", r"an element is one of as:section, as:sub"),
        ("<as:section name=main>", r"an element is <as:name key='value'>"),
        ("<as:section name='a'", r"an element is <as:name key='value'>"),
        ("<as:section name='a' name='b'>", r"attribute 'name' stands twice"),
        ("<as:section>x", r"<as:section> is never closed"),
        ("</as:section>", r"closes nothing here: nothing is open"),
        ("<as:section><as:section>", r"sections cannot nest"),
        ("<as:section><as:sub>x</as:section>", r"</as:sub> must come first"),
        ("<as:sub>x</as:sub>", r"stands in a section"),
        ("<as:section><as:sub><as:sub>", r"stands in a section"),
        ("<as:section><as:sub><as:media name='m'/>", r"text to speak only"),
        ("<as:placeholder id='p'><as:break time='1s'/>", r"plain text only"),
        ("<as:placeholder>", None),
        ("<as:placeholder></as:placeholder>", r"id must be a name that is not empty"),
        ("<as:break/>", r"exactly one of time_s and strength"),
        ("<as:break time='1s' strength='weak'/>", r"exactly one of time_s and strength"),
        ("<as:break time='10'/>", r"time must be a number with unit"),
        ("<as:break strength='huge'/>", r"strength must be one of none, x-weak"),
        ("<as:prosody>x</as:prosody>", r"at least one of pitch, rate, volume"),
        ("</as:media>", r"</as:media> closes nothing"),
        ("<as:media name='x'>y</as:media>", r"</as:media> closes nothing"),
        ("<as:prosody rate='x'>" * 51, r"nest 50 deep"),
    ],
)
def test_faults_are_named_with_their_place(text: str, message: str | None) -> None:
    """Line, column, what is allowed, what was found."""
    with pytest.raises(InvalidRequest, match=message) as caught:
        v2.parse(text)
    assert "script_text" == caught.value.field


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Section("x", name="a\"b'c"), r"at most one of the two kinds of quotes"),
        (lambda: Section([3]), r"content must be made of str, Placeholder"),
        (lambda: Section([Section("x")]), r"content must be made of str, Placeholder"),
        (lambda: Sub([Prosody([Media("m")], rate="fast")]), r"text to speak only"),
        (lambda: Media(), r"Media needs at least one of name, id"),
        (lambda: Prosody("x"), r"Prosody needs at least one"),
        (lambda: Placeholder(" "), r"id must be"),
        (lambda: Break(), r"exactly one of time_s and strength, got None and None"),
        (lambda: Break(time_s=-1), r"0 or more seconds, got -1"),
        (lambda: Break(time_s=float("inf")), r"0 or more seconds"),
        (lambda: Media("m", others={"Name": "x"}), r"names in lower case"),
        (lambda: Section("x", others={"soundsegment": "x"}), r"have no field of their own"),
        (lambda: v2.build(Script([Section("say <as:media name='x'/>")])), r"would be read as markup"),
        (lambda: v2.build(Script([Section("</as:section>")])), r"closes nothing"),
        (lambda: v2.build(Script([Section([Placeholder("p", "<as:media name='x'/>")])])), r"plain text only"),
    ],
)
def test_what_cannot_be_written_is_refused(make, message: str) -> None:
    """At the latest when it is built, a script that would be read otherwise is refused."""
    with pytest.raises(InvalidRequest, match=message):
        make()


@given(st.text())
def test_escaped_text_is_never_markup(text: str) -> None:
    """Whatever someone typed, escaped it is one text."""
    escaped = v2.escape(text)
    script = Script([Section(escaped, name="a")])
    assert script == v2.parse(v2.build(script))
    assert "<" not in escaped


def test_hostile_text_is_read_in_a_moment() -> None:
    """Long attributes, endless space and many closings cost no more than their length."""
    with pytest.raises(InvalidRequest):
        v2.parse("<as:section" + " a='b'" * 50_000)
    with pytest.raises(InvalidRequest):
        v2.parse("<as:section" + " " * 200_000)
    assert 20_000 == len(v2.parse("<as:media name='m'></as:media>" * 20_000).sections[0].content)


def test_equal_scripts_hash_alike() -> None:
    """Scripts can be keys."""
    assert 1 == len({v2.parse(SEED), v2.parse(SEED)})
