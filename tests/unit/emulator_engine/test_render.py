"""Masters are exactly as long, loud and loud at most as ordered, and music makes way for speech."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiokit.emulator.engine import Refused, _mixer
from audiokit.emulator.engine._master import master
from audiokit.emulator.engine._mixer import build_mix
from audiokit.emulator.engine._score import Score

Op = Callable[..., dict[str, Any]]
Sound = np.ndarray[Any, Any]


@pytest.fixture
def render(op: Op, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Render to a WAV and return the result with its path."""

    def do(**timeline: Any) -> dict[str, Any]:
        out = str(tmp_path / "out.wav")
        return {
            **op("render", timeline=timeline, outputs=[{"path": out, "format": "wav"}]),
            "path": Path(out),
        }

    return do


def _clip(path: Path, start_s: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"path": str(path), "start_s": start_s, **more}


def _bed(path: Path, end_s: float, start_s: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"path": str(path), "start_s": start_s, "end_s": end_s, **more}


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("what", ["speech", "music", "both", "short"])
def test_master_has_loudness_peak_and_exact_length(
    op: Op, speech: Path, music: Path, tmp_path: Path, what: str, channels: int
) -> None:
    """-16 LUFS +-0.5, at most -1 dBTP, to the sample, as WAV and as FLAC."""
    timelines: dict[str, dict[str, Any]] = {
        "speech": {"seconds": 11.0, "voice": [_clip(speech, 0.25)]},
        "music": {"seconds": 12.5, "music": [_bed(music, 12.5)]},
        "both": {
            "seconds": 16.0,
            "voice": [_clip(speech, 3.0)],
            "music": [_bed(music, 16.0, fade_in_s=1.0, fade_out_s=2.0)],
        },
        "short": {"seconds": 3.0, "voice": [_clip(speech)], "music": [_bed(music, 3.0)]},
    }
    timeline = timelines[what] | {"channels": channels}
    outputs = [{"path": str(tmp_path / f"out.{name}"), "format": name} for name in ("wav", "flac")]
    done = op("render", timeline=timeline, outputs=outputs)
    for output in outputs:
        found = op("probe", path=output["path"])
        assert (channels, 48_000) == (found["channels"], found["sample_rate_hz"])
        assert round(timeline["seconds"] * 48_000) == round(found["seconds"] * 48_000)
        assert -16.0 == pytest.approx(found["lufs"], abs=0.5)
        assert found["true_peak_dbtp"] <= -1.0
        assert done["lufs"] == pytest.approx(found["lufs"], abs=0.05)


def test_every_output_is_described(op: Op, speech: Path, tmp_path: Path) -> None:
    """Length and size of each file, in the order of the request."""
    names = ("mp3", "wav", "ogg", "wav", "mp3_low")
    outputs = [{"path": str(tmp_path / f"{i}"), "format": name} for i, name in enumerate(names)]
    done = op("render", timeline={"seconds": 4.0, "voice": [_clip(speech)]}, outputs=outputs)
    assert [output["path"] for output in outputs] == [output["path"] for output in done["outputs"]]
    for output in done["outputs"]:
        assert Path(output["path"]).stat().st_size == output["size_bytes"]
        assert 4.0 == pytest.approx(output["seconds"], abs=0.002)
    assert sorted(str(i) for i in range(5)) == sorted(path.name for path in tmp_path.iterdir())


def test_music_is_lower_under_speech_and_back_in_the_gaps(
    render: Op, write_wav: Callable[..., Path], level_db: Callable[..., float]
) -> None:
    """Twelve decibels under speech, full level before, between and after."""
    noise = np.random.default_rng(1)
    steady = write_wav(0.1 * noise.standard_normal(48_000 * 4), name="music.wav")
    # Nearly silent "speech" opens the way without covering the music.
    speech = write_wav(
        np.full(48_000 * 3, 2e-4) * np.sign(np.sin(np.arange(144_000) * 0.05)), name="speech.wav"
    )
    done = render(seconds=14.0, voice=[_clip(speech, 2.0), _clip(speech, 8.0)], music=[_bed(steady, 14.0)])
    path = done["path"]
    under, between, before = level_db(path, 2.2, 4.8), level_db(path, 6.2, 7.4), level_db(path, 0.2, 1.5)
    assert -12.0 == pytest.approx(under - before, abs=0.5)
    assert before == pytest.approx(between, abs=0.5)
    assert before == pytest.approx(level_db(path, 12.5, 13.8), abs=0.5)
    # Already down when the first syllable comes, and no jump on the way.
    assert -12.0 == pytest.approx(level_db(path, 1.97, 2.0) - before, abs=1.5)


