"""Objects as the wire shows them: every key present, null when there is nothing.

Stored documents carry the wire's keys, plus our own that begin with an underscore and never leave.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator.respeecher._market import Accent, MarketVoice, NarrationStyle

if TYPE_CHECKING:
    from collections.abc import Mapping

SEMITONES = 24.0
"""Largest semitone correction, up or down; our own bound, the service publishes none."""


def new_id() -> str:
    """Make an id."""
    return str(uuid.uuid4())


def wire(doc: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is ours."""
    return {key: value for key, value in doc.items() if not key.startswith("_")}


def project_doc(*, name: str, owner: str, models: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Make a new project."""
    id_ = new_id()
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "project"
    return {
        "name": name,
        "slug": slug,
        "owner": owner,
        "url": f"{slug}-{id_[:8]}",
        "models": dict(models),
        "id": id_,
        "active": True,
        "created_at": now,
        "last_recording_at": now,
    }


def folder_doc(*, name: str, project_id: str, now: str) -> dict[str, Any]:
    """Make a new folder."""
    return {
        "name": name,
        "project_id": project_id,
        "parent_id": None,
        "id": new_id(),
        "active": True,
        "created_at": now,
    }


def recording_doc(*, folder: Mapping[str, Any], type_: str, now: str, **known: Any) -> dict[str, Any]:
    """Make a new recording in state ``processing``; *known* fields replace the nulls."""
    return {
        "id": new_id(),
        "project_id": folder["project_id"],
        "parent_folder_id": folder["id"],
        "type": type_,
        "url": None,
        "waveform_url": None,
        "file_name": None,
        "label": None,
        "state": "processing",
        "original_id": None,
        "model_id": None,
        "model_name": None,
        "calibration_id": None,
        "calibration_value": None,
        "calibration_name": None,
        "microphone": None,
        "size": None,
        "duration": 0,
        "starred": False,
        "tts": False,
        "tts_voice": None,
        "tts_voice_id": None,
        "text": None,
        "params": {},
        "error": None,
        "active": True,
        "created_at": now,
        "converted_at": None,
        "listen_count": 0,
        "process_stage": None,
        "note": None,
        "voice_id": None,
        "voice_name": None,
        "accent_id": None,
        "accent_name": None,
        "narration_style_id": None,
        "narration_style_name": None,
        "semitones_correction": None,
        "transaction_id": None,
        "moderation": None,
        **known,
    }


def calibration_doc(*, name: str, user_id: str, now: str) -> dict[str, Any]:
    """Make a new calibration in state ``processing``."""
    id_ = new_id()
    return {
        "id": id_,
        "name": name,
        "user_id": user_id,
        "f0": None,
        "algorithm": None,
        "bucket": "emulator",
        "key": f"calibrations/{id_}",
        "state": "processing",
        "error": None,
        "created_at": now,
        "calibrated_at": None,
        "enabled": False,
    }


def order_doc(
    *, user_id: str, original_id: str, conversion_id: str, calibration: Mapping[str, Any] | None, now: str
) -> dict[str, Any]:
    """Make a new order in state ``new``."""
    return {
        "id": new_id(),
        "user_id": user_id,
        "original_id": original_id,
        "conversion_id": conversion_id,
        "tracking_id": new_id(),
        "transaction_id": None,
        "moderation_id": None,
        "calibration_id": None if calibration is None else calibration["id"],
        "f0": None if calibration is None else calibration["f0"],
        "state": "new",
        "created_at": now,
        "closed_at": None,
        "error": None,
    }


def voice_shape(voice: MarketVoice, owner_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Make the Voice object; *settings* is what the caller stored for it."""
    return {
        "id": voice.id,
        "owner_id": owner_id,
        "name": voice.name,
        "slug": voice.slug,
        "visibility": voice.visibility,
        "species": voice.species,
        "artist": None,
        "verified_artist": None,
        "gender": voice.gender,
        "pitch": voice.pitch_hz,
        "age_group": voice.age_group,
        "pitch_group": voice.pitch_group,
        "nationality": voice.nationality or None,
        "image_url": None,
        "thumbnail_url": None,
        "description": voice.description,
        "rating": voice.rating,
        "active": True,
        "created_at": voice.created_at,
        "favorite": bool(settings.get("favorite", False)),
        "available": True,
        "accents": [_accent(a, settings, default=a is voice.accents[0]) for a in voice.accents],
        "narration_styles": [_style(s, settings, default=s is voice.styles[0]) for s in voice.styles],
        "tiers": [{"name": "free"}],
    }


def _accent(accent: Accent, settings: Mapping[str, Any], *, default: bool) -> dict[str, Any]:
    stored = settings.get("accents", {}).get(accent.id, {})
    return {
        "id": accent.id,
        "is_default": default,
        "native": accent.native,
        "info": {"name": accent.name, "short_name": accent.short_name, "locale": accent.locale},
        "tiers": [{"name": "free"}],
        "available": True,
        "settings": {
            "favorite": stored.get("favorite", False),
            "semitones_correction": stored.get("semitones_correction", 0),
        },
    }


def _style(style: NarrationStyle, settings: Mapping[str, Any], *, default: bool) -> dict[str, Any]:
    stored = settings.get("styles", {}).get(style.id, {})
    return {
        "id": style.id,
        "is_default": default,
        "info": {"name": style.name},
        # An official client reads the name from here instead.
        "tags": [{"name": style.name}],
        "settings": {"favorite": stored.get("favorite", False)},
    }
