"""What a type checker must see of the public face; checked, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, assert_type

from audiokit import (
    UNSET,
    ApiAccess,
    AudioKit,
    Conversion,
    ConversionJob,
    JobState,
    Login,
    MasteringJob,
    MixJob,
    Progress,
    SectionVoice,
    SpeechJob,
)
from audiokit.errors import AudiokitError, JobTimeout
from audiokit.jobs import Job, Services
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
    """One kind of job in, its result type out."""
    conversion: Job[Any, Any, Recording] = ConversionJob(voice_id="v", original_id="r")
    mix: Job[Any, Any, Mix] = MixJob(script_id="s")
    speech: Job[Any, Any, Speech] = SpeechJob(script_id="s")
    mastering = MasteringJob(script_id="s", end_format=["wav"])
    async with kit.orchestrator(max_in_flight=5) as orchestrator:
        async for outcome in orchestrator.run([conversion]):
            assert_type(outcome.state, JobState)
            assert_type(outcome.result, Recording | None)
            assert_type(outcome.error, AudiokitError | None)
            assert_type(outcome.path, Path | None)
        async for other in orchestrator.run([mix]):
            assert_type(other.result, Mix | None)
        async for spoken in orchestrator.run([speech]):
            assert_type(spoken.result, Speech | None)
        async for _ in orchestrator.run([mastering]):
            pass


def errors(error: JobTimeout) -> None:
    """Facts are attributes with types."""
    assert_type(error.elapsed_s, float)
    assert_type(error.last_state, str | None)
    as_builtin: TimeoutError = error
    raise as_builtin
