"""A conversion moves pitch by whole semitones, keeps time, and leaves vowels recognisable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiokit.emulator.engine import Refused

Op = Callable[..., dict[str, Any]]
Sound = np.ndarray[Any, Any]


@pytest.mark.parametrize("target_hz", [110.0, 150.0, 205.0, 300.0])
def test_result_speaks_at_the_expected_pitch(
    op: Op, speech: Path, tmp_path: Path, median_f0: Callable[[Path], float], target_hz: float
) -> None:
    """The nearest whole semitone to the target, within 3 % by a measure of our own."""
    done = op("convert", source=speech, out=tmp_path / "out.wav", target_pitch_hz=target_hz)
    shift = round(12 * np.log2(target_hz / done["source_f0_hz"]))
    assert (shift, True) == (done["shift_semitones"], isinstance(done["shift_semitones"], int))
    assert done["source_f0_hz"] * 2 ** (shift / 12) == pytest.approx(done["expected_f0_hz"])
    assert done["expected_f0_hz"] == pytest.approx(median_f0(tmp_path / "out.wav"), rel=0.03)


def test_correction_moves_the_pitch_by_that_many_semitones(
    op: Op, speech: Path, tmp_path: Path, median_f0: Callable[[Path], float]
) -> None:
    """On top of the shift, to 0.3 of a semitone."""
    plain, corrected = tmp_path / "plain.wav", tmp_path / "corrected.wav"
    first = op("convert", source=speech, out=plain, target_pitch_hz=170)
    plain_hz = median_f0(plain)
    for by in (-4, 3, 7):
        second = op("convert", source=speech, out=corrected, target_pitch_hz=170, semitones_correction=by)
        assert first["shift_semitones"] == second["shift_semitones"]
        assert by == pytest.approx(12 * np.log2(median_f0(corrected) / plain_hz), abs=0.3)


def test_calibration_overrules_the_measure(op: Op, speech: Path, tmp_path: Path) -> None:
    """The shift is taken from the speaker's own pitch when it is known."""
    done = op("convert", source=speech, out=tmp_path / "out.wav", target_pitch_hz=200, source_f0_hz=100)
    assert (100, 12, 200) == (done["source_f0_hz"], done["shift_semitones"], done["expected_f0_hz"])


def test_length_and_loudness_stay(
    op: Op, speech: Path, write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    """To 10 ms and 0.5 LU, over the joints of the pieces it is worked in."""
    samples, rate_hz = soundfile.read(speech)
    source = write_wav(np.tile(samples, 3), rate_hz)
    done = op("convert", source=source, out=tmp_path / "out.wav", target_pitch_hz=120)
    before, after = op("probe", path=source), op("probe", path=tmp_path / "out.wav")
    assert before["seconds"] > 15.0
    assert before["seconds"] == pytest.approx(after["seconds"], abs=0.01)
    assert after["seconds"] == pytest.approx(done["seconds"])
    assert before["lufs"] == pytest.approx(after["lufs"], abs=0.5)


def test_words_stay_where_they_are(op: Op, speech: Path, tmp_path: Path) -> None:
    """Loud and soft come at the same moments as in the source."""
    op("convert", source=speech, out=tmp_path / "out.wav", target_pitch_hz=130)

    def envelope(path: Path) -> Sound:
        samples, rate_hz = soundfile.read(path)
        step = rate_hz // 50
        return np.sqrt((samples[: len(samples) // step * step].reshape(-1, step) ** 2).mean(axis=1))

    assert np.corrcoef(envelope(speech), envelope(tmp_path / "out.wav"))[0, 1] > 0.8


def test_formants_stay_when_the_pitch_doubles(op: Op, write_wav: Callable[..., Path], tmp_path: Path) -> None:
    """A resonance at 800 Hz is still there an octave up, instead of at 1600 Hz."""
    time = np.arange(24_000 * 3) / 24_000
    resonance = lambda hz: 1.0 / (1.0 + ((hz - 800.0) / 150.0) ** 2) + 0.02  # noqa: E731
    voice = sum(resonance(110.0 * k) * np.sin(2 * np.pi * 110.0 * k * time + k) for k in range(1, 60))
    source = write_wav(0.1 * voice, 24_000)
    op("convert", source=source, out=tmp_path / "out.wav", target_pitch_hz=220, formant_ratio=1.0)
    samples, rate_hz = soundfile.read(tmp_path / "out.wav")
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    near, moved = power[(hertz > 600) & (hertz < 1_000)].sum(), power[(hertz > 1_400) & (hertz < 1_800)].sum()
    assert near > 10 * moved


def test_timbre_makes_voices_of_one_pitch_differ(op: Op, speech: Path, tmp_path: Path) -> None:
    """A positive tilt is brighter than a negative one at the same pitch."""

    def brightness(tilt: float) -> float:
        out = tmp_path / f"{tilt}.wav"
        op("convert", source=speech, out=out, target_pitch_hz=200, timbre={"tilt_db_per_octave": tilt})
        samples, rate_hz = soundfile.read(out)
        power, hertz = np.abs(np.fft.rfft(samples)) ** 2, np.fft.rfftfreq(len(samples), 1 / rate_hz)
        return float(10 * np.log10(power[hertz > 2_000].sum() / power[hertz < 800].sum()))

    assert brightness(3.0) > brightness(-3.0) + 6.0


@pytest.mark.parametrize("audio_format", ["wav", "flac", "mp3", "ogg"])
def test_result_has_the_ordered_format(op: Op, audio: Path, tmp_path: Path, audio_format: str) -> None:
    """Whatever came in."""
    source = audio / "speech_male_en.wav"
    op("convert", source=source, out=tmp_path / "out", target_pitch_hz=120, format=audio_format)
    assert audio_format == op("probe", path=tmp_path / "out")["format"]


@pytest.mark.parametrize("calibration", [None, 150.0])
def test_recording_without_a_voice_is_refused(
    op: Op, write_wav: Callable[..., Path], tmp_path: Path, calibration: float | None
) -> None:
    """Silence cannot be converted, calibrated or not."""
    with pytest.raises(Refused, match="voice"):
        op(
            "convert",
            source=write_wav(np.zeros(48_000)),
            out=tmp_path / "out",
            target_pitch_hz=150,
            source_f0_hz=calibration,
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"target_pitch_hz": 5}, "target_pitch_hz must be 40 to 600 Hz, got 5"),
        ({"source_f0_hz": 5_000}, "source_f0_hz must be 40 to 600 Hz, got 5000"),
        ({"semitones_correction": 60}, "semitones_correction 60 is too far"),
        ({"formant_ratio": 9.0}, "formant_ratio"),
        ({"timbre": {"breath": 1.0}}, "breath"),
    ],
)
def test_value_out_of_range_is_refused(
    op: Op, audio: Path, tmp_path: Path, wrong: dict[str, Any], message: str
) -> None:
    """The message names field and value."""
    source = audio / "speech_male_en.wav"
    with pytest.raises(Refused, match=message):
        op("convert", **{"source": source, "out": tmp_path / "out", "target_pitch_hz": 150, **wrong})
