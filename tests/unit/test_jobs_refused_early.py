"""Jobs that can only fail: refused before anything is sent, so that nobody pays for them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audiokit import (
    CalibrationJob,
    Chain,
    ConversionJob,
    JobState,
    MasteringJob,
    MixJob,
    MixSection,
    MixTimeline,
    SectionTiming,
    SpeechJob,
    TTSRecordingJob,
)
from audiokit.errors import InvalidRequest
from audiokit.services.audiostack.encoder import PRESETS
from audiokit.testing import StubTransport

TEXT = {"script_text": "Hello."}


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (MasteringJob(**TEXT, to="x.wav"), "the audio will be mp3; end the name in .mp3, or give a folder"),
        (MasteringJob(**TEXT, to="x.mp3", end_format=["wav"]), "the audio will be wav"),
        (MasteringJob(**TEXT, to="x.ogg", end_format="mp3_high"), "the audio will be mp3"),
        (MasteringJob(**TEXT, to="x.wav", end_format="bogus"), "end_format must be one of flac, mp3"),
        (MasteringJob(**TEXT, to="x.wav", end_format=5), "end_format must be one or more of wav"),  # type: ignore[arg-type]
        (MasteringJob(**TEXT, end_format=[]), "end_format must be at least one format"),
        (MasteringJob(**TEXT, channels=3), "channels must be 1 (mono) or 2 (stereo), got 3"),
        (MasteringJob(**TEXT, force_length_s=-1), "force_length_s must be 0.001 to 86400 seconds, got -1"),
        (MasteringJob(**TEXT, media_volume_trim_db=99), "media_volume_trim_db must be -12 to 12 dB, got 99"),
        (MasteringJob(**TEXT, section_properties={"a": SectionTiming(justify="centre")}), "needs end_at_s"),
        (MasteringJob(**TEXT, media_files=["a"]), "media_files must be a mapping"),  # type: ignore[arg-type]
        (MasteringJob(**TEXT, audience={"version": "1"}), "collides with a parameter"),
        (MasteringJob(**TEXT, speed=900), "speed must be 0.5 to 300, got 900"),
        (SpeechJob(**TEXT, speed=0), "speed must be 0.5 to 300, got 0"),
        (SpeechJob(**TEXT, audience={"section": "a"}), "collides with a parameter"),
        (SpeechJob(**TEXT, sections={"a": "Joanna"}), "sections must be a mapping of names"),  # type: ignore[dict-item]
        (SpeechJob(**TEXT, to="x.mp3"), "the audio will be wav"),
        (MixJob(**TEXT, to="x.mp3"), "the audio will be wav"),
        (MixJob(**TEXT, to="x.wav", encoder_preset="mp3_low"), "the audio will be mp3"),
        (MixJob(**TEXT, encoder_preset="bogus"), "preset must be one of custom, flac"),
        (MixJob(**TEXT, encoder_preset=""), "preset must be one of custom, flac"),
        (MixJob(**TEXT, speed=99), "speed must be 0.5 to 3, got 99"),
        (MixJob(**TEXT, section_properties={"a": MixSection(alignment="up")}), "alignment must be one of"),
        (MixJob(speech_id="s", timeline_properties=MixTimeline(padding_s=-1)), "padding_s must be 0 or more"),
        (ConversionJob(voice_id="v", source=b"RIFF", folder_id="f", semitones_correction=math.nan), "finite"),
        (
            ConversionJob(voice_id="v", source=b"RIFF", folder_id="f", label="x" * 41, label_token=False),
            "label must have 0 to 40 characters, got 41",
        ),
        (
            ConversionJob(voice_id="Boris", source=b"RIFF", folder_id="f"),
            "voice_id must be a UUID, got 'Boris'; ids are in kit.respeecher.voices.list()",
        ),
        (
            ConversionJob(voice_id=str(UUID(int=1)), original_id="r", calibration_id="mine"),
            "calibration_id must be a UUID, got 'mine'; ids are in kit.respeecher.calibrations.list()",
        ),
        (TTSRecordingJob(text="", folder_id="f"), "must have 1 to 1000 characters, got 0"),
        (CalibrationJob(name="x" * 41, source=b"RIFF"), "name must have 1 to 40 characters, got 41"),
        (CalibrationJob(name="x", source=b"RIFF"), "must be flac, mp3, ogg, wav audio"),
    ],
)
async def test_an_invalid_job_submits_nothing(
    job: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is certainly wrong is told before the first call: no script, no speech, no upload."""
    monkeypatch.chdir(tmp_path)
    stub = StubTransport()
    async with stub.kit() as kit, kit.orchestrator() as jobs:
        (outcome,) = [outcome async for outcome in jobs.run([job])]
    assert ([], JobState.FAILED) == (stub.calls, outcome.state)
    assert isinstance(outcome.error.__cause__, InvalidRequest)
    assert said in str(outcome.error.__cause__)


@pytest.mark.parametrize(
    "job",
    [
        MasteringJob(**TEXT, to="x.mp3"),
        MasteringJob(**TEXT, to="x.MP3", end_format="mp3_very_low"),
        MasteringJob(**TEXT, to="x.oga", end_format="ogg"),
        MasteringJob(**TEXT, to="out", end_format="flac"),
        MasteringJob(**TEXT, to="v1.2/"),
        MasteringJob(**TEXT, to="folder.wav"),
        MasteringJob(**TEXT, speed=900, has_speech=True),
        SpeechJob(**TEXT, to="x.wav"),
        MixJob(**TEXT, to="x.wave"),
        *[MixJob(**TEXT, to=f"x.{one.partition('_')[0]}", encoder_preset=one) for one in PRESETS[1:]],
        MixJob(**TEXT, to="x.mp3", encoder_preset="custom"),
    ],
)
async def test_a_job_that_may_succeed_is_begun(
    job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is certain is refused: the right extension, a folder of any name, a format left open."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.wav").mkdir()
    stub = StubTransport()
    stub.on("POST", "/script", ConnectionError("far enough"))
    stub.on("POST", "/content/script", ConnectionError("far enough"))
    async with stub.kit() as kit, kit.orchestrator() as jobs:
        async for _ in jobs.run([job]):
            pass
    assert stub.calls


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf, "60", True])
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (SpeechJob, TEXT),
        (MasteringJob, TEXT),
        (MixJob, TEXT),
        (ConversionJob, {"voice_id": "v", "original_id": "r"}),
        (TTSRecordingJob, {"text": "Hello.", "folder_id": "f"}),
        (CalibrationJob, {"name": "n", "source": b"RIFF"}),
        (Chain, {"first": None, "then": ()}),
    ],
)
def test_a_time_that_is_none_makes_no_job(kind: Any, fields: dict[str, Any], seconds: Any) -> None:
    """`timeout_s` is a number of seconds above 0, or not given."""
    with pytest.raises(InvalidRequest, match=r"timeout_s must be a number above 0, got"):
        kind(**fields, timeout_s=seconds)
    assert kind(**fields, timeout_s=1).timeout_s == 1


@pytest.mark.parametrize("kind", [SpeechJob, MasteringJob, MixJob])
def test_a_place_that_is_no_path_makes_no_job(kind: Any) -> None:
    """`to` is a path, or not given."""
    for place in (5, "", "a\0b"):
        with pytest.raises(InvalidRequest, match="to must be a path"):
            kind(**TEXT, to=place)
