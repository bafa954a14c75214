"""What a type checker must see of the public face; checked, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, assert_type

import attrs

import audiokit
from audiokit import (
    UNSET,
    ApiAccess,
    AudioKit,
    Chain,
    Conversion,
    ConversionJob,
    JobState,
    Login,
    MasteringJob,
    MixJob,
    Outcome,
    Progress,
    SectionVoice,
    SpeechJob,
    for_each_listener,
)
from audiokit.errors import AudiokitError, JobTimeout
from audiokit.jobs import Job, JobContext, JobHandle, Look, Services
from audiokit.services._pages import Page, Pages
from audiokit.services.apiaudio import MasteredTrack, Script, SoundTemplate, Speech, SpokenSection
from audiokit.services.audiostack import TTS, Mix, StackMedia, StackScript, StackTemplate
from audiokit.services.respeecher import (
    Balance,
    Calibration,
    Folder,
    Order,
    Recording,
    Respeecher,
    TTSVoice,
    Voice,
    recordings,
)
from audiokit.testing import FakeClock
from audiokit.typing import Clock


async def clients() -> None:
    """Every way to build a client gives an `AudioKit`."""
    assert_type(AudioKit.from_env(), AudioKit)
    assert_type(AudioKit.emulated(data=Path()), AudioKit)
    AudioKit(respeecher=Login(email="a", password="b"), audiostack=ApiAccess(base_url="https://x.example"))
    async with AudioKit(apiaudio="key") as kit:
        assert_type(kit, AudioKit)
        services: Services = kit
        assert_type(services.respeecher, Respeecher)
    clock: Clock = FakeClock()
    assert_type(clock.monotonic(), float)
    AudioKit(clock=clock)
    AudioKit("key")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def v1(kit: AudioKit) -> None:
    """api.audio v1."""
    assert_type(await kit.apiaudio.scripts.create("Hello", timeout=5.0), Script)
    assert_type(await kit.apiaudio.sound.list_sound_templates(tags=["calm"]), list[SoundTemplate])
    speech = await kit.apiaudio.speech.create_and_wait("s", sections={"a": SectionVoice(voice="b")})
    assert_type(speech, Speech)
    assert_type(speech.sections["a"], SpokenSection)
    assert_type(await kit.apiaudio.mastering.create("s", audience={"a": "b"}), MasteredTrack)
    assert_type(await kit.apiaudio.mastering.create("s", audience=[{"a": "b"}]), MasteredTrack)
    assert_type(await kit.apiaudio.mastering.download("s", "out"), Path)


async def v2(kit: AudioKit) -> None:
    """AudioStack v2."""
    script = await kit.audiostack.scripts.create("<as:section/>")
    assert_type(script, StackScript)
    speech = await kit.audiostack.tts.create(script)
    assert_type(speech, TTS)
    mix = await kit.audiostack.mixes.create(speech=speech)
    assert_type(mix, Mix)
    assert_type(await kit.audiostack.mixes.download(mix, Path()), list[Path])
    assert_type(await kit.audiostack.media.create(b"RIFF"), StackMedia)
    assert_type(await kit.audiostack.segments.upload("t", "main.wav", "main"), StackTemplate)
    assert_type(await kit.audiostack.templates.delete("t"), None)


async def gateway(kit: AudioKit) -> None:
    """Respeecher Voice Marketplace."""
    voices = kit.respeecher.voices.list(gender="female")
    assert_type(voices, Pages[Voice])
    assert_type(await voices.page(), Page[Voice])
    assert_type([voice async for voice in voices], list[Voice])
    assert_type(await kit.respeecher.voices.search("An"), list[Voice])
    assert_type(await kit.respeecher.credits.get(), Balance)
    assert_type(await kit.respeecher.tts_voices.list(), list[TTSVoice])
    assert_type(await kit.respeecher.folders.create("p", "f"), Folder)
    assert_type(await kit.respeecher.calibrations.create("c", "a.wav"), Calibration)
    recording = await kit.respeecher.recordings.upload("a.wav", folder_id="f", on_progress=seen)
    assert_type(recording, Recording)
    assert_type(recording.duration_s, float | None)
    assert_type(kit.respeecher.recordings, recordings.Recordings)
    as_exported_beside_the_calls: recordings.Recording = recording
    assert_type(await kit.respeecher.recordings.wait(as_exported_beside_the_calls.id), Recording)
    assert_type(await kit.respeecher.recordings.create_tts("Hi", folder_id="f"), Recording)
    assert_type(await kit.respeecher.recordings.conversion_order_v1("r", []), list[Recording])
    assert_type(kit.respeecher.recordings.list(folder_id="f"), Pages[Recording])
    await kit.respeecher.recordings.update("r", label=UNSET, starred=True)
    orders = await kit.respeecher.orders.create("r", [Conversion(voice_id="v")])
    assert_type(orders, list[Order])
    assert_type(await kit.respeecher.orders.create_and_wait("r", []), list[Recording])
    assert_type(await kit.respeecher.recordings.download(recording, "out"), Path)
    async with kit.respeecher.recordings.stream(recording) as chunks:
        assert_type(chunks, AsyncIterator[bytes])


def seen(progress: Progress) -> None:
    """A callback may return anything."""
    assert_type(progress.total_bytes, int | None)


async def jobs(kit: AudioKit) -> None:
    """One kind of job in: outcomes with jobs of that kind, and its result."""
    conversion = ConversionJob(voice_id="v", original_id="r")
    mastering = MasteringJob(script_id="s", end_format=["wav"])
    by_protocol: Job[Any, Any, Recording] = conversion
    async with kit.orchestrator(max_in_flight=5) as orchestrator:
        async for outcome in orchestrator.run([conversion], ordered=True):
            assert_type(outcome, Outcome[ConversionJob, Recording])
            assert_type(outcome.job.voice_id, str)
            assert_type(outcome.state, JobState)
            assert_type(outcome.result, Recording | None)
            assert_type(outcome.error, AudiokitError | None)
            assert_type(outcome.path, Path | None)
        async for mixed in orchestrator.run(MixJob(script_id=one) for one in "ab"):
            assert_type(mixed, Outcome[MixJob, Mix])
        async for spoken in orchestrator.run([SpeechJob(script_id="s")], errors="raise"):
            assert_type(spoken, Outcome[SpeechJob, Speech])
        async for ad in orchestrator.run(for_each_listener(mastering, [{"name": "Ada"}])):
            assert_type(ad, Outcome[MasteringJob, Sequence[MasteredTrack]])
        async for chained in orchestrator.run([Chain(first=conversion, then=[])]):
            assert_type(chained, Outcome[Chain, Any])
        async for _ in orchestrator.run([by_protocol]):
            pass
        async for own in orchestrator.run([OwnJob()]):
            assert_type(own, Outcome[OwnJob, int])


async def several_kinds(kit: AudioKit, known: list[MasteringJob | ConversionJob]) -> None:
    """Kinds may be mixed, in a list of their union or as they come."""
    async with kit.orchestrator() as orchestrator:
        async for outcome in orchestrator.run(known):
            assert_type(outcome.job, MasteringJob | ConversionJob)
            assert_type(outcome.path, Path | None)
        async for other in orchestrator.run([known[0], MixJob(script_id="s"), OwnJob()]):
            assert_type(other.job.kind, str)
            assert_type(other.error, AudiokitError | None)
        orchestrator.run([1])  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def one_by_one(kit: AudioKit) -> None:
    """A handle knows its job, and what its outcome will hold."""
    async with kit.orchestrator() as orchestrator:
        handle = await orchestrator.submit(ConversionJob(voice_id="v", original_id="r"), priority=1)
        assert_type(handle, JobHandle[ConversionJob, Recording])
        assert_type(await handle, Outcome[ConversionJob, Recording])
        assert_type((await orchestrator.submit(OwnJob())).job, OwnJob)


@attrs.frozen(kw_only=True)
class OwnJob:
    """A kind of one's own, as the protocol describes it."""

    key: str | None = None
    timeout_s: float | None = None

    kind = "own"

    async def prepare(self, context: JobContext) -> None:
        """Nothing."""

    async def submit(self, context: JobContext, prepared: None) -> str:
        """An id."""
        return context.token

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """It is over."""
        return remote, Look(state="done", is_over=True)

    async def collect(self, context: JobContext, remote: str) -> tuple[int, Sequence[Path]]:
        """A number."""
        return len(remote), ()


def errors(error: JobTimeout) -> None:
    """Facts are attributes with types."""
    assert_type(error.elapsed_s, float)
    assert_type(error.last_state, str | None)
    as_builtin: TimeoutError = error
    raise as_builtin


def names() -> None:
    """Names that are there have their types; misspelled ones are errors, as of any module."""
    assert_type(audiokit.Limits(connections=3), audiokit.Limits)
    assert_type(audiokit.errors.JobTimeout.__name__, str)
    assert_type(audiokit.testing.FakeClock(), FakeClock)
    assert_type(audiokit.webhooks.sign(b"body", "secret", timestamp=1), str)
    audiokit.Limts(connections=3)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    audiokit.errors.JobTimeOut()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
