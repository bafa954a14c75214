"""Scripts of api.audio v1 that jobs make for themselves, so that what hangs on them is theirs alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.errors import InvalidRequest, NotFound, RequestRefused
from audiokit.jobs._context import JobContext
from audiokit.jobs._identity import key_of

if TYPE_CHECKING:
    from audiokit.jobs._apiaudio_mastering import MasteringJob
    from audiokit.jobs._apiaudio_speech import SpeechJob


def one_of_two(script_text: str | None, script_id: str | None) -> None:
    if (script_text is None) == (script_id is None):
        raise InvalidRequest(
            f"exactly one of script_text and script_id must be given, got {script_text!r} and {script_id!r}",
            field="script_text",
            value=script_text,
        )


async def script_of(context: JobContext, job: SpeechJob | MasteringJob) -> str:
    """The script's id; a text becomes a script once for all listeners that hear it alike.

    The API knows speech and masters by script and listener only. So jobs that differ in anything else,
    say the voice, get scripts of their own, or one would be given the other's sound. The id is ours: a
    second POST of it changes nothing, and shows after a cut connection whether the first one arrived.
    """
    if job.script_id is not None:
        return job.script_id
    script_id = own_script_id(context.namespace, job, context.generation)
    text = job.script_text or ""

    async def create() -> str:
        async with context.submit:
            made = await context.services.apiaudio.scripts.create(
                text, script_id=script_id, is_repeatable=True
            )
        return made.script_id

    return await context.once.get(("apiaudio script", script_id), create)


def own_script_id(namespace: str, job: SpeechJob | MasteringJob, generation: int = 0) -> str:
    """The id of the script that *job* makes from its text.

    What failed on a script stays there: a job that is ordered anew, for the *generation*th time, has another.
    """
    record: Any = job
    changes = {"audience": None, "to": None, "key": None, "timeout_s": None}
    if job.kind == "mastering":
        changes["name"] = None  # of the files here
    same = attrs.evolve(record, **changes)
    own = f"audiokit-{namespace}-{key_of(same, 0)}"
    return f"{own}-{generation}" if generation else own


async def found(script_id: str, retrieve: Callable[[], Awaitable[object]]) -> str | None:
    """The id of work on a script that is ours alone, if the API has any for this listener."""
    try:
        await retrieve()
    except NotFound:
        return None
    except RequestRefused:
        return script_id  # it was taken, and failed: the look that follows says why
    return script_id
