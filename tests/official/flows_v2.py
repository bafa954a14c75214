"""Flows of the official client of AudioStack v2; each runs in a folder of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import audiostack

SOUND = Path(__file__).parents[1] / "data" / "audio"
SCRIPT = '<as:section name="main">Hello there friend.</as:section>'


def from_script_to_encoding() -> None:
    """Script, speech, mix, encoding, downloads."""
    script = audiostack.Content.Script.create(scriptText='<as:section name="main">Hello there.</as:section>')
    speech = audiostack.Speech.TTS.create(scriptItem=script, voice="Joanna")
    mix = audiostack.Production.Mix.create(speechItem=speech, soundTemplate="jakarta")
    mix.download(fileName="mix")
    encoded = audiostack.Delivery.Encoder.encode_mix(productionItem=mix, preset="mp3_low")
    encoded.download(fileName="encoded")
    assert {"mix_0.wav", "encoded.mp3"} == {path.name for path in Path().iterdir()}
    assert audiostack.Delivery.Encoder.list_presets().data["presets"]


def files_and_folders() -> None:
    """Upload, list, copy, rename, segment of a template, delete."""
    files, folders = audiostack.Files.File, audiostack.Folders.Folder
    name = f"official {uuid.uuid4()}"
    folder = folders.create(name=name)
    file = files.create(
        localPath=str(SOUND / "music_intro.wav"), fileName="bed.wav", folderId=folder.folderId
    )
    assert file.status == "uploaded"
    assert [file.fileId] == [one.fileId for one in folders.list_files(folderId=folder.folderId).files]
    copy = files.copy(
        fileId=file.fileId, currentFolderId=folder.folderId, newFolderId=folders.get_root_folder_id()
    )
    assert "other.wav" == files.patch(fileId=copy.fileId, fileName="other.wav").fileName
    file.download(fileName="got.wav")
    assert Path("got.wav").read_bytes() == (SOUND / "music_intro.wav").read_bytes()
    files.delete(copy.fileId)
    folders.delete(folder.folderId)
    assert name not in [one.folderName for one in folders.list().folders]


def work_on_files() -> None:
    """Speech to speech, denoise, evaluate: followed to the end by the client's own polling."""
    file = audiostack.Files.File.create(localPath=str(SOUND / "speech_male_en.wav"), fileName="take.wav")
    sts = audiostack.Speech.STS.create(alias="Joanna", fileId=file.fileId)
    assert len(audiostack.Speech.STS.get(sts.pipelineId).newFileIds) == 1
    (clean,) = audiostack.Production.Suite.denoise(file.fileId).convert_new_files_to_items()
    assert clean.status == "uploaded"
    assert audiostack.Production.Suite.evaluate(fileId=file.fileId).data["results"]["loudness"]


def small_things() -> None:
    """Voices, dictionaries, predictions, previews, edits of speech, templates, documentation."""
    speech = audiostack.Speech
    assert any(voice.alias == "Joanna" for voice in speech.Voice.list())
    assert speech.Voice.query(filters=[{"in": {"language": ["german"]}}]).data["voices"]
    speech.Diction.Custom.create_word(word="qq", replacement="quick", lang="en")
    assert speech.Diction.Custom.list_words(lang="en").data["words"]
    speech.Diction.Custom.delete_word(lang="en", word="qq")
    script = audiostack.Content.Script.create(scriptText="One two three four.")
    spoken = speech.TTS.create(scriptItem=script)
    assert speech.TTS.reduce(speechId=spoken.speechId, targetLength="1.0").speechId
    assert speech.TTS.remove_padding(speechId=spoken.speechId).speechId
    assert audiostack.Production.Sound.Parameter.get()
    assert audiostack.Content.list_projects()


def scripts_from_first_to_last() -> None:
    """Made, listed, updated, read again, deleted."""
    script = audiostack.Content.Script
    project = f"official {uuid.uuid4()}"
    made = script.create(scriptText=SCRIPT, projectName=project, moduleName="m", scriptName="s")
    assert [made.scriptId] == [one.scriptId for one in script.list(projectName=project)]
    assert audiostack.Content.list_modules(project).data["modules"] == [f"{project}/m"]
    text = SCRIPT.replace("friend", "friends")
    made.update(scriptText=text)
    assert text == script.get(made.scriptId).scriptText
    made.delete()
    assert [] == list(script.list(projectName=project))


