"""Files are told by content, decoded to the end, and what is wrong with them is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from audiokit.emulator.engine import Refused, _decode

Op = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("name", "container", "codec", "seconds", "lufs", "true_peak_dbtp"),
    [
        ("speech_male_en.wav", "wav", "pcm_16", 2.698, -20.3, -2.2),
        ("speech_female_en.mp3", "mp3", "mp3", 3.764, -19.4, -3.5),
        ("speech_female_de.flac", "flac", "flac", 2.951, -20.4, -4.5),
        ("speech_male_fr.ogg", "ogg", "vorbis", 2.388, -22.3, -5.0),
        ("speech_female_opus.ogg", "ogg", "opus", 2.416, -20.1, -2.6),
        ("music_main_loop.ogg", "ogg", "vorbis", 9.231, -21.5, -6.4),
        ("mastered_mix.mp3", "mp3", "mp3", 7.500, -16.0, -1.4),
        ("vowel_147hz.wav", "wav", "pcm_16", 2.000, -16.5, -6.0),
    ],
)
def test_good_file_is_described_as_it_is(
    op: Op,
    audio: Path,
    name: str,
    container: str,
    codec: str,
    seconds: float,
    lufs: float,
    true_peak_dbtp: float,
) -> None:
    """Format, codec, decoded length, loudness and peak agree with figures measured by other means."""
    found = op("probe", path=audio / name)
    assert (container, codec, False, None) == (
        found["format"],
        found["codec"],
        found["truncated"],
        found["note"],
    )
    assert found["seconds"] == pytest.approx(seconds, abs=0.001)
    assert found["lufs"] == pytest.approx(lufs, abs=0.3)
    assert found["true_peak_dbtp"] == pytest.approx(true_peak_dbtp, abs=0.3)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.wav", "an empty file"),
        ("one_byte.mp3", "only 1 byte"),
        ("text_named.mp3", "text"),
        ("html_error_page.ogg", "an HTML page"),
        ("picture_named.wav", "a PNG picture"),
        ("playlist_named.wav", "a playlist"),
        ("header_cut.wav", "header is damaged"),
        ("zero_channels.wav", "header is damaged"),
        ("zero_rate.wav", "header is damaged"),
        ("bitrot.ogg", "header is damaged"),
        ("silence_one_hour.flac", "longer than 60 seconds"),
    ],
)
def test_unusable_file_is_refused_with_its_reason(op: Op, audio: Path, name: str, reason: str) -> None:
    """No hang, no crash, no silent success, and no path in the message."""
    with pytest.raises(Refused, match=reason) as caught:
        op("probe", path=audio / "malformed" / name, max_seconds=60)
    assert str(audio) not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "container", "note"),
    [
        ("half.mp3", "mp3", "truncated: 1.8"),
        ("half.flac", "flac", "truncated: 1.486 of 2.951 s"),
        ("half.ogg", "ogg", "truncated or damaged: only 0.518 s"),
        ("bitrot.mp3", "mp3", "of 3.764 s could be decoded"),
        ("id3_big_then_mp3.mp3", "mp3", "truncated: 2.4"),
        ("data_size_lies.wav", "wav", "truncated: 0.454 of"),
        ("wav_named.mp3", "wav", "truncated: 1.000 of 2.698 s"),
    ],
)
def test_damaged_file_keeps_its_good_part_and_says_so(
    op: Op, audio: Path, name: str, container: str, note: str
) -> None:
    """What can be decoded is used; the note states how much that is."""
    found = op("probe", path=audio / "malformed" / name)
    assert (container, True) == (found["format"], found["truncated"])
    assert note in found["note"]


def test_wrong_name_does_not_matter(op: Op, audio: Path) -> None:
    """A sound FLAC under another name is a FLAC, with nothing to remark."""
    found = op("probe", path=audio / "malformed" / "flac_named.ogg")
    assert ("flac", None) == (found["format"], found["note"])


def test_samples_that_are_no_numbers_are_silenced_and_counted(op: Op, audio: Path) -> None:
    """NaN and infinity become silence instead of spreading."""
    found = op("probe", path=audio / "malformed" / "nan_and_inf.wav")
    assert "1333 samples were not finite, or absurdly large, and were silenced" == found["note"]
    assert found["true_peak_dbtp"] < 0


def test_too_many_channels_are_refused(op: Op, write_wav: Callable[..., Path]) -> None:
    """The message names the number and the limit."""
    path = write_wav(np.zeros((4_800, 9)), name="nine.wav")
    with pytest.raises(Refused, match="has 9 channels; allowed are 1 to 8"):
        op("probe", path=path)


def test_sample_rate_out_of_range_is_refused(op: Op, write_wav: Callable[..., Path]) -> None:
    """A rate that no recording has is an error."""
    with pytest.raises(Refused, match="sample rate of 1000 Hz; allowed are 4000 to 384000 Hz"):
        op("probe", path=write_wav(np.zeros(1_000), 1_000))


def test_file_without_samples_is_refused(op: Op, write_wav: Callable[..., Path]) -> None:
    """A header alone is no recording."""
    with pytest.raises(Refused, match="holds no samples"):
        op("probe", path=write_wav(np.zeros(0)))


def test_silence_has_no_loudness(op: Op, write_wav: Callable[..., Path]) -> None:
    """What cannot be measured is None, not minus infinity."""
    found = op("probe", path=write_wav(np.zeros(48_000)))
    assert (None, None) == (found["lufs"], found["true_peak_dbtp"])


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000])
def test_reference_tone_reads_its_level(op: Op, write_wav: Callable[..., Path], rate_hz: int) -> None:
    """A stereo sine of 997 Hz at -23 dBFS is -23 LUFS (EBU Tech 3341, case 1), at any sample rate."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 997 * np.arange(rate_hz * 3) / rate_hz)
    found = op("probe", path=write_wav(np.stack([tone, tone], axis=1), rate_hz, subtype="FLOAT"))
    assert -23.0 == pytest.approx(found["lufs"], abs=0.05)
    assert -23.0 == pytest.approx(found["true_peak_dbtp"], abs=0.1)


