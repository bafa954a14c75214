"""Run flows of the vendors' own clients against the emulator: ``nox -s official``.

The clients were not written here; that they work unchanged but for base URL and key is the proof. An emulator
is started, or the one of ``AUDIOKIT_EMULATOR=http://KEY@HOST:PORT`` is used.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import apiaudio
import audiostack

SOUND = Path(__file__).parents[1] / "data" / "audio"


def main() -> int:
    """Run every flow in a folder of its own; 1 when one fails."""
    failed: list[str] = []
    with emulator() as (base_url, key):
        for client, mount in ((apiaudio, "apiaudio"), (audiostack, "audiostack")):
            client.api_base, client.api_key = f"{base_url}/{mount}", key
        for flow in FLOWS:
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                try:
                    flow()
                except Exception as error:  # noqa: BLE001 - the other flows are still worth seeing
                    failed.append(f"{flow.__name__}: {type(error).__name__}: {error}")
    for line in failed:
        print(line)  # noqa: T201 - this is a program
    print(f"{len(FLOWS) - len(failed)} of {len(FLOWS)} flows of the official clients work")  # noqa: T201
    return 1 if failed else 0


@contextlib.contextmanager
def emulator() -> Iterator[tuple[str, str]]:
    """Base URL and key of a running emulator."""
    given = os.environ.get("AUDIOKIT_EMULATOR")
    command = [sys.executable, "-m", "audiokit", "emulator", "--port", "0", "--print-env", "--watch-stdin"]
    with contextlib.ExitStack() as stack:
        if given is None:
            pipe = subprocess.PIPE
            child = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            assert child.stdin is not None
            assert child.stdout is not None
            stack.callback(child.stdin.close)
            given = next(line for line in child.stdout if "AUDIOKIT_EMULATOR=" in line).partition("=")[2]
        parts = urlsplit(given.strip().strip("'\""))
        assert parts.username is not None
        yield f"{parts.scheme}://{parts.hostname}:{parts.port}", parts.username


def v1_from_script_to_master() -> None:
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


def v1_small_things() -> None:
    """Directory, voices, dictionaries, synchronous speech, birdcache, orchestrator."""
    apiaudio.Script.create(scriptText="Hello.", projectName="official", moduleName="m", scriptName="s")
    assert "official" in apiaudio.Script.Directory.list_projects()
    assert apiaudio.Voice.list(language="english")["voices"]
    assert apiaudio.Voice.list_parameters()["gender"]
    apiaudio.Lexi.register_custom_word(word="qq", replacement="quick", lang="en")
    assert "qq" in str(apiaudio.Lexi.list_custom_words(lang="en"))
    apiaudio.Lexi.delete_custom_word(word="qq", lang="en")
    assert apiaudio.SyncTTS.create(text="Hello.", voice="Joanna")[:4] == b"RIFF"
    items = apiaudio.Birdcache.create(
        type="speech", text="Hi {{a}}.", voice="Joanna", audience={"a": ["x", "y"]}
    )
    assert len(items) == 2
    apiaudio.Orchestrator.create_audio(scriptText="Hello.", voice="Joanna", soundTemplate="lofi")
    assert any(Path().iterdir())


def v2_from_script_to_encoding() -> None:
    """Script, speech, mix, encoding, downloads."""
    script = audiostack.Content.Script.create(scriptText='<as:section name="main">Hello there.</as:section>')
    speech = audiostack.Speech.TTS.create(scriptItem=script, voice="Joanna")
    mix = audiostack.Production.Mix.create(speechItem=speech, soundTemplate="jakarta")
    mix.download(fileName="mix")
    encoded = audiostack.Delivery.Encoder.encode_mix(productionItem=mix, preset="mp3_low")
    encoded.download(fileName="encoded")
    assert {"mix_0.wav", "encoded.mp3"} == {path.name for path in Path().iterdir()}
    assert audiostack.Delivery.Encoder.list_presets().data["presets"]


def v2_files_and_folders() -> None:
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


def v2_work_on_files() -> None:
    """Speech to speech, denoise, evaluate: followed to the end by the client's own polling."""
    file = audiostack.Files.File.create(localPath=str(SOUND / "speech_male_en.wav"), fileName="take.wav")
    sts = audiostack.Speech.STS.create(alias="Joanna", fileId=file.fileId)
    assert len(audiostack.Speech.STS.get(sts.pipelineId).newFileIds) == 1
    (clean,) = audiostack.Production.Suite.denoise(file.fileId).convert_new_files_to_items()
    assert clean.status == "uploaded"
    assert audiostack.Production.Suite.evaluate(fileId=file.fileId).data["results"]["loudness"]


def v2_small_things() -> None:
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


FLOWS: tuple[Callable[[], None], ...] = (
    v1_from_script_to_master,
    v1_small_things,
    v2_from_script_to_encoding,
    v2_files_and_folders,
    v2_work_on_files,
    v2_small_things,
)

if __name__ == "__main__":
    sys.exit(main())