def speech_in_every_way() -> None:
    """A section, a preview, a prediction; found again by list and id, downloaded, deleted."""
    tts, project = audiostack.Speech.TTS, f"official {uuid.uuid4()}"
    script = audiostack.Content.Script.create(scriptText=SCRIPT, projectName=project)
    spoken = tts.create(scriptItem=script, voice="Joanna")
    assert [spoken.speechId] == [one.speechId for one in tts.list(projectName=project)]
    assert spoken.speechId == tts.get(spoken.speechId).speechId
    spoken.download(fileName="a", path="./")
    assert [b"RIFF"] == [path.read_bytes()[:4] for path in Path().iterdir()]
    section = tts.Section.create(sectionToProduce="main", scriptId=script.scriptId, voice="Joanna")
    assert section.speechId != spoken.speechId
    assert tts.preview(text="Hi there.", voice="Joanna").bytes
    assert 0.2 < audiostack.Speech.Predict.predict(text="Hi there.", voice="Joanna").length < 5.0
    assert next(iter(audiostack.Speech.Predict.list()))
    spoken.delete()
    assert spoken.speechId not in [one.speechId for one in tts.list(projectName=project)]


def mixes_are_found_again() -> None:
    """By list and id, with their presets, until they are deleted."""
    mix, project = audiostack.Production.Mix, f"official {uuid.uuid4()}"
    script = audiostack.Content.Script.create(scriptText=SCRIPT, projectName=project)
    speech = audiostack.Speech.TTS.create(scriptItem=script, voice="Joanna")
    made = mix.create(speechItem=speech, soundTemplate="jakarta", masteringPreset="balanced")
    assert [made.productionId] == [one.productionId for one in mix.list(projectName=project)]
    assert made.productionId == mix.get(made.productionId).productionId
    assert list(mix.list_presets())
    made.delete()
    assert [] == list(mix.list(projectName=project))


def voices_and_templates_for_a_text() -> None:
    """Chosen for a script and for a content."""
    script = audiostack.Content.Script.create(scriptText=SCRIPT)
    voice, template = audiostack.Speech.Voice, audiostack.Production.Sound.Template
    assert voice.Parameter.get().data
    assert voice.select_for_script(scriptItem=script).data
    assert voice.select_for_content(content="hi").data
    assert template.select_for_script(scriptItem=script).data
    assert template.select_for_content(content="x", mood="sad").data


def template_of_ones_own() -> None:
    """Made, filled with a segment, listed, played under speech, deleted."""
    template, name = audiostack.Production.Sound.Template, f"own_{uuid.uuid4().hex[:8]}"
    template.create(templateName=name)
    file = audiostack.Files.File.create(localPath=str(SOUND / "music_intro.wav"), fileName="bed.wav")
    segment = {"mediaId": file.fileId, "templateName": name, "soundSegmentName": "main"}
    audiostack.Production.Sound.Segment.create(**segment)
    assert name in [one.data["templateName"] for one in template.list()]
    script = audiostack.Content.Script.create(scriptText=SCRIPT)
    speech = audiostack.Speech.TTS.create(scriptItem=script, voice="Joanna")
    assert audiostack.Production.Mix.create(speechItem=speech, soundTemplate=name).productionId
    template.delete(name)
    assert name not in [one.data["templateName"] for one in template.list()]


def encoding_of_ones_own() -> None:
    """Mono, 24 kHz, for everybody, at the loudness of a preset."""
    script = audiostack.Content.Script.create(scriptText=SCRIPT)
    speech = audiostack.Speech.TTS.create(scriptItem=script, voice="Joanna")
    mix = audiostack.Production.Mix.create(speechItem=speech)
    encoded = audiostack.Delivery.Encoder.encode_mix(
        productionItem=mix,
        preset="custom",
        sampleRate=24000,
        bitRate=128,
        format="mp3",
        channels=1,
        loudnessPreset="spotify",
        public=True,
    )
    encoded.download(fileName="own")
    assert ["own.mp3"] == [path.name for path in Path().iterdir()]


FLOWS: tuple[Callable[[], None], ...] = (
    from_script_to_encoding,
    files_and_folders,
    work_on_files,
    small_things,
    scripts_from_first_to_last,
    speech_in_every_way,
    mixes_are_found_again,
    voices_and_templates_for_a_text,
    template_of_ones_own,
    encoding_of_ones_own,
)
