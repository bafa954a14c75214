"""Text becomes levelled speech of the wanted pitch, and stays text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiokit.emulator.engine import Refused, _espeak

Op = Callable[..., dict[str, Any]]

TEXT = "The weather stays fine tomorrow, with some sunshine in the afternoon and a light wind from the west."


@pytest.mark.parametrize(
    "voice", ["gmw/en-US+f3", "gmw/en+m1", "roa/fr+f4", "gmw/en+klatt", "gmw/de+whisper"]
)
def test_every_voice_has_the_wanted_level(op: Op, tmp_path: Path, voice: str) -> None:
    """Variants differ by 22 dB; the results do not."""
    out = tmp_path / "out.wav"
    op("speak", out=out, items=[{"text": TEXT, "voice": voice}], level_lufs=-20)
    found = op("probe", path=out)
    assert -20.0 == pytest.approx(found["lufs"], abs=1.0)
    assert (24_000, 1, "pcm_16") == (found["sample_rate_hz"], found["channels"], found["codec"])
    assert found["true_peak_dbtp"] < 0.0


@pytest.mark.parametrize("voice", ["gmw/en-US+f3", "gmw/en+m1", "roa/fr+f4", "gmw/en+klatt"])
def test_two_words_have_the_wanted_level_too(op: Op, tmp_path: Path, voice: str) -> None:
    """What a meter can measure is measured, however little it is."""
    out = tmp_path / "out.wav"
    assert 0.4 < op("speak", out=out, items=[{"text": "Hello there.", "voice": voice}])["seconds"] < 1.0
    assert -20.0 == pytest.approx(op("probe", path=out)["lufs"], abs=0.5)


@pytest.mark.parametrize(
    ("voice", "f0_hz"),
    [("gmw/en-US+f2", 196), ("gmw/en-US+f4", 232), ("gmw/en-US+m1", 112), ("gmw/en+m3", 96)],
)
def test_voice_speaks_at_its_pitch(
    op: Op, tmp_path: Path, median_f0: Callable[[Path], float], voice: str, f0_hz: float
) -> None:
    """The catalogue's pitch is reached within 5 %, by a measure of our own."""
    out = tmp_path / "out.wav"
    op("speak", out=out, items=[{"text": TEXT, "voice": voice, "f0_hz": f0_hz}])
    assert f0_hz == pytest.approx(median_f0(out), rel=0.05)


def test_speed_style_and_gaps_change_the_length(op: Op, tmp_path: Path) -> None:
    """Rate, style and word gap are obeyed."""

    def seconds(**how: Any) -> float:
        return op("speak", out=tmp_path / "out.wav", items=[{"text": TEXT, "voice": "gmw/en", **how}])[
            "seconds"
        ]

    normal = seconds()
    assert seconds(rate_wpm=250) < 0.8 * normal
    assert seconds(style={"rate": 0.8}) > 1.1 * normal
    assert seconds(word_gap=10) > 1.1 * normal


def test_style_moves_pitch_and_liveliness(op: Op, tmp_path: Path) -> None:
    """A pitch factor and a range of 0 are heard."""

    def speak(**style: float) -> np.ndarray[Any, Any]:
        from audiokit.emulator.engine._pitch import read_mono, track

        out = tmp_path / "out.wav"
        op("speak", out=out, items=[{"text": TEXT, "voice": "gmw/en-US+f2", "f0_hz": 200, "style": style}])
        f0 = track(read_mono(str(out)))[0]
        return f0[f0 > 0]

    plain, high, monotone = speak(), speak(pitch=1.2), speak(range=0)
    assert 1.2 == pytest.approx(np.median(high) / np.median(plain), rel=0.05)
    assert np.ptp(np.percentile(monotone, [20, 80])) < 0.5 * np.ptp(np.percentile(plain, [20, 80]))


