"""What v2 scripts mean."""

import pytest

from audiokit.emulator._markup_v2 import parse
from audiokit.emulator._script import Effect, Media, Pause, Say, ScriptError, fill
from audiokit.emulator._script_builder import ScriptBuilder


def texts(text: str, **values: str) -> list[str]:
    """Return the words of every speech part, filled and with single spaces."""
    parts = [fill(part, values) for part in parse(text)[0].speech]
    return [" ".join("".join(i.text for i in part.items if isinstance(i, Say)).split()) for part in parts]


@pytest.mark.parametrize(
    "text",
    [
        '<as:section name="main" soundSegment="bed">  Hello world! </as:section>',
        "<as:section name='main' soundsegment='bed'>Hello world!</as:section>",
        '\n<AS:Section SOUNDSEGMENT = "bed" NAME="main" >Hello world!</AS:Section>\n',
    ],
)
def test_attributes_come_in_any_case_and_either_quotes(text: str) -> None:
    """The seed's spelling and the SDK's give the same section."""
    script, _ = parse(text)
    assert [("main", "bed")] == [(s.name, s.segment) for s in script.sections]


def test_plain_text_is_wrapped_into_a_section_without_music() -> None:
    """Text without elements is one section; a bare ampersand is text."""
    script, _ = parse("Tom & Jerry < friends &amp; more")
    assert [("default", "")] == [(s.name, s.segment) for s in script.sections]
    assert ["Tom & Jerry < friends & more"] == texts("Tom & Jerry < friends &amp; more")


def test_unnamed_sections_are_named() -> None:
    """Made-up names are unique."""
    script, _ = parse("<as:section>One</as:section><as:section>Two</as:section>")
    assert ["section_1", "section_2"] == [s.name for s in script.sections]


@pytest.mark.parametrize(("values", "expected"), [({}, "Hi friend !"), ({"NAME": "Ann"}, "Hi Ann !")])
def test_a_placeholder_takes_the_value_or_its_text(values: dict[str, str], expected: str) -> None:
    """The element's own text is the fallback."""
    assert [expected] == texts("Hi <as:placeholder id='name'>friend</as:placeholder> !", **values)


def test_an_empty_placeholder_without_value_is_named() -> None:
    """Neither a value nor a text: refused, naming the placeholder."""
    with pytest.raises(ScriptError, match="'name'"):
        texts("Hi <as:placeholder id='name'></as:placeholder>")


def test_media_effects_and_breaks_stand_in_order() -> None:
    """Media and effects split speech; both closing forms are read; the id wins over the name."""
    section = parse(
        "<as:section name='s'>a<as:media name='x' id='m'/>b<as:fx name='boom'></as:fx>c"
        "<as:break strength='weak'/>d</as:section>"
    )[0].sections[0]
    assert ["s", Media(key="m"), "s_2", Effect(key="boom"), "s_3"] == [
        getattr(p, "name", p) for p in section.parts
    ]
    assert [Pause(seconds=0.3)] == [i for i in section.speech[2].items if isinstance(i, Pause)]


def test_a_sub_section_is_speech_of_its_own_name() -> None:
    """It keeps its section's place and has its own voice settings."""
    script, _ = parse("<as:section name='s'>a<as:sub name='t'>b</as:sub>c</as:section>")
    assert [("s", "s", "s"), ("t", "s", "t"), ("s_2", "s", "s")] == [
        (part.name, part.section, part.voice_key) for part in script.speech
    ]


def test_prosody_changes_rate_and_pitch_of_its_words_only() -> None:
    """Nested factors multiply; volume is told as a warning."""
    script, warnings = parse(
        "a <as:prosody rate='fast' volume='loud'>b <as:prosody pitch='+12st'>c</as:prosody></as:prosody> d"
    )
    tones = [(i.tone.rate, i.tone.pitch) for i in script.speech[0].items if isinstance(i, Say)]
    assert [(1.0, 1.0), (1.25, 1.0), (1.25, 2.0), (1.0, 1.0)] == tones
    assert 1 == len(warnings)


def test_early_scripts_in_v1_markup_are_read() -> None:
    """Tags and parameters of v1 work where no as: element stands."""
    script, _ = parse("<<soundSegment::main>><<sectionName::a>> Hi {{name|friend}}")
    assert [("a", "main")] == [(s.name, s.segment) for s in script.sections]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<as:song name='x'/>Hi", r"unknown element .* allowed: as:section, as:sub"),
        ("<as:section name='a'><as:section name='b'>x</as:section></as:section>", r"sections cannot nest"),
        ("<as:sub name='a'>x</as:sub>", r"outside a section"),
        ("<as:section name='a'>x", r"<as:section> is never closed"),
        ("x</as:section>", r"closes nothing"),
        ("<as:placeholder>x</as:placeholder>", r"needs an id"),
        ("<as:media/>x", r"needs a name or an id"),
        ("<as:break/>x", r"exactly one attribute"),
        ("<as:break time='1s' strength='weak'/>x", r"exactly one attribute"),
        ("<as:prosody rate='9000%'>x</as:prosody>", r"prosody rate '9000%' must be one of"),
        (
            "<as:section name='s'><as:sub><as:media name='m'/></as:sub></as:section>",
            r"may hold text to speak only",
        ),
        ("<as:section name='s'></as:section>", r"nothing to say"),
    ],
)
def test_wrong_markup_is_refused_with_a_reason(text: str, message: str) -> None:
    """Every fault names what was written."""
    with pytest.raises(ScriptError, match=message):
        parse(text)


class CountingSet(set[str]):
    """A set that counts how often it is asked."""

    asked = 0

    def __contains__(self, item: object) -> bool:
        self.asked += 1
        return super().__contains__(item)


def test_naming_thousands_of_sections_takes_a_few_lookups_each() -> None:
    """The next free number is remembered, not searched for from one."""
    builder, names = ScriptBuilder(), CountingSet()
    builder._names = names
    for _ in range(2000):
        builder.start(builder.free_name("section"))
        builder.finish()

    assert (2000, True) == (len(names), names.asked <= 4 * 2000)


def test_a_free_name_steps_over_names_that_the_author_took() -> None:
    """Numbers are given in order, and never twice."""
    text = "<as:section name='section_2'>a</as:section>" + "<as:section>b</as:section>" * 3
    assert ["section_2", "section_1", "section_3", "section_4"] == [s.name for s in parse(text)[0].sections]
