"""Rows of Respeecher: voices and what they sound like."""

from __future__ import annotations

from wire import Row, items
from wire_respeecher_answers import ID, MOMENT, in_list

VOICE = {
    "id": "v-1",
    "owner_id": ID,
    "name": "Anna",
    "slug": "anna",
    "visibility": "public",
    "species": "human",
    "gender": "female",
    "pitch": 190.5,
    "rating": 80,
    "active": True,
    "created_at": MOMENT,
    "favorite": False,
    "available": True,
    "accents": [
        {
            "id": "a-1",
            "is_default": True,
            "native": True,
            "info": {"name": "British", "short_name": "UK", "locale": "en-GB"},
            "tiers": [{"name": "free"}],
            "available": True,
            "settings": {"favorite": True, "semitones_correction": -2},
        }
    ],
    "narration_styles": [{"id": "s-1", "is_default": True, "info": {"name": "Calm"}, "settings": None}],
    "tiers": [{"name": "free"}],
}
STYLE_MODEL = {
    "id": "m-1",
    "name": "Anna",
    "owner": "u-1",
    "visibility": "public",
    "m2o": True,
    "default_model": False,
    "date_created": "2022-01-02T03:04:05Z",
    "pipeline": ["a"],
    "params": [{"id": "x"}],
    "user_can_use_model": True,
}

ROWS = [
    Row(
        operation="tts_voices.list",
        call=lambda kit: kit.respeecher.tts_voices.list(),
        request="GET /api/tts-voices",
        reply=[{"id": "tv-1", "visibility": "public", "name": "Joe", "f0": 110, "is_default": True}],
        result=lambda found: [(one.id, one.name, one.f0_hz, one.is_default) for one in found],
        expected=[("tv-1", "Joe", 110, True)],
    ),
    Row(
        operation="voices.list",
        call=lambda kit: items(
            kit.respeecher.voices.list(
                visibility="public",
                species=["human", "animal"],
                gender="female",
                age_group="adult",
                pitch_group="mid",
                nationality="British",
                sort="pitch",
                direction="asc",
            )
        ),
        request="GET /api/v2/voices",
        query=[
            ("visibility", "public"),
            ("species", "human"),
            ("species", "animal"),
            ("gender", "female"),
            ("age_group", "adult"),
            ("pitch_group", "mid"),
            ("nationality", "British"),
            ("sort", "pitch"),
            ("direction", "asc"),
            ("limit", "25"),
            ("offset", "0"),
        ],
        reply=in_list(VOICE),
        result=lambda found: [
            (
                one.id,
                one.pitch_hz,
                one.accents[0].info.locale,
                one.accents[0].settings.semitones_correction,
                one.narration_styles[0].name,
                one.tiers[0].name,
            )
            for one in found
        ],
        expected=[("v-1", 190.5, "en-GB", -2, "Calm", "free")],
    ),
    Row(
        operation="voices.search",
        call=lambda kit: kit.respeecher.voices.search("An", limit=10),
        request="GET /api/v2/voices/search",
        query=[("name", "An"), ("limit", "10")],
        reply=[VOICE],
        result=lambda found: [one.name for one in found],
        expected=["Anna"],
    ),
    Row(
        operation="voices.favorite",
        call=lambda kit: kit.respeecher.voices.favorite("v-1", favorite=False),
        request="POST /api/v2/voices/favorite/v-1",
        json={"favorite": False},
        reply=VOICE,
        result=lambda voice: voice.favorite,
        expected=False,
    ),
    Row(
        operation="voices.settings",
        call=lambda kit: kit.respeecher.voices.settings(
            "v-1", narration_style_id="s-1", accent_id="a-1", semitones_correction=0
        ),
        request="POST /api/v2/voices/settings",
        json={
            "voice_id": "v-1",
            "narration_style_id": "s-1",
            "accent_id": "a-1",
            "semitones_correction": 0,
        },
        reply=VOICE,
        result=lambda voice: voice.id,
        expected="v-1",
    ),
    Row(
        operation="accents.samples",
        call=lambda kit: kit.respeecher.accents.samples("a-1"),
        request="GET /api/v2/accents/samples",
        query=[("accent_id", "a-1")],
        reply={"samples": {"low": "/api/s.mp3"}},
        result=lambda found: found.samples,
        expected={"low": "/api/s.mp3"},
    ),
    Row(
        operation="narration_styles.samples",
        call=lambda kit: kit.respeecher.narration_styles.samples("s-1"),
        request="GET /api/v2/narration-styles/samples",
        query=[("narration_style_id", "s-1")],
        reply={"samples": {"calm": "/api/s.mp3"}},
        result=lambda found: found.samples,
        expected={"calm": "/api/s.mp3"},
    ),
    Row(
        operation="models.list",
        call=lambda kit: items(
            kit.respeecher.models.list(search="An", sort="name", direction="asc", page_size=10, offset=20)
        ),
        request="GET /api/models",
        query=[("search", "An"), ("sort", "name"), ("direction", "asc"), ("limit", "10"), ("offset", "20")],
        reply={"list": [STYLE_MODEL], "pagination": {"count": 21, "limit": 10, "offset": 20}},
        result=lambda found: [
            (one.name, one.is_many_to_one, one.is_default, one.is_usable, one.created_at.year, one.extra)
            for one in found
        ],
        expected=[("Anna", True, False, True, 2022, {})],
    ),
    Row(
        operation="voices.list",
        call=lambda kit: items(kit.respeecher.voices.list(page_size=10, offset=20)),
        request="GET /api/v2/voices",
        query=[("limit", "10"), ("offset", "20")],
        reply=[],
        expected=[],
    ),
]
