"""What is deleted while other calls are under way: nothing is left below it, and nobody gets a 500."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiokit.emulator._store import Store


async def test_a_change_of_what_was_just_deleted_is_404(
    emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found, gone, changed: in the shape of the API."""
    folder = await emulator.folder()
    path = f"/api/folders/{folder['id']}"
    update = Store.update

    async def delete_first(self: Store, *args: Any, **kwargs: Any) -> Any:
        await self.delete("folder", folder["id"], account="default")
        return await update(self, *args, **kwargs)

    monkeypatch.setattr(Store, "update", delete_first)

    assert "just deleted" in await emulator.refused(404, "PATCH", path, json={"name": "other"})


async def test_folders_and_their_projects_go_together(emulator: Any) -> None:
    """Folders are made while the project goes: none is left that no project has."""
    left = []
    for _ in range(10):
        project_id = (await emulator.project())["id"]
        body = {"name": "z", "project_id": project_id}
        client = emulator.client
        making = [client.post("/api/folders", json=body) for _ in range(4)]
        more = [client.post("/api/folders", json=body) for _ in range(4)]
        replies = await asyncio.gather(*making, client.delete(f"/api/projects/{project_id}"), *more)
        made = [one.json()["id"] for one in replies if one.status_code == 200 and "parent_id" in one.json()]
        assert {one.status_code for one in replies} <= {200, 404}
        left += [one for one in made if (await client.get(f"/api/folders/{one}")).status_code == 200]

    assert [] == left


async def test_recordings_and_their_folders_go_together(emulator: Any) -> None:
    """Texts are spoken into a folder while it goes: none is left that no folder has."""
    left = []
    for _ in range(5):
        folder_id = (await emulator.folder())["id"]
        body = {"parent_folder_id": folder_id, "text": "a", "text_language": "en"}
        client = emulator.client
        speaking = [client.post("/api/v2/recordings/tts", json=body) for _ in range(6)]
        replies = await asyncio.gather(*speaking, client.delete(f"/api/folders/{folder_id}"))
        made = [one.json()["id"] for one in replies[:-1] if one.status_code == 200]
        assert {one.status_code for one in replies} <= {200, 404}
        left += [one for one in made if (await client.get(f"/api/recordings/{one}")).status_code == 200]
        await emulator.context.idle()

    assert [] == left


async def test_conversions_of_an_original_that_was_just_deleted_are_not_ordered(
    emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would hang on nothing."""
    original = await emulator.original()
    [voice, *_] = (await emulator.ok("GET", "/api/v2/voices"))["list"]
    transact = Store.transact

    async def delete_first(self: Store, change: Any, *, account: str) -> Any:
        if "add_recordings" in change.__qualname__:
            await self.delete("recording", original["id"], account=account)
        return await transact(self, change, account=account)

    monkeypatch.setattr(Store, "transact", delete_first)
    body = {"original_id": original["id"], "conversions": [{"voice_id": voice["id"]}]}

    assert "deleted a moment ago" in await emulator.refused(404, "POST", "/api/v2/orders", json=body)


async def test_a_calibration_and_its_name_are_one_thing(
    emulator: Any, wav: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename of one that was just deleted takes no name."""
    files = {"data": ("me.wav", wav())}
    made = await emulator.ok("POST", "/api/calibration", data={"name": "me"}, files=files)
    await emulator.context.idle()
    path = f"/api/calibration/{made['id']}"
    transact = Store.transact

    async def delete_first(self: Store, change: Any, *, account: str) -> Any:
        if "rename" in change.__qualname__:
            await self.delete("calibration", made["id"], account=account)
        return await transact(self, change, account=account)

    monkeypatch.setattr(Store, "transact", delete_first)
    await emulator.refused(404, "PATCH", path, json={"name": "you"})
    monkeypatch.setattr(Store, "transact", transact)
    again = await emulator.ok("POST", "/api/calibration", data={"name": "you"}, files=files)

    assert "you" == again["name"]


async def test_folders_of_v2_have_names_of_their_own_and_go_with_what_is_in_them(emulator: Any) -> None:
    """Of several calls at once one gets the name; nothing is left in a folder that went."""
    async with emulator.new_client({"x-api-key": "k" * 40}, api="audiostack") as client:
        same = [client.post("/folders", json={"folder_name": "ads"}) for _ in range(5)]
        replies = await asyncio.gather(*same)
        assert [200, 409, 409, 409, 409] == sorted(one.status_code for one in replies)
        [ads] = [one.json()["folderId"] for one in replies if one.status_code == 200]
        body = {"folder_name": "june", "parent_folder_id": ads}
        calls = [client.post("/folders", json={**body, "folder_name": f"june {n}"}) for n in range(4)]
        calls += [client.post("/files", json={"file_name": "a.wav", "folder_id": ads}) for _ in range(4)]
        replies = await asyncio.gather(*calls, client.delete(f"/folders/{ads}"))
        assert {one.status_code for one in replies} <= {200, 204, 404}
    left = await emulator.context.store.find("v2.folder", account="default")
    files = await emulator.context.store.find("media", account="default")

    assert (["root"], []) == ([one["folderName"] for one in left], files)
