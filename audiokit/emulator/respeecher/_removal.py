"""Deleting what hangs together: a project's folders, a folder's recordings, an original's conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audiokit.emulator._context import Context


async def remove_recording(context: Context, account: str, recording: dict[str, Any]) -> list[str]:
    """Remove a recording and, of an original, its conversions; returns all their ids."""
    removed = [recording["id"]]
    if recording["type"] == "original":
        where = {"original_id": recording["id"]}
        removed += [c["id"] for c in await context.store.find("recording", account=account, where=where)]
    for id_ in removed:
        await context.store.delete("recording", id_, account=account)
    return removed


async def remove_folder(context: Context, account: str, folder_id: str) -> None:
    """Remove a folder and its recordings."""
    for recording in await context.store.find("recording", account=account, parent=folder_id):
        await context.store.delete("recording", recording["id"], account=account)
    await context.store.delete("folder", folder_id, account=account)


async def remove_project(context: Context, account: str, project_id: str) -> None:
    """Remove a project, its folders and their recordings."""
    for folder in await context.store.find("folder", account=account, parent=project_id):
        await remove_folder(context, account, folder["id"])
    await context.store.delete("project", project_id, account=account)
