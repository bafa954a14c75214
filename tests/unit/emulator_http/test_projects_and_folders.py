"""Projects and folders."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

NOBODY = "00000000-0000-0000-0000-000000000001"


async def test_a_project_has_every_key_of_the_reference(emulator: Any) -> None:
    """Owner is the caller, and the url is found again by its own call."""
    project = await emulator.ok("POST", "/api/projects", json={"name": "My Show!", "models": {}})

    keys = {"name", "slug", "owner", "url", "models", "id", "active", "created_at", "last_recording_at"}
    assert keys == project.keys()
    assert emulator.context.accounts.user_id == project["owner"]
    assert "my-show" == project["slug"]
    assert project["created_at"] == project["last_recording_at"]
    assert project == await emulator.ok("GET", "/api/projects/by-url", params={"project_url": project["url"]})
    assert project["url"] != (await emulator.project("My Show!"))["url"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name is required"),
        ({"name": ""}, "must not be blank"),
        ({"name": "x" * 41}, "at most 40 characters, got 41"),
        ({"name": 7}, "must be a string, got 7"),
        ({"name": "a", "owner": "me"}, "owner must be a UUID, got 'me'"),
        ({"name": "a", "models": []}, "models must be an object"),
        ([], "must be a JSON object"),
    ],
)
async def test_a_project_with_a_wrong_field_is_422(emulator: Any, body: Any, words: str) -> None:
    """The message names field, value and what is allowed."""
    assert words in await emulator.refused(422, "POST", "/api/projects", json=body)


async def test_a_foreign_owner_is_403(emulator: Any) -> None:
    """The message says who the caller is."""
    body = {"name": "a", "owner": NOBODY}
    assert emulator.context.accounts.user_id in await emulator.refused(
        403, "POST", "/api/projects", json=body
    )


async def test_projects_are_paged_and_sorted(emulator: Any) -> None:
    """The count is that of all matches, not of the page."""
    for name in ("beta", "Alpha", "gamma"):
        await emulator.project(name)
        emulator.clock[0] += 1

    async def names(**params: Any) -> list[str]:
        return [p["name"] for p in (await emulator.ok("GET", "/api/projects", params=params))["list"]]

    page = await emulator.ok("GET", "/api/projects", params={"limit": 2, "offset": 2})
    assert {"count": 3, "limit": 2, "offset": 2} == page["pagination"]
    assert ["gamma"] == [p["name"] for p in page["list"]]
    assert ["Alpha", "beta", "gamma"] == await names(sort="name")
    assert ["gamma", "beta", "Alpha"] == await names(sort="name", direction="desc")
    assert ["gamma", "Alpha", "beta"] == await names(direction="desc")
    assert [] == await names(owner=NOBODY)
    assert [] == await names(limit=0)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"limit": "101"}, "limit must be 0 to 100, got 101"),
        ({"limit": "-1"}, "limit must be 0 to 100, got -1"),
        ({"limit": "ten"}, "whole number"),
        ({"offset": "9" * 40}, "offset must be a whole number"),
        ({"sort": "size"}, "name, created_at, last_recording_at; got 'size'"),
        ({"direction": "up"}, "asc, desc; got 'up'"),
    ],
)
async def test_a_wrong_query_is_422(emulator: Any, params: dict[str, str], words: str) -> None:
    """Located in the query."""
    assert words in await emulator.refused(422, "GET", "/api/projects", params=params)


async def test_projects_and_folders_can_be_renamed(emulator: Any) -> None:
    """The rest stays."""
    project = await emulator.project()
    folder = await emulator.folder(project["id"])

    renamed = await emulator.ok("PATCH", f"/api/projects/{project['id']}", json={"name": "New"})
    assert {**project, "name": "New"} == renamed
    renamed = await emulator.ok("PATCH", f"/api/folders/{folder['id']}", json={"name": "new"})
    assert {**folder, "name": "new"} == renamed
    assert renamed == await emulator.ok("GET", f"/api/folders/{folder['id']}")
    models = await emulator.ok("PUT", f"/api/projects/{project['id']}", json={"models": {"a": 1}})
    assert {"a": 1} == models["models"]


async def test_a_folder_has_every_key_of_the_reference(emulator: Any) -> None:
    """A new folder has no parent."""
    project = await emulator.project()
    folder = await emulator.folder(project["id"], "takes")

    assert {"name", "project_id", "parent_id", "id", "active", "created_at"} == folder.keys()
    assert (project["id"], None, True) == (folder["project_id"], folder["parent_id"], folder["active"])


async def test_folders_are_listed_by_project(emulator: Any) -> None:
    """In the order they were made, or the other way round."""
    project = await emulator.project()
    await emulator.folder()
    for name in ("one", "two", "three"):
        await emulator.folder(project["id"], name)

    params = {"project_id": project["id"], "direction": "desc", "limit": 2}
    page = await emulator.ok("GET", "/api/folders", params=params)
    assert ["three", "two"] == [f["name"] for f in page["list"]]
    assert {"count": 3, "limit": 2, "offset": 0} == page["pagination"]
    assert "project_id is required" in await emulator.refused(422, "GET", "/api/folders")


async def test_deleting_a_project_takes_everything_in_it(emulator: Any) -> None:
    """Folders and recordings are gone; the reply names the project."""
    project = await emulator.project()
    folder = await emulator.folder(project["id"])
    recording = await emulator.original(folder["id"])

    assert {"id": project["id"]} == await emulator.ok("DELETE", f"/api/projects/{project['id']}")
    for path in (f"/api/folders/{folder['id']}", f"/api/recordings/{recording['id']}"):
        assert "not found" in await emulator.refused(404, "GET", path)


async def test_deleting_a_folder_returns_its_id_in_a_list(emulator: Any) -> None:
    """Bare strings, as the gateway does."""
    folder = await emulator.folder()
    recording = await emulator.original(folder["id"])

    assert [folder["id"]] == await emulator.ok("DELETE", f"/api/folders/{folder['id']}")
    await emulator.refused(404, "GET", f"/api/recordings/{recording['id']}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/projects/{}"),
        ("DELETE", "/api/projects/{}"),
        ("GET", "/api/projects/{}/export"),
        ("GET", "/api/folders/{}"),
        ("PATCH", "/api/folders/{}"),
        ("DELETE", "/api/folders/{}"),
    ],
)
async def test_unknown_ids_are_404_and_malformed_ones_422(emulator: Any, method: str, path: str) -> None:
    """The message repeats the id."""
    unknown = str(uuid.uuid4())
    body = {"json": {"name": "x"}} if method == "PATCH" else {}

    assert unknown in await emulator.refused(404, method, path.format(unknown), **body)
    assert "must be a UUID, got 'abc'" in await emulator.refused(422, method, path.format("abc"), **body)


async def test_strict_names_take_the_gateways_characters_only(open_emulator: Any) -> None:
    """With --strict, anything but letters, digits, space and hyphen is refused."""
    async with open_emulator(strict=True) as emulator:
        await emulator.project("Show 2-b")
        assert "letters, digits" in await emulator.refused(422, "POST", "/api/projects", json={"name": "a/b"})
