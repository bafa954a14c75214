"""Deleting what hangs together: a project's folders, a folder's recordings, an original's conversions.

Each deletion is one step; files that nothing else names go with it, see `audiokit.emulator._files`.
"""

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
    await context.store.delete_all([("recording", id_) for id_ in removed], account=account)
    return removed


async def remove_folder(context: Context, account: str, folder_id: str) -> None:
    """Remove a folder and its recordings."""
    await context.store.delete_all(await _folder(context, account, folder_id), account=account)


async def remove_project(context: Context, account: str, project_id: str) -> None:
    """Remove a project, its folders and their recordings."""
    documents = [("project", project_id)]
    for folder in await context.store.find("folder", account=account, parent=project_id):
        documents += await _folder(context, account, folder["id"])
    await context.store.delete_all(documents, account=account)


async def _folder(context: Context, account: str, folder_id: str) -> list[tuple[str, str]]:
    """List a folder and its recordings as `Store.delete_all` takes them."""
    recordings = await context.store.find("recording", account=account, parent=folder_id)
    return [("folder", folder_id), *(("recording", recording["id"]) for recording in recordings)]
