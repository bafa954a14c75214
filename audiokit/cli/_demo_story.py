"""What the demo does: prepare input, run all jobs at once, measure what came of it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import anyio
import attrs

from audiokit import AudioKit, ConversionJob, MasteringJob, MixJob, Outcome
from audiokit.cli._output import CommandError
from audiokit.cli.demo import Track
from audiokit.emulator._work import WorkError, WorkPool
from audiokit.services.respeecher import Voice

LISTENERS: Final = (
    {"username": "Antonio", "location": "Barcelona"},
    {"username": "Linda", "location": "Lisbon"},
)
SEMITONES: Final = 3.0

_V1_SCRIPT: Final = """<<soundSegment::intro>><<sectionName::hello>>
Hello {{{{username|friend}}}}, and welcome. Here is something made for you in {{{{location|your town}}}}.
<<soundSegment::main>><<sectionName::message>>
{text}
<<soundSegment::outro>><<sectionName::goodbye>>
Thank you for listening, {{{{username|friend}}}}. Goodbye."""

_V2_SCRIPT: Final = '<as:section name="main" soundSegment="main">{text}</as:section>'

_SPOKEN_INPUT: Final = (
    "The quick brown fox jumps over the lazy dog. A recording of four or five seconds "
    "is enough to tell how high a voice is."
)
_V2_TEMPLATE: Final = "epic1"
_LENGTH_TOLERANCE_S: Final = 0.05
_MOST_MUSIC_S: Final = 30.0
_F0_TOLERANCE: Final = 0.05

Say = Callable[[str], None]


@attrs.frozen(kw_only=True)
class _Inputs:
    """Files made for uploading: nobody has to bring any."""

    speech_flac: Path
    speech_seconds: float
    segment_wav: Path


@attrs.frozen(kw_only=True)
class _Expected:
    """What a file must be."""

    path: Path
    shortest_s: float
    longest_s: float
    f0_hz: float | None = None


async def tell(text: str, out: Path, *, say: Say) -> tuple[list[Track], list[str]]:
    """Make everything; gives the measured files and a sentence for each that is not as expected."""
    await anyio.Path(out).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="audiokit-demo-") as folder:
        scratch = Path(folder)
        async with WorkPool(workers=2, scratch=scratch) as work, AudioKit.emulated() as kit:
            say("the emulator is up; preparing input ...")
            inputs = await _make_inputs(work, scratch)
            jobs, expectations = await _plan(kit, inputs, text, out, scratch)
            say(f"{len(jobs)} jobs at once ...")
            async with kit.orchestrator(max_in_flight=len(jobs)) as orchestrator:
                async for outcome in orchestrator.run(jobs):
                    outcome.raise_for_error()
                    say(f"  {outcome.job.kind} {outcome.job.key}: {outcome.elapsed_s:.1f} s")
                    await _name_masters(outcome, out)
            expected = await expectations(work)
            return await _measure(work, expected)


async def _make_inputs(work: WorkPool, scratch: Path) -> _Inputs:
    spoken, flac, segment = scratch / "spoken.wav", scratch / "spoken.flac", scratch / "epic_main.wav"

    async def speak() -> None:
        item = {"text": _SPOKEN_INPUT, "voice": "gmw/en-US", "rate_wpm": 165}
        await work.run("speak", out=str(spoken), items=[item])
        await work.run("encode", path=str(spoken), out=str(flac), format="flac", channels=None)

    async def play() -> None:
        style = {"style": "pulse", "root": 45, "bpm": 104}
        await work.run("template", style=style, segment="main", out=str(segment))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(speak)
        tasks.start_soon(play)
    measured = await work.run("measure", path=str(flac))
    return _Inputs(speech_flac=flac, speech_seconds=measured["seconds"], segment_wav=segment)


async def _plan(
    kit: AudioKit, inputs: _Inputs, text: str, out: Path, scratch: Path
) -> tuple[Sequence[Any], Callable[[WorkPool], Any]]:
    """Set up each API, and give the jobs with a way to tell what their files must be."""
    template = (await kit.apiaudio.sound.list_sound_templates(contents=["intro", "main", "outro"]))[0]
    ad = await kit.apiaudio.scripts.create(_V1_SCRIPT.format(text=text), script_name="demo")

    await kit.audiostack.templates.create(_V2_TEMPLATE, description="made by the demo")
    await kit.audiostack.segments.upload(_V2_TEMPLATE, inputs.segment_wav, "main")
    script = await kit.audiostack.scripts.create(_V2_SCRIPT.format(text=escape(text)))
    speech = await kit.audiostack.tts.create_and_wait(script, voice="wren")

    project = await kit.respeecher.projects.create("demo")
    folder = await kit.respeecher.folders.create(project.id, "takes")
    calibration = await kit.respeecher.calibrations.create_and_wait("demo voice", inputs.speech_flac)
    await kit.respeecher.calibrations.enable(calibration.id)
    low, high = await _two_voices(kit)

    conversions = [
        _conversion(inputs, folder.id, low, None, out),
        _conversion(inputs, folder.id, high, SEMITONES, out),
    ]
    masters = [
        MasteringJob(
            key=listener["username"].lower(),
            script_id=ad.script_id,
            voice="Joanna",
            audience=listener,
            sound_template=template.template_name,
            end_format=["mp3", "wav"],
            to=out,
        )
        for listener in LISTENERS
    ]
    mix = MixJob(
        key="v2",
        speech_id=speech.speech_id,
        sound_template=_V2_TEMPLATE,
        to=out / "v2_mix.wav",
    )

    async def expectations(work: WorkPool) -> list[_Expected]:
        expected = []
        for listener in LISTENERS:
            spoken = await kit.apiaudio.speech.retrieve(ad.script_id, audience=listener)
            sections = [await kit.apiaudio.speech.save(one, scratch) for one in spoken.sections.values()]
            stem = f"v1_master_{listener['username'].lower()}"
            expected += await _music_over(work, sections, [out / f"{stem}.mp3", out / f"{stem}.wav"])
        sections = await kit.audiostack.tts.download(speech, scratch)
        expected += await _music_over(work, sections, [out / "v2_mix.wav"])
        for voice, correction in ((low, 0.0), (high, SEMITONES)):
            expected.append(
                _Expected(
                    path=out / f"respeecher_{voice.slug}.wav",
                    shortest_s=inputs.speech_seconds - _LENGTH_TOLERANCE_S,
                    longest_s=inputs.speech_seconds + _LENGTH_TOLERANCE_S,
                    f0_hz=_ordered_f0(calibration.f0_hz, voice.pitch_hz, correction),
                )
            )
        return expected

    return [*masters, mix, *conversions], expectations


async def _two_voices(kit: AudioKit) -> tuple[Voice, Voice]:
    """The lowest and the highest adult human voice of the marketplace."""
    voices = [
        voice async for voice in kit.respeecher.voices.list(species="human", age_group="adult", sort="pitch")
    ]
    if len(voices) < 2:
        raise CommandError(f"the emulator offers {len(voices)} adult voices, two are needed")
    return voices[0], voices[-1]


def _conversion(
    inputs: _Inputs, folder_id: str, voice: Voice, correction: float | None, out: Path
) -> ConversionJob:
    return ConversionJob(
        key=voice.slug,
        source=inputs.speech_flac,
        folder_id=folder_id,
        voice_id=voice.id,
        semitones_correction=correction,
        to=out / f"respeecher_{voice.slug}.wav",
    )


def _ordered_f0(source_hz: float | None, voice_hz: float | None, correction: float) -> float | None:
    """Pitch that an order asks for: whole semitones to the voice, then the correction."""
    if source_hz is None or voice_hz is None:
        return None
    shift = round(12 * math.log2(voice_hz / source_hz))
    return source_hz * 2 ** ((shift + correction) / 12)


async def _name_masters(outcome: Outcome[Any, Any], out: Path) -> None:
    """Masters come as ``<script>-<key>.<format>``; the demo promises plainer names."""
    if outcome.job.kind == "mastering":
        for path in outcome.paths:
            await anyio.Path(path).replace(out / f"v1_master_{outcome.job.key}{path.suffix}")


async def _music_over(work: WorkPool, spoken: Sequence[Path], tracks: Sequence[Path]) -> list[_Expected]:
    """What tracks over this speech must be: all of it, with some music around."""
    seconds = sum([(await work.run("measure", path=str(path)))["seconds"] for path in spoken])
    return [_Expected(path=one, shortest_s=seconds, longest_s=seconds + _MOST_MUSIC_S) for one in tracks]


async def _measure(work: WorkPool, expected: Sequence[_Expected]) -> tuple[list[Track], list[str]]:
    tracks: list[Track] = []
    complaints: list[str] = []
    for one in expected:
        try:
            found = await work.run("measure", path=str(one.path))
        except WorkError as error:
            complaints.append(f"{one.path.name}: {error.message}")
            continue
        track = Track(
            path=one.path,
            format=found["format"],
            seconds=found["seconds"],
            lufs=found["lufs"],
            true_peak_dbtp=found["true_peak_dbtp"],
            f0_hz=found["f0_hz"],
        )
        tracks.append(track)
        complaints += _complaints(track, one)
    return tracks, complaints


def _complaints(track: Track, expected: _Expected) -> list[str]:
    said = []
    if track.format != track.path.suffix[1:]:
        said.append(f"{track.path.name} is {track.format}")
    if not expected.shortest_s <= track.seconds <= expected.longest_s:
        said.append(
            f"{track.path.name} lasts {track.seconds:.2f} s, expected "
            f"{expected.shortest_s:.2f} to {expected.longest_s:.2f}"
        )
    if track.lufs is None:
        said.append(f"{track.path.name} is silent")
    if expected.f0_hz is not None and (
        track.f0_hz is None or abs(track.f0_hz / expected.f0_hz - 1) > _F0_TOLERANCE
    ):
        said.append(f"{track.path.name} has f0 {track.f0_hz} Hz, ordered {expected.f0_hz:.1f} Hz")
    return said
