"""Voices and their settings, notes, statistics."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from audiokit.emulator.respeecher._market import MARKET_VOICES

VOICE_KEYS = {
    "id", "owner_id", "name", "slug", "visibility", "species", "artist", "verified_artist", "gender", "pitch",
    "age_group", "pitch_group", "nationality", "image_url", "thumbnail_url", "description", "rating",
    "active", "created_at", "favorite", "available", "accents", "narration_styles", "tiers",
}  # fmt: skip


async def test_voices_have_every_key_of_the_reference(emulator: Any) -> None:
    """One default accent each, at least two accents, styles with both names an official client reads."""
    page = await emulator.ok("GET", "/api/v2/voices")
    assert {"count": len(MARKET_VOICES), "limit": 25, "offset": 0} == page["pagination"]
    for voice in page["list"]:
        assert set(voice) == VOICE_KEYS
        assert 1 == sum(a["is_default"] for a in voice["accents"])
        assert len(voice["accents"]) >= 2
        for accent in voice["accents"]:
            assert {"id", "is_default", "native", "info", "tiers", "available", "settings"} == set(accent)
            assert {"favorite": False, "semitones_correction": 0} == accent["settings"]
        for style in voice["narration_styles"]:
            assert [{"name": style["info"]["name"]}] == style["tags"]


def test_the_market_covers_every_kind() -> None:
    """At least 8 voices from low to high, of every pitch group, gender and age."""
    pitches = sorted(v.pitch_hz for v in MARKET_VOICES)
    assert len(set(pitches)) == len(pitches) >= 8
    assert 70 <= pitches[0] < 80
    assert 300 < pitches[-1] <= 320
    assert {"low", "mid", "high"} == {v.pitch_group for v in MARKET_VOICES}
    assert {"male", "female", None} == {v.gender for v in MARKET_VOICES}
    assert {"child", "young", "adult", "senior", None} == {v.age_group for v in MARKET_VOICES}
    assert {"human", "animal", "other"} == {v.species for v in MARKET_VOICES}


async def test_voices_can_be_filtered_sorted_and_paged(emulator: Any) -> None:
    """A repeated filter means any of its values; different filters must all hold."""

    async def names(params: Any) -> list[str]:
        return [v["name"] for v in (await emulator.ok("GET", "/api/v2/voices", params=params))["list"]]

    both = await names([("gender", "male"), ("gender", "female"), ("age_group", "senior")])
    assert {"Boris", "Helen"} == set(both)
    assert {"Minka"} == set(await names({"species": "animal"}))
    assert {"Ingrid"} == set(await names({"nationality": "german"}))
    assert {"Maya"} == set(await names({"visibility": "paid"}))
    by_pitch = await names({"sort": "pitch", "direction": "desc", "limit": 2})
    assert ["Minka", "Lucie"] == by_pitch
    assert ["Boris", "Clara"] == await names({"sort": "name", "limit": 2})
    assert ["Oscar"] == await names({"pitch_group": "high", "gender": "male"})


@pytest.mark.parametrize(
    "params",
    [{"gender": "robot"}, {"species": "plant"}, {"sort": "price"}, {"limit": 101}, {"pitch_group": "x"}],
)
async def test_a_wrong_voice_filter_is_422(emulator: Any, params: dict[str, Any]) -> None:
    """Once, at the field."""
    reply = await emulator.client.get("/api/v2/voices", params=params)
    assert 422 == reply.status_code
    assert [["query", next(iter(params))]] == [p["loc"] for p in reply.json()["detail"]]


async def test_voices_are_found_by_a_part_of_their_name(emulator: Any) -> None:
    """A bare list; empty without a name."""
    assert ["Boris"] == [
        v["name"] for v in await emulator.ok("GET", "/api/v2/voices/search", params={"name": "ORI"})
    ]
    assert [] == await emulator.ok("GET", "/api/v2/voices/search")
    assert 2 == len(await emulator.ok("GET", "/api/v2/voices/search", params={"name": "a", "limit": 2}))
    await emulator.refused(422, "GET", "/api/v2/voices/search", params={"name": "a", "limit": 11})


async def test_favourites_and_settings_stick(emulator: Any) -> None:
    """Marks and corrections come back with the voice; other voices are as before."""
    boris = await emulator.voice("Boris")
    accent, style = boris["accents"][1]["id"], boris["narration_styles"][2]["id"]

    assert (await emulator.ok("POST", f"/api/v2/voices/favorite/{boris['id']}"))["favorite"]
    body = {
        "voice_id": boris["id"],
        "accent_id": accent,
        "narration_style_id": style,
        "semitones_correction": 1.5,
    }
    await emulator.ok("POST", "/api/v2/voices/settings", json=body)
    again = await emulator.voice("Boris")
    assert again["favorite"]
    assert {"favorite": True, "semitones_correction": 1.5} == again["accents"][1]["settings"]
    assert {"favorite": False, "semitones_correction": 0} == again["accents"][0]["settings"]
    assert [False, False, True, False] == [s["settings"]["favorite"] for s in again["narration_styles"]]
    assert not (await emulator.voice("Clara"))["favorite"]
    off = await emulator.ok("POST", f"/api/v2/voices/favorite/{boris['id']}", json={"favorite": False})
    assert not off["favorite"]


async def test_wrong_settings_are_refused(emulator: Any) -> None:
    """A foreign accent, a correction without an accent, an unknown voice."""
    boris, clara = await emulator.voice("Boris"), await emulator.voice("Clara")
    path = "/api/v2/voices/settings"

    foreign = {"voice_id": boris["id"], "accent_id": clara["accents"][0]["id"]}
    assert "does not belong to voice Boris; allowed" in await emulator.refused(
        422, "POST", path, json=foreign
    )
    alone = {"voice_id": boris["id"], "semitones_correction": 1}
    assert "accent_id is required with" in await emulator.refused(422, "POST", path, json=alone)
    await emulator.refused(404, "POST", path, json={"voice_id": str(uuid.uuid4())})
    await emulator.refused(404, "POST", f"/api/v2/voices/favorite/{uuid.uuid4()}")
    bad = {"favorite": "yes"}
    await emulator.refused(422, "POST", f"/api/v2/voices/favorite/{boris['id']}", json=bad)


async def test_samples_are_spoken_once_and_kept(emulator: Any) -> None:
    """The reply names a gateway path that can be downloaded."""
    boris = await emulator.voice("Boris")
    accent, style = boris["accents"][0]["id"], boris["narration_styles"][1]["id"]
    found = await emulator.ok("GET", "/api/v2/accents/samples", params={"accent_id": accent})
    params = {"narration_style_id": style}
    styled = await emulator.ok("GET", "/api/v2/narration-styles/samples", params=params)
    assert ["British English"] == list(found["samples"])
    assert ["calm"] == list(styled["samples"])

    for url in (*found["samples"].values(), *found["samples"].values(), *styled["samples"].values()):
        reply = await emulator.client.get(url)
        assert (200, "audio/wav") == (reply.status_code, reply.headers["content-type"])
    assert 2 == len(emulator.work.called("speak"))
    await emulator.refused(404, "GET", "/api/v2/accents/samples", params={"accent_id": str(uuid.uuid4())})
    await emulator.refused(422, "GET", "/api/v2/accents/samples")
    await emulator.refused(404, "GET", f"/api/samples/accents/{uuid.uuid4()}.wav")


async def test_a_recording_has_one_note(emulator: Any) -> None:
    """Written, changed, listed, deleted with a JSON body; inside the recording it has no recording_id."""
    recording = await emulator.original()
    id_ = recording["id"]
    made = await emulator.ok("POST", "/api/notes", json={"recording_id": id_, "text": "louder"})
    assert {"id", "recording_id", "text", "active"} == set(made)
    changed = await emulator.ok("PUT", "/api/notes", json={"recording_id": id_, "text": "softer"})
    assert {**made, "text": "softer"} == changed
    inside = (await emulator.ok("GET", f"/api/recordings/{id_}"))["note"]
    assert {"id": made["id"], "text": "softer", "active": True} == inside
    params = {"folder_id": recording["parent_folder_id"]}
    assert [changed] == await emulator.ok("GET", "/api/notes", params=params)

    assert changed == await emulator.ok("DELETE", "/api/notes", json={"recording_id": id_})
    assert None is (await emulator.ok("GET", f"/api/recordings/{id_}"))["note"]
    assert "has no note" in await emulator.refused(404, "DELETE", "/api/notes", json={"recording_id": id_})
    assert "has no note" in await emulator.refused(
        404, "PUT", "/api/notes", json={"recording_id": id_, "text": "x"}
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "x"}, 422),
        ({"recording_id": str(uuid.UUID(int=3)), "text": "x"}, 404),
        ({"recording_id": str(uuid.UUID(int=3)), "text": ""}, 422),
        ({"recording_id": str(uuid.UUID(int=3)), "text": "x" * 2001}, 422),
    ],
)
async def test_a_wrong_note_is_refused(emulator: Any, body: dict[str, str], status: int) -> None:
    """Unknown recordings are 404, the rest is 422."""
    await emulator.refused(status, "POST", "/api/notes", json=body)


async def test_statistics_count_conversions_and_seconds(emulator: Any) -> None:
    """For the account, by voice and month; for projects and folders."""
    original = await emulator.original()
    boris = await emulator.voice("Boris")
    body = {"original_id": original["id"], "conversions": [{"voice_id": boris["id"]}] * 2}
    await emulator.ok("POST", "/api/v2/orders", json=body)
    await emulator.context.idle()
    emulator.clock[0] += 40 * 86_400
    await emulator.ok("POST", "/api/v2/orders", json=body)
    await emulator.context.idle()

    counts = {"total": 4, "completed": 4, "in_progress": 0, "failed": 0}
    stats = await emulator.ok("GET", "/api/stats")
    assert counts == stats["conversions"]
    assert {
        "total": 120,
        "current_month": 60,
        "previous_monthes": [{"month": "2026-09-01", "duration": 60.0}],
    } == stats["time_converted"]
    assert [{"id": boris["id"], "name": "Boris", "conversions_count": 4, "converted_time": 120.0}] == stats[
        "models"
    ]
    params = {"project_ids": original["project_id"]}
    assert [
        {
            "project_id": original["project_id"],
            "time_converted": {"total": 120, "current_month": 60},
            "conversions": counts,
        }
    ] == await emulator.ok("GET", "/api/stats/projects", params=params)


async def test_ids_for_statistics_come_in_every_known_way(emulator: Any) -> None:
    """Repeated keys, a comma list, a JSON body on GET, and POST."""
    ids = [(await emulator.folder())["id"] for _ in range(2)]
    path = "/api/stats/folders"
    content = json.dumps({"folder_ids": ids}).encode()

    replies = [
        await emulator.ok("GET", path, params={"folder_ids": ids}),
        await emulator.ok("GET", path, params={"folder_ids": ",".join(ids)}),
        await emulator.ok("GET", path, content=content),
        await emulator.ok("POST", path, content=content),
    ]
    none = {"total": 0, "completed": 0, "in_progress": 0, "failed": 0}
    assert [[{"folder_id": i, "stats": none} for i in ids]] * 4 == replies
    assert [] == await emulator.ok("POST", path, json={"folder_ids": []})
    assert "folder_ids is required" in await emulator.refused(422, "GET", path)
    assert "at most 200 ids, got 201" in await emulator.refused(
        422, "POST", path, json={"folder_ids": ids[:1] * 201}
    )
    assert "must hold UUIDs, got 'x'" in await emulator.refused(422, "GET", path, params={"folder_ids": "x"})
    await emulator.refused(404, "GET", path, params={"folder_ids": str(uuid.uuid4())})
