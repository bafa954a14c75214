"""Work that outlives its call: a document whose state moves from processing to done or failed.

A call waits a little for its work (`EmulatorSettings.hold_s`); what takes longer is read by later calls. The
document keeps the request and what it was checked against, so that work which a dead process left behind is
done again by the next one, as it was ordered. That somebody is to be told of its end is noted in the step
that ends it, and the note goes when they have been told: whoever is told twice can tell by the request's id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from audiokit.emulator._http import EMULATOR_FAILED, HttpError, work_refusal
from audiokit.emulator._links import forget_links
from audiokit.emulator._recall import recalling, remembering
from audiokit.emulator._schema import file_ids_in
from audiokit.emulator._store import MissingDocumentError
from audiokit.emulator._work import WorkError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Entry, Transaction

T = TypeVar("T")

_log = logging.getLogger("audiokit.emulator")

_DUE = "due"
_INTERRUPTED = "the emulator was stopped while this was being made; order it again"


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of work and its documents.

    Attributes:
        name: Kind of document.
        work: Kind of `audiokit.emulator._processing_time`.
        make: Does the work of a document again, from the request that it keeps; what it returns is merged
            into the document, with the length in ``seconds``.
        announce: Told of a document that ended, done or failed, if its request wants somebody told.
        pay_back: Gives back what a document cost; part of the step that ends failed work.
    """

    name: str
    work: str
    make: Callable[[Context, str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
    announce: Callable[[Context, str, Mapping[str, Any]], Coroutine[Any, Any, None]] | None = None
    pay_back: Callable[[Transaction, Mapping[str, Any]], None] | None = None


async def begin(
    context: Context,
    kind: Kind,
    id: str,  # noqa: A002
    doc: dict[str, Any],
    work: Callable[[], Awaitable[dict[str, Any]]],
    *,
    request: Mapping[str, Any],
    record: Entry,
    account: str,
    parent: str,
    hold_s: float,
    pay: Callable[[Transaction], None] | None = None,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Store *doc* as processing, do *work* in the background, wait up to *hold_s* and return the document.

    Args:
        context: The running emulator.
        kind: Kind of work.
        id: Id of the document.
        doc: What is known before the work.
        work: Does it, as `Kind.make` would.
        request: The body of the call, for `Kind.make`.
        record: Record of the submission.
        account: Tenant.
        parent: What the document is found by.
        hold_s: Seconds to wait for the end.
        pay: Takes what the work costs; in one step with storing it.
        seen: What the order was checked against, for `Kind.make`; see `audiokit.emulator._recall`.

    Raises:
        HttpError: 404, the document was deleted meanwhile; or what *pay* raises.
    """
    made = {**doc, "id": id, "state": "processing", "request": dict(request), "seen": dict(seen or {})}

    def store(step: Transaction) -> None:
        if pay is not None:
            pay(step)
        step.put(kind.name, id, made, parent=parent)
        step.put(record.kind, record.id, record.doc)

    await context.store.transact(store, account=account)
    await context.settle(_spawn(context, kind, account, made, work), hold_s)
    found = await current(context, kind, id, account=account)
    if found is None:
        raise HttpError(404, f"{id!r} was deleted while it was being made")
    return found


async def begin_with(
    context: Context,
    kind: Kind,
    id: str,  # noqa: A002
    doc: dict[str, Any],
    *,
    reads: Callable[[], Awaitable[object]],
    request: Mapping[str, Any],
    record: Entry,
    account: str,
    parent: str,
    hold_s: float,
) -> dict[str, Any]:
    """Do as `begin` does, with `Kind.make` as the work and its input as it is now.

    Args:
        context: The running emulator.
        kind: Kind of work.
        id: Id of the document.
        doc: What is known before the work.
        reads: Reads what the work will read: that may be deleted as soon as this returns.
        request: The body of the call.
        record: Record of the submission.
        account: Tenant.
        parent: What the document is found by.
        hold_s: Seconds to wait for the end.

    Raises:
        HttpError: 404, the document was deleted meanwhile; or what *reads* raises.
    """
    with remembering() as seen:
        await reads()
    ordered = {**doc, "id": id, "request": dict(request), "seen": seen}
    return await begin(
        context,
        kind,
        id,
        doc,
        _again(context, kind, account, ordered),
        request=request,
        record=record,
        account=account,
        parent=parent,
        hold_s=hold_s,
        seen=seen,
    )


async def recover(context: Context, kinds: Iterable[Kind]) -> None:
    """Do again what an earlier process left unfinished, and tell of what it had no time to tell of."""
    for kind in kinds:
        for account, doc in await context.store.find_everywhere(kind.name, where={"announce": _DUE}):
            _announce(context, kind, account, doc)
        for account, doc in await context.store.find_everywhere(kind.name, where={"state": "processing"}):
            if "request" in doc:
                _spawn(context, kind, account, doc, _again(context, kind, account, doc))
            else:  # of an emulator that did not keep requests
                changes = {"state": "failed", "status": 422, "error": _INTERRUPTED}
                await context.store.update(kind.name, doc["id"], account=account, **changes)


def _again(
    context: Context, kind: Kind, account: str, doc: Mapping[str, Any]
) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def again() -> dict[str, Any]:
        with recalling(doc.get("seen") or {}):
            return await kind.make(context, account, doc)

    return again


def _spawn(
    context: Context,
    kind: Kind,
    account: str,
    doc: Mapping[str, Any],
    work: Callable[[], Awaitable[dict[str, Any]]],
) -> asyncio.Task[None]:
    return context.spawn(_run(context, kind, account, doc, work), name=f"{kind.name} {doc['id']}")


async def _run(
    context: Context,
    kind: Kind,
    account: str,
    doc: Mapping[str, Any],
    work: Callable[[], Awaitable[dict[str, Any]]],
) -> None:
    """Do the work and write down how it ended."""
    since = context.pace.now()
    changes: dict[str, Any]
    try:
        made = await work()
        await context.pretend(kind.work, sound_s=made["seconds"], since=since)
        changes = {**made, "state": "done"}
    except HttpError as error:
        changes = {"state": "failed", "status": error.status, "error": error.message}
    except WorkError as error:
        failure = work_refusal(error)
        changes = {"state": "failed", "status": failure.status, "error": failure.message}
    except Exception:  # noqa: BLE001  # a bug of ours must end the waiting of whoever polls
        _log.exception("%s %s failed", kind.name, doc["id"])
        changes = {"state": "failed", "status": 500, "error": EMULATOR_FAILED}

    is_to_be_told = kind.announce is not None and bool(doc.get("callback") or doc.get("connection"))

    def end(step: Transaction) -> bool:
        if changes["state"] == "failed" and kind.pay_back is not None:
            kind.pay_back(step, doc)
        if step.get(kind.name, doc["id"]) is None:
            return False
        step.update(kind.name, doc["id"], **changes, seen=None, announce=_DUE if is_to_be_told else None)
        return True

    if not await context.store.transact(end, account=account):  # deleted while it was being made
        made_files = file_ids_in(changes)
        await context.store.forget_files(*made_files)
        await forget_links(context, made_files)
        return
    seen = {"seen": doc.get("seen")}
    await forget_links(context, file_ids_in(seen))  # of what was deleted while it was used
    if is_to_be_told:
        _announce(context, kind, account, {**doc, **changes})


def _announce(context: Context, kind: Kind, account: str, doc: Mapping[str, Any]) -> None:
    """Tell in the background that a document has ended; what could not be told three times is let be."""
    announce = kind.announce
    if announce is None:
        return

    async def tell() -> None:
        await announce(context, account, doc)
        with contextlib.suppress(MissingDocumentError):  # it was deleted meanwhile
            await context.store.update(kind.name, doc["id"], account=account, announce=None)

    context.spawn(tell(), name=f"webhook of {kind.name} {doc['id']}")


async def current(
    context: Context,
    kind: Kind,
    id: str,  # noqa: A002
    *,
    account: str,
) -> dict[str, Any] | None:
    """Read a document of `begin`, or None."""
    return await context.store.get(kind.name, id, account=account)


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run calls at the same time and return their results in order; the first failure stops the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


def raise_if_failed(doc: dict[str, Any]) -> None:
    """Raise the refusal that a failed document carries."""
    if doc["state"] == "failed":
        raise HttpError(doc["status"], doc["error"])
