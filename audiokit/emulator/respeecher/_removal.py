"""Deleting what hangs together: a project's folders, a folder's recordings, an original's conversions.

Each deletion is one step that also finds what there is: nothing can be put below what goes. Files that
nothing else names go with it, see `audiokit.emulator._files`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction


async def remove_recording(context: Context, account: str, recording: dict[str, Any]) -> list[str]:
    """Remove a recording and, of an original, its conversions; returns all their ids."""

    def remove(step: Transaction) -> list[str]:
        removed = [recording["id"]]
        if recording["type"] == "original":
            where = {"original_id": recording["id"]}
            removed += [conversion["id"] for conversion in step.find("recording", where=where)]
        for id_ in removed:
            step.delete("recording", id_)
        return removed

    return await context.store.transact(remove, account=account)


async def remove_folder(context: Context, account: str, folder_id: str) -> None:
    """Remove a folder and its recordings."""
    await context.store.transact(lambda step: _remove_folder(step, folder_id), account=account)


async def remove_project(context: Context, account: str, project_id: str) -> None:
    """Remove a project, its folders and their recordings."""

    def remove(step: Transaction) -> None:
        for folder in step.find("folder", parent=project_id):
            _remove_folder(step, folder["id"])
        step.delete("project", project_id)

    await context.store.transact(remove, account=account)


def _remove_folder(step: Transaction, folder_id: str) -> None:
    for recording in step.find("recording", parent=folder_id):
        step.delete("recording", recording["id"])
    step.delete("folder", folder_id)
