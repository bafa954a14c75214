"""The body of ``POST /production/mix``, checked field by field.

Source: vendor docs, "Mix" and "Advance timing parameters".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator import _media, _production, _progress, _templates
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError
from audiokit.emulator._order import Order, SectionWish, preset_named
from audiokit.emulator._plan import Clip, TimelineOptions
from audiokit.emulator._recall import remembering
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _scripts, _speech

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._plan import Justify
    from audiokit.emulator._script import Script

_ALIGNMENTS: dict[str, Justify] = {
    "left": "flex-start",
    "centre": "centre",
    "center": "centre",
    "right": "flex-end",
}
_LONGEST_FADE_S = 60.0


@attrs.frozen(kw_only=True)
class MixOrder:
    """A checked request.

    Attributes:
        script_id: Script that is mixed.
        script_name: First part of file names.
        audience: Values of the speech.
        is_public: Open to everybody.
        has_tts_track: Also export the speech alone.
        track: Order of the track, with speech.
        seconds: Length it will have, as far as it is known before rendering.
        request: The body as it came, but for naming the speech that is mixed.
        warnings: About options that have no effect here, and damaged media.
        seen: Script, speech, template and media as they were read.
    """

    request: Mapping[str, Any]
    script_id: str
    script_name: str
    audience: dict[str, str]
    is_public: bool
    has_tts_track: bool
    track: Order
    seconds: float
    warnings: list[str]
    seen: Mapping[str, Any] = attrs.field(factory=dict)


async def read_order(context: Context, account: str, fields: Fields) -> MixOrder:
    """Check a mix request.

    Raises:
        HttpError: 400, naming the field, the value and what is allowed; 404, an unknown script or speech.
    """
    with remembering() as seen:
        order = await _read_order(context, account, fields)
    return attrs.evolve(order, seen=seen)


async def _read_order(context: Context, account: str, fields: Fields) -> MixOrder:
    script_id, speech = await _source(context, account, fields)
    doc = await _scripts.require(context, account, script_id)
    script, warnings = await _scripts.parse(_scripts.text_of(doc))
    has_tts_track = _has_tts_track(fields)
    if fields.mapping("sections"):
        raise HttpError(
            400, "sections (per-section settings such as atmosphere) is not emulated; leave it out"
        )
    layer = fields.text("soundLayer", default="default")
    if layer not in {"", "default"}:
        raise HttpError(400, f"soundLayer {layer!r} must be 'default', the only layer templates have here")
    preset = preset_named(fields.text("masteringPreset"))
    template_name = fields.text("soundTemplate")
    template = await _templates.require(context, account, template_name) if template_name else None
    if template is None and script.segment_names:
        warnings.append(
            f"no soundTemplate is given, so soundSegment {script.segment_names[0]!r} plays nothing"
        )
    media, notes = await _media.bind_all(context, account, script, _bindings(fields, "mediaFiles"))
    options = _options(fields, context.settings.max_audio_s)
    track = Order(
        account=account,
        script=script,
        speech={part["name"]: (part["file"], part["seconds"]) for part in (speech or {}).get("parts", [])},
        template=template,
        media=media,
        effects=await _effects(context, account, script, _bindings(fields, "fxFiles")),
        wishes=_wishes(fields, script, context.settings.max_audio_s),
        options=attrs.evolve(options, duck_db=preset.duck_db, music_lufs=preset.music_lufs),
    )
    named = {"scriptId": script_id} if speech is None else {"speechId": speech["id"]}
    unnamed = {name: value for name, value in fields.values.items() if name not in {"scriptId", "speechId"}}
    return MixOrder(
        request={**unnamed, **named},
        script_id=script_id,
        script_name=doc["scriptName"],
        audience=speech["audience"] if speech else {},
        is_public=fields.flag("public"),
        has_tts_track=has_tts_track,
        track=track,
        seconds=_production.check(track),
        warnings=[*warnings, *notes, *unknown_fields(fields)],
    )


async def _source(context: Context, account: str, fields: Fields) -> tuple[str, dict[str, Any] | None]:
    """Find what to mix: one speech, or the newest speech of a script (None when it has none)."""
    speech_id, script_id = fields.text("speechId"), fields.text("scriptId")
    if bool(speech_id) == bool(script_id):
        raise HttpError(400, "give exactly one of speechId and scriptId")
    if speech_id:
        speech = await _progress.current(context, _speech.KIND, speech_id, account=account)
        if speech is None:
            raise HttpError(404, f"speechId {speech_id!r} not found; create speech first")
    else:
        found = await context.store.find(
            _speech.KIND.name, account=account, parent=script_id, newest_first=True, limit=1
        )
        speech = found[0] if found else None
    if speech is not None and speech["state"] == "processing":
        raise HttpError(
            400, f"speechId {speech['id']!r} is still being made; read it until it is done, then mix"
        )
    if speech is not None and speech["state"] == "failed":
        raise HttpError(400, f"speechId {speech['id']!r} failed: {speech['error']}")
    return (speech["script_id"] if speech else script_id), speech


async def _effects(
    context: Context, account: str, script: Script, files: dict[str, str]
) -> dict[str, str | Clip]:
    """Bind ``as:fx``: to an uploaded file when fxFiles names one, else to an effect of the template."""
    effects: dict[str, str | Clip] = {}
    for key in script.effect_keys:
        name = files.get(key, key)
        if await _media.find(context, account, name) is not None:
            bound = await _media.bind(context, account, key, name)
            effects[key] = attrs.evolve(bound.clip, kind="effect")
        else:
            effects[key] = name
    if unused := [key for key in files if key not in effects]:
        has = ", ".join(map(repr, script.effect_keys)) or "none"
        raise HttpError(400, f"fxFiles names {unused[0]!r}, but the script's as:fx elements are: {has}")
    return effects


def _bindings(fields: Fields, name: str) -> dict[str, str]:
    files = fields.mapping(name)
    for key, value in files.items():
        if not isinstance(value, str):
            raise HttpError(400, f"{name}.{key} must be an id (a string), got {shown(value)}")
    return files


def _options(fields: Fields, longest_s: float) -> TimelineOptions:
    """Read ``timelineProperties``, in seconds."""
    own = Fields(fields.mapping("timelineProperties"), path="timelineProperties")
    force_length = own.number("forceLength", low=1.0, high=longest_s, unit="seconds")
    options = TimelineOptions(
        force_length_s=force_length,
        lead_in_s=own.number("speechStart", low=0.0, high=longest_s, unit="seconds"),
        tail_s=own.number("soundTail", low=0.0, high=longest_s, unit="seconds"),
        gap_s=own.number("padding", low=0.0, high=longest_s, unit="seconds"),
        fade_in_s=own.number("fadeIn", low=0.0, high=_LONGEST_FADE_S, unit="seconds") or 0.0,
        fade_out_s=own.number("fadeOut", low=0.0, high=_LONGEST_FADE_S, unit="seconds"),
        may_overlap=not fields.flag("strictValidation", default=True),
        max_seconds=longest_s,
    )
    own.refuse_unknown()
    return options


def _wishes(fields: Fields, script: Script, longest_s: float) -> dict[str, SectionWish]:
    """Read ``sectionProperties``, in seconds."""
    names = [section.name for section in script.sections]
    wishes: dict[str, SectionWish] = {}
    for name, own in fields.nested("sectionProperties").items():
        if name not in names:
            raise HttpError(
                400, f"sectionProperties names section {name!r}; the script has {', '.join(names)}"
            )
        start_at = own.number("startAt", low=0.0, high=longest_s, unit="seconds")
        end_at = own.number("endAt", low=0.0, high=longest_s, unit="seconds")
        alignment = own.choice("alignment", allowed=_ALIGNMENTS, default="")
        if alignment and end_at is None:
            raise HttpError(
                400, f"sectionProperties.{name}.alignment {alignment!r} works only next to endAt; give both"
            )
        wishes[name] = SectionWish(
            start_at=start_at,
            end_at=end_at,
            justify=_ALIGNMENTS[alignment or "left"],
            padding_s=own.number("padding", low=0.0, high=longest_s, unit="seconds") or 0.0,
            fade_in_s=own.number("fadeIn", low=0.0, high=_LONGEST_FADE_S, unit="seconds") or 0.0,
            fade_out_s=own.number("fadeOut", low=0.0, high=_LONGEST_FADE_S, unit="seconds") or 0.0,
        )
        own.refuse_unknown()
    return wishes


def _has_tts_track(fields: Fields) -> bool:
    own = Fields(fields.mapping("exportSettings"), path="exportSettings")
    wanted = own.flag("ttsTrack")
    own.refuse_unknown()
    return wanted
