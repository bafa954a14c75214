"""Uploads, lists, changes, downloads, archives."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from audiokit.emulator._work import WorkError

REFERENCE_KEYS = {
    "id", "project_id", "parent_folder_id", "type", "url", "waveform_url", "file_name", "label", "state",
    "original_id", "model_id", "model_name", "calibration_id", "calibration_value", "calibration_name",
    "microphone", "size", "duration", "starred", "tts", "tts_voice", "tts_voice_id", "text", "params",
    "error", "active", "created_at", "converted_at", "listen_count", "process_stage", "note",
}  # fmt: skip


async def test_an_upload_is_processing_first_and_done_later(emulator: Any, wav: Callable[..., bytes]) -> None:
    """Every key of the reference is there from the start; the file's own come with done."""
    emulator.work.held.add("waveform")
    folder = await emulator.folder()
    data = wav(0.5)
    first = await emulator.upload(folder["id"], data, label="Take 1")

    assert REFERENCE_KEYS <= first.keys()
    assert not [key for key in first if key.startswith("_")]
    assert ("original", "processing", "Take 1", "file") == (
        first["type"], first["state"], first["label"], first["microphone"],
    )  # fmt: skip
    assert (None, None, None) == (first["url"], first["file_name"], first["size"])
    emulator.work.release()
    done = await emulator.finished(first["id"])
    assert ("done", 0.5, len(data), "take.wav") == (
        done["state"], done["duration"], done["size"], done["file_name"],
    )  # fmt: skip
    assert done["url"].startswith("/api/")
    assert done["waveform_url"].startswith("/api/")


async def test_a_file_comes_back_byte_by_byte(emulator: Any, wav: Callable[..., bytes]) -> None:
    """With length, type, a safe name and nosniff; in pieces too; counted once."""
    data = wav(0.5)
    done = await emulator.original(data=data)

    whole = await emulator.client.get(done["url"])
    piece = await emulator.client.get(done["url"], headers={"range": "bytes=10-19"})
    beyond = await emulator.client.get(done["url"], headers={"range": f"bytes={len(data)}-"})
    picture = await emulator.client.get(done["waveform_url"])

    assert (200, data) == (whole.status_code, whole.content)
    assert (str(len(data)), "audio/wav", "nosniff", 'attachment; filename="take.wav"') == tuple(
        whole.headers[name]
        for name in ("content-length", "content-type", "x-content-type-options", "content-disposition")
    )
    assert (206, data[10:20]) == (piece.status_code, piece.content)
    assert f"bytes 10-19/{len(data)}" == piece.headers["content-range"]
    assert 416 == beyond.status_code
    assert ("image/png", b"\x89PNG") == (picture.headers["content-type"], picture.content[:4])
    assert 1 == (await emulator.finished(done["id"]))["listen_count"]


async def test_files_need_a_key_and_an_exact_path(emulator: Any) -> None:
    """No key is 401; anything but the given path is 404, never another file."""
    done = await emulator.original()
    async with emulator.new_client() as client:
        assert 401 == (await client.get(done["url"])).status_code
    folder = done["url"].rpartition("/")[0]
    for path in (
        f"{folder}/other.wav",
        f"{folder}/%2e%2e/%2e%2e/login.json",
        f"{folder}/..%2f..%2femulator.sqlite",
        f"/api/recordings/files/{uuid.uuid4()}/take.wav",
        "/api/nothing/here",
        "/api/%2e%2e/%2e%2e/etc/passwd",
    ):
        assert 404 == (await emulator.client.get(path)).status_code, path


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\x.wav", "a\nb.wav", "/etc/x.wav", "...", "x" * 300]
)
async def test_hostile_file_names_stay_harmless(emulator: Any, name: str) -> None:
    """The upload works, and the name shown is a plain one with the real extension."""
    done = await emulator.original(file_name=name, label="../../etc/passwd")

    assert "../../etc/passwd" == done["label"]
    assert done["file_name"].endswith(".wav")
    assert "/" not in done["file_name"].replace("\\", "/")
    assert len(done["file_name"]) <= 80
    assert 200 == (await emulator.client.get(done["url"])).status_code


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "data is not audio: an empty file"),
        (b"\xff", "data is not audio: only 1 byte"),
        (b"plain text, no sound at all", "data is not audio: text"),
        (b"\x89PNG\r\n\x1a\n", "data is not audio: a PNG picture"),
        (b"RIFF\x00\x00\x00\x00WAVE", "its header is damaged"),
    ],
)
async def test_what_is_no_audio_is_400_and_leaves_nothing(emulator: Any, data: bytes, words: str) -> None:
    """The message says what it looks like and what is supported."""
    folder = await emulator.folder()
    form = {"data": {"parent_folder_id": folder["id"]}, "files": {"data": ("a.wav", data)}}

    assert words in await emulator.refused(400, "POST", "/api/recordings", **form)
    assert [] == list(emulator.context.files.scratch_folder.iterdir())
    page = await emulator.ok("GET", "/api/recordings", params={"folder_id": folder["id"]})
    assert 0 == page["pagination"]["count"]