def test_real_music_makes_way_for_real_speech(
    render: Op, speech: Path, music: Path, level_db: Callable[..., float]
) -> None:
    """At least 6 dB less under the words; the speech itself is made inaudible to measure that."""
    timeline = {"seconds": 12.0, "voice": [_clip(speech, 4.0, gain_db=-90.0)], "music": [_bed(music, 12.0)]}
    path = render(**timeline)["path"]
    assert level_db(path, 4.5, 7.0) < level_db(path, 0.5, 3.0) - 6.0


def test_media_that_does_not_duck_leaves_the_music_alone(
    render: Op, write_wav: Callable[..., Path], level_db: Callable[..., float]
) -> None:
    """Effects play over the music as it is."""
    steady = write_wav(0.1 * np.random.default_rng(1).standard_normal(48_000 * 4), name="music.wav")
    effect = write_wav(np.full(48_000, 2e-4), name="effect.wav")
    path = render(seconds=8.0, media=[_clip(effect, 3.0, ducks=False)], music=[_bed(steady, 8.0)])["path"]
    assert level_db(path, 0.5, 2.5) == pytest.approx(level_db(path, 3.1, 3.9), abs=0.5)


@pytest.mark.parametrize("kind", ["voice", "music"])
def test_more_clips_at_once_than_files_can_be_open_are_refused(
    render: Op, write_wav: Callable[..., Path], kind: str
) -> None:
    """Sixty-four are mixed; many more are refused with their number, before a file limit is met."""
    path = write_wav(0.01 * np.random.default_rng(1).standard_normal(4_800))
    entry = _clip(path) if kind == "voice" else _bed(path, 0.1, loop=False)
    assert 0.1 == render(seconds=0.1, **{kind: [entry] * 64})["seconds"]
    with pytest.raises(Refused, match=r"65 clips sound at once at 0.00 s; at most 64 are mixed"):
        render(seconds=0.1, **{kind: [entry] * 65})


