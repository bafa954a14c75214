"""api.audio v1: script, speech, mastered track."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from hearing import AUDIO, listen

from audiokit import AudioKit, MasteringJob, PollSchedule, SectionTiming
from audiokit.errors import RequestRefused

SCRIPT = """<<soundSegment::intro>><<sectionName::hello>>Hello {{username|friend}}.
<<soundSegment::main>><<sectionName::message>>We have news for you in {{location|town}}.
<<soundSegment::outro>><<sectionName::bye>>Goodbye."""


@pytest.fixture
async def script_id(kit: AudioKit) -> str:
    """A script with three sections, spoken for Antonio and for nobody in particular."""
    script = await kit.apiaudio.scripts.create(SCRIPT)
    for audience in ({"username": "Antonio", "location": "Barcelona"}, None):
        await kit.apiaudio.speech.create_and_wait(script.script_id, audience=audience)
    return script.script_id


async def test_every_end_format_is_real_audio_of_the_same_length(kit: AudioKit, tmp_path: Path) -> None:
    """All nine formats of the vendor's list decode, and better mp3 qualities are larger."""
    script_id = (await kit.apiaudio.scripts.create("<<sectionName::only>> Hello, good evening.")).script_id
    await kit.apiaudio.speech.create_and_wait(script_id)
    formats = ["wav", "mp3", "flac", "ogg"]
    qualities = ["mp3_very_low", "mp3_low", "mp3_medium", "mp3_high", "mp3_very_high"]
    await kit.apiaudio.mastering.create_and_wait(script_id, end_format=[*formats, *qualities])
    lengths, sizes = [], []
    for one in [*formats, *qualities]:
        path = await kit.apiaudio.mastering.download(
            script_id, tmp_path / f"{one}.{one[:4].strip('_')}", end_format=one
        )
        sound = listen(path)
        assert one[:3].upper() == sound.container[:3].replace("MPE", "MP3")
        lengths.append(sound.seconds)
        if one in qualities:
            sizes.append(path.stat().st_size)
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)
    assert max(lengths) - min(lengths) < 0.06


@pytest.mark.parametrize("channels", [1, 2])
async def test_force_length_and_channels_are_exact(
    kit: AudioKit, script_id: str, tmp_path: Path, channels: int
) -> None:
    """A forced length holds within 10 ms, mono and stereo, shorter speech padded by music."""
    await kit.apiaudio.mastering.create_and_wait(
        script_id, sound_template="jakarta", end_format="wav", force_length_s=12, channels=channels
    )
    sound = listen(await kit.apiaudio.mastering.download(script_id, tmp_path, end_format="wav"))
    assert abs(sound.seconds - 12) <= 0.010
    assert sound.channels == channels
    assert sound.between(9.0, 10.0).rms > 0.001


async def test_a_listener_hears_their_own_track(kit: AudioKit, script_id: str, tmp_path: Path) -> None:
    """The track for Antonio differs from the fallback track, and each is found by its values."""
    antonio = {"username": "Antonio", "location": "Barcelona"}
    for audience in (antonio, None):
        await kit.apiaudio.mastering.create_and_wait(script_id, audience=audience, end_format="wav")
    own = listen(
        await kit.apiaudio.mastering.download(
            script_id,
            tmp_path / "own.wav",
            audience={"USERNAME": "antonio", "location": "Barcelona"},
            end_format="wav",
        )
    )
    fallback = listen(
        await kit.apiaudio.mastering.download(script_id, tmp_path / "all.wav", end_format="wav")
    )
    assert abs(own.seconds - fallback.seconds) > 0.1


async def test_a_section_ends_where_it_is_told(kit: AudioKit, script_id: str, tmp_path: Path) -> None:
    """With endAt the next section begins at the mark: silence before it where there is no music."""
    await kit.apiaudio.mastering.create_and_wait(
        script_id,
        end_format="wav",
        section_properties={"hello": SectionTiming(end_at_s=6.0, justify="flex-start")},
    )
    sound = listen(await kit.apiaudio.mastering.download(script_id, tmp_path, end_format="wav"))
    assert sound.between(4.0, 5.9).rms < 0.001
    assert sound.between(6.0, 7.5).rms > 0.01


async def test_media_is_placed_and_trimmed(kit: AudioKit, tmp_path: Path) -> None:
    """A recording bound to a media tag is heard, and its trim moves it against the speech by as much."""
    media = await kit.apiaudio.media.upload(AUDIO / "vowel_147hz.wav")
    script = await kit.apiaudio.scripts.create("<<sectionName::main>>Listen. <<media::vowel>> That was it.")
    await kit.apiaudio.speech.create_and_wait(script.script_id)
    levels_db = []
    for trim_db in (0.0, -12.0):
        await kit.apiaudio.mastering.create_and_wait(
            script.script_id,
            media_files={"vowel": media.media_id},
            media_volume_trim_db=trim_db,
            end_format="wav",
        )
        path = await kit.apiaudio.mastering.download(
            script.script_id, tmp_path / f"{trim_db}.wav", end_format="wav"
        )
        sound = listen(path)
        # The vowel lasts two seconds; before and after it there are only words.
        vowel, words = sound.between(1.0, 2.2), sound.between(2.75, 3.3)
        levels_db.append(20 * math.log10(vowel.rms / words.rms))
    assert abs(levels_db[0] - levels_db[1] - 12.0) < 1.5


async def test_vast_links_the_public_file(kit: AudioKit, script_id: str, tmp_path: Path) -> None:
    """A public track with VAST gives an XML document whose media file anyone can fetch."""
    track = await kit.apiaudio.mastering.create_and_wait(script_id, public=True, vast=True)
    audio = await kit.apiaudio.mastering.save(track, tmp_path)
    path = await kit.apiaudio.mastering.download(script_id, tmp_path / "ad.xml", public=True, vast=True)
    document = ET.parse(path).getroot()
    assert "VAST" == document.tag
    (media_file,) = document.iter("MediaFile")
    assert media_file.text is not None
    assert "public" in media_file.text
    async with httpx.AsyncClient() as anyone:
        reply = await anyone.get(media_file.text.strip())
    assert audio.read_bytes() == reply.content


async def test_a_missing_segment_is_named(kit: AudioKit) -> None:
    """A section that names a segment the template lacks is refused, with what there is."""
    script = await kit.apiaudio.scripts.create("<<soundSegment::chorus>><<sectionName::main>>Hello.")
    await kit.apiaudio.speech.create_and_wait(script.script_id)
    with pytest.raises(RequestRefused, match=r"chorus.*intro"):
        await kit.apiaudio.mastering.create_and_wait(script.script_id, sound_template="jakarta")


async def test_jobs_for_several_listeners_share_the_script(kit: AudioKit, tmp_path: Path) -> None:
    """One text and two listeners make one script and two tracks, each in two formats."""
    jobs = [
        MasteringJob(
            script_text="<<sectionName::only>>Good morning {{name|you}}.",
            audience={"name": name},
            end_format=["mp3", "wav"],
            to=tmp_path,
            key=name,
        )
        for name in ("Ada", "Grace")
    ]
    async with kit.orchestrator(schedule=PollSchedule()) as orchestrator:
        outcomes = [outcome async for outcome in orchestrator.run(jobs)]
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert len({path for outcome in outcomes for path in outcome.paths}) == 4
    assert {".mp3", ".wav"} == {path.suffix for outcome in outcomes for path in outcome.paths}
