"""AudioStack v2 beyond the seed's flow, through the SDK: each operation does what it says."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from hearing import AUDIO, listen, pitch_hz

from audiokit import ApiKey, AudioKit
from audiokit.errors import Conflict, InvalidRequest, NotFound, RequestRefused
from audiokit.services.audiostack.mixes import Mix
from audiokit.testing import EmulatorProcess

SCRIPT = '<as:section name="main">Good evening and welcome to the show. Stay with us.</as:section>'


@pytest.fixture
async def mix(kit: AudioKit) -> Mix:
    """A finished mix of one section, without music."""
    script = await kit.audiostack.scripts.create(SCRIPT)
    speech = await kit.audiostack.tts.create_and_wait(script)
    return await kit.audiostack.mixes.create_and_wait(speech=speech)


async def test_folders_nest_and_files_are_where_they_were_put(kit: AudioKit, tmp_path: Path) -> None:
    """Made, listed, renamed, found by path; deleted with all that is in them."""
    folders, files = kit.audiostack.folders, kit.audiostack.files
    root_id = await folders.root_id()
    ads = await folders.create("ads nest")
    june = await folders.create("june", parent_folder_id=ads.folder_id)
    with pytest.raises(Conflict, match="'june' is taken"):
        await folders.create("june", parent_folder_id=ads.folder_id)
    take = await files.create(AUDIO / "speech_male_en.wav", name="take.wav", folder_id=june.folder_id)
    assert (True, "take.wav", june.folder_id) == (take.is_ready, take.file_name, take.folder_id)
    assert take.size_bytes == (AUDIO / "speech_male_en.wav").stat().st_size
    assert abs((take.duration_s or 0) - listen(AUDIO / "speech_male_en.wav").seconds) < 0.01
    found = await folders.list(path="ads nest/june")
    assert [take.file_id] == [file.file_id for file in found.files]
    assert [root_id, ads.folder_id, june.folder_id] == [one.folder_id for one in found.current_path_chain]
    assert ["june"] == [one.folder_name for one in (await folders.get(ads.folder_id)).folders]
    assert "july" == (await folders.patch(june.folder_id, name="july")).folder_name
    with pytest.raises(NotFound, match="no folder 'june'"):
        await folders.list(path="ads nest/june")
    path = await files.download(take, tmp_path)
    assert path.read_bytes() == (AUDIO / "speech_male_en.wav").read_bytes()
    await folders.delete(ads.folder_id)
    for gone in (folders.get(june.folder_id), folders.get(ads.folder_id), files.get(take.file_id)):
        with pytest.raises(NotFound):
            await gone
    with pytest.raises(RequestRefused, match="root folder"):
        await folders.delete(root_id)


async def test_files_are_copied_renamed_opened_and_deleted(kit: AudioKit) -> None:
    """A copy has its own id; public content needs no key, private content does."""
    folders, files = kit.audiostack.folders, kit.audiostack.files
    root_id = await folders.root_id()
    target = await folders.create("copies")
    take = await files.create(AUDIO / "music_intro.wav")
    copy = await files.copy(take.file_id, current_folder_id=root_id, new_folder_id=target.folder_id)
    assert (take.file_name, target.folder_id) == (copy.file_name, copy.folder_id)
    assert copy.file_id != take.file_id
    categories = {one["name"] for kind in await files.categories() for one in kind.extra["fileCategories"]}
    assert {"voice", "music"} <= categories
    named = await files.patch(copy.file_id, name="bed.wav", category_name="music", access_control="public")
    assert ("bed.wav", "music", "public") == (
        named.file_name,
        named.file_category["name"],
        named.access_control,
    )
    async with httpx.AsyncClient() as anybody:
        assert 200 == (await anybody.get(str(named.url))).status_code
        assert 403 == (await anybody.get(str(take.url))).status_code
        private = await files.patch(copy.file_id, access_control="private")
        assert 404 == (await anybody.get(str(named.url))).status_code
        assert 403 == (await anybody.get(str(private.url))).status_code
    await files.delete(take.file_id)
    with pytest.raises(NotFound, match=take.file_id):
        await files.get(take.file_id)
    assert (await files.get(copy.file_id)).is_ready
    with pytest.raises(RequestRefused, match="current_folder_id"):
        await files.copy(copy.file_id, current_folder_id=root_id, new_folder_id=target.folder_id)


async def test_lists_of_files_are_filtered_sorted_and_paged(kit: AudioKit) -> None:
    """By OData expressions; what is not understood is refused with a hint."""
    folders, files = kit.audiostack.folders, kit.audiostack.files
    folder = (await folders.create("listed")).folder_id
    for name in ("b.wav", "a.wav", "c.wav"):
        await files.create(AUDIO / "music_intro.wav", name=name, folder_id=folder)

    async def names(**how: object) -> list[str | None]:
        return [file.file_name async for file in folders.list_files(folder, **how)]  # type: ignore[arg-type]

    assert ["b.wav", "a.wav", "c.wav"] == await names(page_size=2)
    assert ["c.wav", "b.wav", "a.wav"] == await names(order_by="fileName desc")
    assert ["a.wav"] == await names(filter="fileName eq 'a.wav' and size gt 100")
    assert ["b.wav"] == await names(filter="startswith(fileName,'b')")
    assert [] == await names(filter="status eq 'created'")
    with pytest.raises(RequestRefused, match="not understood"):
        await names(filter="fileName like x")
    with pytest.raises(RequestRefused, match="field 'colour' is not known"):
        await names(order_by="colour")


async def test_a_file_is_as_good_as_media(kit: AudioKit) -> None:
    """A wav of the library becomes a segment of a template and plays in a mix."""
    file = await kit.audiostack.files.create(AUDIO / "music_intro.wav")
    await kit.audiostack.templates.create("from-a-file")
    template = await kit.audiostack.segments.create("from-a-file", file.file_id, "main")
    assert ["main"] == template.segment_names
    changed = await kit.audiostack.templates.update("from-a-file", genre="rock", tags=["loud"])
    assert ("rock", ["loud"]) == (changed.genre, changed.tags)
    assert "from-a-file" in [one.template_name for one in await kit.audiostack.templates.list(genres="rock")]


@pytest.mark.parametrize(
    ("preset", "container", "kbps"),
    [
        ("mp3", "MP3", 320),
        ("mp3_very_low", "MP3", None),
        ("mp3_very_high", "MP3", None),
        ("mp3_alexa", "MP3", 48),
        ("wav", "WAV", 1536),
        ("flac", "FLAC", None),
        ("ogg", "OGG", None),
    ],
)
async def test_presets_encode_as_they_say(
    kit: AudioKit, mix: Mix, tmp_path: Path, preset: str, container: str, kbps: int | None
) -> None:
    """Container, bit rate where it is constant, and the whole length of the mix."""
    encoding = await kit.audiostack.encoder.encode_mix_and_wait(mix, preset=preset)
    path = await kit.audiostack.encoder.download(encoding, tmp_path)
    (source,) = await kit.audiostack.mixes.download(mix, tmp_path)
    sound, seconds = listen(path), listen(source).seconds
    assert container == sound.container
    assert abs(sound.seconds - seconds) < 0.06
    assert (1, 24_000) == (sound.channels, sound.rate_hz) if preset == "mp3_alexa" else sound.channels == 2
    if kbps is not None:
        assert abs(path.stat().st_size * 8 / 1000 / seconds - kbps) < 0.06 * kbps
    again = await kit.audiostack.encoder.get(str(encoding.encoder_id))
    assert again.url == encoding.url


async def test_qualities_differ_and_own_settings_are_followed(
    kit: AudioKit, mix: Mix, tmp_path: Path
) -> None:
    """From very low to very high files grow; rate, depth, channels and loudness come out as ordered."""
    encoder = kit.audiostack.encoder
    sizes = []
    for name in ("very_low", "low", "medium", "high", "very_high"):
        encoding = await encoder.encode_mix_and_wait(mix, preset=f"mp3_{name}")
        sizes.append((await encoder.download(encoding, tmp_path / f"{name}.mp3")).stat().st_size)
    assert sizes == sorted(set(sizes))
    fine = await encoder.encode_mix_and_wait(
        mix, preset="custom", format="wav", sample_rate_hz=96_000, bit_depth=24, channels=1
    )
    found = soundfile.info(await encoder.download(fine, tmp_path / "fine.wav"))
    assert (96_000, 1, "PCM_24") == (found.samplerate, found.channels, found.subtype)
    levels = []
    for target in (-23.0, -16.0):
        made = await encoder.encode_mix_and_wait(mix, preset="wav", loudness_target_lufs=target)
        levels.append(listen(await encoder.download(made, tmp_path / f"{target}.wav")).rms)
    assert abs(20 * np.log10(levels[1] / levels[0]) - 7.0) < 0.7
    names = {one["name"] for one in await encoder.list_presets()}
    assert {"mp3_alexa", "podcast"} <= names
    for wrong, said in (
        ({"preset": "mp3", "format": "wav"}, "only with preset 'custom'"),
        ({"preset": "custom", "format": "wav", "bit_rate": 128}, "bitRate and bitRateType work with"),
    ):
        with pytest.raises(RequestRefused, match=said):
            await encoder.encode_mix(mix, **wrong)
    with pytest.raises(InvalidRequest, match="preset must be one of"):
        await encoder.encode_mix(mix, preset="tape")
    with pytest.raises(NotFound, match="productionId 'nope'"):
        await encoder.encode_mix("nope", preset="mp3")
    with pytest.raises(NotFound, match="encoderId 'nope'"):
        await encoder.get("nope")


async def test_public_encodings_need_no_key(kit: AudioKit, mix: Mix) -> None:
    """And private ones do."""
    public = await kit.audiostack.encoder.encode_mix_and_wait(mix, preset="ogg", public=True)
    private = await kit.audiostack.encoder.encode_mix_and_wait(mix, preset="flac")
    async with httpx.AsyncClient() as anybody:
        assert 200 == (await anybody.get(str(public.url))).status_code
        assert 403 == (await anybody.get(str(private.url))).status_code


async def test_words_of_ones_own_are_said_their_way(kit: AudioKit) -> None:
    """With voice_intelligence the replacement is spoken; listed until it is deleted."""
    custom = kit.audiostack.diction.custom
    kept = await custom.create_word("qzx", "quite a number of zebras crossing", lang="en")
    assert ("qzx", "quite a number of zebras crossing") == (kept.inputs, kept.replacements)
    script = await kit.audiostack.scripts.create("Look, qzx!")
    plain = await kit.audiostack.tts.create_and_wait(script)
    told = await kit.audiostack.tts.create_and_wait(script, voice_intelligence=True)
    words = {
        speech.speech_id: [one["word"] for section in answer.data["sections"] for one in section["words"]]
        for speech in (plain, told)
        for answer in [await kit.audiostack.tts.annotate(speech)]
    }
    assert "zebras" in " ".join(words[told.speech_id])
    assert "zebras" not in " ".join(words[plain.speech_id])
    preview = await kit.audiostack.scripts.get(script.script_id, preview_with_voice="Joanna")
    assert "Look, quite a number of zebras crossing!" == preview.script_text
    assert ["qzx"] == [one.inputs for one in await custom.list_words("en")]
    assert "en" in [one.lang for one in await custom.list()]
    assert {"en", "de"} <= {one.lang for one in await kit.audiostack.diction.list()}
    await custom.delete_word("qzx", lang="en")
    assert [] == await custom.list_words("en")
    with pytest.raises(NotFound, match="'qzx'"):
        await custom.delete_word("qzx", lang="en")


async def test_speech_is_shortened_trimmed_and_timed(kit: AudioKit, tmp_path: Path) -> None:
    """To the length asked for, without the padding it was made with, with words that rise in time."""
    tts = kit.audiostack.tts
    script = await kit.audiostack.scripts.create(SCRIPT)
    speech = await tts.create_and_wait(script, silence_padding_s=4.0)
    (path,) = await tts.download(speech, tmp_path)
    whole_s = listen(path).seconds
    trimmed = await tts.remove_padding(speech)
    (path,) = await tts.download(trimmed, tmp_path, name="trimmed")
    assert trimmed.speech_id != speech.speech_id
    assert 1.9 < whole_s - listen(path).seconds < 2.6
    short = await tts.reduce(trimmed, target_length_s=0.8 * listen(path).seconds)
    (shorter,) = await tts.download(short, tmp_path, name="short")
    assert abs(listen(shorter).seconds - 0.8 * listen(path).seconds) < 0.02
    assert abs(pitch_hz(listen(shorter)) / pitch_hz(listen(path)) - 1) < 0.05
    starts = [one["start"] for one in (await tts.annotate(speech)).data["sections"][0]["words"]]
    assert len(starts) >= 9
    assert starts == sorted(starts)
    assert 1.9 < starts[0] < 2.4
    with pytest.raises(RequestRefused, match=r"too short: the speech takes .* shorten the script"):
        await tts.reduce(speech, target_length_s=0.5)
    with pytest.raises(RequestRefused, match="sectionId 'nope'"):
        await tts.reduce(speech, target_length_s=1.0, section_id="nope")
    newest = await kit.audiostack.mixes.create_and_wait(script_id=script.script_id)
    (mixed,) = await kit.audiostack.mixes.download(newest, tmp_path)
    assert abs(listen(mixed).seconds - listen(shorter).seconds) < 0.1


async def test_a_prediction_is_how_long_it_is(kit: AudioKit) -> None:
    """To the millisecond, for it was spoken; a preview has the same sound."""
    assert "Joanna" in await kit.audiostack.predict.voices()
    predicted = await kit.audiostack.predict.predict("Good evening.", voice="Joanna")
    preview = await kit.audiostack.tts.preview("Good evening.", voice="Joanna")
    with wave.open(io.BytesIO(preview.audio)) as file:
        assert abs(predicted.length_s - file.getnframes() / file.getframerate()) < 0.002


async def test_voices_are_filtered_chosen_and_listed(kit: AudioKit) -> None:
    """Filters hold, unless they may be relaxed; unknown ones are refused."""
    voices = kit.audiostack.voices
    everybody = await voices.list()
    assert {"Joanna", "Matthew"} <= {one.alias for one in everybody}
    german = [one async for one in voices.query([{"in": {"languageCode": ["de-DE"]}}])]
    assert {"de-DE"} == {one.extra["languageCode"] for one in german}
    impossible: list[dict[str, Any]] = [
        {"in": {"gender": ["female"]}},
        {"greaterThanOrEquals": {"wordsPerMinute": [9999]}},
    ]
    assert [] == [one async for one in voices.query(impossible)]
    relaxed = [one async for one in voices.query(impossible, force_apply_filters=False)]
    assert {"female"} == {one.extra["gender"] for one in relaxed}
    chosen = (await voices.select(content="Hello there.", tone="british")).data["voices"]
    assert "british" == chosen[0]["accent"]
    assert "female" in (await voices.parameters()).data["gender"]
    assert "Joanna" == (await voices.get("joanna")).alias
    with pytest.raises(NotFound, match="voice 'Nobody'"):
        await voices.get("Nobody")
    with pytest.raises(RequestRefused, match="operator 'like' is not known"):
        await voices.query([{"like": {"gender": ["x"]}}]).page()


async def test_templates_are_looked_up_by_mood_and_likeness(kit: AudioKit) -> None:
    """By shared words: nothing judges texts or music here, and what would need that says so."""
    templates = kit.audiostack.templates
    chosen = (await templates.select(content="The headlines.", mood="serious news")).data["soundTemplates"]
    assert "newstoday" == chosen[0]["templateName"]
    (lofi,) = [one for one in await templates.list() if one.template_name == "lofi"]
    similar = await templates.recommend(sound_template_id=lofi.sound_template_id, number_of_results=2)
    assert 2 == len(similar)
    assert "lofi" not in [one.template_name for one in similar]
    assert {"rock"} <= set((await templates.parameters()).data["genre"])


async def test_a_recording_is_said_again_in_another_voice(kit: AudioKit, tmp_path: Path) -> None:
    """As long as before, in the pitch of the voice, as a new file in the folder that was named."""
    folder = await kit.audiostack.folders.create("said again")
    source = await kit.audiostack.files.create(AUDIO / "speech_male_en.wav")
    alias = next(one.alias for one in await kit.audiostack.sts.voices() if one.alias == "Joanna")
    done = await kit.audiostack.sts.create_and_wait(source, alias=alias, new_file_path="said again/new.wav")
    made = await kit.audiostack.files.get(done.new_file_ids[0])
    assert ("new.wav", folder.folder_id) == (made.file_name, made.folder_id)
    sound = listen(await kit.audiostack.files.download(made, tmp_path))
    original = listen(AUDIO / "speech_male_en.wav")
    assert abs(sound.seconds - original.seconds) < 0.02
    assert pitch_hz(sound) > 1.3 * pitch_hz(original)
    with pytest.raises(NotFound, match="pipelineId 'nope'"):
        await kit.audiostack.sts.get("nope")
    with pytest.raises(NotFound, match="fileId 'nope'"):
        await kit.audiostack.sts.create("nope", alias="Joanna")


async def test_hiss_goes_and_speech_stays(kit: AudioKit, tmp_path: Path) -> None:
    """In the pauses the noise is 8 dB lower or more; where it speaks, the level stays within 1 dB."""
    speech = listen(AUDIO / "speech_male_en.wav")
    pause = np.zeros(speech.rate_hz)
    clean = np.concatenate([pause, speech.samples.mean(axis=1), pause])
    noisy = clean + 0.01 * np.random.default_rng(7).standard_normal(len(clean))
    soundfile.write(tmp_path / "noisy.wav", noisy, speech.rate_hz)
    source = await kit.audiostack.files.create(tmp_path / "noisy.wav")
    done = await kit.audiostack.suite.denoise_and_wait(source, level=12)
    result = listen(
        await kit.audiostack.files.download(await kit.audiostack.files.get(done.new_file_ids[0]), tmp_path)
    )
    before = listen(tmp_path / "noisy.wav")
    last_s = before.seconds
    assert result.seconds == before.seconds
    quieter = before.between(last_s - 0.7, last_s - 0.1).rms / result.between(last_s - 0.7, last_s - 0.1).rms
    assert 20 * np.log10(quieter) >= 8.0
    spoken = result.between(1.0, last_s - 1.0).rms / before.between(1.0, last_s - 1.0).rms
    assert abs(20 * np.log10(spoken)) < 1.0
    with pytest.raises(NotFound, match="pipelineId 'nope'"):
        await kit.audiostack.suite.get("nope")


async def test_a_file_is_judged_by_its_sound(kit: AudioKit) -> None:
    """Length, loudness, pitch and silence are measured; what needs understanding is not claimed."""
    suite = kit.audiostack.suite
    source = await kit.audiostack.files.create(AUDIO / "speech_male_en.wav")
    found = (await suite.evaluate_and_wait(source)).extra["results"]
    original = listen(AUDIO / "speech_male_en.wav")
    assert abs(found["duration"]["duration"] - original.seconds) < 0.001
    assert abs(found["pitch"]["pitch"] / pitch_hz(original) - 1) < 0.08
    assert -40 < found["loudness"]["loudness"] < -10
    assert found["silence"]["start"] < original.seconds
    some = (await suite.evaluate_and_wait(source, processes=["duration"])).extra["results"]
    assert ["duration"] == list(some)
    with pytest.raises(RequestRefused, match="processes must be a list of"):
        await suite.evaluate(source, processes=["taste"])
    with pytest.raises(Exception, match="a model that understands speech"):
        await suite.evaluate(source, text="Hello.")


async def test_scripts_and_what_is_made_of_them_are_listed_by_name(kit: AudioKit) -> None:
    """Projects and modules; speech and mixes by the names of their scripts; deleted by name as well."""
    scripts, content = kit.audiostack.scripts, kit.audiostack.content
    made = await scripts.create(SCRIPT, project_name="listing", module_name="one", script_name="x")
    await scripts.create(SCRIPT, project_name="listing", module_name="two", script_name="y")
    speech = await kit.audiostack.tts.create_and_wait(made)
    mix = await kit.audiostack.mixes.create_and_wait(speech=speech)
    assert "listing" in (await content.list_projects()).data["projects"]
    assert ["listing/one", "listing/two"] == (await content.list_modules("listi")).data["modules"]
    tts = [one.speech_id async for one in kit.audiostack.tts.list(project_name="listing")]
    assert [speech.speech_id] == tts
    mixes = [one async for one in kit.audiostack.mixes.list(module_name="one", verbose=False)]
    assert [(mix.production_id, [])] == [(one.production_id, one.files) for one in mixes]
    assert [] == [one async for one in kit.audiostack.mixes.list(project_name="elsewhere")]
    await scripts.delete_many(project_name="listing", module_name="one")
    assert ["listing/two"] == (await content.list_modules("listing")).data["modules"]
    with pytest.raises(NotFound):
        await scripts.get(made.script_id)


async def test_the_documentation_says_what_works_here(kit: AudioKit) -> None:
    """By class of the official client, with what is not emulated said so."""
    suite = (await kit.audiostack.documentation.docs_for_service("Suite")).data["operations"]
    said = {one["name"].rpartition(".")[2]: one["description"] for one in suite}
    assert said["transcribe"].startswith("Not emulated")
    assert said["denoise"].startswith("Take steady noise off")
    with pytest.raises(NotFound, match="route 'nope' not found"):
        await kit.audiostack.documentation.docs_for_service("nope")


async def test_what_needs_a_language_model_says_so(kit: AudioKit) -> None:
    """501 with the reason, for each operation that cannot be emulated."""
    for call in (
        kit.audiostack.audioforms.create({"assets": {}, "production": {}, "delivery": {}}),
        kit.audiostack.content.generate("An ad."),
        kit.audiostack.suite.transcribe("x", language="en-US"),
    ):
        with pytest.raises(Exception, match="is not emulated: it needs"):
            await call


async def test_what_is_deleted_is_gone_whatever_was_made_of_it(
    emulator: EmulatorProcess, kit: AudioKit
) -> None:
    """The link to a deleted mix ends; an encoding made of it, and speech made of deleted speech, stay."""
    stack = kit.audiostack
    script = await stack.scripts.create("A sentence of which there is only one, to be made shorter.")
    speech = await stack.tts.create_and_wait(script)
    mix = await stack.mixes.create_and_wait(speech=speech)
    encoding = await stack.encoder.encode_mix_and_wait(mix, preset="flac")
    short = await stack.tts.reduce(speech, target_length_s=2.0)
    credentials = emulator.access["audiostack"].credentials
    assert isinstance(credentials, ApiKey)
    async with httpx.AsyncClient(headers={"x-api-key": credentials.key.reveal()}) as owner:
        link = str(mix.files[0].url)
        assert 200 == (await owner.get(link)).status_code
        await stack.mixes.delete(mix.production_id)
        await stack.tts.delete(speech.speech_id)
        assert 404 == (await owner.get(link)).status_code
        for kept in (encoding.url, short.sections[0].url):
            assert 200 == (await owner.get(str(kept))).status_code
    with pytest.raises(NotFound):
        await stack.tts.get(speech.speech_id)
    with pytest.raises(NotFound, match="productionId"):
        await stack.encoder.encode_mix(mix, preset="flac")