def test_a_file_is_open_only_while_it_sounds(
    render: Op, write_wav: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of clips that follow each other within one block no two are open."""
    open_now, most = set[int](), 0
    first, close = _mixer.ExcerptStream.__init__, _mixer.ExcerptStream.close

    def opening(self: Any, *args: Any, **how: Any) -> None:
        nonlocal most
        first(self, *args, **how)
        open_now.add(id(self))
        most = max(most, len(open_now))

    def closing(self: Any) -> None:
        open_now.discard(id(self))
        close(self)

    monkeypatch.setattr(_mixer.ExcerptStream, "__init__", opening)
    monkeypatch.setattr(_mixer.ExcerptStream, "close", closing)
    path = write_wav(0.01 * np.random.default_rng(1).standard_normal(480))
    render(seconds=0.4, voice=[_clip(path, place / 100) for place in range(40)])
    assert (1, set()) == (most, open_now)


def test_loop_has_no_seam(render: Op, music: Path) -> None:
    """Where the segment starts again, samples step no more than elsewhere."""
    length = soundfile.info(music).frames
    path = render(seconds=2.5 * length / 48_000, music=[_bed(music, 2.5 * length / 48_000)])["path"]
    samples, _ = soundfile.read(path)
    steps = np.abs(np.diff(samples, axis=0)).max(axis=1)
    assert steps[length - 3 : length + 3].max() <= np.percentile(steps, 99.9)
    # The second playing is the first one again, at the same tempo.
    one, two = samples[4_800 : length - 4_800, 0], samples[length + 4_800 : 2 * length - 4_800, 0]
    assert np.corrcoef(one, two)[0, 1] > 0.98


def test_rough_loop_is_cross_faded(render: Op, write_wav: Callable[..., Path]) -> None:
    """A segment that ends with a jump does not click when it starts again."""
    time = np.arange(48_000) / 48_000
    jumping = write_wav(0.3 * np.sin(2 * np.pi * 100.25 * time))
    samples, _ = soundfile.read(render(seconds=4.0, channels=1, music=[_bed(jumping, 4.0)])["path"])
    smooth_step = np.abs(samples).max() * 2 * np.pi * 100.25 / 48_000
    assert np.abs(np.diff(samples)).max() < 1.6 * smooth_step


@pytest.mark.parametrize("stretch", [0.8, 1.25])
def test_stretch_changes_length_and_not_pitch(
    render: Op, op: Op, speech: Path, median_f0: Callable[[Path], float], stretch: float
) -> None:
    """Speech gets shorter or longer by exactly the factor."""
    natural = op("probe", path=speech)["seconds"]
    done = render(channels=1, voice=[_clip(speech, stretch=stretch)])
    assert natural * stretch + 0.3 == pytest.approx(done["seconds"], abs=0.001)
    assert median_f0(speech) == pytest.approx(median_f0(done["path"]), rel=0.02)


def test_clip_starts_where_it_is_placed(render: Op, write_wav: Callable[..., Path]) -> None:
    """Placement, offset and duration are exact to a millisecond, even across sample rates."""
    samples = np.zeros(24_000)
    samples[12_000:12_240] = 0.5 * np.hanning(240)
    path = write_wav(samples, 24_000)
    done = render(
        seconds=3.0, channels=1, media=[_clip(path, 1.0, offset_s=0.25, duration_s=0.5, ducks=False)]
    )
    rendered, _ = soundfile.read(done["path"])
    centre_s = np.average(np.arange(len(rendered)), weights=rendered**2) / 48_000  # limited
    assert 1.25 + 120 / 24_000 == pytest.approx(centre_s, abs=0.001)
    assert 0.0 == np.abs(rendered[int(1.51 * 48_000) :]).max()


def test_fades_rise_and_fall(
    render: Op, write_wav: Callable[..., Path], level_db: Callable[..., float]
) -> None:
    """Both ends of a clip fade over the ordered time."""
    steady = write_wav(0.2 * np.random.default_rng(1).standard_normal(48_000 * 6))
    path = render(seconds=6.0, channels=1, media=[_clip(steady, fade_in_s=2.0, fade_out_s=2.0)])["path"]
    full = level_db(path, 2.2, 3.8)
    assert -3.0 == pytest.approx(level_db(path, 0.99, 1.01) - full, abs=1.0)
    assert -3.0 == pytest.approx(level_db(path, 4.99, 5.01) - full, abs=1.0)
    assert level_db(path, 0.0, 0.05) < full - 25


def test_level_brings_clips_together(
    render: Op, write_wav: Callable[..., Path], speech: Path, level_db: Callable[..., float]
) -> None:
    """Two clips recorded 20 dB apart come out alike."""
    voice, rate_hz = soundfile.read(speech)
    quiet = write_wav(0.1 * voice, rate_hz)
    path = render(channels=1, voice=[_clip(speech, level_lufs=-20.0), _clip(quiet, 10.0, level_lufs=-20.0)])[
        "path"
    ]
    assert level_db(path, 0.0, 6.0) == pytest.approx(level_db(path, 10.0, 16.0), abs=0.5)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("media_channels", [1, 2])
def test_match_voice_goes_by_what_is_heard_on_the_track(
    render: Callable[..., dict[str, Any]],
    write_wav: Callable[..., Path],
    speech: Path,
    level_db: Callable[..., float],
    media_channels: int,
    channels: int,
) -> None:
    """A mono recording is 3 LU louder in stereo than alone; the voice beside it is levelled to that."""
    voice, rate_hz = soundfile.read(speech)
    take = write_wav(np.stack([0.1 * voice] * media_channels, axis=1), rate_hz)
    path = render(
        channels=channels,
        match_voice=True,
        voice=[_clip(speech)],
        media=[_clip(take, 10.0, gain_db=-3.0), _clip(speech, 20.0, ducks=False)],
        loudness_lufs=-30.0,  # no limiting
    )["path"]
    assert level_db(path, 0.0, 6.0) == pytest.approx(level_db(path, 10.0, 16.0), abs=0.2)
    assert level_db(path, 20.0, 26.0) == pytest.approx(level_db(path, 0.0, 6.0) + 23.0, abs=0.2)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("has_sentence", [True, False])
def test_match_voice_levels_a_single_word(
    render: Callable[..., dict[str, Any]],
    write_wav: Callable[..., Path],
    speech: Path,
    level_db: Callable[..., float],
    has_sentence: bool,  # noqa: FBT001
    channels: int,
) -> None:
    """A word under 0.4 s goes down with the sentences beside it, or by its RMS where there are none."""
    voice, rate_hz = soundfile.read(speech)
    word = write_wav(voice[rate_hz : rate_hz + rate_hz * 3 // 10], rate_hz, "word.wav")
    take = write_wav(0.1 * voice, rate_hz)
    path = render(
        channels=channels,
        match_voice=True,
        voice=[_clip(word), *([_clip(speech, 1.0)] if has_sentence else [])],
        media=[_clip(take, 11.0), _clip(word, 20.0, gain_db=-10.0, ducks=False)],
        loudness_lufs=-30.0,  # no limiting
    )["path"]
    down_db = level_db(path, 0.0, 0.3) - level_db(path, 20.0, 20.3)
    assert -10.0 == pytest.approx(down_db, abs=0.2 if has_sentence else 4.0)


def test_length_without_an_order_is_that_of_the_content(
    render: Op, op: Op, speech: Path, music: Path
) -> None:
    """The last sound ends the track, music or clip."""
    natural = op("probe", path=speech)["seconds"]
    assert natural + 1.0 + 0.3 == pytest.approx(render(voice=[_clip(speech, 1.0)])["seconds"], abs=0.001)
    assert 20.0 == render(voice=[_clip(speech, 1.0)], music=[_bed(music, 20.0)])["seconds"]


@pytest.mark.parametrize("level", [0.0, 3e-5])
def test_silence_is_not_blown_up(render: Op, write_wav: Callable[..., Path], level: float) -> None:
    """What is too quiet to be measured stays as it is."""
    noise = level * np.random.default_rng(1).standard_normal(96_000)
    samples, _ = soundfile.read(render(seconds=2.0, media=[_clip(write_wav(noise, subtype="FLOAT"))])["path"])
    assert np.abs(samples).max() <= 5 * level + 1e-4


def test_click_train_ends_under_the_ceiling(render: Op, op: Op, write_wav: Callable[..., Path]) -> None:
    """Material that cannot be both loud and under the ceiling keeps the ceiling."""
    clicks = np.zeros(48_000 * 5)
    clicks[::12_000] = 0.9
    assert (
        op("probe", path=render(channels=1, media=[_clip(write_wav(clicks))])["path"])["true_peak_dbtp"]
        <= -1.0
    )


def test_hard_peaks_are_limited_until_the_rest_is_loud_enough(
    render: Op, speech: Path, write_wav: Callable[..., Path]
) -> None:
    """Speech 31 dB below the clicks in it still reaches its loudness, under the ceiling."""
    voice, rate_hz = soundfile.read(speech)
    voice *= 0.025 / np.abs(voice).max()
    voice[:: rate_hz // 2] = 0.9
    done = render(channels=1, media=[_clip(write_wav(voice, rate_hz))])
    assert -16.0 == pytest.approx(done["lufs"], abs=0.5)
    assert done["true_peak_dbtp"] <= -1.0


def test_what_cannot_be_loud_enough_is_told_and_not_tried_for_ever(
    speech: Path, write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    """Nothing but claps: the loudness that was reached is given, after four passes at most."""
    draw, time = np.random.default_rng(1), np.arange(48_000 * 4) / 48_000
    claps = 0.1 * draw.standard_normal(len(time)) * np.exp(-(time % 0.5) / 0.01)
    score = Score.from_json({"channels": 1, "media": [_clip(write_wav(claps))]})
    out = tmp_path / "out.wav"
    done = master(build_mix(score), str(out), loudness_lufs=-16.0, true_peak_dbtp=-1.0)
    assert done.loudness.lufs is not None
    assert -24.0 < done.loudness.lufs < -16.5
    assert done.passes <= 4


def test_samples_that_are_no_numbers_do_not_spread(render: Op, audio: Path, speech: Path) -> None:
    """NaN in one clip does not silence the track."""
    bad = audio / "malformed" / "nan_and_inf.wav"
    done = render(seconds=5.0, voice=[_clip(speech)], media=[_clip(bad, 1.0)])
    assert -16.0 == pytest.approx(done["lufs"], abs=0.5)


@pytest.mark.parametrize(
    ("timeline", "message"),
    [
        ({"seconds": 0.0}, "seconds"),
        ({"seconds": 1e9}, "seconds"),
        ({"channels": 3, "seconds": 1.0}, "channels"),
        ({"seconds": 1.0, "reverb": 1}, "reverb"),
        ({"seconds": 1.0, "voice": [{"path": "x", "start_s": -1.0}]}, "start_s"),
        ({"seconds": 1.0, "voice": [{"path": "x"}]}, "start_s"),
        ({}, "neither a length nor anything to play"),
    ],
)
def test_timeline_that_cannot_be_is_refused(render: Op, timeline: dict[str, Any], message: str) -> None:
    """The message names what is wrong; no key is read and ignored."""
    with pytest.raises(Refused, match=message):
        render(**timeline)


def test_stretch_out_of_range_is_refused(render: Op, speech: Path) -> None:
    """A factor of ten is no speech any more."""
    with pytest.raises(Refused, match=r"stretch must be 0.25 to 2, got 10"):
        render(voice=[_clip(speech, stretch=10)])


def test_music_too_short_to_loop_is_refused(render: Op, write_wav: Callable[..., Path]) -> None:
    """Ten milliseconds again and again would be a buzz."""
    with pytest.raises(Refused, match=r"lasts 0.010 s; at least 0.25 s are needed"):
        render(seconds=5.0, music=[_bed(write_wav(np.ones(480) * 0.1), 5.0)])


def test_no_output_or_an_unknown_format_is_refused(op: Op, tmp_path: Path) -> None:
    """Before anything is rendered."""
    with pytest.raises(Refused, match="at least one output"):
        op("render", timeline={"seconds": 1.0}, outputs=[])
    with pytest.raises(Refused, match="format 'exe'"):
        op("render", timeline={"seconds": 1.0}, outputs=[{"path": str(tmp_path / "x"), "format": "exe"}])
