"""What one job does, written to the journal; and what an earlier run did, read from it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from audiokit.errors import AudiokitError, JournalLockTaken, UsageError
from audiokit.jobs._course import Course, id_of
from audiokit.jobs._journal import Entry, Journal, JournalState, Output
from audiokit.jobs._journal_entry import LOCKING
from audiokit.jobs._kinds import Kinds
from audiokit.jobs._same_work import refuse_other_work

_NAMESPACE: Final = "audiokit/namespace"


class Recorder:
    """The journal as jobs use it.

    A job's submissions are named steps. Their ids are kept under the step's name; a job that failed
    at the API and is run again has a new set of steps, so that it is submitted anew.

    Args:
        journal: Not opened yet; opened and closed with this.
        kinds: What it may hold.
    """

    def __init__(self, journal: Journal, kinds: Kinds) -> None:
        self.journal = journal
        self.kinds = kinds
        self.namespace = ""

    async def open(self) -> None:
        """Open the journal."""
        await self.journal.__aenter__()
        try:
            names = await self.journal.known(_NAMESPACE)
            if not names:
                await self.journal.remember(_NAMESPACE, [secrets.token_hex(8)])
                names = await self.journal.known(_NAMESPACE)
            (self.namespace,) = names
        except BaseException:
            await self.journal.aclose()
            raise

    async def note_others(self, place: str, others: Callable[[], Awaitable[Iterable[str]]]) -> None:
        """Have what *others* gives known as in *place*, once in the journal's life.

        Not again after a crash: then a job's own unanswered submission could be among them.
        """
        done = f"noted:{place}"
        if not await self.journal.known(done):
            await self.journal.remember(place, await others())
            await self.journal.remember(done, ["noted"])

    async def crowd(self, place: str) -> None:
        """From now on several submissions to *place* may be in doubt at once."""
        await self.journal.remember(f"crowded:{place}", ["crowded"])

    async def others_in(self, place: str) -> frozenset[str] | None:
        """Ids in *place* that are known to be others'; None where being none of them proves nothing."""
        if await self.journal.known(f"crowded:{place}"):
            return None
        return await self.journal.known(place)

    async def begin(self, course: Course) -> Entry | None:
        """Record a job as planned; or give what is known of it, and put that into *course*."""
        kind, version, fields, spooled = await self.kinds.record(course.job, self.journal.spool)
        entry = await self.journal.plan(
            course.key, kind=kind, kind_version=version, fields=fields, spooled=spooled
        )
        if entry is not None and entry.kind != kind:
            raise UsageError(
                f"key {course.key!r} is that of a {entry.kind} job in the journal, and this is a {kind} job: "
                "give it another key"
            )
        if entry is not None and entry.kind_version == version and course.job.key is not None:
            known = self.kinds.build(entry, self.journal)
            await refuse_other_work(course.key, known, course.job, where="in the journal")
        course.is_noted = True
        if entry is None:
            return None
        if entry.state is JournalState.FAILED:
            entry = await self._begin_again(entry)
        restore(course, entry)
        return entry

    def intent(self, course: Course, step: str, *, lock: str | None, place: str | None) -> Awaitable[None]:
        """Record that *step* is about to be asked for.

        Where an uncertain job holds *lock*, two may be in doubt at *place* from then on: never again is
        being new there a proof.

        Raises:
            JournalLockTaken: An order of another job, which may still go on, holds the lock.
        """
        data = {"step": step, "place": place}
        if lock is not None:
            return self._intent_locked(course, data, lock)
        return self.journal.put(course.key, JournalState.INTENT, stage=len(course.steps), data=data)

    async def _intent_locked(self, course: Course, data: dict[str, str | None], lock: str) -> None:
        facts: dict[str, Any] = {"stage": len(course.steps), "data": data}
        try:
            await self.journal.put(course.key, JournalState.INTENT, lock=lock, **facts)
        except JournalLockTaken as error:
            holder = await self.journal.get(error.holder)
            if holder is None or holder.state is not JournalState.UNCERTAIN:
                raise
            if (place := data["place"]) is not None:
                await self.crowd(place)  # first: a crash in between must not leave the order without it
            await self.journal.write(course.key, JournalState.INTENT, **facts)

    def sent(self, course: Course, step: str, remote: Any, *, place: str | None) -> Awaitable[None]:
        """Record what the API calls the work of *step*."""
        remote_id = id_of(remote)
        if remote_id is None:
            raise UsageError(
                f"submit of {type(course.job).__name__} gave {type(remote).__name__}, which has no id that "
                "the journal could keep: give the API's id as text"
            )
        return self.journal.put(
            course.key,
            JournalState.SENT,
            stage=len(course.steps),
            remote_ids={_name(course, step): remote_id},
            place=place,
        )

    async def unsent(self, course: Course) -> None:
        """Record that the step was certainly not taken."""
        if course.steps:
            await self.journal.write(course.key, JournalState.SENT, stage=len(course.steps) - 1)
        else:
            await self.journal.write(course.key, JournalState.PLANNED)

    async def uncertain(self, course: Course, error: str) -> None:
        """Record that nobody knows; the lock stays with the job."""
        await self.journal.write(course.key, JournalState.UNCERTAIN, error=error)

    async def failed(self, course: Course, error: AudiokitError, *, is_remote: bool) -> None:
        """Record that it failed for good; *is_remote*: at the API, so that another try is a new order.

        What may have been ordered stays an open question: were it noted as failed, e.g. because the source
        is gone, the next run would order it again.
        """
        entry = await self.journal.get(course.key)
        if entry is not None and entry.state in LOCKING:
            return
        if course.restored:  # it was done: what was done of it is lost, not its submission
            await self.journal.write(course.key, JournalState.SENT)
        await self.journal.write(
            course.key, JournalState.FAILED, error=str(error), data={"is_remote": is_remote}
        )

    async def forget(self, key: str, error: AudiokitError) -> None:
        """Record that what was made is gone, so that it is made anew."""
        entry = await self.journal.get(key)
        if entry is not None and entry.state is JournalState.DONE:
            await self.journal.write(key, JournalState.SENT)
            await self.journal.write(key, JournalState.FAILED, error=str(error), data={"is_remote": True})

    def finished(self, course: Course, outputs: Sequence[Output]) -> Awaitable[None]:
        """Record its files, if it has any, then that it is done: in one transaction."""
        if not outputs:
            return self.journal.put(course.key, JournalState.DONE)
        return self.journal.put(course.key, JournalState.DONE, outputs=outputs, via=JournalState.FETCHED)

    async def settle(self, key: str, *, remote_id: str | None, resubmit: bool) -> None:
        """Record what somebody found out about an uncertain job.

        An id that was found is known in its place from now on. Where none was, what the job ordered may
        still turn up, after its lock is free: being new in that place proves nothing any more.

        Raises:
            UsageError: There is no such job, or it is not uncertain.
        """
        entry = await self.journal.get(key)
        if entry is None or entry.state is not JournalState.UNCERTAIN:
            state = "not in the journal" if entry is None else entry.state.value
            raise UsageError(f"job {key!r} is {state}, and only uncertain ones can be settled")
        place = entry.data.get("place")
        if remote_id is None and place is not None:
            await self.crowd(place)  # first, as in `intent`
        if remote_id is not None:
            course = Course(None, 0, NOBODY)
            restore(course, entry)
            await self.journal.write(
                key,
                JournalState.SENT,
                stage=entry.stage,
                remote_ids={_name(course, course.open_step or "submit"): remote_id},
                place=place,
            )
        elif resubmit:
            await self.journal.write(key, JournalState.PLANNED)
        else:
            await self.journal.write(
                key, JournalState.FAILED, error="given up while uncertain", data={"is_remote": True}
            )

    def entries(self) -> AsyncIterator[Entry]:
        """Jobs that are not finished, in the sequence in which they were planned."""
        return self.journal.entries()

    async def _begin_again(self, entry: Entry) -> Entry:
        """A failed job is tried again: from its last step, or anew where it failed at the API."""
        if entry.data.get("is_remote"):
            await self.journal.write(entry.key, JournalState.PLANNED, attempts=entry.attempts + 1)
        elif _steps(entry):
            await self.journal.write(entry.key, JournalState.SENT)
        else:
            await self.journal.write(entry.key, JournalState.PLANNED)
        again = await self.journal.get(entry.key)
        assert again is not None  # noqa: S101 - written a moment ago
        return again


class _Nobody:
    def give(self, course: Course, outcome: Any) -> None:
        """Nobody waits."""


NOBODY: Final = _Nobody()


def restore(course: Course, entry: Entry) -> None:
    """Put what the journal knows into *course*."""
    course.generation = entry.attempts
    if entry.attempts:
        course.former_ids = frozenset(entry.remote_ids.values()) - frozenset(_steps(entry).values())
    course.steps = _steps(entry)
    course.was_uncertain = entry.state is JournalState.UNCERTAIN
    in_doubt = entry.state in {JournalState.INTENT, JournalState.UNCERTAIN}
    course.open_step = entry.data.get("step") if in_doubt else None


def _name(course: Course, step: str) -> str:
    return f"{step}~{course.generation}" if course.generation else step


def _steps(entry: Entry) -> dict[str, Any]:
    """Ids by step, of the entry's present try."""
    found = {}
    for name, remote_id in entry.remote_ids.items():
        step, _, generation = name.partition("~")
        if int(generation or 0) == entry.attempts:
            found[step] = remote_id
    return found