async def test_audio_that_is_too_long_is_refused(open_emulator: Any, wav: Callable[..., bytes]) -> None:
    """By decoded length."""
    async with open_emulator(max_audio_s=1.0) as emulator:
        folder = await emulator.folder()
        form = {"data": {"parent_folder_id": folder["id"]}, "files": {"data": ("a.wav", wav(1.2))}}
        assert "longer than 1 seconds" in await emulator.refused(400, "POST", "/api/recordings", **form)


async def test_an_upload_past_the_limit_is_413(open_emulator: Any, wav: Callable[..., bytes]) -> None:
    """Told before the whole of it was read, and nothing stays on disk."""
    async with open_emulator(max_upload_bytes=1000) as emulator:
        folder = await emulator.folder()
        form = {"data": {"parent_folder_id": folder["id"]}, "files": {"data": ("a.wav", wav(0.5))}}
        assert "at most 1000 bytes" in await emulator.refused(413, "POST", "/api/recordings", **form)
        assert [] == list(emulator.context.files.scratch_folder.iterdir())


async def test_a_slow_check_ends_in_state_error(open_emulator: Any) -> None:
    """When the answer could not wait, the recording tells what was wrong."""
    async with open_emulator(hold_s=0.0) as emulator:
        emulator.work.held.add("probe")
        folder = await emulator.folder()
        first = await emulator.upload(folder["id"], b"RIFF\x00\x00\x00\x00WAVE")
        assert "processing" == first["state"]
        emulator.work.release()
        failed = await emulator.finished(first["id"])

        assert ("error", None) == (failed["state"], failed["url"])
        assert "header is damaged" in failed["error"]
        assert [] == list(emulator.context.files.scratch_folder.iterdir())


async def test_peaks_lie_beside_the_picture(emulator: Any) -> None:
    """The outline as JSON, of one's own finished recordings only, and no download is counted."""
    done = await emulator.original()
    url = done["waveform_url"].replace("waveform.png", "peaks.json")

    reply = await emulator.client.get(url)
    nobody = await emulator.new_client().get(url)

    assert (200, "application/json") == (reply.status_code, reply.headers["content-type"])
    assert {"version": 2, "length": 1, "data": [-128, 127]} == reply.json()
    assert 401 == nobody.status_code
    assert 0 == (await emulator.finished(done["id"]))["listen_count"]
    unknown = url.replace(done["id"], str(uuid.UUID(int=1)))
    assert "no file at" in await emulator.refused(404, "GET", unknown)
    emulator.work.failures["peaks"] = WorkError("crashed", "the audio worker died")
    assert "the emulator failed" in await emulator.refused(500, "GET", url)


