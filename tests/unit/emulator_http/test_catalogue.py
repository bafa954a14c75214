"""Names that seeds and official examples use."""

from __future__ import annotations

import pytest

from audiokit.emulator._catalogue import (
    SOUND_TEMPLATES,
    SPEECH_VOICES,
    UnknownNameError,
    language_voice,
    sound_template,
    speech_voice,
)
from audiokit.emulator.respeecher._market import MARKET_VOICES

ALIASES = (
    "Joanna Aria Matthew linda isaac wren coco sara sonia charlie gabriel ryan amy brian salli ivy hans "
    "vicki conchita celine"
)
TEMPLATES = (
    "jakarta chill_vibes heatwave cityechoes parisianmorning openup spooky_strings lofi newstoday hotwheels "
    "fullsilence"
)


@pytest.mark.parametrize("alias", ALIASES.split())
def test_known_voices_exist_whatever_their_case(alias: str) -> None:
    """By alias and by provider id."""
    voice = speech_voice(alias)
    assert alias.casefold() == voice.alias.casefold()
    assert voice is speech_voice(alias.upper()) is speech_voice(voice.voice_id)


@pytest.mark.parametrize(
    ("alias", "code"),
    [("hans", "de-DE"), ("vicki", "de-DE"), ("celine", "fr-FR"), ("amy", "en-GB")],
)
def test_voices_speak_their_language(alias: str, code: str) -> None:
    """The language code fits the espeak voice."""
    voice = speech_voice(alias)
    assert code == voice.language_code
    assert code[:2] in voice.espeak


def test_voices_differ_in_name_and_sound() -> None:
    """No two share an alias, an id, or both variant and pitch."""
    assert len(SPEECH_VOICES) == len({v.alias.casefold() for v in SPEECH_VOICES})
    assert len(SPEECH_VOICES) == len({v.voice_id for v in SPEECH_VOICES})
    assert len(SPEECH_VOICES) == len({(v.espeak, v.f0_hz) for v in SPEECH_VOICES})


def test_speed_scales_words_per_minute_within_bounds() -> None:
    """From 80 to 450."""
    joanna = speech_voice("Joanna")
    assert [170, 340, 85, 80, 450] == [
        joanna.speak_item("x", speed=s)["rate_wpm"] for s in (1.0, 2.0, 0.5, 0.1, 9.0)
    ]


def test_an_unknown_name_tells_some_that_exist() -> None:
    """Voices, templates and languages alike."""
    with pytest.raises(UnknownNameError, match="voice 'Nobody' not found; there are 20, among them Joanna"):
        speech_voice("Nobody")
    with pytest.raises(UnknownNameError, match=r"'polka' not found; built in are .*jakarta"):
        sound_template("polka")
    with pytest.raises(UnknownNameError, match="language 'xx' is not spoken here"):
        language_voice("xx")


@pytest.mark.parametrize("name", TEMPLATES.split())
def test_known_templates_exist(name: str) -> None:
    """With intro, main and outro; only the silent one has no style."""
    template = sound_template(name.upper())
    assert {"intro", "main", "outro"} <= set(template.contents)
    assert (name == "fullsilence") == (template.style is None)
    if template.style is not None:
        assert {"style", "root", "bpm"} == set(template.style)
        assert template.style["style"] in {"chill", "bright", "pulse"}


def test_every_template_sounds_different() -> None:
    """No two share all of style, root and tempo."""
    styles = [tuple(t.style.values()) for t in SOUND_TEMPLATES if t.style is not None]
    assert len(styles) == len(set(styles))


@pytest.mark.parametrize(
    ("code", "voice"),
    [
        ("de", "gmw/de"),
        ("PT-br", "roa/pt-BR"),
        ("pt-AO", "roa/pt"),
        ("en_US", "gmw/en-US"),
        ("en-GB", "gmw/en-GB-x-rp"),
        ("en-NZ", "gmw/en-US"),
    ],
)
def test_languages_are_known_with_and_without_region(code: str, voice: str) -> None:
    """In any case; a region the engine does not tell apart speaks as the language does."""
    assert voice == language_voice(code)


@pytest.mark.parametrize(
    ("name", "language", "espeak"),
    [
        ("Boris", "en", "gmw/en-GB-x-rp+m3"),
        ("Gordon", "en", "gmw/en-GB-scotland+m3"),
        ("Nathan", "en", "gmw/en-US+m1"),
        ("Gordon", "en-US", "gmw/en-US+m3"),
        ("Ingrid", "en", "gmw/en-US+f1"),
        ("Ingrid", "de", "gmw/de+f1"),
        ("Boris", "fr", "roa/fr+m3"),
    ],
)
def test_a_market_voice_narrates_as_at_home_unless_a_region_is_named(
    name: str, language: str, espeak: str
) -> None:
    """In its own language with its first accent, in another one without any."""
    voice = next(one for one in MARKET_VOICES if one.name == name)
    assert espeak == voice.espeak(language)


def test_accents_of_a_voice_have_different_colours_on_top_of_its_own() -> None:
    """The voice's brightness stays, the accent's is added."""
    for voice in MARKET_VOICES:
        first, second = (voice.timbre_in(accent) for accent in voice.accents)
        assert first != second
        own = voice.timbre["tilt_db_per_octave"]
        added = first["tilt_db_per_octave"] - own
        assert voice.accents[0].colour["tilt_db_per_octave"] == pytest.approx(added)
