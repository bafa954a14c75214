"""What happens to recordings in the background: uploads are measured, texts are spoken, pictures drawn."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import attrs

from audiokit._formats import HEAD_BYTES, describe, sniff_at
from audiokit.emulator._http import EMULATOR_FAILED, HttpError, safe_name, work_refusal
from audiokit.emulator._store import MissingDocumentError
from audiokit.emulator._work import WorkError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction

_log = logging.getLogger("audiokit.emulator")

FILES_URL = "/api/recordings/files"
WAVEFORM_NAME = "waveform.png"
_STEPS = 10  # how often pretended work says how far it is


@attrs.frozen(kw_only=True)
class Probe:
    """What is known of an audio file after it was decoded whole, or why nothing is.

    Attributes:
        facts: What the worker found.
        error: What to tell the caller, or None.
        refused: Whether the data is at fault, and not the emulator.
    """

    facts: dict[str, Any] = attrs.field(factory=dict)
    error: str | None = None
    refused: bool = False


def task_name(recording_id: str) -> str:
    """Name of the background task that makes a recording."""
    return f"recording {recording_id}"


async def require_audio(path: Path) -> None:
    """Look at the content of an upload and refuse what is none of the four formats.

    Raises:
        HttpError: 400, not audio.
    """

    def look() -> str | None:
        with path.open("rb") as file:

            def read_at(offset: int, size: int) -> bytes:
                file.seek(offset)
                return file.read(size)

            return None if sniff_at(read_at) else describe(read_at(0, HEAD_BYTES))

    looks_like = await asyncio.to_thread(look)
    if looks_like is not None:
        raise HttpError(400, f"data is not audio: {looks_like}; supported are wav, ogg, mp3 and flac")


async def probe(context: Context, file_id: str) -> Probe:
    """Decode a kept file whole; failures are part of the answer, so that nobody need be waiting for them."""
    path = context.files.path(file_id)
    try:
        facts = await context.work.run("probe", path=str(path), max_seconds=context.settings.max_audio_s)
    except WorkError as error:
        failure = work_refusal(error)
        if error.kind == "refused":
            return Probe(error=f"data cannot be used: {failure.message}", refused=True)
        return Probe(error=f"data was not checked: {failure.message}; upload it again")
    return Probe(facts=facts)


async def ingest(
    context: Context, account: str, recording: dict[str, Any], probing: asyncio.Task[Probe], *, since: float
) -> None:
    """Finish an upload: wait for its measurement, draw it; *since* is when it began in virtual seconds."""
    async with failing_into(context, account, "recording", recording["id"]):
        outcome = await probing
        if outcome.error is not None:
            await context.store.update("recording", recording["id"], account=account, _file_id=None)
            raise HttpError(400 if outcome.refused else 500, outcome.error)
        facts = outcome.facts
        await pretend(
            context,
            account,
            recording["id"],
            "upload",
            doing="checking",
            sound_s=facts["seconds"],
            since=since,
        )
        changes = await finished(
            context,
            recording["id"],
            recording["_file_id"],
            stem=recording["_stem"],
            extension=facts["format"],
            duration=facts["seconds"],
            process_stage=facts.get("note"),
        )
        id_, made = recording["id"], [changes["_waveform_id"]]  # the sound itself is named already
        await settle(context, account, made, lambda step: step.update("recording", id_, **changes))


async def speak(context: Context, account: str, recording: dict[str, Any], item: dict[str, Any]) -> None:
    """Finish a TTS recording."""
    since, id_ = context.pace.now(), recording["id"]
    async with failing_into(context, account, "recording", id_):
        with context.files.temporary(".wav") as out:
            spoken = await context.work.run("speak", out=str(out), items=[item])
            seconds = spoken["seconds"]
            await pretend(context, account, id_, "tts", doing="speaking", sound_s=seconds, since=since)
            file_id = await context.files.keep(out)
        stem = recording["label"] or "text"
        changes = await finished(context, id_, file_id, stem=stem, duration=seconds)
        made = [file_id, changes["_waveform_id"]]
        await settle(context, account, made, lambda step: step.update("recording", id_, **changes))


async def pretend(
    context: Context, account: str, recording_id: str, work: str, *, doing: str, sound_s: float, since: float
) -> None:
    """Take as long as a kind of work pretends to, and say in ``process_stage`` how far it is.

    Args:
        context: The emulator.
        account: Tenant.
        recording_id: The recording that is made.
        work: A kind of `audiokit.emulator._processing_time`.
        doing: What is being done, for people.
        sound_s: Length of the sound in seconds.
        since: When the work began, in virtual seconds.

    Raises:
        MissingDocumentError: The recording was deleted meanwhile.
    """
    time = context.switches.processing.get(work)
    total_s = 0.0 if time is None else time.seconds(sound_s)
    while (left_s := since + total_s - context.pace.now()) > 0.0:
        stage = f"{doing}: {100 * (1 - left_s / total_s):.0f} %"
        await context.store.update("recording", recording_id, account=account, process_stage=stage)
        await context.pace.sleep(min(left_s, total_s / _STEPS))


async def finished(
    context: Context,
    recording_id: str,
    file_id: str,
    *,
    stem: str,
    duration: float,
    extension: str = "wav",
    **changes: Any,
) -> dict[str, Any]:
    """Draw a kept file and return what sets its recording to ``done``.

    Args:
        context: The emulator.
        recording_id: The recording.
        file_id: Its file.
        stem: What to call it; made harmless here.
        extension: Of its real format.
        duration: Seconds.
        **changes: Further fields.

    Raises:
        MissingDocumentError: The file is gone, most likely with its recording.
    """
    try:
        size_bytes = context.files.size_bytes(file_id)
    except FileNotFoundError:
        raise MissingDocumentError(f"the file of recording {recording_id!r} is gone") from None
    waveform_id = await _picture(context, context.files.path(file_id))
    shown = f"{safe_name(stem, 'recording')[:70].rstrip(' .')}.{extension}"
    base = f"{FILES_URL}/{recording_id}"
    return {
        "state": "done",
        "process_stage": None,
        "url": f"{base}/{quote(shown)}",
        "waveform_url": None if waveform_id is None else f"{base}/{WAVEFORM_NAME}",
        "file_name": shown,
        "size": size_bytes,
        "duration": round(duration, 3),
        "error": None,
        "_file_id": file_id,
        "_waveform_id": waveform_id,
        **changes,
    }


async def settle(
    context: Context, account: str, made: Sequence[str | None], change: Callable[[Transaction], object]
) -> None:
    """Write down, in one step, that files were made; if that fails they are given up.

    Raises:
        MissingDocumentError: What the file was made for was deleted meanwhile.
    """
    try:
        await context.store.transact(change, account=account)
    except BaseException:
        await context.store.forget_files(*filter(None, made))
        raise


@contextlib.asynccontextmanager
async def failing_into(context: Context, account: str, kind: str, id_: str) -> AsyncGenerator[None]:
    """Turn a failure of the body into state ``error`` of a document, with the reason as its ``error``.

    That something was deleted meanwhile is a failure too, unless it is the document itself.
    """

    async def fail(reason: str) -> None:
        await context.store.update(
            kind, id_, account=account, state="error", process_stage=None, error=reason
        )

    try:
        try:
            yield
        except (WorkError, HttpError) as error:
            await fail((work_refusal(error) if isinstance(error, WorkError) else error).message)
        except MissingDocumentError as error:
            await fail(f"{error}: it was deleted while it was needed; upload or order it again")
        except Exception:
            await fail(EMULATOR_FAILED)
            raise
    except MissingDocumentError:
        _log.info("%s %s was deleted while it was worked on", kind, id_)


async def _picture(context: Context, path: Path) -> str | None:
    """Draw the waveform; a recording without a picture is still a recording."""
    with context.files.temporary(".png") as out:
        try:
            await context.work.run("waveform", path=str(path), out=str(out))
        except WorkError as error:
            _log.warning("no waveform picture: %s", error.message)
            return None
        return await context.files.keep(out)
