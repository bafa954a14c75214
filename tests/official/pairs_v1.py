"""What the official api.audio client can do, and the same with audiokit."""

from __future__ import annotations

import inspect
import io
import wave
from pathlib import Path
from typing import Any

import apiaudio
from pair import Pair, collect
from recorder import Answer

from audiokit import AudioKit
from audiokit.services.apiaudio import SectionTiming, SectionVoice, TimelineClip, TimelineTrack


def _wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))
    return out.getvalue()


WAV = _wav()
SCRIPT = {"scriptId": "s-1", "scriptText": "Hello", "sections": []}
SPEECH = {"intro": "{base}/files/intro.wav"}
TRACK = {"url": "{base}/files/track.wav", "warnings": "", "requestId": "q-1"}
SAVED = {"savedAudioFiles": [{"mediaId": "med-1", "downloadUrl": "{base}/files/a.wav"}]}
AUDIO = Answer(content=WAV)
MP3 = Answer(content=(Path(__file__).parents[1] / "data/audio/speech_female_en.mp3").read_bytes())

NOT_COMPARED = {
    "Webhooks.verify": "checks a signature, sends nothing",
    "Orchestrator.create": "posts to /orchestrator, which the vendor's pages do not have",
    "Orchestrator.download": "helper of the three operations, compared with them",
}


def operations() -> set[str]:
    """Every call of the official client, by class and method."""
    names: set[str] = set()
    for name, resource in vars(apiaudio).items():
        if inspect.isclass(resource) and resource.__module__.startswith("apiaudio.api_resources"):
            names |= {f"{name}.{call}" for call in _calls(resource)}
    return names | {f"Script.Directory.{call}" for call in _calls(apiaudio.Script.Directory)}


def _calls(resource: type) -> set[str]:
    inherited = {"config_test", "set_assume_org_id"}
    found = {name for name, value in inspect.getmembers(resource, callable) if not name.startswith("_")}
    return {name for name in found - inherited if not inspect.isclass(getattr(resource, name))}


def _answer(document: Any, status: int = 200) -> tuple[Answer, ...]:
    return (Answer(document, status),)


async def _saved(kit: AudioKit, track: Any) -> None:
    await kit.apiaudio.mastering.save(track, ".")


async def _orchestrated(kit: AudioKit, kind: str) -> None:
    service = kit.apiaudio.orchestrator
    if kind == "create_audio":
        track = await service.create_audio("Hello", voice="Joanna", sound_template="jazz")
    elif kind == "create_three_sections":
        track = await service.create_three_sections(
            intro_text="a", main_text="b", outro_text="c", voice="Joanna", sound_template="jazz"
        )
    else:
        track = await service.create_media_with_sound("med-1", sound_template="jazz")
    await _saved(kit, track)


