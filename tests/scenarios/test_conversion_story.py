"""Respeecher: upload, calibrate, order, download."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import pytest
from hearing import AUDIO, listen, pitch_hz

from audiokit import AudioKit, Conversion, ConversionJob
from audiokit.errors import AuthenticationError, NotFound, RemoteFailure, RequestRefused
from audiokit.services.respeecher import Voice
from audiokit.testing import EmulatorProcess

SPEECH = AUDIO / "speech_male_en.wav"


async def _voice_near(kit: AudioKit, hertz: float) -> Voice:
    voices = [voice async for voice in kit.respeecher.voices.list(species="human")]
    return min(voices, key=lambda voice: abs(math.log2((voice.pitch_hz or 1) / hertz)))


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "ogg"])
async def test_each_format_is_taken(kit: AudioKit, folder_id: str, name: str) -> None:
    """Every format of the vendor's list becomes a finished recording of the right length."""
    path = next(AUDIO.glob(f"speech_*.{name}"))
    recording = await kit.respeecher.recordings.upload_and_wait(path, folder_id=folder_id, label="Take 1")
    assert recording.state == "done"
    assert recording.label == "Take 1"
    assert recording.duration_s is not None
    assert abs(recording.duration_s - listen(path).seconds) < 0.05


async def test_the_correction_moves_the_pitch_by_as_many_semitones(
    kit: AudioKit, folder_id: str, tmp_path: Path
) -> None:
    """Two orders that differ by five semitones give recordings that do, and the length stays."""
    original = await kit.respeecher.recordings.upload_and_wait(SPEECH, folder_id=folder_id)
    voice = await _voice_near(kit, 140)
    conversions = [Conversion(voice_id=voice.id, semitones_correction=n) for n in (0, 5)]
    done = await kit.respeecher.orders.create_and_wait(original.id, conversions)
    sounds = [
        listen(await kit.respeecher.recordings.download(one, tmp_path, name=f"take{index}"))
        for index, one in enumerate(done)
    ]
    moved = 12 * math.log2(pitch_hz(sounds[1]) / pitch_hz(sounds[0]))
    assert abs(moved - 5) < 0.5
    assert all(abs(sound.seconds - listen(SPEECH).seconds) < 0.02 for sound in sounds)


async def test_calibration_tells_the_pitch_and_refuses_what_has_none(kit: AudioKit) -> None:
    """A vowel of 147.3 Hz is measured within 2 %; an hour of silence fails with a reason."""
    found = await kit.respeecher.calibrations.create_and_wait("vowel", AUDIO / "vowel_147hz.wav")
    assert found.f0_hz is not None
    assert abs(found.f0_hz / 147.3 - 1) < 0.02
    with pytest.raises((RemoteFailure, RequestRefused)) as caught:
        await kit.respeecher.calibrations.create_and_wait(
            "silence", AUDIO / "malformed" / "silence_one_hour.flac"
        )
    assert caught.value.api_message


async def test_spoken_originals_need_a_style(kit: AudioKit, folder_id: str, tmp_path: Path) -> None:
    """Text becomes a recording; converting it asks for a narration style and then works."""
    original = await kit.respeecher.recordings.create_tts_and_wait("Good evening.", folder_id=folder_id)
    assert original.tts
    voice = await _voice_near(kit, 200)
    with pytest.raises(RequestRefused, match="narration_style_id"):
        await kit.respeecher.orders.create(original.id, [Conversion(voice_id=voice.id)])
    style = voice.narration_styles[0]
    (done,) = await kit.respeecher.orders.create_and_wait(
        original.id, [Conversion(voice_id=voice.id, narration_style_id=style.id)]
    )
    assert listen(await kit.respeecher.recordings.download(done, tmp_path)).rms > 0.01


async def test_credits_are_spent_by_converting(kit: AudioKit, folder_id: str) -> None:
    """A conversion lowers the balance."""
    before = await kit.respeecher.credits.get()
    original = await kit.respeecher.recordings.upload_and_wait(SPEECH, folder_id=folder_id)
    voice = await _voice_near(kit, 100)
    await kit.respeecher.orders.create_and_wait(original.id, [Conversion(voice_id=voice.id)])
    assert (await kit.respeecher.credits.get()).left < before.left


async def test_folders_notes_stars_and_export(kit: AudioKit, tmp_path: Path) -> None:
    """What is written can be read back, and an export holds the starred conversions only."""
    api = kit.respeecher
    project = await api.projects.create("keep")
    folder = await api.folders.create(project.id, "one")
    assert (await api.folders.rename(folder.id, "two")).name == "two"
    original = await api.recordings.upload_and_wait(SPEECH, folder_id=folder.id)
    await api.notes.create(original.id, "first")
    assert (await api.notes.update(original.id, "second")).text == "second"
    assert (await api.notes.delete(original.id)).text == "second"
    voice = await _voice_near(kit, 120)
    done = await api.orders.create_and_wait(original.id, [Conversion(voice_id=voice.id)] * 2)
    await api.recordings.update(done[0].id, starred=True)
    path = await api.recordings.export(original.id, tmp_path, starred_only=True)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 1
    listed = [one.id async for one in api.recordings.list_conversions(original.id, page_size=1)]
    assert {one.id for one in done} == set(listed)
    (stats,) = await api.stats.folders([folder.id])
    assert stats.conversions.completed == 2
    assert original.id in await api.recordings.delete(original.id)
    with pytest.raises(NotFound):
        await api.recordings.get(original.id)


async def test_a_login_works_like_a_key(emulator: EmulatorProcess) -> None:
    """With e-mail and password the client logs in by itself; a wrong password is refused by name."""
    access = emulator.access["respeecher"]
    import attrs

    async with AudioKit(respeecher=attrs.evolve(access, credentials=emulator.login)) as kit:
        assert emulator.login.email == (await kit.respeecher.session.auth()).email
        await kit.respeecher.session.logout()
        assert (await kit.respeecher.credits.get()).left > 0
    wrong = attrs.evolve(emulator.login, password="not the password")
    async with AudioKit(respeecher=attrs.evolve(access, credentials=wrong)) as kit:
        with pytest.raises(AuthenticationError, match="RESPEECHER_API_KEY"):
            await kit.respeecher.credits.get()


async def test_jobs_share_one_upload(kit: AudioKit, folder_id: str, tmp_path: Path) -> None:
    """One source and three voices make one upload and three files; a bad voice hurts nobody."""
    voices = [voice async for voice in kit.respeecher.voices.list(species="human", page_size=3)][:3]
    jobs = [
        ConversionJob(source=SPEECH, folder_id=folder_id, voice_id=voice_id, to=tmp_path)
        for voice_id in [*(voice.id for voice in voices), "00000000-0000-0000-0000-00000000dead"]
    ]
    async with kit.orchestrator() as orchestrator:
        outcomes = [outcome async for outcome in orchestrator.run(jobs)]
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    assert len(failed) == 1
    assert "dead" in str(failed[0].error)
    assert len({outcome.path for outcome in outcomes if outcome.path is not None}) == 3
    originals = [one async for one in kit.respeecher.recordings.list_originals(folder_id)]
    assert len(originals) == 1