async def test_a_truncation_is_stated(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """done, with process_stage saying how much could be decoded."""
    note = "truncated: 0.5 of 1.0 s could be decoded"

    def probe(path: str, max_seconds: float) -> dict[str, Any]:
        return {"format": "mp3", "seconds": 0.5, "note": note}

    monkeypatch.setattr(emulator.work, "_probe", probe)
    done = await emulator.original()

    assert ("done", note, "take.mp3") == (done["state"], done["process_stage"], done["file_name"])


async def test_a_dead_worker_ends_in_state_error(emulator: Any) -> None:
    """Never a hang, the data is not blamed, and the server goes on."""
    emulator.work.failures["probe"] = WorkError("crashed", "the audio worker died")
    failed = await emulator.original()
    emulator.work.failures.clear()

    reason = "data was not checked: the emulator failed; see its log; upload it again"
    assert ("error", reason) == (failed["state"], failed["error"])
    assert "done" == (await emulator.original())["state"]


async def test_a_missing_picture_is_no_failure(emulator: Any) -> None:
    """The recording is done, its waveform_url null."""
    emulator.work.failures["waveform"] = WorkError("crashed", "the audio worker died")
    done = await emulator.original()

    assert ("done", None) == (done["state"], done["waveform_url"])


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({}, 422, "parent_folder_id is required"),
        ({"parent_folder_id": "x"}, 422, "parent_folder_id must be a UUID, got 'x'"),
        ({"parent_folder_id": str(uuid.UUID(int=1))}, 404, "parent_folder_id '00000000-"),
        ({"label": "x" * 41}, 422, "label must have at most 40 characters, got 41"),
    ],
)
async def test_an_upload_with_a_wrong_field_is_refused(
    emulator: Any, wav: Callable[..., bytes], form: dict[str, str], status: int, words: str
) -> None:
    """Field, value and what is allowed; nothing stays on disk."""
    if "label" in form:
        form = {**form, "parent_folder_id": (await emulator.folder())["id"]}
    files = {"data": ("a.wav", wav())}

    assert words in await emulator.refused(status, "POST", "/api/recordings", data=form, files=files)
    assert [] == list(emulator.context.files.scratch_folder.iterdir())


async def test_an_upload_without_its_file_is_422(emulator: Any) -> None:
    """And one that is no form is 400."""
    folder = await emulator.folder()
    form = {"data": {"parent_folder_id": folder["id"]}, "files": {"other": ("a.wav", b"x")}}

    assert "data is required" in await emulator.refused(422, "POST", "/api/recordings", **form)
    assert "multipart/form-data" in await emulator.refused(400, "POST", "/api/recordings", json={})
    headers = {"content-type": "multipart/form-data; boundary=b"}
    broken = b'--b\r\nContent-Disposition: form-data; name="data"; filename="a.wav"\r\n\r\nRIFF'
    told = await emulator.refused(400, "POST", "/api/recordings", content=broken, headers=headers)
    assert "breaks off" in told
    told = await emulator.refused(400, "POST", "/api/recordings", content=b"nonsense", headers=headers)
    assert "malformed" in told or "breaks off" in told


async def test_recordings_are_listed_by_folder_project_and_kind(emulator: Any) -> None:
    """Paged, newest last unless asked otherwise."""
    folder = await emulator.folder()
    other = await emulator.folder(folder["project_id"], "other")
    ids = [(await emulator.original(folder["id"]))["id"] for _ in range(3)]
    elsewhere = (await emulator.original(other["id"]))["id"]
    voice = await emulator.voice("Boris")
    orders = await emulator.ok(
        "POST", "/api/v2/orders", json={"original_id": ids[0], "conversions": [{"voice_id": voice["id"]}]}
    )
    conversion = orders[0]["conversion_id"]

    async def listed(path: str, **params: Any) -> list[str]:
        return [r["id"] for r in (await emulator.ok("GET", path, params=params))["list"]]

    assert [*ids, conversion] == await listed("/api/recordings", folder_id=folder["id"])
    assert [*ids, elsewhere, conversion] == await listed("/api/recordings", project_id=folder["project_id"])
    assert [ids[2], ids[1]] == await listed(
        "/api/recordings/originals", folder_id=folder["id"], direction="desc", limit=2
    )
    assert [conversion] == await listed("/api/recordings/conversions", original_id=ids[0])
    assert [] == await listed("/api/recordings/conversions", original_id=ids[1])
    assert "project_id or folder_id is required" in await emulator.refused(422, "GET", "/api/recordings")


