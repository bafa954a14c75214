"""Encodings of a mix: presets and settings, checked, then loudness and encoder in this order."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator import _progress
from audiokit.emulator._alexa import ALEXA_SETTINGS
from audiokit.emulator._fields import Fields
from audiokit.emulator._http import HttpError
from audiokit.emulator._production import level
from audiokit.emulator._submissions import submission
from audiokit.emulator.audiostack._urls import keep_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context

PRESETS: dict[str, dict[str, Any]] = {
    "mp3": {"format": "mp3", "bit_rate_kbps": 320},
    "mp3_very_low": {"format": "mp3", "quality": 9},
    "mp3_low": {"format": "mp3", "quality": 6},
    "mp3_medium": {"format": "mp3", "quality": 4},
    "mp3_high": {"format": "mp3", "quality": 2},
    "mp3_very_high": {"format": "mp3", "quality": 0},
    "mp3_alexa": ALEXA_SETTINGS,
    "wav": {"format": "wav", "rate_hz": 48_000, "bit_depth": 16},
    "flac": {"format": "flac", "rate_hz": 48_000, "bit_depth": 16},
    "ogg": {"format": "ogg", "bit_rate_kbps": 320},
}
"""Encoder settings by preset. Source: vendor docs, "What are audio presets"; qualities are LAME's."""

LOUDNESS_PRESETS = {
    "podcast": {"loudness_lufs": -16.0, "true_peak_dbtp": -1.0},
    "radio": {"loudness_lufs": -23.0, "true_peak_dbtp": -1.0},
    "spotify": {"loudness_lufs": -14.0, "true_peak_dbtp": -1.0},
    "streaming": {"loudness_lufs": -14.0, "true_peak_dbtp": -2.0},
}
"""Loudness by preset: the names are the vendor's, the figures customary ones of such places."""

CUSTOM = "custom"
_MIX = "v2.mix"  # the document is looked up by its id: naming its file would keep that alive
_STEREO = 2  # channels of every mix
_OWN_FIELDS = ("bitRateType", "bitRate", "sampleRate", "format", "bitDepth", "channels")
_FORMATS = ("wav", "mp3", "flac", "ogg")
_DEPTHS = {"wav": (16, 24, 32), "flac": (16, 24)}


def read_settings(fields: Fields) -> tuple[dict[str, Any], dict[str, float] | None]:
    """Read what a mix is to be encoded as: the encoder's settings, and the loudness or None.

    Raises:
        HttpError: 400, naming the field, the value and what is allowed; 501, what is not emulated.
    """
    preset = fields.choice("preset", allowed=(*PRESETS, CUSTOM), default="")
    if not preset:
        raise HttpError(400, f"preset is required: one of {', '.join([*PRESETS, CUSTOM])}")
    given = [name for name in _OWN_FIELDS if fields.raw(name) not in (None, "")]
    if preset != CUSTOM and given:
        raise HttpError(400, f"{given[0]} works only with preset 'custom', got preset {preset!r}")
    settings = PRESETS[preset] if preset != CUSTOM else _custom(fields)
    return settings, _loudness(fields)


def _custom(fields: Fields) -> dict[str, Any]:
    name = fields.choice("format", allowed=_FORMATS, default="")
    if not name:
        raise HttpError(400, f"format is required with preset 'custom': one of {', '.join(_FORMATS)}")
    kind = fields.choice("bitRateType", allowed=("constant", "variable"), default="")
    rate_hz = _whole(fields, "sampleRate", 24_000, 96_000, "Hz")
    if kind and rate_hz is not None:
        raise HttpError(400, "bitRateType does not go with sampleRate; give one of them")
    settings: dict[str, Any] = {"format": name}
    bit_rate = _whole(fields, "bitRate", *((0, 9) if kind == "variable" else (32, 320)), "")
    if (kind or bit_rate is not None) and name in _DEPTHS:
        raise HttpError(400, f"bitRate and bitRateType work with mp3 and ogg, got format {name!r}")
    if kind == "variable":
        settings["quality"] = 4 if bit_rate is None else bit_rate
    elif bit_rate is not None:
        settings["bit_rate_kbps"] = bit_rate
    depth = fields.raw("bitDepth")
    if depth is not None:
        if isinstance(depth, bool) or depth not in _DEPTHS.get(name, ()):
            allowed = ", ".join(map(str, _DEPTHS.get(name, ()))) or "left out"
            raise fields.error("bitDepth", depth, f"{allowed} for {name}")
        settings["bit_depth"] = int(depth)
    channels = _whole(fields, "channels", 1, 2, "")
    return settings | {
        key: value for key, value in (("rate_hz", rate_hz), ("channels", channels)) if value is not None
    }