def test_quiet_passages_are_gated(op: Op, write_wav: Callable[..., Path]) -> None:
    """Pauses do not lower the loudness of what is between them (EBU Tech 3341, case 3)."""
    level = np.repeat([-36.0, -23.0, -36.0], [5, 30, 5])
    tone = 10 ** (np.repeat(level, 8_000) / 20) * np.sin(2 * np.pi * 997 * np.arange(40 * 8_000) / 8_000)
    found = op("probe", path=write_wav(np.stack([tone, tone], axis=1), 8_000, subtype="FLOAT"))
    assert -23.0 == pytest.approx(found["lufs"], abs=0.1)


def test_true_peak_sees_between_the_samples(op: Op, write_wav: Callable[..., Path]) -> None:
    """A sine sampled beside its crests peaks higher than its samples."""
    time = np.arange(48_000) / 48_000
    swell = np.sin(np.pi * time) ** 2
    path = write_wav(0.5 * swell * np.sin(2 * np.pi * 12_000 * time + np.pi / 4))
    assert -6.02 == pytest.approx(op("probe", path=path)["true_peak_dbtp"], abs=0.2)


def test_peak_in_the_last_moment_is_found(op: Op, write_wav: Callable[..., Path]) -> None:
    """The unfinished 100 ms at the end are measured too."""
    samples = np.zeros(48_000 + 2_000)
    samples[-1_000:-900] = 0.9
    assert op("probe", path=write_wav(samples))["true_peak_dbtp"] > -1.5


@pytest.mark.parametrize(
    "name", ["empty.wav", "bitrot.ogg", "bitrot.mp3", "half.flac", "nan_and_inf.wav", "zero_rate.wav"]
)
@pytest.mark.parametrize("operation", ["measure", "f0", "peaks"])
def test_no_operation_fails_inside_on_hostile_files(op: Op, audio: Path, operation: str, name: str) -> None:
    """Every operation that reads a file either works or refuses."""
    try:
        op(operation, path=audio / "malformed" / name)
    except Refused as refusal:
        assert str(audio) not in str(refusal)


def test_frames_that_change_their_format_are_all_given(monkeypatch: pytest.MonkeyPatch, audio: Path) -> None:
    """A decoder may go from 16 to 32 bits, with a gap in time: what was gathered is given first, in order."""

    def frames(_source: _decode._FFmpegSource) -> Iterator[av.AudioFrame]:
        for bits, pts in (("s16", 0), ("s16", 5_000), ("s32", 0), ("s16", 0)):
            samples = np.full((1, 100), 2 ** (int(bits[1:]) - 2), np.dtype(f"i{int(bits[1:]) // 8}"))
            frame = av.AudioFrame.from_ndarray(samples, format=bits, layout="mono")
            frame.sample_rate, frame.pts = reader.sample_rate_hz, pts
            yield frame

    monkeypatch.setattr(_decode._FFmpegSource, "_frames", frames)
    with _decode.AudioReader(str(audio / "speech_female_de.flac")) as reader:
        blocks = list(reader.blocks())
    assert [200, 100, 100] == [len(block) for block in blocks]
    assert {0.5} == set(np.concatenate(blocks).ravel().tolist())
