"""From a checked order to a finished track: finds the music, builds the timeline, renders it.

Shared by the mastering of v1 and the mix of v2, which differ in how wishes are
written, not in how they sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator import _templates
from audiokit.emulator._http import HttpError
from audiokit.emulator._order import SectionWish
from audiokit.emulator._plan import Clip, Music, SectionPlan, TimelineError, TimelineOptions
from audiokit.emulator._progress import together
from audiokit.emulator._script import CARRY_ON, Effect, Media, Section, SpeechPart
from audiokit.emulator._timeline import LOUDNESS_LUFS, TRUE_PEAK_DBTP, build_timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from audiokit.emulator._context import Context
    from audiokit.emulator._order import Order
    from audiokit.emulator._script import Script
    from audiokit.emulator._templates import Segment, Template

_TOLERATED_LU = 0.5
_SILENT_LUFS = -60.0  # the renderer does not bring more out of it


@attrs.frozen(kw_only=True)
class Output:
    """One rendered file: format as ordered, file id, length, size, and its loudness."""

    format: str
    file: str
    seconds: float
    size_bytes: int
    lufs: float | None = None

    @property
    def extension(self) -> str:
        """File name extension without its dot."""
        return self.format.partition("_")[0]


def segment_names(script: Script, template: Template | None) -> list[str | None]:
    """Say which segment plays under each section, None for no music.

    ``*`` carries on with the one before. In a script that names no segment at all, a section plays the
    segment of its own name, else ``main``, else the template's first one.

    Raises:
        HttpError: 400, the template lacks a segment; names it and those there are.
    """
    if template is None or not template.contents:
        if template is not None and script.segment_names:
            raise _templates.missing_segment(template, script.segment_names[0])
        return [None] * len(script.sections)
    usual = "main" if "main" in template.contents else template.contents[0]
    says_nothing = all(section.segment is None for section in script.sections)
    names: list[str | None] = []
    for section in script.sections:
        name = section.segment or None
        if says_nothing:
            name = section.name if section.name in template.contents else usual
        elif name == CARRY_ON:
            name = names[-1] if names else usual
        if name is not None:
            _templates.check_segment(template, name)
        names.append(name)
    return names


def check(order: Order) -> float:
    """Check an order before any work: segments, effects, timing; return the track's length in seconds.

    Raises:
        HttpError: 400, saying what contradicts what.
    """
    names = segment_names(order.script, order.template)
    for key, effect in order.effects.items():
        if isinstance(effect, str):
            if order.template is None:
                raise HttpError(400, f"sound effect {key!r} belongs to a sound template; give soundTemplate")
            if effect not in order.template.contents:
                has = ", ".join(order.template.contents) or "nothing yet"
                raise HttpError(
                    400,
                    f"sound effect {key!r} is not in sound template {order.template.name!r}, which has {has}",
                )
    # Music is not rendered yet; only where it plays matters for the timing.
    stand_ins = {name: Music(path=name) for name in names if name and not _is_silent(order.template)}
    effect_clips = {
        key: effect if isinstance(effect, Clip) else Clip(kind="effect", path="", seconds=0.0)
        for key, effect in order.effects.items()
    }
    plans = _plans(order, names, stand_ins, effect_clips, paths=dict.fromkeys(order.speech, ""))
    seconds: float = _timeline(plans, order.options)["seconds"]
    return seconds


async def produce(
    context: Context, order: Order, formats: Sequence[str], *, speech_only: bool = False
) -> list[Output]:
    """Render an order in several formats.

    Args:
        context: The running emulator.
        order: Checked by `check`.
        formats: Of `OUTPUT_FORMATS`.
        speech_only: Leave music, recordings and effects out.

    Raises:
        HttpError: 400, something the order needs is gone, or the timing cannot be met.
        WorkError: The renderer failed.
    """
    names = segment_names(order.script, order.template)
    played = await _played(context, order, [name for name in names if name])
    music = {name: Music(path=one.path, lufs=one.lufs) for name, one in played.items()}
    effects: dict[str, Clip] = {}
    for key, effect in order.effects.items():
        if isinstance(effect, Clip):
            effects[key] = effect
        elif (one := played.get(effect)) is not None:
            effects[key] = Clip(kind="effect", path=one.path, seconds=one.seconds, lufs=one.lufs)
    paths = {name: str(context.files.path(file)) for name, (file, _) in order.speech.items()}
    timeline = _timeline(_plans(order, names, music, effects, paths), order.options)
    if speech_only:
        timeline |= {"music": [], "media": []}
    return await render(context, timeline, formats)


async def _played(context: Context, order: Order, names: Iterable[str]) -> dict[str, Segment]:
    """The segments that an order plays, by name; those that were never played are made side by side."""
    template = order.template
    if template is None:
        return {}
    segments = (effect for effect in order.effects.values() if not isinstance(effect, Clip))
    wanted = list(dict.fromkeys([*names, *segments]))
    found = await together(_templates.play(context, order.account, template, name) for name in wanted)
    return {name: one for name, one in zip(wanted, found, strict=True) if one is not None}


async def render(context: Context, timeline: Mapping[str, Any], formats: Sequence[str]) -> list[Output]:
    """Render a timeline and keep the files."""
    targets = [(name, context.files.scratch(f".{name.partition('_')[0]}")) for name in formats]
    try:
        made = await context.work.run(
            "render",
            timeline=timeline,
            outputs=[{"path": str(path), "format": name} for name, path in targets],
        )
        outputs: list[Output] = []
        for (name, path), facts in zip(targets, made["outputs"], strict=True):
            file_id = await context.files.keep(path)
            outputs.append(
                Output(
                    format=name,
                    file=file_id,
                    seconds=facts["seconds"],
                    size_bytes=facts["size_bytes"],
                    lufs=made.get("lufs"),
                )
            )
    finally:
        for _, path in targets:
            path.unlink(missing_ok=True)
    return outputs


async def level(
    context: Context,
    source: Path,
    out: Path,
    *,
    seconds: float,
    channels: int,
    loudness_lufs: float = LOUDNESS_LUFS,
    true_peak_dbtp: float = TRUE_PEAK_DBTP,
) -> float | None:
    """Write a recording as a wav of a loudness, in the channels in which it will be heard.

    Mono made of a file that was levelled in stereo is up to 3 LU quieter.

    Returns:
        The loudness reached in LUFS, or None where it cannot be measured.

    Raises:
        WorkError: The renderer failed.
    """
    clip = {"path": str(source), "start_s": 0.0, "ducks": False}
    made = await context.work.run(
        "render",
        timeline={
            "channels": channels,
            "seconds": seconds,
            "media": [clip],
            "loudness_lufs": loudness_lufs,
            "true_peak_dbtp": true_peak_dbtp,
        },
        outputs=[{"path": str(out), "format": "wav"}],
    )
    reached: float | None = made.get("lufs")
    return reached


def loudness_warnings(files: Iterable[Mapping[str, Any]], *, wanted_lufs: float = LOUDNESS_LUFS) -> list[str]:
    """Warn of finished files quieter than they should be; those whose ``lufs`` nobody kept are left out."""
    found = (_missed(file["lufs"], wanted_lufs) for file in files if "lufs" in file)
    return list(dict.fromkeys(filter(None, found)))


def _missed(lufs: float | None, wanted_lufs: float) -> str | None:
    if lufs is None:
        return "the loudness of the track cannot be measured: it is silent, or too short"
    if lufs >= wanted_lufs - _TOLERATED_LU:
        return None
    why = "it is nearly silent and was left so" if lufs < _SILENT_LUFS else "its peaks allow no more"
    return f"the track reached {lufs:.1f} LUFS, not {wanted_lufs:g}: {why}"


def _is_silent(template: Template | None) -> bool:
    return template is not None and not template.is_custom and template.style is None


def _timeline(plans: Sequence[SectionPlan], options: TimelineOptions) -> dict[str, Any]:
    try:
        return build_timeline(plans, options)
    except TimelineError as error:
        raise HttpError(400, str(error)) from None


def _plans(
    order: Order,
    names: Sequence[str | None],
    music: Mapping[str, Music],
    effects: Mapping[str, Clip],
    paths: Mapping[str, str],
) -> list[SectionPlan]:
    plans: list[SectionPlan] = []
    for section, name in zip(order.script.sections, names, strict=True):
        wish = order.wishes.get(section.name, SectionWish())
        plans.append(
            SectionPlan(
                name=section.name,
                clips=tuple(_clips(order, section, effects, paths)),
                music=music.get(name) if name else None,
                **attrs.asdict(wish),
            )
        )
    return plans


def _clips(
    order: Order, section: Section, effects: Mapping[str, Clip], paths: Mapping[str, str]
) -> list[Clip]:
    clips: list[Clip] = []
    for part in section.parts:
        match part:
            case SpeechPart(name=name):
                if name not in paths:
                    raise HttpError(
                        400,
                        f"section {section.name!r} has no speech yet ({name!r}); create speech first",
                    )
                clips.append(Clip(kind="voice", path=paths[name], seconds=order.speech[name][1]))
            case Media(key=key):
                clips.append(order.media[key])
            case Effect(key=key):
                if key in effects:  # a silent template's effects are silence
                    clips.append(effects[key])
    return clips
