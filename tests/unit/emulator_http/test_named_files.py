"""Nobody's words name a file, nobody's deletion takes another's, and a repeated upload leaves nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from audiokit.emulator._files import FileStore
from audiokit.emulator._schema import file_ids_in
from audiokit.emulator._store import Store

HASH = "ab" * 32
OTHER_KEY = "o" * 40


def kept(emulator: Any) -> set[str]:
    """Ids of the files on disk."""
    root: Path = emulator.context.files.scratch_folder.parent
    return {path.name for path in (root / "files").glob("*/*")}


async def keep(files: FileStore, content: bytes = b"sound") -> str:
    """Keep a file."""
    path = files.scratch()
    path.write_bytes(content)
    return await files.keep(path)


@pytest.mark.parametrize(
    "doc",
    [
        {"text": HASH},
        {"id": HASH, "name": HASH, "label": HASH, "tags": [HASH]},
        {"request": {"file": HASH, "files": [{"file": HASH}]}},
        {"metadata": {"_file_id": HASH, "seen": {"q": {"file": HASH}}}},
        {"versions": {HASH: HASH, "file": HASH}},
        {"parts": [{"name": HASH, "file": None}], "seen": None},
        {"seen": {HASH: {"text": HASH, "versions": {"file": HASH}}}},
        {"file": "a" + HASH},
    ],
)
def test_words_of_a_client_name_no_file(doc: dict[str, Any]) -> None:
    """Wherever a document keeps them."""
    assert [] == file_ids_in(doc)


@pytest.mark.parametrize(
    "doc",
    [
        {"file": HASH},
        {"file_id": HASH},
        {"_file_id": HASH, "_waveform_id": None},
        {"_file_id": None, "_waveform_id": HASH},
        {"files": [{"name": "a"}, {"file": HASH}]},
        {"parts": ({"file": HASH},)},
        {"seen": {"q": {"parts": [{"file": HASH}]}, "nothing": None}},
        {"seen": {"q": [{"id": "1", "file": HASH}]}},
    ],
)
def test_fields_of_the_emulator_name_files(doc: dict[str, Any]) -> None:
    """Of single files, of several, and of what work under way was ordered with."""
    assert [HASH] == file_ids_in(doc)


async def test_a_note_with_the_hash_of_anothers_upload_does_not_destroy_it(open_emulator: Any) -> None:
    """Written and deleted while the upload is being checked."""
    async with open_emulator(keys={"other": OTHER_KEY}) as emulator:
        bob = emulator.new_client({"api-key": OTHER_KEY})
        project = (await bob.post("/api/projects", json={"name": "p"})).json()
        body = {"name": "f", "project_id": project["id"]}
        folder = (await bob.post("/api/folders", json=body)).json()
        spoken = {"parent_folder_id": folder["id"], "text": "Hello"}
        text = (await bob.post("/api/v2/recordings/tts", json=spoken)).json()
        await emulator.context.idle()
        before = kept(emulator)
        path = emulator.context.files.scratch()
        path.write_bytes(b"RIFF and so on")
        digest = hashlib.sha256(b"RIFF and so on").hexdigest()
        await emulator.context.files.keep(path)
        note = await bob.post("/api/notes", json={"recording_id": text["id"], "text": digest})
        assert 200 == note.status_code, note.text
        gone = await bob.request("DELETE", "/api/notes", json={"recording_id": text["id"]})

        assert (200, {digest}) == (gone.status_code, kept(emulator) - before)


async def test_a_template_named_like_a_file_keeps_nothing_alive(open_emulator: Any, wav: Any) -> None:
    """What its owner deletes is gone, whatever somebody else calls his things."""
    async with open_emulator(keys={"other": OTHER_KEY}) as emulator:
        alice = emulator.new_client({"x-api-key": "k" * 40}, api="audiostack")
        bob = emulator.new_client({"x-api-key": OTHER_KEY}, api="audiostack")
        media = (await alice.post("/files", json={"file_name": "a.wav"})).json()
        await alice.put(media["uploadUrl"], content=wav())
        name = hashlib.sha256(wav()).hexdigest()
        made = await bob.post("/production/sound/template", json={"templateName": name})
        assert (200, {name}) == (made.status_code, kept(emulator))
        await alice.delete(f"/files/{media['fileId']}")

        assert set() == kept(emulator)


async def test_documents_of_others_do_not_end_the_wait_of_a_kept_file(tmp_path: Path) -> None:
    """Any number of documents of the same content, written and deleted in between."""
    files = FileStore(tmp_path)
    async with Store(None, files=files) as store:
        theirs = await keep(files)
        mine = await keep(files)
        await store.put("thing", "1", {"file": theirs}, account="them")
        again = (await store.get("thing", "1", account="them"))["file"]  # type: ignore[index]
        for number in range(2, 5):
            await store.put("thing", str(number), {"file": again}, account="them")
        for number in range(1, 5):
            await store.delete("thing", str(number), account="them")
        assert files.path(mine).is_file()
        await store.put("thing", "1", {"file": mine}, account="me")
        await store.delete("thing", "1", account="me")

        assert not files.path(mine).exists()


async def test_the_same_bytes_sent_twice_are_gone_with_their_document(emulator: Any, wav: Any) -> None:
    """A repeated PUT, after a lost reply for instance, leaves no file behind."""
    client = emulator.new_client({"x-api-key": "k" * 40}, api="audiostack")
    media = (await client.post("/files", json={"file_name": "a.wav"})).json()
    for _ in range(3):
        assert 200 == (await client.put(media["uploadUrl"], content=wav())).status_code
    assert 1 == len(kept(emulator))
    await client.delete(f"/files/{media['fileId']}")

    assert set() == kept(emulator)


async def test_synchronous_speech_said_twice_waits_for_no_document(emulator: Any) -> None:
    """Its mp3 is named by the document of the first time."""
    client = emulator.new_client({"x-api-key": "k" * 40, "accept": "audio/mp3"}, api="apiaudio")
    for _ in range(2):
        reply = await client.post("/speech/sync", json={"text": "Hello.", "voice": "Joanna"})
        assert 200 == reply.status_code, reply.text
    store, named = emulator.context.store, kept(emulator)
    for file_id in named:
        for account, kind, id_ in await store.naming(file_id):
            await store.delete(kind, id_, account=account)

    assert (True, set()) == (bool(named), kept(emulator))


async def test_a_folder_whose_documents_named_files_by_any_text_is_brought_up_to_date(tmp_path: Path) -> None:
    """Version 1 took every hash for a file."""
    path, other = tmp_path / "emulator.sqlite", "cd" * 32
    async with Store(path) as store:
        await store.put("thing", "1", {"file": HASH, "text": other}, account="me")
    db = sqlite3.connect(path)
    db.executescript(f"INSERT INTO file_refs VALUES (1, '{other}'); PRAGMA user_version = 1;")
    db.close()
    async with Store(path) as store:
        assert {HASH} == await store.file_ids()
    assert 2 == sqlite3.connect(path).execute("PRAGMA user_version").fetchone()[0]


async def test_a_recording_whose_file_is_lost_says_so(open_emulator: Any) -> None:
    """It does not stay in processing for ever; somebody may have emptied the folder."""
    async with open_emulator(hold_s=0.0) as emulator:
        folder = await emulator.folder()
        emulator.work.held.add("probe")
        recording = await emulator.upload(folder["id"])
        await emulator.work.reached("probe")
        [file_id] = kept(emulator)
        gone = emulator.context.files.path(file_id)
        gone.rename(gone.with_suffix(".away"))
        probed = emulator.work._probe  # the file goes when it has been probed
        emulator.work._probe = lambda path, **more: probed(f"{path}.away", **more)
        emulator.work.release()
        found = await emulator.finished(recording["id"])

        assert "error" == found["state"]
        assert "is gone: it was deleted while it was needed; upload or order it again" in found["error"]
