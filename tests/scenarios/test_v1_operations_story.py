"""api.audio v1 beyond seed flows, through the SDK: each operation does what it says."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import soundfile
from hearing import AUDIO, listen

from audiokit import AudioKit
from audiokit.errors import NotFound, RequestRefused
from audiokit.services.apiaudio._timeline import TimelineClip, TimelineTrack

TEXT = "Good evening and welcome to the show."


async def fetched(url: str) -> bytes:
    """What is behind a link, without any key."""
    async with httpx.AsyncClient() as client:
        reply = await client.get(url)
    assert 200 == reply.status_code
    return reply.content


async def spoken_s(kit: AudioKit, script_id: str, tmp_path: Path, **how: object) -> float:
    """Speak a script and return its length in seconds."""
    await kit.apiaudio.speech.create_and_wait(script_id, **how)  # type: ignore[arg-type]
    (path,) = await kit.apiaudio.speech.download(script_id, tmp_path)
    return listen(path).seconds


async def test_scripts_hang_in_a_tree_and_go_with_their_branch(kit: AudioKit) -> None:
    """Projects, modules and names are listed by prefix; deleting a module leaves its sisters."""
    scripts = kit.apiaudio.scripts
    for module, name in (("june", "a"), ("june", "b"), ("july", "a")):
        await scripts.create(TEXT, project_name="tree", module_name=module, script_name=name)
    assert "tree" in await scripts.directory.list_projects()
    assert ["tree/june", "tree/july"] == await scripts.directory.list_modules("tre")
    assert ["tree/june/a", "tree/june/b"] == await scripts.directory.list_script_names("tree", "jun")
    await scripts.delete_multiple("tree", module_name="june")
    assert ["tree/july"] == await scripts.directory.list_modules("tree")
    assert 1 == len(await scripts.list(project_name="tree"))
    assert await scripts.get_random_text("Joke") != await scripts.get_random_text()
    with pytest.raises(RequestRefused, match="category 'Rant' must be one of BibleVerse"):
        await scripts.get_random_text("Rant")


async def test_a_dictionary_changes_what_is_said_and_what_a_preview_shows(
    kit: AudioKit, tmp_path: Path
) -> None:
    """A registered word is said its way with use_dictionary only; deleted, it is gone."""
    lexi = kit.apiaudio.lexi
    script = await kit.apiaudio.scripts.create("The <!qxz> sold well. <<sectionName::b>> Worcester!")
    await lexi.register_custom_word("qxz", "quarterly exchange of zinc", language="en")
    try:
        preview = await kit.apiaudio.scripts.preview(script.script_id, voice="Joanna")
        assert "The quarterly exchange of zinc sold well." in str(preview.script_text)
        assert "<<sectionName::b>> Wooster!" in str(preview.script_text)
        assert [] == preview.words_not_in_dictionary
        words = await lexi.list_custom_words("en")
        assert ["quarterly exchange of zinc"] == [one["replacement"] for one in words["words"]]
        section = await kit.apiaudio.scripts.create("The qxz sold well.")
        plain_s = await spoken_s(kit, section.script_id, tmp_path / "plain")
        longer_s = await spoken_s(kit, section.script_id, tmp_path / "told", use_dictionary=True)
        assert longer_s > plain_s + 0.5
    finally:
        await lexi.delete_custom_word("qxz", language="en")
    preview = await kit.apiaudio.scripts.preview(script.script_id, voice="Joanna")
    assert ["qxz"] == preview.words_not_in_dictionary
    with pytest.raises(NotFound, match="word 'qxz'"):
        await lexi.delete_custom_word("qxz", language="en")


async def test_a_voice_of_its_own_wins_over_the_default(kit: AudioKit) -> None:
    """Replacements may be for one voice, one dialect, one provider; the nearest one is said."""
    lexi = kit.apiaudio.lexi
    script = await kit.apiaudio.scripts.create("tomahto")
    kinds = {"default": "one", "espeak-ng": "two", "en-US": "three", "Joanna": "four"}
    for place, (kind, said) in enumerate(kinds.items()):
        await lexi.register_custom_word("tomahto", said, language="en", specialization=kind)
        preview = await kit.apiaudio.scripts.preview(script.script_id, voice="Joanna")
        assert list(kinds.values())[place] == preview.script_text
    await lexi.delete_custom_word("tomahto", language="en", specialization="Joanna")
    preview = await kit.apiaudio.scripts.preview(script.script_id, voice="Joanna")
    assert "three" == preview.script_text
    await lexi.delete_custom_word("tomahto", language="en")
    assert not (await lexi.list_custom_words("en"))["words"]


async def test_built_in_dictionaries_are_listed_and_searched(kit: AudioKit) -> None:
    """By language and type; an unknown one is a 404 that names those there are."""
    lexi = kit.apiaudio.lexi
    found = await lexi.list(language="de", kind="name")
    assert ["de_boy_names"] == [one.dictionary_id for one in found]
    assert {one.type for one in await lexi.list()} == set(await lexi.list_types())
    assert "Joaquin" in await lexi.list_dictionary("de_boy_names")
    assert "Wooster" == (await lexi.search("worcester", "en-GB"))[0]["replacement"]
    with pytest.raises(NotFound, match="en_locations"):
        await lexi.list_dictionary("fr_rivers")
    with pytest.raises(Exception, match="'ipa' is not emulated"):
        await lexi.register_custom_word("a", "b", language="en", content_type="ipa")


async def test_voices_are_queried_by_relations(kit: AudioKit) -> None:
    """Equality, $is_in, $ne and comparisons; unknown attributes and operators are refused by name."""
    voices = kit.apiaudio.voices
    british = [one async for one in voices.query({"accent": "British", "gender": {"$ne": "male"}})]
    assert british
    assert {("british", "female")} == {(one.accent, one.gender) for one in british}
    some = [one async for one in voices.query({"language": {"$is_in": ["german", "french"]}}, page_size=2)]
    assert {"german", "french"} == {one.language for one in some}
    assert [] == [one async for one in voices.query({"sectionCharacterLimit": {"$lt": 5}})]
    parameters = await voices.list_parameters()
    assert {"male", "female"} <= set(parameters["gender"])
    with pytest.raises(RequestRefused, match="attribute 'mood' is not known"):
        await voices.query({"mood": "x"}).page()
    with pytest.raises(RequestRefused, match=r"operator '\$like' is not known"):
        await voices.query({"language": {"$like": "x"}}).page()


async def test_short_texts_are_spoken_in_the_answer(kit: AudioKit) -> None:
    """Rates, formats and speed are as asked for; a link works where one was asked for."""
    sync = kit.apiaudio.sync_tts
    usual = await sync.create(TEXT, voice="Joanna")
    assert usual.audio is not None
    with wave.open(io.BytesIO(usual.audio)) as file:
        assert 24_000 == file.getframerate()
        usual_s = file.getnframes() / 24_000
    high = await sync.create(TEXT, voice="Joanna", format="wav", sample_rate_hz=44_100)
    with wave.open(io.BytesIO(high.audio or b"")) as file:
        assert 44_100 == file.getframerate()
        assert abs(file.getnframes() / 44_100 - usual_s) < 0.001
    raw = await sync.create(TEXT, voice="Joanna", format="pcm")
    assert usual.audio[44:] == raw.audio
    small = await sync.create(TEXT, voice="Joanna", format="mp3", bitrate_kbps=64)
    assert abs(len(small.audio or b"") * 8 / usual_s - 64_000) < 8_000
    fast = await sync.create(TEXT, voice="Joanna", speed=2.0)
    assert len(fast.audio or b"") < 0.7 * len(usual.audio)
    paused = await sync.create(ssml="<speak>Wait.<break time='2s'/>Go.</speak>", voice="Joanna")
    assert len(paused.audio or b"") > 2.0 * 24_000 * 2
    linked = await sync.create(TEXT * 30, voice="Joanna", url=True)
    assert str(linked.url).startswith("http")
    with pytest.raises(NotFound, match="voice 'Nobody'"):
        await sync.create(TEXT, voice="Nobody")
    told = await sync.create(TEXT, voice="Joanna", metadata=True)
    assert 24_000 == told.sample_rate_hz
    assert abs(len(told.audio or b"") - len(usual.audio)) < 2_000  # espeak-ng is not the same to the sample
    assert len(told.events) > len(TEXT) / 3
    assert all(a["offset"] + a["duration"] <= b["offset"] + 0.002 for a, b in pairwise(told.events))
    assert told.events[-1]["offset"] + told.events[-1]["duration"] <= usual_s + 0.05
    both = await sync.create(TEXT, voice="Joanna", metadata="full", url=True)
    assert (told.events, True) == (both.events, str(both.url).startswith("http"))  # from the cache


async def test_the_birdcache_sings_every_combination(kit: AudioKit) -> None:
    """Two names in two towns are four texts; asked again, nothing is made anew."""
    cache = kit.apiaudio.birdcache
    audience = {"name": ["friend", "Ann"], "town": ["here", "Rome"]}
    items = await cache.create_and_wait(
        "Hi {{name}} in {{town}}.", kind="speech", voice="Joanna", audience=audience
    )
    assert "Hi friend in here." == items[0].text
    assert {"Hi friend in Rome.", "Hi Ann in here.", "Hi Ann in Rome."} == {one.text for one in items[1:]}
    assert all(one.url for one in items)
    again = await cache.create("Hi {{name}} in {{town}}.", kind="speech", voice="Joanna", audience=audience)
    assert [one.hashed for one in items] == [one.hashed for one in again]
    (track,) = await cache.create_and_wait("Hi.", kind="mastering", voice="Joanna", sound_template="lofi")
    assert "track.mp3" in str(track.url)
    with pytest.raises(RequestRefused, match="parameter 'name'"):
        await cache.create("Hi {{name}}.", kind="speech", voice="Joanna")


async def test_one_call_makes_a_track_of_a_text(kit: AudioKit, tmp_path: Path) -> None:
    """A text, three texts, or a recording: each becomes a mastered file."""
    make = kit.apiaudio.orchestrator
    plain = await make.create_audio("Good evening.", voice="Joanna")
    scored = await make.create_three_sections(
        intro_text="Here.",
        main_text="Good evening.",
        outro_text="Bye.",
        voice="Matthew",
        sound_template="lofi",
    )
    media = await kit.apiaudio.media.upload(AUDIO / "speech_male_en.wav")
    dubbed = await make.create_media_with_sound(media.media_id, sound_template="heatwave")
    lengths = []
    for place, track in enumerate((plain, scored, dubbed)):
        (tmp_path / str(place)).mkdir()
        path = await kit.apiaudio.mastering.save(track, tmp_path / str(place))
        lengths.append(listen(path if isinstance(path, Path) else path[0]).seconds)
    assert lengths[0] < lengths[1]
    assert lengths[2] > listen(AUDIO / "speech_male_en.wav").seconds
    assert {"/orchestrator/create_audio"} <= set((await make.help()).paths)
    with pytest.raises(RequestRefused, match="soundTemplate 'nope' not found"):
        await make.create_audio(TEXT, voice="Joanna", sound_template="nope")


async def test_a_pipeline_takes_many_scripts(kit: AudioKit) -> None:
    """Each script is spoken or mastered with its own voice; an unknown one stops all before any work."""
    ids = [(await kit.apiaudio.scripts.create(f"Number {n}.")).script_id for n in (1, 2)]
    spoken = await kit.apiaudio.pipeline.create(ids, kind="speech", voice=["Joanna", "Matthew"])
    assert [("Joanna", ids[0]), ("Matthew", ids[1])] == [
        (one["voice"], one["scriptId"]) for one in spoken["results"]
    ]
    made = await kit.apiaudio.pipeline.create(ids, kind="mastering", voice="Joanna", sound_template="lofi")
    assert all(one["url"].startswith("http") for one in made["results"])
    with pytest.raises(NotFound, match="scriptId 'nope'"):
        await kit.apiaudio.pipeline.create(["nope"], kind="speech", voice="Joanna")
    with pytest.raises(RequestRefused, match="a list of 2"):
        await kit.apiaudio.pipeline.create(ids, kind="speech", voice=["Joanna"])


async def test_a_timeline_places_recordings_by_hand(kit: AudioKit, tmp_path: Path) -> None:
    """The file lasts until the last mark; speech and music sound in their slots only."""
    speech = (await kit.apiaudio.media.upload(AUDIO / "speech_male_en.wav")).media_id
    music = (await kit.apiaudio.media.upload(AUDIO / "music_intro.wav")).media_id
    tracks = [
        TimelineTrack(
            clips=[TimelineClip(media_id=speech, start_at_s=1.0, end_at_s=3.5)], content_type="speech"
        ),
        TimelineTrack(
            clips=[TimelineClip(media_id=music, start_at_s=0.0, end_at_s=6.0)], content_type="sound"
        ),
    ]
    track = await kit.apiaudio.mastering.create_media_timeline(tracks, end_format=["wav", "mp3_alexa"])
    path = await kit.apiaudio.mastering.save(track, tmp_path)
    sound = listen(path if isinstance(path, Path) else path[0])
    assert abs(sound.seconds - 6.0) <= 0.010
    assert sound.between(0.2, 0.8).rms > 0.01
    assert sound.between(2.2, 3.2).rms > 0.01
    (tmp_path / "alexa.mp3").write_bytes(await fetched(track.extra["urls"]["mp3_alexa"]))
    alexa = soundfile.info(tmp_path / "alexa.mp3")
    assert ("MP3", 24_000, 1) == (alexa.format, alexa.samplerate, alexa.channels)
    assert abs((tmp_path / "alexa.mp3").stat().st_size * 8 / 6.0 - 48_000) < 3_000
    alone = await kit.apiaudio.mastering.create_media_timeline(tracks[:1], end_format="wav")
    path = await kit.apiaudio.mastering.save(alone, tmp_path / "alone.wav")
    sound = listen(path if isinstance(path, Path) else path[0])
    assert sound.between(0.0, 0.9).rms < 0.001 < sound.between(1.2, 3.2).rms
    clip = TimelineClip(media_id="nope", start_at_s=0, end_at_s=1)
    with pytest.raises(RequestRefused, match="'nope'"):
        await kit.apiaudio.mastering.create_media_timeline(
            [TimelineTrack(clips=[clip], content_type="sound")]
        )


async def test_a_master_is_handed_on_to_connectors_on_this_machine(kit: AudioKit) -> None:
    """A signed POST with the links; its fate is told by the connection and by the connector."""
    received: list[dict[str, object]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            received.append(json.loads(await reader.readexactly(size)))
            assert b"x-aflr-secret: t=" in head.lower()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        script = await kit.apiaudio.scripts.create(TEXT)
        await kit.apiaudio.speech.create_and_wait(script.script_id)
        track = await kit.apiaudio.mastering.create(
            script.script_id, connectors=[{"name": "shelf", "url": f"http://127.0.0.1:{port}/take"}]
        )
        connection = str(track.connection_id)
        for _ in range(100):
            (state,) = await kit.apiaudio.connectors.connection(connection)
            if state.status != "pending":
                break
            await asyncio.sleep(0.05)
    assert ("delivered", "shelf") == (state.status, state.connector)
    assert (connection, "mastering") == (received[0]["connectionId"], received[0]["type"])
    assert str(received[0]["url"]).startswith("http")
    assert "delivered" in str((await kit.apiaudio.connectors.retrieve("shelf")).message)
    with pytest.raises(NotFound, match="connectionId 'nope'"):
        await kit.apiaudio.connectors.connection("nope")
    with pytest.raises(NotFound, match="connector 'julep' was never used"):
        await kit.apiaudio.connectors.retrieve("julep")
    with pytest.raises(RequestRefused, match="needs a url"):
        await kit.apiaudio.mastering.create(script.script_id, connectors=[{"name": "julep"}])
