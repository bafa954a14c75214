"""Words that are said in another way."""

from __future__ import annotations

from audiokit.emulator._catalogue import speech_voice
from audiokit.emulator._diction import Lexicon, _lexicon
from audiokit.emulator._script import Parameter, Pause, Say, SpeechPart


def word(written: str, said: str, lang: str = "en", specialization: str = "default") -> dict[str, str]:
    """A word as it is kept."""
    return {"word": written, "replacement": said, "lang": lang, "specialization": specialization}


def test_whole_words_are_replaced_without_case_and_once() -> None:
    """Neither parts of words nor what a replacement brought in; the longest word wins."""
    lexicon = Lexicon({"cat": "dog", "dog": "cow", "cat flap": "door", "c++": "see plus plus"})
    assert "dog, cow; concatenate door!" == lexicon.respell("Cat, DOG; concatenate cat flap!")
    assert "I write see plus plus." == lexicon.respell("I write C++.")
    assert "" == lexicon.respell("")


def test_a_listeners_values_are_replaced_too() -> None:
    """A part is filled first; pauses stay where they are."""
    part = SpeechPart(
        name="a",
        section="a",
        voice_key="a",
        items=(Say(text="Hi "), Parameter(name="who", fallback="you"), Pause(seconds=1.0), Say(text="cat")),
    )
    items = Lexicon({"ann": "Anna", "cat": "dog"}).respell_part(part, {"Who": "Ann"}).items
    assert ["Hi Anna", 1.0, "dog"] == [
        getattr(item, "text", getattr(item, "seconds", None)) for item in items
    ]


def test_markup_is_left_alone_and_flags_go() -> None:
    """Tag names, parameters and elements keep their words; unknown flagged words are told once."""
    text = "<<sectionName::cat>> cat {{cat|cat}} <break time='1s'/> <!cat> <!bird> <!bird>"
    spoken, unknown = Lexicon({"cat": "dog"}).respell_script(text)
    assert "<<sectionName::cat>> dog {{cat|cat}} <break time='1s'/> dog bird bird" == spoken
    assert ["bird"] == unknown


def test_nearer_words_win() -> None:
    """Voice before provider before default; a language before all languages; own words before ours."""
    joanna = speech_voice("Joanna")
    words = [word("x", "everywhere", "global"), word("x", "english")]
    assert "english" == _lexicon(words, joanna).respell("x")
    assert "english" == _lexicon(words[::-1], joanna).respell("x")
    words.append(word("x", "here", "global", "espeak-ng"))
    assert "here" == _lexicon(words, joanna).respell("x")
    words.append(word("x", "hers", "en", "joanna"))
    assert "hers" == _lexicon(words, joanna).respell("x")
    assert "here" == _lexicon(words, speech_voice("Matthew")).respell("x")
    assert "Wooster" == _lexicon([], joanna).respell("Worcester")
    assert "Wuster" == _lexicon([word("worcester", "Wuster")], joanna).respell("Worcester")
    assert "x" == _lexicon([word("x", "nein", "de")], joanna).respell("x")