def pairs(folder: Path) -> list[Pair]:
    """All pairs; *folder* takes the files that are sent."""
    sound = folder / "a.wav"
    sound.write_bytes(WAV)
    script, speech, mastering = apiaudio.Script, apiaudio.Speech, apiaudio.Mastering
    return [
        Pair(
            "Script.create",
            lambda: script.create(
                scriptText="Hello",
                projectName="p",
                moduleName="m",
                scriptName="n",
                scriptId="s-1",
                metadata={"a": 1},
            ),
            lambda kit: kit.apiaudio.scripts.create(
                "Hello",
                project_name="p",
                module_name="m",
                script_name="n",
                script_id="s-1",
                metadata={"a": 1},
            ),
            _answer(SCRIPT),
        ),
        Pair(
            "Script.retrieve",
            lambda: script.retrieve("s-1"),
            lambda kit: kit.apiaudio.scripts.retrieve("s-1"),
            _answer(SCRIPT),
        ),
        Pair(
            "Script.retrieve",
            lambda: script.retrieve("s-1", version="v1"),
            lambda kit: kit.apiaudio.scripts.retrieve("s-1", version="v1"),
            _answer(SCRIPT),
            variant="version",
        ),
        Pair(
            "Script.list",
            lambda: script.list(projectName="p", moduleName="m", scriptName="n", scriptId="s-1"),
            lambda kit: kit.apiaudio.scripts.list(
                project_name="p", module_name="m", script_name="n", script_id="s-1"
            ),
            _answer([SCRIPT]),
        ),
        Pair(
            "Script.preview",
            lambda: script.preview("s-1", voice="Joanna"),
            lambda kit: kit.apiaudio.scripts.preview("s-1", voice="Joanna"),
            _answer(SCRIPT),
        ),
        Pair(
            "Script.delete",
            lambda: script.delete(scriptId="s-1"),
            lambda kit: kit.apiaudio.scripts.delete("s-1"),
            _answer({"message": "gone"}),
        ),
        Pair(
            "Script.delete",
            lambda: script.delete(scriptId="s-1", version="v1"),
            lambda kit: kit.apiaudio.scripts.delete("s-1", version="v1"),
            _answer({"message": "gone"}),
            variant="version",
        ),
        Pair(
            "Script.delete_multiple",
            lambda: script.delete_multiple("p", moduleName="m", scriptName="n"),
            lambda kit: kit.apiaudio.scripts.delete_multiple("p", module_name="m", script_name="n"),
            _answer({"message": "gone"}),
        ),
        Pair(
            "Script.get_random_text",
            lambda: script.get_random_text("BibleVerse"),
            lambda kit: kit.apiaudio.scripts.get_random_text("BibleVerse"),
            _answer({"text": "x", "category": "BibleVerse"}),
        ),
        Pair(
            "Script.Directory.list_projects",
            lambda: script.Directory.list_projects(),
            lambda kit: kit.apiaudio.scripts.directory.list_projects(),
            _answer(["p"]),
        ),
        Pair(
            "Script.Directory.list_modules",
            lambda: script.Directory.list_modules(projectPrefix="p"),
            lambda kit: kit.apiaudio.scripts.directory.list_modules("p"),
            _answer(["m"]),
        ),
        Pair(
            "Script.Directory.list_script_names",
            lambda: script.Directory.list_script_names(projectPrefix="p", modulePrefix="m"),
            lambda kit: kit.apiaudio.scripts.directory.list_script_names("p", "m"),
            _answer(["n"]),
        ),
        Pair(
            "Speech.create",
            lambda: speech.create(
                scriptId="s-1",
                voice="Joanna",
                speed=110,
                silencePadding=1000,
                effect="chewie",
                audience=[{"name": "Ann"}],
                sections={"intro": {"voice": "Matthew"}},
                version="v1",
                sync=True,
            ),
            lambda kit: kit.apiaudio.speech.create(
                "s-1",
                voice="Joanna",
                speed=110,
                silence_padding_s=1.0,
                effect="chewie",
                audience=[{"name": "Ann"}],
                sections={"intro": _voice("Matthew")},
                version="v1",
                sync=True,
            ),
            _answer({"intro": {"message": "ok", "status_code": "200", "url": "{base}/files/a.wav"}}),
        ),
        Pair(
            "Speech.create",
            lambda: speech.create(scriptId="s-1", voice="Joanna", audience=[{"name": "Ann"}]),
            lambda kit: kit.apiaudio.speech.create_and_wait(
                "s-1", voice="Joanna", audience=[{"name": "Ann"}]
            ),
            (Answer({"message": "working"}, 202), Answer(SPEECH)),
            variant="followed",
        ),
        Pair(
            "Speech.retrieve",
            lambda: speech.retrieve("s-1", version="v1", section="intro", parameters={"name": "Ann"}),
            lambda kit: kit.apiaudio.speech.retrieve(
                "s-1", version="v1", section="intro", audience={"name": "Ann"}
            ),
            _answer(SPEECH),
        ),
        Pair(
            "Speech.download",
            lambda: speech.download("s-1", version="v1", parameters={"name": "Ann"}),
            lambda kit: kit.apiaudio.speech.download("s-1", ".", version="v1", audience={"name": "Ann"}),
            (Answer(SPEECH), AUDIO),
        ),
        Pair(
            "Mastering.create",
            lambda: mastering.create(
                scriptId="s-1",
                soundTemplate="jazz",
                audience=[{"name": "Ann"}],
                public=True,
                vast=True,
                endFormat=["wav"],
                forceLength=30,
                mediaFiles=[{"a": "med-1"}],
                mediaVolumeTrim=-1.5,
                sectionProperties={"intro": {"endAt": 10}},
                masteringPreset="radio",
                share=True,
            ),
            lambda kit: kit.apiaudio.mastering.create(
                "s-1",
                sound_template="jazz",
                audience=[{"name": "Ann"}],
                public=True,
                vast=True,
                end_format=["wav"],
                force_length_s=30,
                media_files={"a": "med-1"},
                media_volume_trim_db=-1.5,
                section_properties={"intro": _timing(10)},
                mastering_preset="radio",
                share=True,
            ),
            _answer(TRACK),
        ),
        Pair(
            "Mastering.create",
            lambda: mastering.create(scriptId="s-1", soundTemplate="jazz", audience=[{"name": "Ann"}]),
            lambda kit: kit.apiaudio.mastering.create_and_wait(
                "s-1", sound_template="jazz", audience=[{"name": "Ann"}]
            ),
            (Answer({"message": "working"}, 202), Answer(TRACK)),
            variant="followed",
        ),
        Pair(
            "Mastering.retrieve",
            lambda: mastering.retrieve(
                "s-1",
                version="v1",
                parameters={"name": "Ann"},
                public=True,
                vast=True,
                endFormat="wav",
                requestId="q-1",
            ),
            lambda kit: kit.apiaudio.mastering.retrieve(
                "s-1",
                version="v1",
                audience={"name": "Ann"},
                public=True,
                vast=True,
                end_format="wav",
                request_id="q-1",
            ),
            _answer(TRACK),
        ),
        Pair(
            "Mastering.download",
            lambda: mastering.download("s-1", version="v1", parameters={"name": "Ann"}),
            lambda kit: kit.apiaudio.mastering.download("s-1", ".", version="v1", audience={"name": "Ann"}),
            (Answer(TRACK), AUDIO),
        ),
        Pair(
            "Mastering.list_presets",
            lambda: mastering.list_presets(),
            lambda kit: kit.apiaudio.mastering.list_presets(),
            _answer({"presets": []}),
        ),
        Pair(
            "Mastering.create_media_timeline",
            lambda: mastering.create_media_timeline(
                timeline=[
                    {"files": [{"mediaId": "med-1", "startAt": 1, "endAt": 5}], "contentType": "sound"}
                ],
                masteringPreset="radio",
            ),
            lambda kit: kit.apiaudio.mastering.create_media_timeline(
                [_track("med-1", 1, 5)], mastering_preset="radio"
            ),
            _answer(TRACK),
        ),
        Pair(
            "Media.upload",
            lambda: apiaudio.Media.upload(file_path=str(sound), tags="a,b"),
            lambda kit: kit.apiaudio.media.upload(sound, tags=["a", "b"]),
            (Answer({"mediaId": "med-1", "fileUploadUrl": "{base}/store/a"}), Answer({})),
        ),
        Pair(
            "Media.list",
            lambda: apiaudio.Media.list(tags="a,b", public=True, downloadUrl=True),
            lambda kit: kit.apiaudio.media.list(tags=["a", "b"], public=True, with_download_url=True),
            _answer(SAVED),
        ),
        Pair(
            "Media.list_tags",
            lambda: apiaudio.Media.list_tags(),
            lambda kit: kit.apiaudio.media.list_tags(),
            _answer({"tags": ["a"]}),
        ),
        Pair(
            "Media.get_download_url",
            lambda: apiaudio.Media.get_download_url("med-1"),
            lambda kit: kit.apiaudio.media.get_download_url("med-1"),
            _answer(SAVED),
        ),
        Pair(
            "Media.download",
            lambda: apiaudio.Media.download("med-1"),
            lambda kit: kit.apiaudio.media.download("med-1", "."),
            (Answer(SAVED), AUDIO),
        ),
        Pair(
            "Media.delete",
            lambda: apiaudio.Media.delete(mediaId="med-1"),
            lambda kit: kit.apiaudio.media.delete("med-1"),
            _answer({"message": "gone"}),
        ),
        Pair(
            "Sound.list",
            lambda: apiaudio.Sound.list(genre="jazz", tempo="mid", tags="calm,happy", contents="intro"),
            lambda kit: kit.apiaudio.sound.list_sound_templates(
                genre="jazz", tempo="mid", tags=["calm", "happy"], contents="intro"
            ),
            _answer({"templates": []}),
        ),
        Pair(
            "Sound.list_parameters",
            lambda: apiaudio.Sound.list_parameters(),
            lambda kit: kit.apiaudio.sound.list_parameters(),
            _answer({"genre": ["jazz"]}),
        ),
        Pair(
            "Voice.list",
            lambda: apiaudio.Voice.list(
                provider="polly",
                language="english",
                languageCode="en-US",
                gender="female",
                tags="calm,happy",
                timePerformance="fast",
                limit=100,
                offset=0,
            ),
            lambda kit: collect(
                kit.apiaudio.voices.list(
                    provider="polly",
                    language="english",
                    language_code="en-US",
                    gender="female",
                    tags=["calm", "happy"],
                    time_performance="fast",
                )
            ),
            _answer({"voices": []}),
        ),
        Pair(
            "Voice.list_parameters",
            lambda: apiaudio.Voice.list_parameters(),
            lambda kit: kit.apiaudio.voices.list_parameters(),
            _answer({"gender": ["female"]}),
        ),
        Pair(
            "SyncTTS.create",
            lambda: apiaudio.SyncTTS.create(text="Hi", voice="Joanna", speed=1.5),
            lambda kit: kit.apiaudio.sync_tts.create("Hi", voice="Joanna", speed=1.5),
            (AUDIO,),
        ),
        Pair(
            "SyncTTS.create",
            lambda: apiaudio.SyncTTS.create(text="Hi", voice="Joanna", format="mp3", bitrate="192"),
            lambda kit: kit.apiaudio.sync_tts.create("Hi", voice="Joanna", format="mp3", bitrate_kbps=192),
            (MP3,),
            variant="mp3",
        ),
        Pair(
            "Birdcache.create",
            lambda: apiaudio.Birdcache.create(
                type="mastering",
                text="Hi {{name}}",
                voice="Joanna",
                audience={"name": ["Ann"]},
                soundTemplate="jazz",
            ),
            lambda kit: kit.apiaudio.birdcache.create(
                "Hi {{name}}",
                kind="mastering",
                voice="Joanna",
                audience={"name": ["Ann"]},
                sound_template="jazz",
            ),
            _answer([]),
        ),
        Pair(
            "Lexi.list",
            lambda: apiaudio.Lexi.list(),
            lambda kit: kit.apiaudio.lexi.list(),
            _answer([]),
        ),
        Pair(
            "Lexi.list_custom_dicts",
            lambda: apiaudio.Lexi.list_custom_dicts(),
            lambda kit: kit.apiaudio.lexi.list_custom_dicts(),
            _answer({"dictionaries": []}),
        ),
        Pair(
            "Lexi.list_custom_words",
            lambda: apiaudio.Lexi.list_custom_words(lang="en"),
            lambda kit: kit.apiaudio.lexi.list_custom_words("en"),
            _answer({"words": []}),
        ),
        Pair(
            "Lexi.register_custom_word",
            lambda: apiaudio.Lexi.register_custom_word("sapiens", "saypeeoons", "en"),
            lambda kit: kit.apiaudio.lexi.register_custom_word(
                "sapiens", "saypeeoons", language="en", specialization="default", content_type="basic"
            ),
            _answer({"message": "ok"}),
        ),
        Pair(
            "Lexi.delete_custom_word",
            lambda: apiaudio.Lexi.delete_custom_word(lang="en", word="sapiens", specialization="default"),
            lambda kit: kit.apiaudio.lexi.delete_custom_word(
                "sapiens", language="en", specialization="default"
            ),
            _answer({"message": "gone"}),
        ),
        Pair(
            "Connector.retrieve",
            lambda: apiaudio.Connector.retrieve("julep"),
            lambda kit: kit.apiaudio.connectors.retrieve("julep"),
            _answer({"name": "julep"}),
        ),
        Pair(
            "Connector.connection",
            lambda: apiaudio.Connector.connection("c-1"),
            lambda kit: kit.apiaudio.connectors.connection("c-1"),
            _answer([{"connectionId": "c-1", "status": "ok"}]),
        ),
        Pair(
            "Orchestrator.create_audio",
            lambda: apiaudio.Orchestrator.create_audio(
                scriptText="Hello", voice="Joanna", soundTemplate="jazz"
            ),
            lambda kit: _orchestrated(kit, "create_audio"),
            (Answer(TRACK), AUDIO),
        ),
        Pair(
            "Orchestrator.create_three_sections",
            lambda: apiaudio.Orchestrator.create_three_sections(
                introText="a", mainText="b", outroText="c", voice="Joanna", soundTemplate="jazz"
            ),
            lambda kit: _orchestrated(kit, "create_three_sections"),
            (Answer(TRACK), AUDIO),
        ),
        Pair(
            "Orchestrator.create_media_with_sound",
            lambda: apiaudio.Orchestrator.create_media_with_sound(mediaId="med-1", soundTemplate="jazz"),
            lambda kit: _orchestrated(kit, "media_with_sound"),
            (Answer(TRACK), AUDIO),
        ),
        Pair(
            "Orchestrator.help",
            lambda: apiaudio.Orchestrator.help(),
            lambda kit: kit.apiaudio.orchestrator.help(),
            _answer({"help": "x"}),
        ),
        Pair(
            "Organization.get_org_data",
            lambda: apiaudio.Organization.get_org_data(),
            lambda kit: kit.apiaudio.organisation.get_org_data(),
            _answer({"orgId": "o-1"}),
        ),
        Pair(
            "Organization.list_child_orgs",
            lambda: apiaudio.Organization.list_child_orgs(),
            lambda kit: kit.apiaudio.organisation.list_child_orgs(),
            _answer([]),
        ),
        Pair(
            "Organization.get_secrets",
            lambda: apiaudio.Organization.get_secrets(),
            lambda kit: kit.apiaudio.organisation.get_secrets(),
            _answer({"apiKey": "x", "webhooksSecret": "y"}),
        ),
    ]


def _voice(alias: str) -> SectionVoice:
    return SectionVoice(voice=alias)


def _timing(end_at_s: float) -> SectionTiming:
    return SectionTiming(end_at_s=end_at_s)


def _track(media_id: str, start_at_s: float, end_at_s: float) -> TimelineTrack:
    clip = TimelineClip(media_id=media_id, start_at_s=start_at_s, end_at_s=end_at_s)
    return TimelineTrack(clips=[clip], content_type="sound")
