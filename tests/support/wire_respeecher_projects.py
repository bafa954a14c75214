"""Rows of Respeecher: projects, folders and notes."""

from __future__ import annotations

from wire import Row, items
from wire_respeecher_answers import AWARE, ID, MOMENT, in_list

PROJECT = {
    "name": "p",
    "slug": "p",
    "owner": ID,
    "url": "u/p",
    "models": {},
    "id": "p-1",
    "active": True,
    "created_at": MOMENT,
    "last_recording_at": MOMENT,
}
FOLDER = {
    "name": "f",
    "project_id": "p-1",
    "parent_id": ID,
    "id": "f-1",
    "active": True,
    "created_at": MOMENT,
}
NOTE = {"id": "n-1", "recording_id": "r-1", "text": "hm", "active": True}

ROWS = [
    Row(
        operation="projects.list",
        call=lambda kit: items(
            kit.respeecher.projects.list(owner=ID, sort="name", direction="asc", page_size=100, offset=0)
        ),
        request="GET /api/projects",
        query=[("owner", ID), ("sort", "name"), ("direction", "asc"), ("limit", "100"), ("offset", "0")],
        reply=in_list(PROJECT),
        result=lambda found: [(one.id, one.url, one.last_recording_at) for one in found],
        expected=[("p-1", "u/p", AWARE)],
    ),
    Row(
        operation="projects.create",
        call=lambda kit: kit.respeecher.projects.create("p", owner="u-1"),
        request="POST /api/projects",
        json={"name": "p", "owner": "u-1", "models": {}},
        reply=PROJECT,
        result=lambda project: project.slug,
        expected="p",
    ),
    Row(
        operation="projects.rename",
        call=lambda kit: kit.respeecher.projects.rename("p-1", "q"),
        request="PATCH /api/projects/p-1",
        json={"name": "q"},
        reply=PROJECT,
        result=lambda project: project.id,
        expected="p-1",
    ),
    Row(
        operation="projects.delete",
        call=lambda kit: kit.respeecher.projects.delete("p-1"),
        request="DELETE /api/projects/p-1",
        reply={"id": "p-1"},
    ),
    Row(
        operation="projects.by_url",
        call=lambda kit: kit.respeecher.projects.by_url("u/p q"),
        request="GET /api/projects/by-url",
        query=[("project_url", "u/p q")],
        reply=PROJECT,
        result=lambda project: project.name,
        expected="p",
    ),
    Row(
        operation="projects.update_models",
        call=lambda kit: kit.respeecher.projects.update_models("p-1", {"a": 1}),
        request="PUT /api/projects/p-1",
        json={"models": {"a": 1}},
        reply={**PROJECT, "models": {"a": 1}},
        result=lambda project: project.models,
        expected={"a": 1},
    ),
    Row(
        operation="folders.list",
        call=lambda kit: items(kit.respeecher.folders.list("p-1", direction="desc")),
        request="GET /api/folders",
        query=[("project_id", "p-1"), ("direction", "desc"), ("limit", "50"), ("offset", "0")],
        reply=in_list(FOLDER),
        result=lambda found: [(one.id, one.project_id, one.parent_id) for one in found],
        expected=[("f-1", "p-1", ID)],
    ),
    Row(
        operation="folders.create",
        call=lambda kit: kit.respeecher.folders.create("p-1", "f"),
        request="POST /api/folders",
        json={"name": "f", "project_id": "p-1"},
        reply=FOLDER,
        result=lambda folder: folder.created_at,
        expected=AWARE,
    ),
    Row(
        operation="folders.rename",
        call=lambda kit: kit.respeecher.folders.rename("f-1", "g"),
        request="PATCH /api/folders/f-1",
        json={"name": "g"},
        reply=FOLDER,
        result=lambda folder: folder.id,
        expected="f-1",
    ),
    *[
        Row(
            operation="folders.delete",
            call=lambda kit: kit.respeecher.folders.delete("f-1"),
            request="DELETE /api/folders/f-1",
            reply=reply,
            status=status,
            result=list,
            expected=expected,
        )
        for status, reply, expected in [
            (200, ["f-1", "f-2"], ["f-1", "f-2"]),
            (200, [{"id": "f-1"}], ["f-1"]),
            (200, {"id": "f-1"}, ["f-1"]),
            (204, None, ["f-1"]),
        ]
    ],
    Row(
        operation="folders.get",
        call=lambda kit: kit.respeecher.folders.get("f-1"),
        request="GET /api/folders/f-1",
        reply=FOLDER,
        result=lambda folder: folder.name,
        expected="f",
    ),
    *[
        Row(
            operation=f"notes.{verb}",
            call=call,
            request=f"{method} /api/notes",
            json=json,
            reply=NOTE,
            result=lambda note: (note.id, note.recording_id, note.text, note.active),
            expected=("n-1", "r-1", "hm", True),
        )
        for verb, method, call, json in [
            (
                "create",
                "POST",
                lambda kit: kit.respeecher.notes.create("r-1", "hm"),
                {"recording_id": "r-1", "text": "hm"},
            ),
            (
                "update",
                "PUT",
                lambda kit: kit.respeecher.notes.update("r-1", "hm"),
                {"recording_id": "r-1", "text": "hm"},
            ),
            ("delete", "DELETE", lambda kit: kit.respeecher.notes.delete("r-1"), {"recording_id": "r-1"}),
        ]
    ],
    Row(
        operation="notes.list",
        call=lambda kit: kit.respeecher.notes.list("f-1"),
        request="GET /api/notes",
        query=[("folder_id", "f-1")],
        reply=[{"id": "n-1", "recording_id": "r-1", "text": "hm", "active": True}],
        result=lambda notes: [(one.recording_id, one.text) for one in notes],
        expected=[("r-1", "hm")],
    ),
    Row(
        operation="projects.export",
        call=lambda kit: kit.respeecher.projects.export("p-1", ".", starred_only=True),
        request="GET /api/projects/p-1/export",
        query=[("starred_only", "true")],
        reply=b"PK\x03\x04",
        reply_headers={"content-disposition": 'attachment; filename="all.zip"'},
        result=lambda path: (path.name, path.read_bytes()),
        expected=("all.zip", b"PK\x03\x04"),
    ),
    Row(
        operation="projects.create",
        call=lambda kit: kit.respeecher.projects.create("p", owner="u-1", models={"a": 1}),
        request="POST /api/projects",
        json={"name": "p", "owner": "u-1", "models": {"a": 1}},
        reply=PROJECT,
        result=lambda project: project.id,
        expected="p-1",
    ),
    Row(
        operation="folders.list",
        call=lambda kit: items(kit.respeecher.folders.list("p-1", page_size=10, offset=20)),
        request="GET /api/folders",
        query=[("project_id", "p-1"), ("limit", "10"), ("offset", "20")],
        reply=[],
        expected=[],
    ),
]
