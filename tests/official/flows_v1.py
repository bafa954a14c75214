"""Flows of the official client of api.audio v1; each runs in a folder of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import apiaudio

SOUND = Path(__file__).parents[1] / "data" / "audio"
SCRIPT = "<<sectionName::a>> Hello {{name|you}}. <<sectionName::b>> More words."


def from_script_to_master() -> None:
    """Script, speech, mastered track, download."""
    script = apiaudio.Script.create(scriptText="<<sectionName::hi>> Hello {{name|you}}.", scriptName="hi")
    audience = {"name": "Ann"}
    apiaudio.Speech.create(scriptId=script["scriptId"], voice="Joanna", audience=audience)
    track = apiaudio.Mastering.create(
        scriptId=script["scriptId"], soundTemplate="jakarta", audience=audience, endFormat=["mp3"]
    )
    assert track["url"].startswith("http")
    apiaudio.Mastering.download(scriptId=script["scriptId"], parameters=audience, destination=".")
    assert any(Path().iterdir())


def scripts_and_their_directory() -> None:
    """Read, list, find by project, module and name, delete one and many."""
    project = f"official {uuid.uuid4()}"
    names = {"projectName": project, "moduleName": "m", "scriptName": "s"}
    script_id = apiaudio.Script.create(scriptText=SCRIPT, **names)["scriptId"]
    apiaudio.Script.create(scriptText="Hello.", **{**names, "scriptName": "t"})
    found = apiaudio.Script.retrieve(scriptId=script_id)
    assert (SCRIPT, ["a", "b"]) == (found["scriptText"], [one["name"] for one in found["sections"]])
    assert {"name": "you"} == found["sections"][0]["parameters"]
    assert 2 == len(apiaudio.Script.list(projectName=project)["scripts"])
    assert apiaudio.Script.get_random_text()
    directory = apiaudio.Script.Directory
    assert project in directory.list_projects()
    assert [f"{project}/m"] == directory.list_modules(projectPrefix=project)
    listed = directory.list_script_names(projectPrefix=project, modulePrefix="m")
    assert [f"{project}/m/s", f"{project}/m/t"] == sorted(listed)
    assert script_id in apiaudio.Script.delete(scriptId=script_id)["message"]
    assert 1 == len(apiaudio.Script.delete_multiple(projectName=project)["scriptIds"])
    assert project not in directory.list_projects()


def speech_for_a_listener() -> None:
    """Made, read again, downloaded: a file for each section."""
    script_id = apiaudio.Script.create(scriptText=SCRIPT)["scriptId"]
    made = apiaudio.Speech.create(scriptId=script_id, voice="Joanna", audience=[{"name": "Bob"}])
    found = apiaudio.Speech.retrieve(scriptId=script_id, parameters={"name": "Bob"})
    assert {"a", "b"} == set(made) == set(found)
    paths = apiaudio.Speech.download(scriptId=script_id, parameters={"name": "Bob"}, destination=".")
    assert [b"RIFF"] * 2 == [Path(path).read_bytes()[:4] for path in paths]


def public_master_as_vast() -> None:
    """The links work without a key, and the document names the track."""
    script_id = apiaudio.Script.create(scriptText=SCRIPT)["scriptId"]
    apiaudio.Speech.create(scriptId=script_id, voice="Joanna")
    how = {"public": True, "vast": True}
    made = apiaudio.Mastering.create(scriptId=script_id, soundTemplate="lofi", **how)
    found = apiaudio.Mastering.retrieve(scriptId=script_id, **how)
    assert made["urls"] == found["urls"]
    with urlopen(found["url"]) as reply:
        document = reply.read()
    assert b"<VAST" in document
    with urlopen(found["urls"]["mp3"]) as reply:
        assert reply.read(3) in {b"ID3", b"\xff\xfb\x90"}
    assert found["urls"]["mp3"].rpartition("/")[0].encode() in document


def media_of_ones_own() -> None:
    """Uploaded with several tags, found by them, listed with them, played by a script."""
    tags = [f"tag{uuid.uuid4().hex[:8]}" for _ in range(2)]
    media_id = apiaudio.Media.upload(file_path=str(SOUND / "speech_male_en.wav"), tags=tags)["mediaId"]
    for tag in tags:
        assert [media_id] == [one["mediaId"] for one in apiaudio.Media.list(tags=tag)["savedAudioFiles"]]
    assert set(tags) <= set(apiaudio.Media.list_tags()["uniqueTags"])
    text = "<<sectionName::a>> Listen. <<media::take>>"
    script_id = apiaudio.Script.create(scriptText=text)["scriptId"]
    apiaudio.Speech.create(scriptId=script_id, voice="Joanna")
    track = apiaudio.Mastering.create(scriptId=script_id, mediaFiles=[{"take": media_id}])
    assert track["url"]


def small_things() -> None:
    """Voices, sound, dictionaries, presets, synchronous speech, birdcache, orchestrator."""
    assert apiaudio.Voice.list(language="english")["voices"]
    assert apiaudio.Voice.list_parameters()["gender"]
    assert apiaudio.Sound.list_parameters()["genre"]
    assert "balanced" in [one["name"] for one in apiaudio.Mastering.list_presets()["presets"]]
    assert apiaudio.Lexi.list()
    apiaudio.Lexi.register_custom_word(word="qq", replacement="quick", lang="en")
    assert "qq" in str(apiaudio.Lexi.list_custom_words(lang="en"))
    apiaudio.Lexi.delete_custom_word(word="qq", lang="en")
    assert "qq" not in str(apiaudio.Lexi.list_custom_words(lang="en"))
    assert b"RIFF" == apiaudio.SyncTTS.create(text="Hello.", voice="Joanna")[:4]
    audience = {"a": ["x", "y"]}
    items = apiaudio.Birdcache.create(type="speech", text="Hi {{a}}.", voice="Joanna", audience=audience)
    assert 2 == len(items)
    apiaudio.Orchestrator.create_audio(scriptText="Hello.", voice="Joanna", soundTemplate="lofi")
    assert any(Path().iterdir())


FLOWS: tuple[Callable[[], None], ...] = (
    from_script_to_master,
    scripts_and_their_directory,
    speech_for_a_listener,
    public_master_as_vast,
    media_of_ones_own,
    small_things,
)
