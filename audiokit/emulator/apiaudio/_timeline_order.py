"""Media timelines: recordings of one's own on tracks, each between two marks, mastered to one file."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator import _media, _production, _progress
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError
from audiokit.emulator._overlap import MOST_AT_ONCE, most_at_once
from audiokit.emulator._recall import remembering
from audiokit.emulator._submissions import submission
from audiokit.emulator._timeline import LOUDNESS_LUFS, SAMPLE_RATE_HZ, TRUE_PEAK_DBTP
from audiokit.emulator.apiaudio._mastering_order import DEFAULT_FORMAT, read_formats, read_preset
from audiokit.emulator.apiaudio._rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._order import Preset

SHORTEST_S = 0.1
_MOST_TRACKS, _MOST_CLIPS = 50, 1000
_FADE_S = 0.05  # where a recording is cut at its end mark


@attrs.frozen(kw_only=True)
class TimelineOrder:
    """A checked request: formats, the renderer's timeline, the body as it came, warnings, media as read."""

    request: Mapping[str, Any]
    formats: tuple[str, ...]
    timeline: dict[str, Any]
    warnings: list[str]
    seen: Mapping[str, Any] = attrs.field(factory=dict)


async def read_timeline(context: Context, account: str, fields: Fields) -> TimelineOrder:
    """Check a request.

    Raises:
        HttpError: 400, naming the field, the value and what is allowed.
    """
    with remembering() as seen:
        order = await _read_timeline(context, account, fields)
    return attrs.evolve(order, seen=seen)


async def _read_timeline(context: Context, account: str, fields: Fields) -> TimelineOrder:
    formats = read_formats(fields.raw("endFormat")) or (DEFAULT_FORMAT,)
    preset, warnings = read_preset(fields.text("masteringPreset"))
    tracks = _objects(fields.raw("timeline"), "timeline", most=_MOST_TRACKS)
    speech: list[dict[str, Any]] = []
    music: list[dict[str, Any]] = []
    spans: list[tuple[float, float]] = []
    end_s = 0.0
    for place, track in enumerate(tracks):
        own = Fields(track, path=f"timeline[{place}]")
        kind = own.choice("contentType", allowed=("sound", "speech"), default="")
        if not kind:
            raise HttpError(400, f"timeline[{place}].contentType is required: sound or speech")
        for index, file in enumerate(
            _objects(own.raw("files"), f"timeline[{place}].files", most=_MOST_CLIPS)
        ):
            clip = Fields(file, path=f"timeline[{place}].files[{index}]")
            start_s, stop_s = _marks(clip, context.settings.max_audio_s)
            bound = await _media.bind(context, account, f"timeline[{place}]", clip.required_text("mediaId"))
            clip.refuse_unknown()
            warnings += [bound.note] if bound.note else []
            end_s = max(end_s, stop_s)
            spans.append((start_s, min(stop_s, start_s + bound.clip.seconds)))
            if kind == "speech":
                speech.append(_spoken(bound.clip.path, bound.clip.seconds, start_s, stop_s))
            else:
                music.append(_played(bound.clip.path, bound.clip.lufs, start_s, stop_s, preset))
        own.refuse_unknown()
    most, when_s = most_at_once(spans)
    if most > MOST_AT_ONCE:
        raise HttpError(
            400,
            f"timeline has {most} files that sound at once at {when_s:g} s; at most {MOST_AT_ONCE} are mixed",
        )
    return TimelineOrder(
        request=fields.values,
        formats=formats,
        warnings=[*warnings, *(f"unknown field {shown(name)} has no effect" for name in fields.unknown())],
        timeline={
            "sample_rate_hz": SAMPLE_RATE_HZ,
            "channels": 2,
            "seconds": end_s,
            "voice": [],
            "media": speech,
            "music": music,
            "duck_db": preset.duck_db,
            "loudness_lufs": LOUDNESS_LUFS,
            "true_peak_dbtp": TRUE_PEAK_DBTP,
        },
    )


async def start(context: Context, account: str, order: TimelineOrder, *, hold_s: float) -> dict[str, Any]:
    """Render a timeline; return its document, finished or not."""
    timeline_id = str(uuid.uuid4())
    return await _progress.begin(
        context,
        KIND,
        timeline_id,
        {
            "label": f"timeline_{timeline_id[:8]}",
            "formats": list(order.formats),
            "public": False,
            "files": [],
        },
        lambda: _render(context, order),
        request=order.request,
        record=submission("apiaudio", "Mastering.create_media_timeline", timeline_id, label=None),
        account=account,
        parent=timeline_id,
        hold_s=hold_s,
        seen=order.seen,
    )


async def _render(context: Context, order: TimelineOrder) -> dict[str, Any]:
    outputs = await rendered(
        context, order.formats, lambda names: _production.render(context, order.timeline, names)
    )
    files = [{**attrs.asdict(output), "extension": output.extension} for output in outputs]
    return {"files": files, "seconds": outputs[0].seconds}


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    return await _render(context, await read_timeline(context, account, Fields(doc["request"])))


KIND = _progress.Kind(name="v1.timeline", work="mastering", make=_make)
"""A mastered media timeline."""


def _objects(value: Any, name: str, *, most: int) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        raise HttpError(400, f"{name} must be a list of one object or more, got {shown(value)}")
    if len(value) > most:
        raise HttpError(400, f"{name} has {len(value)} entries; at most {most} are taken")
    return value


def _marks(clip: Fields, longest_s: float) -> tuple[float, float]:
    start_s = clip.number("startAt", low=0.0, high=longest_s, unit="seconds")
    stop_s = clip.number("endAt", low=0.0, high=longest_s, unit="seconds")
    if start_s is None or stop_s is None:
        raise clip.error("startAt and endAt", clip.values, "given both, in seconds")
    if stop_s - start_s < SHORTEST_S:
        raise clip.error("endAt", stop_s, f"at least {SHORTEST_S:g} s after startAt {start_s:g}")
    return start_s, stop_s


def _spoken(path: str, seconds: float, start_s: float, stop_s: float) -> dict[str, Any]:
    """Place speech; what is longer than its slot is faded out at the mark."""
    is_cut = seconds > stop_s - start_s
    return {
        "path": path,
        "start_s": start_s,
        "duration_s": stop_s - start_s if is_cut else None,
        "fade_out_s": _FADE_S if is_cut else 0.0,
        "ducks": True,
    }


def _played(path: str, lufs: float | None, start_s: float, stop_s: float, preset: Preset) -> dict[str, Any]:
    """Place sound, once, at the preset's level of music; it goes down under speech."""
    gain_db = 0.0 if lufs is None else round(preset.music_lufs - lufs, 3)
    return {
        "path": path,
        "start_s": start_s,
        "end_s": stop_s,
        "gain_db": gain_db,
        "loop": False,
        "fade_out_s": _FADE_S,
    }