def _loudness(fields: Fields) -> dict[str, float] | None:
    for name in ("dynamicRange", "loudnessSettings"):
        if fields.raw(name) not in (None, ""):
            raise HttpError(501, f"{name} is not emulated: give loudnessTarget and truePeak, or leave it out")
    preset = fields.choice("loudnessPreset", allowed=LOUDNESS_PRESETS, default="")
    target = fields.number("loudnessTarget", low=-36.0, high=-8.0, unit="LUFS")
    peak = fields.number("truePeak", low=-9.0, high=0.0, unit="dBTP")
    if not preset and target is None:
        if peak is not None:
            raise HttpError(400, "truePeak needs loudnessTarget or loudnessPreset beside it")
        return None
    loudness = dict(LOUDNESS_PRESETS[preset] if preset else {"true_peak_dbtp": -1.0})
    if target is not None:
        loudness["loudness_lufs"] = target
    if peak is not None:
        loudness["true_peak_dbtp"] = peak
    return loudness


async def start(context: Context, account: str, mix: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """Start encoding a finished mix; return the document.

    Raises:
        HttpError: What `read_settings` refuses.
    """
    settings, loudness = read_settings(fields)
    encoder_id = str(uuid.uuid4())
    order = {
        "mix_id": mix["id"],
        "settings": settings,
        "loudness": loudness,
        "public": fields.flag("public"),
    }
    return await _progress.begin_with(
        context,
        KIND,
        encoder_id,
        {
            "format": settings["format"],
            "name": f"{mix['files'][0]['name']}.{settings['format']}",
            "public": order["public"],
            "file": None,
        },
        reads=lambda: _mix(context, account, order),
        request=order,
        record=submission("audiostack", "Delivery.Encoder.encode_mix", encoder_id, label=mix["script_id"]),
        account=account,
        parent=mix["id"],
        hold_s=context.settings.hold_s,
    )


async def _make(context: Context, account: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    order = doc["request"]
    mix = await _mix(context, account, order)
    [sound, *_], seconds = mix["files"], mix["seconds"]
    channels, wanted = order["settings"].get("channels", _STEREO), order["loudness"]
    if wanted is None and channels != _STEREO and sound.get("lufs") is not None:
        wanted = {"loudness_lufs": sound["lufs"]}  # the mean of two channels would be quieter than the mix
    source, reached = context.files.path(sound["file"]), {}
    with context.files.temporary(".wav") as levelled, context.files.temporary() as path:
        if wanted is not None:
            lufs = await level(context, source, levelled, seconds=seconds, channels=channels, **wanted)
            source, reached = levelled, {"lufs": lufs, "wanted_lufs": wanted["loudness_lufs"]}
        await context.work.run("transcode", path=str(source), out=str(path), **order["settings"])
        file_id = await context.files.keep(path)
    await keep_file(context, account, file_id, is_public=order["public"])
    return {"file": file_id, "seconds": seconds, **reached}


async def _mix(context: Context, account: str, order: Mapping[str, Any]) -> dict[str, Any]:
    found = await context.store.get(_MIX, order["mix_id"], account=account)
    if found is None:
        raise HttpError(404, f"productionId {order['mix_id']!r} not found; it was deleted")
    return found


def _whole(fields: Fields, name: str, low: int, high: int, unit: str) -> int | None:
    number = fields.number(name, low=low, high=high, unit=unit)
    if number is not None and number != int(number):
        raise fields.error(name, number, "a whole number")
    return None if number is None else int(number)


KIND = _progress.Kind(name="v2.encoding", work="encoding", make=_make)
"""A mix in another format."""
