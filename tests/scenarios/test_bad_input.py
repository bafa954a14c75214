"""Wrong keys, wrong values and broken files: refused with a message that helps."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import httpx
import pytest
from hearing import AUDIO

from audiokit import ApiKey, AudioKit
from audiokit.errors import AudiokitError, AuthenticationError, InvalidRequest, NotFound, RequestRefused
from audiokit.testing import EmulatorProcess

NOBODY = "00000000-0000-0000-0000-000000000000"

# By the reader's account in the samples' own README: these can never become a recording.
NOT_AUDIO = {
    "empty.wav",
    "one_byte.mp3",
    "text_named.mp3",
    "html_error_page.ogg",
    "picture_named.wav",
    "playlist_named.wav",
    "header_cut.wav",
    "zero_channels.wav",
    "zero_rate.wav",
    "silence_one_hour.flac",
}
TRUNCATED = {"half.mp3", "half.flac", "half.ogg", "id3_big_then_mp3.mp3", "data_size_lies.wav", "bitrot.mp3"}
SOUND = {"wav_named.mp3", "flac_named.ogg"}


@pytest.mark.parametrize("api", ["apiaudio", "audiostack", "respeecher"])
async def test_a_wrong_key_names_the_variable_to_set(emulator: EmulatorProcess, api: str) -> None:
    """Each API refuses a wrong key with 401 or 403, and the error says which variable to check."""
    wrong = attrs.evolve(emulator.access[api], credentials=ApiKey("wrong" * 8))
    async with AudioKit(**{api: wrong}) as kit:
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "apiaudio": lambda: kit.apiaudio.sound.list_sound_templates(),
            "audiostack": lambda: kit.audiostack.media.get("x"),
            "respeecher": lambda: kit.respeecher.credits.get(),
        }
        with pytest.raises(AuthenticationError, match=f"{api.upper()}_API_KEY") as caught:
            await calls[api]()
    assert caught.value.status in {401, 403}
    assert "wrongwrong" not in str(caught.value) + repr(caught.value)


async def test_unknown_ids_are_not_found(kit: AudioKit) -> None:
    """Ids nobody has made are refused by the emulator, naming them."""
    with pytest.raises(NotFound, match=NOBODY):
        await kit.respeecher.recordings.get(NOBODY)
    with pytest.raises(NotFound):
        await kit.audiostack.media.get(NOBODY)
    with pytest.raises(RequestRefused, match=NOBODY):
        await kit.apiaudio.speech.create(NOBODY)
    with pytest.raises(RequestRefused, match=NOBODY):
        await kit.apiaudio.mastering.create(NOBODY)


@pytest.mark.parametrize(
    ("arguments", "wire", "said"),
    [
        ({"end_format": ["exe"]}, {"endFormat": ["exe"]}, r"'exe'.*flac"),
        ({"media_volume_trim_db": 40}, {"mediaVolumeTrim": 40}, r"-12 (to|and|\.\.) ?12.*40|40.*-12.*12"),
        ({"channels": 3}, {"channels": 3}, r"1.*2.*3|3.*1.*2"),
    ],
)
async def test_values_outside_the_contract_are_refused_on_both_sides(
    emulator: EmulatorProcess, kit: AudioKit, arguments: dict[str, object], wire: dict[str, object], said: str
) -> None:
    """The SDK refuses before sending, the emulator what other clients send: field, value, allowed."""
    script = await kit.apiaudio.scripts.create("Hello.")
    with pytest.raises(InvalidRequest) as caught:
        await kit.apiaudio.mastering.create(script.script_id, **arguments)  # type: ignore[arg-type]
    field = next(iter(arguments))
    assert field == caught.value.field
    assert field in str(caught.value)
    await kit.apiaudio.speech.create_and_wait(script.script_id)
    access = emulator.access["apiaudio"]
    assert isinstance(access.credentials, ApiKey)
    async with httpx.AsyncClient() as client:
        reply = await client.post(
            f"{access.base_url}/mastering",
            json={"scriptId": script.script_id, **wire},
            headers={"x-api-key": access.credentials.key.reveal()},
        )
    assert reply.status_code == 400
    message = " ".join(reply.json()["errors"])
    assert next(iter(wire)) in message
    assert re.search(said, message), message


@pytest.mark.parametrize("path", sorted((AUDIO / "malformed").iterdir()), ids=lambda path: path.name)
async def test_broken_files_are_refused_or_their_truncation_is_stated(
    kit: AudioKit, folder_id: str, path: Path
) -> None:
    """No broken file hangs, crashes the server, or passes in silence."""
    try:
        recording = await kit.respeecher.recordings.upload_and_wait(path, folder_id=folder_id, timeout=15)
    except AudiokitError as error:
        assert path.name not in SOUND, error
        assert len(str(error)) > 20
    else:
        assert path.name not in NOT_AUDIO, recording
        assert recording.duration_s is not None
        assert recording.duration_s > 0
        if path.name in TRUNCATED:
            assert "truncated" in (recording.process_stage or ""), recording
        elif path.name == "nan_and_inf.wav":
            assert "finite" in (recording.process_stage or ""), recording
    assert (await kit.respeecher.credits.get()).left > 0  # the server is still there


@pytest.mark.parametrize(
    "path",
    [
        # An hour of silence is decoded up to the limit each time; the plain run does so once, above.
        pytest.param(path, marks=pytest.mark.heavy if "one_hour" in path.name else ())
        for path in sorted((AUDIO / "malformed").iterdir())
    ],
    ids=lambda path: path.name,
)
async def test_broken_files_never_become_media_in_silence(kit: AudioKit, path: Path) -> None:
    """The other two APIs refuse what is no audio as well, whichever way it is uploaded."""
    for upload in (kit.apiaudio.media.upload, kit.audiostack.media.create):
        if path.name in NOT_AUDIO:
            with pytest.raises(RequestRefused):
                await upload(path)
        elif path.name in SOUND:
            await upload(path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "a\x00b", "x" * 300])
async def test_hostile_names_stay_harmless(kit: AudioKit, folder_id: str, tmp_path: Path, name: str) -> None:
    """A path as file name, label or download name never leaves the folder it is saved to."""
    data = (AUDIO / "speech_male_en.wav").read_bytes()
    await kit.apiaudio.media.upload(data, name=name)
    await kit.audiostack.media.create(data, name=name)
    recording = await kit.respeecher.recordings.upload_and_wait(
        data, folder_id=folder_id, label=name[:40].replace("\x00", "")
    )
    folder = tmp_path / "inside"
    folder.mkdir()
    for given in (None, name):
        path = await kit.respeecher.recordings.download(recording, folder, name=given)
        assert folder == path.parent
    assert [folder] == list(tmp_path.iterdir())


async def test_strict_labels_follow_the_gateway() -> None:
    """With --strict a label outside letters, digits, space and hyphen is refused; a plain one is not."""
    async with EmulatorProcess(arguments=("--strict",)) as strict:
        async with AudioKit(respeecher=strict.access["respeecher"]) as kit:
            project = await kit.respeecher.projects.create("strict")
            folder = await kit.respeecher.folders.create(project.id, "takes")
            data = (AUDIO / "speech_male_en.wav").read_bytes()
            with pytest.raises(RequestRefused, match="label"):
                await kit.respeecher.recordings.upload(data, folder_id=folder.id, label="a/b!")
            await kit.respeecher.recordings.upload(data, folder_id=folder.id, label="A plain-label 1")
