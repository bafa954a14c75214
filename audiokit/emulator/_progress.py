"""Work that outlives its call: a document whose state moves from processing to done or failed.

A call waits a little for its work (`EmulatorSettings.hold_s`); what takes longer is read by later calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from audiokit.emulator._http import HttpError, work_refusal
from audiokit.emulator._work import WorkError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from audiokit.emulator._context import Context

T = TypeVar("T")

_log = logging.getLogger("audiokit.emulator")

# Work dies with the process that does it; a document left over by an earlier process is known by this.
_BOOT = uuid.uuid4().hex

_INTERRUPTED = "the emulator was stopped while this was being made; order it again"


async def begin(
    context: Context,
    kind: str,
    id: str,  # noqa: A002
    doc: dict[str, Any],
    work: Callable[[], Awaitable[dict[str, Any]]],
    *,
    account: str,
    parent: str,
    hold_s: float,
    undo: Callable[[], Awaitable[object]] | None = None,
) -> dict[str, Any]:
    """Store *doc* as processing, do *work* in the background, wait up to *hold_s* and return the document.

    Args:
        context: The running emulator.
        kind: Kind of document.
        id: Its id.
        doc: What is known before the work.
        work: Does it; its result is merged into the document.
        account: Tenant.
        parent: What it is found by.
        hold_s: Seconds to wait for the end.
        undo: Called when the work fails, e.g. to give credits back.

    Raises:
        HttpError: 404, the document was deleted meanwhile.
    """
    await context.store.put(
        kind, id, {**doc, "id": id, "state": "processing", "boot": _BOOT}, account=account, parent=parent
    )

    async def run() -> None:
        changes: dict[str, Any]
        try:
            changes = {**await work(), "state": "done"}
        except HttpError as error:
            changes = {"state": "failed", "status": error.status, "error": error.message}
        except WorkError as error:
            failure = work_refusal(error)
            changes = {"state": "failed", "status": failure.status, "error": failure.message}
        except Exception:  # noqa: BLE001  # a bug of ours must end the waiting of whoever polls
            _log.exception("%s %s failed", kind, id)
            changes = {
                "state": "failed",
                "status": 422,
                "error": "the emulator failed on this; its log says why",
            }
        if changes["state"] == "failed" and undo is not None:
            await undo()
        with contextlib.suppress(KeyError):  # deleted while it was being made
            await context.store.update(kind, id, account=account, **changes)

    await context.settle(context.spawn(run(), name=f"{kind} {id}"), hold_s)
    made = await current(context, kind, id, account=account)
    if made is None:
        raise HttpError(404, f"{id!r} was deleted while it was being made")
    return made


async def current(context: Context, kind: str, id: str, *, account: str) -> dict[str, Any] | None:  # noqa: A002
    """Read a document of `begin`, or None."""
    doc = await context.store.get(kind, id, account=account)
    return None if doc is None else settled(doc)


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run calls at the same time and return their results in order; the first failure stops the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


def settled(doc: dict[str, Any]) -> dict[str, Any]:
    """Return *doc*, as failed when the process that worked on it is gone."""
    if doc["state"] == "processing" and doc["boot"] != _BOOT:
        return {**doc, "state": "failed", "status": 422, "error": _INTERRUPTED}
    return doc


def raise_if_failed(doc: dict[str, Any]) -> None:
    """Raise the refusal that a failed document carries."""
    if doc["state"] == "failed":
        raise HttpError(doc["status"], doc["error"])
