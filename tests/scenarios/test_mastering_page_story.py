"""The Mastering resource page, sentence by sentence, through the SDK over real sockets."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import numpy as np
import pytest
import soundfile
from hearing import AUDIO, Sound, listen
from vast_schema import problems

from audiokit import AudioKit, SectionTiming
from audiokit.errors import RequestRefused

LONG = "This sentence is here to be spoken for a while, so that there is something to be made shorter."


def decibels(above: Sound, below: Sound) -> float:
    """How much louder one stretch is than another."""
    return 20 * math.log10(max(above.rms, 1e-9) / max(below.rms, 1e-9))


async def spoken(kit: AudioKit, text: str, **how: object) -> str:
    """A script with speech for the fallback track."""
    script = await kit.apiaudio.scripts.create(text)
    await kit.apiaudio.speech.create_and_wait(script.script_id, **how)  # type: ignore[arg-type]
    return script.script_id


async def mastered(kit: AudioKit, script_id: str, path: Path, **how: object) -> Sound:
    """Master a script as wav and listen to it."""
    track = await kit.apiaudio.mastering.create_and_wait(script_id, end_format="wav", **how)  # type: ignore[arg-type]
    return listen(await kit.apiaudio.mastering.save(track, path))


async def test_each_section_plays_its_own_segment(kit: AudioKit, tmp_path: Path) -> None:
    """Music sounds under the sections that name a segment, and not under the one that names none."""
    text = "<<sectionName::a>><<soundSegment::main>> One. <<sectionName::b>> Two. <<sectionName::c>> Three."
    marks = {name: SectionTiming(end_at_s=end) for name, end in (("a", 3.0), ("b", 6.0), ("c", 9.0))}
    script_id = await spoken(kit, text)
    sound = await mastered(
        kit, script_id, tmp_path / "x.wav", sound_template="lofi", section_properties=marks
    )
    assert abs(sound.seconds - 9.0) <= 0.010
    assert decibels(sound.between(1.5, 2.8), sound.between(4.5, 5.8)) > 30
    assert sound.between(7.5, 8.8).rms < 0.001
    carried = "<<soundSegment::main>><<sectionName::a>> One. <<soundSegment::*>><<sectionName::b>> Two."
    with_two = await mastered(
        kit,
        await spoken(kit, carried),
        tmp_path / "y.wav",
        sound_template="lofi",
        section_properties={"a": marks["a"], "b": marks["b"]},
    )
    assert with_two.between(4.5, 5.5).rms > 0.01


@pytest.mark.parametrize(
    ("justify", "silent", "loud"),
    [
        ("flex-start", (6.0, 9.9), (0.1, 0.8)),
        ("centre", (0.1, 3.0), (4.6, 5.4)),
        ("flex-end", (0.1, 7.0), (9.1, 9.8)),
    ],
)
async def test_justify_places_the_content_in_its_section(
    kit: AudioKit,
    tmp_path: Path,
    justify: str,
    silent: tuple[float, float],
    loud: tuple[float, float],
) -> None:
    """First, in the middle, or pushed to the end of a ten-second section."""
    script_id = await spoken(kit, "<<sectionName::a>> Good evening.")
    timing = {"a": SectionTiming(end_at_s=10.0, justify=justify)}
    sound = await mastered(kit, script_id, tmp_path / "x.wav", section_properties=timing)
    assert abs(sound.seconds - 10.0) <= 0.010
    assert sound.between(*silent).rms < 0.001
    assert sound.between(*loud).rms > 0.01


async def test_a_voice_is_matched_to_the_recording(kit: AudioKit, tmp_path: Path) -> None:
    """With match_voice a quiet recording makes the synthetic voice as quiet; without, it stands out."""
    quiet = listen(AUDIO / "speech_male_en.wav")
    soundfile.write(tmp_path / "quiet.wav", quiet.samples * 0.1, quiet.rate_hz)
    media = await kit.apiaudio.media.upload(tmp_path / "quiet.wav")
    script_id = await spoken(kit, "<<sectionName::a>> He said this, and no more. <<media::him>>")
    gaps = []
    for match in (False, True):
        sound = await mastered(
            kit,
            script_id,
            tmp_path / f"{match}.wav",
            media_files={"him": media.media_id},
            match_voice=match,
        )
        start_s = sound.seconds - quiet.seconds
        gaps.append(decibels(sound.between(0.0, start_s - 0.2), sound.between(start_s + 0.1, sound.seconds)))
    assert gaps[0] > 12
    assert abs(gaps[1]) < 4


async def test_every_listener_of_a_list_gets_a_track_and_nobody_the_fallback(
    kit: AudioKit, tmp_path: Path
) -> None:
    """Two listeners in one call are two tracks; without an audience the fallbacks are said."""
    text = "<<sectionName::a>> Hello {{username|my dear unknown friend}}."
    script = await kit.apiaudio.scripts.create(text)
    people = [{"username": "Al"}, {"username": "Maximiliana Konstantinopolitanska"}]
    await kit.apiaudio.speech.create_and_wait(script.script_id, audience=people)
    await kit.apiaudio.speech.create_and_wait(script.script_id)
    await kit.apiaudio.mastering.create_and_wait(script.script_id, audience=people, end_format="wav")
    await kit.apiaudio.mastering.create_and_wait(script.script_id, end_format="wav")
    lengths = []
    for place, values in enumerate((people[0], None, people[1])):
        path = await kit.apiaudio.mastering.download(
            script.script_id, tmp_path / f"{place}.wav", audience=values, end_format="wav"
        )
        lengths.append(listen(path).seconds)
    assert lengths == sorted(set(lengths))
    needy = await kit.apiaudio.scripts.create("Hello {{username}}.")
    with pytest.raises(RequestRefused, match=r"parameter 'username' .* has no value"):
        await kit.apiaudio.speech.create(needy.script_id)


async def test_a_forced_length_speaks_faster_but_never_cuts_a_word(kit: AudioKit, tmp_path: Path) -> None:
    """Down to three quarters all of the speech is there, only faster; below that the call is refused."""
    script_id = await spoken(kit, f"<<sectionName::a>> {LONG}")
    natural = await mastered(kit, script_id, tmp_path / "natural.wav")
    wanted_s = math.ceil(natural.seconds * 0.8)
    forced = await mastered(kit, script_id, tmp_path / "forced.wav", force_length_s=wanted_s)
    assert abs(forced.seconds - wanted_s) <= 0.010
    # The envelopes of both, drawn to the same length, are alike to the very end: nothing was cut off.
    alike = np.corrcoef(envelope(natural, 60), envelope(forced, 60))[0, 1]
    assert alike > 0.8
    with pytest.raises(RequestRefused, match=r"forceLength 2 s is too short: .* give at least \d+ s"):
        await kit.apiaudio.mastering.create_and_wait(script_id, force_length_s=2)


def envelope(sound: Sound, steps: int) -> np.ndarray:
    """Levels of as many equal stretches of what sounds."""
    mono = np.abs(sound.samples.mean(axis=1))
    loud = np.flatnonzero(mono > 0.01)
    return np.array([part.mean() for part in np.array_split(mono[loud[0] : loud[-1]], steps)])


def low_notes(sound: Sound) -> float:
    """Level below 130 Hz, where this voice has nothing and the music has its bass."""
    mono = sound.samples.mean(axis=1)
    power = np.abs(np.fft.rfft(mono * np.hanning(len(mono)))) ** 2 / len(mono) ** 2
    hertz = np.fft.rfftfreq(len(mono), 1 / sound.rate_hz)
    return float(np.sqrt(power[(hertz > 40) & (hertz < 130)].sum()))


async def test_presets_balance_speech_and_music_differently(kit: AudioKit, tmp_path: Path) -> None:
    """The heavier the ducking, the further the music under the words lies below that after them."""
    text = "<<soundSegment::main>><<sectionName::a>> One two three four five six seven eight nine ten."
    script_id = await spoken(kit, text)
    speech = await mastered(kit, script_id, tmp_path / "speech.wav")
    depths = []
    for preset in ("lightducking", "default", "heavyducking"):
        sound = await mastered(
            kit,
            script_id,
            tmp_path / f"{preset}.wav",
            sound_template="chill_vibes",
            mastering_preset=preset,
            force_length_s=18,
        )
        under = low_notes(sound.between(2.5, 1.0 + speech.seconds))
        depths.append(20 * math.log10(low_notes(sound.between(7.0, 15.0)) / under))
    presets = {one.name for one in await kit.apiaudio.mastering.list_presets()}
    assert {"lightducking", "default", "heavyducking"} <= presets
    assert depths[0] + 3 < depths[1]
    assert depths[1] + 3 < depths[2]
    with pytest.raises(RequestRefused, match="masteringPreset 'bathroom' must be one of"):
        await kit.apiaudio.mastering.create(script_id, mastering_preset="bathroom")


async def test_the_vast_document_is_valid_and_all_its_links_work(kit: AudioKit) -> None:
    """By the IAB's structure of version 3.0; impression and every media file answer without a key."""
    script_id = await spoken(kit, "<<sectionName::a>> Buy <one> & get 'two' — now.")
    await kit.apiaudio.mastering.create_and_wait(script_id, public=True, vast=True, end_format=["mp3", "wav"])
    track = await kit.apiaudio.mastering.retrieve(script_id, public=True, vast=True)
    assert "public" in str(track.url)
    async with httpx.AsyncClient() as anybody:
        reply = await anybody.get(str(track.url))
        assert "application/xml" == reply.headers["content-type"].partition(";")[0]
        assert [] == problems(reply.content)
        document = ET.fromstring(reply.content)
        media = list(document.iter("MediaFile"))
        assert ["audio/mpeg", "audio/wav"] == [one.get("type") for one in media]
        for one in media:
            assert 200 == (await anybody.get(str(one.text))).status_code
        assert 204 == (await anybody.get(str(document.findtext(".//Impression")))).status_code
        gone = str(track.url).replace(script_id, "x").replace("/vast/", "/vast/0")
        assert 404 == (await anybody.get(gone)).status_code


async def test_private_tracks_have_links_that_cannot_be_guessed(kit: AudioKit) -> None:
    """A private link is signed: without its token nobody gets the file, and it is not in the public place."""
    script_id = await spoken(kit, "<<sectionName::a>> A secret.")
    private = str((await kit.apiaudio.mastering.create_and_wait(script_id)).url)
    async with httpx.AsyncClient() as anybody:
        assert 200 == (await anybody.get(private)).status_code
        assert 403 == (await anybody.get(private.partition("?")[0])).status_code
        assert (
            404 == (await anybody.get(private.partition("?")[0].replace("/private/", "/public/"))).status_code
        )
        public = str((await kit.apiaudio.mastering.create_and_wait(script_id, public=True)).url)
        assert "?" not in public
        assert 200 == (await anybody.get(public)).status_code
