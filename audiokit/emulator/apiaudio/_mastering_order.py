"""The body of ``POST /mastering``, checked field by field.

Source: vendor docs, "Mastering resource"; value ranges and names as printed there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator import _media, _templates
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError
from audiokit.emulator._order import Order, Preset, SectionWish, preset_named
from audiokit.emulator._plan import TimelineOptions
from audiokit.emulator._recall import remembering
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.apiaudio import _scripts
from audiokit.emulator.apiaudio._connections import read_connectors
from audiokit.emulator.apiaudio._listeners import read_audience, used_values
from audiokit.emulator.apiaudio._rendering import FORMATS
from audiokit.emulator.apiaudio._webhook import read_callback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._plan import Justify
    from audiokit.emulator._script import Script

DEFAULT_FORMAT = "mp3"
TRIM_DB = 12.0
"""Most that mediaVolumeTrim may add or take away, in dB."""

_JUSTIFY: dict[str, Justify] = {
    "flex-start": "flex-start",
    "centre": "centre",
    "center": "centre",
    "flex-end": "flex-end",
}
# Names that accounts of the service use; their sound is not rebuilt here.
_UNSHAPED_PRESETS = ("deesserfemale", "deessermale", "excitermaster")


@attrs.frozen(kw_only=True)
class MasteringOrder:
    """A checked request.

    Attributes:
        script_id: Script.
        script_name: First part of the file names.
        version: Version of the script, ``""`` for the base one.
        listeners: Values per listener, at least one.
        formats: Formats to render, the first one being the reply's ``url``.
        is_public: Open to everybody.
        is_vast: Make a VAST document too.
        is_shared: A ``shareUrl`` is wanted.
        track: Order of the track, without speech.
        request: The body as it came.
        callback_url: Where to tell that the master has ended, or empty.
        connectors: Where to hand the master on to.
        warnings: About options that have no effect here and damaged media.
        seen: Script, template and media as they were read.
    """

    request: Mapping[str, Any]
    script_id: str
    script_name: str
    version: str
    listeners: list[dict[str, str]]
    formats: tuple[str, ...]
    is_public: bool
    is_vast: bool
    is_shared: bool
    track: Order
    callback_url: str
    connectors: list[dict[str, str]]
    warnings: list[str]
    seen: Mapping[str, Any] = attrs.field(factory=dict)


async def read_order(context: Context, account: str, fields: Fields) -> MasteringOrder:
    """Check a mastering request.

    Raises:
        HttpError: 400, naming the field, the value and what is allowed.
    """
    with remembering() as seen:
        order = await _read_order(context, account, fields)
    return attrs.evolve(order, seen=seen)


async def _read_order(context: Context, account: str, fields: Fields) -> MasteringOrder:
    script_id, wanted_version = fields.required_text("scriptId"), fields.text("version")
    formats = read_formats(fields.raw("endFormat")) or (DEFAULT_FORMAT,)
    is_shared = fields.flag("share")
    is_public, is_vast = fields.flag("public") or is_shared, fields.flag("vast")
    trim_db = fields.number("mediaVolumeTrim", low=-TRIM_DB, high=TRIM_DB, unit="dB") or 0.0
    channels = _channels(fields)
    force_length = fields.number("forceLength", low=1.0, high=context.settings.max_audio_s, unit="seconds")
    match_voice = fields.flag("matchVoice")
    listeners = read_audience(fields.raw("audience"))
    media_files = _media_files(fields.raw("mediaFiles"))
    preset, preset_warnings = read_preset(fields.text("masteringPreset"))
    connectors, unreached = read_connectors(fields.raw("connectors"), context.settings)
    template_name = fields.text("soundTemplate")

    doc = await _scripts.find(context, account, script_id)
    if doc is None:
        raise HttpError(400, f"scriptId {script_id!r} not found; create the script first")
    version = _scripts.version_name(doc, wanted_version)
    script = await _scripts.parsed(doc, version)
    wishes = _wishes(fields, script, context.settings.max_audio_s)
    template = await _templates.require(context, account, template_name) if template_name else None
    media, notes = await _media.bind_all(context, account, script, media_files)
    callback_url, unheard = read_callback(fields, context.settings)
    warnings = [*preset_warnings, *notes, *unheard, *unreached, *unknown_fields(fields)]
    if is_vast and not is_public:
        warnings.append("vast has no effect: it works only together with public=true")
    if match_voice and not any(clip.lufs is not None for clip in media.values()):
        warnings.append(
            "matchVoice has no effect: the script plays no media whose loudness could be measured"
        )
    if template is None and script.segment_names:
        warnings.append(
            f"no soundTemplate is given, so soundSegment {script.segment_names[0]!r} plays nothing"
        )
    return MasteringOrder(
        request=fields.values,
        callback_url=callback_url,
        connectors=connectors,
        script_id=script_id,
        script_name=doc["scriptName"],
        version=version,
        listeners=_distinct([used_values(script, listener) for listener in listeners]),
        formats=formats,
        is_public=is_public,
        is_vast=is_vast and is_public,
        is_shared=is_shared,
        track=Order(
            account=account,
            script=script,
            speech={},
            template=template,
            media=media,
            effects={key: key for key in script.effect_keys},
            wishes=wishes,
            options=TimelineOptions(
                channels=channels,
                force_length_s=force_length,
                media_gain_db=trim_db,
                match_voice=match_voice,
                max_seconds=context.settings.max_audio_s,
                duck_db=preset.duck_db,
                music_lufs=preset.music_lufs,
            ),
        ),
        warnings=warnings,
    )


def read_formats(value: Any) -> tuple[str, ...]:
    """Read ``endFormat``: a list or one string; absent gives an empty tuple.

    Raises:
        HttpError: 400, a format that is not rendered.
    """
    names = [value] if isinstance(value, str) else value if isinstance(value, list) else None
    if value is None:
        return ()
    for name in names if names else [value]:
        if name not in FORMATS:
            raise HttpError(400, f"endFormat {shown(name)} must be one of {', '.join(FORMATS)}")
    return tuple(dict.fromkeys(names or ()))


def _channels(fields: Fields) -> int:
    channels = fields.raw("channels")
    if channels is None:
        return 2
    if isinstance(channels, bool) or not isinstance(channels, int | float) or channels not in {1, 2}:
        raise fields.error("channels", channels, "1 (mono) or 2 (stereo)")
    return int(channels)


def _media_files(value: Any) -> dict[str, str]:
    """Read ``mediaFiles``: a list of objects or one object, alias -> mediaId."""
    parts = value if isinstance(value, list) else [value] if value is not None else []
    files: dict[str, str] = {}
    for part in parts:
        if not isinstance(part, dict):
            raise HttpError(
                400, f"mediaFiles must be a list of objects like [{{'alias': 'mediaId'}}], got {shown(value)}"
            )
        for alias, media_id in part.items():
            if not isinstance(media_id, str):
                raise HttpError(
                    400, f"mediaFiles.{alias} must be a mediaId (a string), got {shown(media_id)}"
                )
            files[alias] = media_id
    return files


def _wishes(fields: Fields, script: Script, longest_s: float) -> dict[str, SectionWish]:
    """Read ``sectionProperties``; keys are taken in the two spellings the vendor prints."""
    names = [section.name for section in script.sections]
    wishes: dict[str, SectionWish] = {}
    for name, own in fields.nested("sectionProperties").items():
        if name not in names:
            raise HttpError(
                400, f"sectionProperties names section {name!r}; the script's sections are {', '.join(names)}"
            )
        end_at = own.number("endAt", "EndAt", low=0.0, high=longest_s, unit="seconds")
        justify = own.choice("justify", "Justify", allowed=_JUSTIFY, default="")
        own.refuse_unknown()
        if justify and end_at is None:
            raise HttpError(
                400, f"sectionProperties.{name}.justify {justify!r} works only next to endAt; give both"
            )
        wishes[name] = SectionWish(end_at=end_at, justify=_JUSTIFY[justify or "flex-start"])
    return wishes


def read_preset(name: str) -> tuple[Preset, list[str]]:
    """Return a preset by name, and a warning when it is one whose sound is not rebuilt.

    Raises:
        HttpError: 400, no such preset.
    """
    if name.lower() in _UNSHAPED_PRESETS:
        return Preset(), [f"masteringPreset {name!r} sounds like 'default' on the emulator"]
    return preset_named(name), []


def _distinct(listeners: list[dict[str, str]]) -> list[dict[str, str]]:
    """Drop listeners who would get the same track."""
    seen: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for values in listeners:
        seen.setdefault(tuple(sorted((k.casefold(), v.casefold()) for k, v in values.items())), values)
    return list(seen.values())
