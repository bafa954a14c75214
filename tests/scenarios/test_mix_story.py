"""AudioStack v2: a custom sound template, from its wav segment to the mix."""

from __future__ import annotations

from pathlib import Path

import pytest
from hearing import AUDIO, listen

from audiokit import AudioKit, MixJob, MixTimeline
from audiokit.errors import Conflict, NotFound, RequestRefused, UnsupportedAudio

SCRIPT = """<as:section name="main" soundSegment="main">
Hello <as:placeholder id="who">world</as:placeholder>!
</as:section>"""


@pytest.fixture
async def template(kit: AudioKit, request: pytest.FixtureRequest) -> str:
    """A template of this test's own, with one uploaded segment called main."""
    name = f"epic-{request.node.name}"
    await kit.audiostack.templates.create(name)
    media = await kit.audiostack.media.create(AUDIO / "music_intro.wav")
    await kit.audiostack.segments.create(name, media, "main")
    return name


async def test_the_guide_from_upload_to_mix(kit: AudioKit, template: str, tmp_path: Path) -> None:
    """Template, uploaded segment, script naming it, speech and mix give a wav with both in it."""
    script = await kit.audiostack.scripts.create(SCRIPT)
    speech = await kit.audiostack.tts.create_and_wait(script)
    mix = await kit.audiostack.mixes.create_and_wait(speech=speech, sound_template=template)
    (path,) = await kit.audiostack.mixes.download(mix, tmp_path)
    (spoken,) = await kit.audiostack.tts.download(speech, tmp_path)
    sound = listen(path)
    assert sound.container == "WAV"
    assert sound.channels == 2
    assert sound.seconds > listen(spoken).seconds


async def test_forced_length_and_speech_track(kit: AudioKit, template: str, tmp_path: Path) -> None:
    """A timeline's forced length is exact, and the speech alone comes as a second file."""
    script = await kit.audiostack.scripts.create(SCRIPT)
    speech = await kit.audiostack.tts.create_and_wait(script)
    created = await kit.audiostack.mixes.create(
        speech=speech,
        sound_template=template,
        timeline_properties=MixTimeline(force_length_s=6.5),
        export_settings={"ttsTrack": True},
    )
    mix = await kit.audiostack.mixes.wait(created.production_id)
    paths = await kit.audiostack.mixes.download(mix, tmp_path, name="part")
    assert len(paths) == 2
    assert abs(listen(paths[0]).seconds - 6.5) <= 0.010


async def test_a_missing_segment_fails_in_the_mix_and_not_before(kit: AudioKit, template: str) -> None:
    """Script and speech with an unknown segment are taken; the mix names it and what there is."""
    script = await kit.audiostack.scripts.create(SCRIPT.replace('"main">', '"bridge">'))
    speech = await kit.audiostack.tts.create_and_wait(script)
    with pytest.raises(RequestRefused, match=r"bridge.*main"):
        await kit.audiostack.mixes.create_and_wait(speech=speech, sound_template=template)


async def test_names_are_unique_until_deleted(kit: AudioKit) -> None:
    """A second template of a name is refused; after deleting it the name is free, and gone twice is 404."""
    await kit.audiostack.templates.create("only-once")
    with pytest.raises(Conflict, match="only-once"):
        await kit.audiostack.templates.create("only-once")
    await kit.audiostack.templates.delete("only-once")
    with pytest.raises(NotFound, match="only-once"):
        await kit.audiostack.templates.delete("only-once")
    await kit.audiostack.templates.create("only-once")


async def test_only_wav_becomes_a_segment(kit: AudioKit, template: str) -> None:
    """A flac is refused by the SDK before sending, and by the API when it is there already."""
    with pytest.raises(UnsupportedAudio, match="flac"):
        await kit.audiostack.segments.upload(template, AUDIO / "speech_female_de.flac", "intro")
    media = await kit.audiostack.media.create(AUDIO / "speech_female_de.flac")
    with pytest.raises(RequestRefused, match=r"(?i)wav"):
        await kit.audiostack.segments.create(template, media, "intro")


async def test_a_mix_job_does_it_all(kit: AudioKit, template: str, tmp_path: Path) -> None:
    """One job from text to file."""
    job = MixJob(
        script_text=SCRIPT, sound_template=template, audience={"who": "Ada"}, to=tmp_path / "ada.wav"
    )
    async with kit.orchestrator() as orchestrator:
        (outcome,) = [outcome async for outcome in orchestrator.run([job])]
    assert outcome.error is None
    assert tmp_path / "ada.wav" == outcome.path
    assert listen(tmp_path / "ada.wav").rms > 0.01