def test_unknown_style_key_is_refused(op: Op, tmp_path: Path) -> None:
    """No option is read and ignored."""
    with pytest.raises(
        Refused, match=r"style has unknown keys \['mood'\]; allowed are pitch, range, rate, word_gap"
    ):
        op("speak", out=tmp_path / "out.wav", items=[{"text": "Hi", "style": {"mood": 1}}])


def test_silence_is_as_long_as_ordered(op: Op, tmp_path: Path) -> None:
    """A pause between two items lies where their words say."""
    out = tmp_path / "out.wav"
    one = op("speak", out=out, items=[{"text": "One."}])["seconds"]
    both = op("speak", out=out, items=[{"text": "One."}, {"silence_s": 1.5}, {"text": "Two."}])
    assert ["One", "Two"] == [word for word, _ in both["words"]]
    assert one + 1.5 == pytest.approx(both["words"][1][1], abs=0.05)
    samples, rate_hz = soundfile.read(out)
    assert both["seconds"] == pytest.approx(len(samples) / rate_hz)
    assert np.abs(samples[int((one + 0.1) * rate_hz) : int((one + 1.4) * rate_hz)]).max() < 1e-3


def test_words_come_with_rising_times(op: Op, tmp_path: Path) -> None:
    """Each word of the text is named once, in characters and not bytes."""
    done = op(
        "speak", out=tmp_path / "out.wav", items=[{"text": "Älter wird jeder Öltanker.", "voice": "gmw/de"}]
    )
    words = [word for word, _ in done["words"]]
    times = [at for _, at in done["words"]]
    assert ["Älter", "wird", "jeder", "Öltanker"] == words
    assert sorted(times) == times
    assert times[-1] < done["seconds"]


def test_markup_is_read_out_and_never_obeyed(op: Op, tmp_path: Path, audio: Path) -> None:
    """A tag that would play a local file in SSML is only text here."""
    tag = f"<audio src='{audio / 'vowel_147hz.wav'}'/>"
    done = op("speak", out=tmp_path / "out.wav", items=[{"text": f"Before {tag} after"}])
    assert "audio" in [word for word, _ in done["words"]]


def test_control_characters_neither_command_nor_cut(op: Op, tmp_path: Path) -> None:
    """0x01 starts a command and NUL ends the text, if they get through."""
    out = tmp_path / "out.wav"
    clean = op("speak", out=out, items=[{"text": "one  two  three"}])
    dirty = op("speak", out=out, items=[{"text": "one \x0150P two \x00 three"}])
    assert "three" in [word for word, _ in dirty["words"]]
    assert dirty["seconds"] > clean["seconds"]


@pytest.mark.parametrize("text", ["", "   ", "...", "\x01\x02"])
def test_text_without_words_is_refused(op: Op, tmp_path: Path, text: str) -> None:
    """Nothing to say is an error, not an empty file."""
    with pytest.raises(Refused, match="nothing to speak"):
        op("speak", out=tmp_path / "out.wav", items=[{"text": text}])


def test_unknown_voice_is_refused(op: Op, tmp_path: Path) -> None:
    """The message names the voice."""
    with pytest.raises(Refused, match="no voice 'xx/nobody'"):
        op("speak", out=tmp_path / "out.wav", items=[{"text": "Hi", "voice": "xx/nobody"}])


def test_a_single_short_word_is_not_blown_up(op: Op, tmp_path: Path) -> None:
    """What is too short to measure gets its voice's usual gain."""
    out = tmp_path / "out.wav"
    op("speak", out=out, items=[{"text": "Hi.", "voice": "gmw/en-US+f2", "f0_hz": 196}])
    samples, _ = soundfile.read(out)
    assert 0.1 < np.abs(samples).max() < 0.95


def test_long_data_path_is_reached_by_a_short_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """espeak-ng cannot take a path over about 150 characters."""
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    monkeypatch.setattr(_espeak.espeakng_loader, "get_data_path", lambda: str(deep))
    link = _espeak._short_data_path()
    assert len(str(link)) <= 140
    assert deep.resolve() == link.resolve()
