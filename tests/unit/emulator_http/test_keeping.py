"""What stays on disk, and what goes: files that nothing names, halves of uploads, documents cut short."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import wave
from pathlib import Path
from typing import Any

import pytest

from audiokit.emulator._files import FileStore
from audiokit.emulator._store import Store


def kept(emulator: Any) -> set[str]:
    """Ids of the files on disk."""
    root: Path = emulator.context.files.scratch_folder.parent
    return {path.name for path in (root / "files").glob("*/*")}


async def test_deleting_a_recording_removes_its_files(emulator: Any) -> None:
    """Sound and picture; nothing else of the folder."""
    folder = await emulator.folder()
    before = kept(emulator)
    original = await emulator.original(folder["id"])
    assert 2 == len(kept(emulator) - before)
    await emulator.ok("DELETE", f"/api/recordings/{original['id']}")

    assert before == kept(emulator)


async def test_a_file_that_others_name_stays(emulator: Any) -> None:
    """Two uploads of the same content are one file, which goes with the second of them."""
    first, second = await emulator.original(), await emulator.original()
    await emulator.ok("DELETE", f"/api/recordings/{first['id']}")
    assert 200 == (await emulator.client.get(second["url"])).status_code
    assert 200 == (await emulator.client.get(second["waveform_url"])).status_code
    await emulator.ok("DELETE", f"/api/recordings/{second['id']}")

    assert set() == kept(emulator)


@pytest.mark.parametrize("what", ["folder", "project"])
async def test_deleting_a_folder_or_project_removes_all_its_files(emulator: Any, what: str) -> None:
    """Those of conversions too."""
    original = await emulator.original()
    voice = await emulator.voice("Boris")
    body = {"original_id": original["id"], "conversions": [{"voice_id": voice["id"]}]}
    await emulator.ok("POST", "/api/v2/orders", json=body)
    await emulator.context.idle()
    assert kept(emulator)
    id_ = original["parent_folder_id" if what == "folder" else "project_id"]
    await emulator.ok("DELETE", f"/api/{what}s/{id_}")

    assert set() == kept(emulator)


async def test_deleting_a_calibration_removes_its_file(emulator: Any) -> None:
    """Its recording is of no other use."""
    calibration = await emulator.calibration()
    assert 1 == len(kept(emulator))
    await emulator.ok("DELETE", f"/api/calibration/{calibration['id']}")

    assert set() == kept(emulator)


async def test_a_refused_upload_leaves_nothing(emulator: Any) -> None:
    """Whether it is refused at once or after the call was answered."""
    folder = await emulator.folder()
    form = {"parent_folder_id": folder["id"], "microphone": "file"}
    broken = b"RIFF\x24\x00\x00\x00WAVEfmt "
    await emulator.refused(400, "POST", "/api/recordings", data=form, files={"data": ("a.wav", broken)})

    assert set() == kept(emulator)


async def test_an_upload_that_fails_later_leaves_nothing_but_the_reason(open_emulator: Any) -> None:
    """The recording says why; the bytes are gone."""
    async with open_emulator(hold_s=0.0) as emulator:
        folder = await emulator.folder()
        emulator.work.held.add("probe")
        recording = await emulator.upload(folder["id"], b"RIFF\x24\x00\x00\x00WAVEfmt ")
        emulator.work.release()
        failed = await emulator.finished(recording["id"])

        assert ("error", set()) == (failed["state"], kept(emulator))
        assert "header is damaged" in failed["error"]


async def test_a_recording_deleted_while_it_is_made_leaves_nothing(emulator: Any) -> None:
    """What its work still writes is given up."""
    folder = await emulator.folder()
    emulator.work.held.add("waveform")
    recording = await emulator.upload(folder["id"])
    await emulator.work.reached("waveform")
    await emulator.ok("DELETE", f"/api/recordings/{recording['id']}")
    emulator.work.release()
    await emulator.context.idle()
    body = {"parent_folder_id": folder["id"], "text": "Hello"}
    emulator.work.held.add("speak")
    text = await emulator.ok("POST", "/api/v2/recordings/tts", json=body)
    await emulator.ok("DELETE", f"/api/recordings/{text['id']}")
    emulator.work.release()
    await emulator.context.idle()

    assert set() == kept(emulator)


async def test_files_that_nothing_names_go_at_the_start(open_emulator: Any, tmp_path: Path) -> None:
    """A process that died between keeping a file and writing its document leaves one behind."""
    async with open_emulator(data=tmp_path) as emulator:
        original = await emulator.original()
        stray = emulator.context.files.scratch(".wav")
        stray.write_bytes(b"half")
        stray_id = await emulator.context.files.keep(stray)
        (tmp_path / "scratch" / "rest.wav").write_bytes(b"half of an upload")
        assert stray_id in kept(emulator)
        named = kept(emulator) - {stray_id}
    async with open_emulator(data=tmp_path) as emulator:
        assert named == kept(emulator)
        assert [] == list((tmp_path / "scratch").iterdir())
        assert 200 == (await emulator.client.get(original["url"])).status_code


async def test_half_an_upload_is_not_visible(serving: Any) -> None:
    """While its bytes are on their way nothing is listed, and a caller who leaves takes them along."""
    served = await serving()
    folder_id, scratch = await served.folder_id(), served.context.files.scratch_folder
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(
        b"POST /respeecher/api/recordings HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5000000\r\n"
        b"api-key: " + served.client.headers["api-key"].encode() + b"\r\n"
        b"content-type: multipart/form-data; boundary=b\r\n\r\n"
        b'--b\r\ncontent-disposition: form-data; name="data"; filename="a.wav"\r\n\r\nRIFF' + bytes(3_000_000)
    )
    await writer.drain()
    while not any(path.stat().st_size for path in scratch.iterdir()):  # noqa: ASYNC110  (another's file)
        await asyncio.sleep(0.01)
    listed = await served.client.get("/api/recordings", params={"folder_id": folder_id})
    assert 0 == listed.json()["pagination"]["count"]
    writer.close()
    while list(scratch.iterdir()):  # noqa: ASYNC110  (another's file)
        await asyncio.sleep(0.01)
    listed = await served.client.get("/api/recordings", params={"folder_id": folder_id})
    assert (0, set()) == (listed.json()["pagination"]["count"], kept(served))


async def test_a_step_that_fails_writes_nothing(tmp_path: Path) -> None:
    """All changes of one step, or none; files named in it are not named."""
    files = FileStore(tmp_path)
    path = files.scratch()
    path.write_bytes(b"sound")
    file_id = await files.keep(path)
    async with Store(None, files=files) as store:

        def fails(step: Any) -> None:
            step.put("thing", "1", {"file": file_id})
            step.update("thing", "2", n=1)

        with pytest.raises(KeyError):
            await store.transact(fails, account="me")
        assert None is await store.get("thing", "1", account="me")
        assert set() == await store.file_ids()


async def test_a_file_about_to_be_named_survives_the_end_of_an_equal_one(tmp_path: Path) -> None:
    """Kept twice, named once and forgotten: the second document still finds it."""
    files = FileStore(tmp_path)
    ids = []
    for _ in range(2):
        path = files.scratch()
        path.write_bytes(b"sound")
        ids.append(await files.keep(path))
    async with Store(None, files=files) as store:
        await store.put("thing", "1", {"file": ids[0]}, account="me")
        await store.delete("thing", "1", account="me")
        assert files.path(ids[1]).is_file()
        await store.put("thing", "2", {"file": ids[1]}, account="me")
        await store.delete("thing", "2", account="me")
        assert not files.path(ids[1]).exists()


async def test_a_database_of_an_older_emulator_is_brought_up_to_date(tmp_path: Path) -> None:
    """It knew nothing of which files are named; those of a newer one are refused."""
    path, file_id = tmp_path / "emulator.sqlite", "ab" * 32
    async with Store(path) as store:
        await store.put("thing", "1", {"file": file_id}, account="me")
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE file_refs; PRAGMA user_version = 0;")
    db.close()
    async with Store(path) as store:
        assert {file_id} == await store.file_ids()
        assert [("me", "thing", "1")] == await store.naming(file_id)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ValueError, match=r"written by a newer emulator \(version 99"):
        async with Store(path):
            pass


async def test_a_conversion_whose_order_is_lost_says_so(open_emulator: Any, tmp_path: Path) -> None:
    """A folder of an emulator that wrote the two apart: it ends, instead of processing for ever."""
    from audiokit.emulator.respeecher import recover

    async with open_emulator(data=tmp_path) as emulator:
        original = await emulator.original()
        voice = await emulator.voice("Boris")
        body = {"original_id": original["id"], "conversions": [{"voice_id": voice["id"]}]}
        emulator.work.held.add("convert")
        [order] = await emulator.ok("POST", "/api/v2/orders", json=body)
        await emulator.work.reached("convert")
        await emulator.context.store.delete("order", order["id"], account="default")
    async with open_emulator(data=tmp_path) as emulator:
        await recover(emulator.context)
        found = await emulator.finished(order["conversion_id"])

        assert "error" == found["state"]
        assert "order or upload it again" in found["error"]


async def test_speech_and_mixes_of_v2_take_their_files_along(open_emulator: Any) -> None:
    """Deleted when done or while they are made; the cache of spoken words stays until it is full."""
    async with open_emulator(hold_s=5.0) as emulator:
        client = emulator.new_client({"x-api-key": "k" * 40}, api="audiostack")
        markup = '<as:section name="main">Hello.</as:section>'
        script = (await client.post("/content/script", json={"scriptText": markup})).json()["data"][
            "scriptId"
        ]
        speech = (await client.post("/speech/tts", json={"scriptId": script})).json()["data"]["speechId"]
        before = kept(emulator)
        order = {"speechId": speech, "public": True}
        mix = (await client.post("/production/mix", json=order)).json()["data"]["productionId"]
        assert 1 == len(kept(emulator) - before)
        assert 200 == (await client.delete(f"/production/mix/{mix}")).status_code
        assert before == kept(emulator)
        emulator.work.held.add("render")
        making = asyncio.create_task(client.post("/production/mix", json=order))
        while len(emulator.work.called("render")) < 2:  # noqa: ASYNC110  (the first one was the finished mix)
            await asyncio.sleep(0)
        mixes = (await client.get("/production/mixes")).json()["data"]["productionIds"]
        assert 200 == (await client.delete(f"/production/mix/{mixes[0]['productionId']}")).status_code
        emulator.work.release()
        assert 404 == (await making).status_code
        await emulator.context.idle()

        assert before == kept(emulator)


async def test_media_deleted_while_it_is_uploaded_is_404_and_leaves_nothing(open_emulator: Any) -> None:
    """The bytes were checked for nobody."""
    async with open_emulator() as emulator:
        client = emulator.new_client({"x-api-key": "k" * 40}, api="audiostack")
        announced = (
            await client.post("/content/media/create-upload-url", json={"fileName": "a.wav"})
        ).json()["data"]
        emulator.work.held.add("probe")
        putting = asyncio.create_task(client.put(announced["fileUploadUrl"], content=emulator_wav()))
        await emulator.work.reached("probe")
        assert 200 == (await client.delete(f"/content/media/{announced['mediaId']}")).status_code
        emulator.work.release()

        assert 404 == (await putting).status_code
        assert set() == kept(emulator)


def emulator_wav() -> bytes:
    """A small wav file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1600))
    return out.getvalue()