async def test_label_and_star_can_be_changed(emulator: Any) -> None:
    """PATCH takes either, PUT needs both."""
    path = f"/api/recordings/{(await emulator.original())['id']}"

    assert "new" == (await emulator.ok("PATCH", path, json={"label": "new"}))["label"]
    starred = await emulator.ok("PATCH", path, json={"starred": True})
    assert ("new", True) == (starred["label"], starred["starred"])
    assert "starred is required" in await emulator.refused(422, "PUT", path, json={"label": "x"})
    both = await emulator.ok("PUT", path, json={"label": "x", "starred": False})
    assert ("x", False) == (both["label"], both["starred"])
    assert "starred must be true or false" in await emulator.refused(
        422, "PATCH", path, json={"starred": "yes"}
    )


async def test_deleting_an_original_takes_its_conversions(emulator: Any) -> None:
    """The reply lists the ids of all."""
    original = await emulator.original()
    voice = await emulator.voice("Boris")
    body = {"original_id": original["id"], "conversions": [{"voice_id": voice["id"]}]}
    conversion = (await emulator.ok("POST", "/api/v2/orders", json=body))[0]["conversion_id"]
    await emulator.context.idle()

    removed = await emulator.ok("DELETE", f"/api/recordings/{original['id']}")
    assert [{"id": original["id"]}, {"id": conversion}] == removed
    await emulator.refused(404, "GET", f"/api/recordings/{conversion}")


async def test_deleting_what_is_still_in_work_harms_nothing(
    emulator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The background work ends quietly."""
    emulator.work.held.add("waveform")
    first = await emulator.upload((await emulator.folder())["id"])
    await emulator.ok("DELETE", f"/api/recordings/{first['id']}")
    emulator.work.release()
    await emulator.context.idle()

    assert "failed" not in caplog.text


async def test_an_export_is_a_zip_of_what_is_finished(emulator: Any, wav: Callable[..., bytes]) -> None:
    """Entries lie under their folder's harmless name; starred_only leaves the others out."""
    folder = await emulator.folder(name="../up")
    data = wav(0.3)
    first = await emulator.original(folder["id"], data=data)
    await emulator.original(folder["id"])
    await emulator.ok("PATCH", f"/api/recordings/{first['id']}", json={"starred": True})
    path = f"/api/projects/{folder['project_id']}/export"

    everything = await emulator.client.get(path)
    starred = await emulator.client.get(path, params={"starred_only": "True"})

    assert "application/zip" == everything.headers["content-type"]
    assert 'attachment; filename="Show.zip"' == everything.headers["content-disposition"]
    assert 2 == len(zipfile.ZipFile(io.BytesIO(everything.content)).namelist())
    archive = zipfile.ZipFile(io.BytesIO(starred.content))
    assert [f"up/take-{first['id'][:8]}.wav"] == archive.namelist()
    assert None is archive.testzip()
    assert data == archive.read(archive.namelist()[0])


async def test_the_conversions_of_an_original_can_be_exported(emulator: Any) -> None:
    """Only they, without the original."""
    original = await emulator.original()
    voice = await emulator.voice("Boris")
    body = {"original_id": original["id"], "conversions": [{"voice_id": voice["id"], "label": "Hi"}]}
    order = (await emulator.ok("POST", "/api/v2/orders", json=body))[0]
    await emulator.context.idle()

    reply = await emulator.client.get("/api/recordings/export", params={"original_id": original["id"]})
    names = zipfile.ZipFile(io.BytesIO(reply.content)).namelist()
    assert [f"Hi-{order['conversion_id'][:8]}.wav"] == names
    assert "original_id is required" in await emulator.refused(422, "GET", "/api/recordings/export")
