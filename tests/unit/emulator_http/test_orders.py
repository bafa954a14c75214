"""Orders: conversions, credits, calibration, retries."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from audiokit.emulator._work import WorkError

ORDER_KEYS = {
    "id", "user_id", "original_id", "conversion_id", "tracking_id", "transaction_id", "moderation_id",
    "calibration_id", "f0", "state", "created_at", "closed_at", "error",
}  # fmt: skip


async def order(emulator: Any, original_id: str, *names: str, **more: Any) -> list[dict[str, Any]]:
    """Order an original in some voices."""
    conversions = [{"voice_id": (await emulator.voice(name))["id"]} for name in names]
    body = {"original_id": original_id, "conversions": conversions, **more}
    return await emulator.ok("POST", "/api/v2/orders", json=body)


async def test_an_order_makes_one_recording_per_voice(emulator: Any) -> None:
    """New at first; in the end converted recordings with files, and credits spent."""
    original = await emulator.original(data=None)
    orders = await order(emulator, original["id"], "Boris", "Clara")

    assert [ORDER_KEYS, ORDER_KEYS] == [set(o) for o in orders]
    assert ["new", "new"] == [o["state"] for o in orders]
    done = [await emulator.finished(o["conversion_id"]) for o in orders]
    assert [("done", "converted", original["id"])] * 2 == [
        (r["state"], r["type"], r["original_id"]) for r in done
    ]
    assert ["Boris.wav", "Clara.wav"] == [r["file_name"] for r in done]
    assert {"source_f0_hz": 150.0, "shift_semitones": 3, "expected_f0_hz": 178.4} == done[0]["params"]
    assert done[0]["converted_at"].endswith("Z")
    assert 200 == (await emulator.client.get(done[0]["url"])).status_code
    credits_ = await emulator.ok("GET", "/api/credits")
    assert (pytest.approx(1000 - 2 * 0.5 / 60, abs=1e-5), 1000.0) == tuple(credits_.values())
    stored = await emulator.context.store.get("order", orders[0]["id"], account="default")
    assert ("done", done[0]["transaction_id"]) == (stored["state"], stored["transaction_id"])
    assert stored["closed_at"] is not None


async def test_states_move_while_the_work_goes_on(emulator: Any) -> None:
    """A conversion is processing, and says what at, until it is done."""
    original = await emulator.original()
    emulator.work.held.add("convert")
    [placed] = await order(emulator, original["id"], "Boris")
    await emulator.work.reached("convert")
    seen = await emulator.ok("GET", f"/api/recordings/{placed['conversion_id']}")
    stored = await emulator.context.store.get("order", placed["id"], account="default")

    assert ("processing", "converting", None) == (seen["state"], seen["process_stage"], seen["url"])
    assert "processing" == stored["state"]
    emulator.work.release()
    done = await emulator.finished(placed["conversion_id"])
    assert ("done", None) == (done["state"], done["process_stage"])


async def test_an_order_may_be_placed_before_its_original_is_done(emulator: Any) -> None:
    """It waits for it."""
    emulator.work.held.add("waveform")
    first = await emulator.upload((await emulator.folder())["id"])
    [placed] = await order(emulator, first["id"], "Boris")
    emulator.work.release()

    assert "done" == (await emulator.finished(placed["conversion_id"]))["state"]


async def test_the_worker_gets_pitch_correction_and_colour(emulator: Any) -> None:
    """Target pitch from the voice, correction from the order."""
    original = await emulator.original()
    boris = await emulator.voice("Boris")
    other = boris["accents"][1]["id"]
    conversions = [
        {"voice_id": boris["id"], "semitones_correction": 3, "label": "up"},
        {"voice_id": boris["id"], "accent_id": other},
    ]
    body = {"original_id": original["id"], "conversions": conversions}
    await emulator.ok("POST", "/api/v2/orders", json=body)
    await emulator.context.idle()
    calls = sorted(emulator.work.called("convert"), key=lambda c: -c["semitones_correction"])

    assert [(72, 3.0, None), (72, 0.0, None)] == [
        (c["target_pitch_hz"], c["semitones_correction"], c["source_f0_hz"]) for c in calls
    ]
    assert calls[0]["timbre"] != calls[1]["timbre"]


async def test_an_accents_stored_correction_counts_where_the_order_gives_none(emulator: Any) -> None:
    """The order's own value wins."""
    original = await emulator.original()
    boris = await emulator.voice("Boris")
    accent = boris["accents"][0]["id"]
    stored = {"voice_id": boris["id"], "accent_id": accent, "semitones_correction": -2.5}
    await emulator.ok("POST", "/api/v2/voices/settings", json=stored)
    [first] = await order(emulator, original["id"], "Boris")
    conversions = [{"voice_id": boris["id"], "semitones_correction": 0}]
    body = {"original_id": original["id"], "conversions": conversions}
    [second] = await emulator.ok("POST", "/api/v2/orders", json=body)

    assert -2.5 == (await emulator.finished(first["conversion_id"]))["semitones_correction"]
    assert 0 == (await emulator.finished(second["conversion_id"]))["semitones_correction"]


async def test_the_enabled_calibration_is_the_default(emulator: Any) -> None:
    """use_calibration names another; auto means measuring each original."""
    original = await emulator.original()
    mine, other = await emulator.calibration("mine"), await emulator.calibration("other")
    await emulator.ok("PUT", f"/api/calibration/{mine['id']}/enable")

    [by_default] = await order(emulator, original["id"], "Boris")
    [named] = await order(emulator, original["id"], "Boris", use_calibration=True, calibration_id=other["id"])
    await emulator.ok("POST", "/api/calibration/auto")
    [automatic] = await order(emulator, original["id"], "Boris", calibration_id=other["id"])
    done = await emulator.finished(by_default["conversion_id"])

    assert [mine["id"], other["id"], None] == [o["calibration_id"] for o in (by_default, named, automatic)]
    assert [147.31, 147.31, None] == [o["f0"] for o in (by_default, named, automatic)]
    assert (mine["id"], "mine", 147.31) == (
        done["calibration_id"], done["calibration_name"], done["calibration_value"],
    )  # fmt: skip
    assert [None, 147.31, 147.31] == sorted(
        (c["source_f0_hz"] for c in emulator.work.called("convert")), key=lambda hz: hz or 0
    )


async def test_a_text_original_is_narrated_in_the_style_ordered(emulator: Any) -> None:
    """By speech, not by conversion; credits go by characters."""
    folder = await emulator.folder()
    body = {"parent_folder_id": folder["id"], "text": "x" * 400, "text_language": "fr"}
    original = await emulator.ok("POST", "/api/v2/recordings/tts", json=body)
    helen = await emulator.voice("Helen")
    styles = {s["info"]["name"]: s["id"] for s in helen["narration_styles"]}
    assert {"neutral", "calm", "excited", "story"} == set(styles)
    conversions = [{"voice_id": helen["id"], "narration_style_id": styles["calm"], "semitones_correction": 9}]
    body = {"original_id": original["id"], "conversions": conversions}
    [placed] = await emulator.ok("POST", "/api/v2/orders", json=body)
    done = await emulator.finished(placed["conversion_id"])

    assert ("done", True, "calm") == (done["state"], done["tts"], done["narration_style_name"])
    item = emulator.work.called("speak")[-1]["items"][0]
    assert ("roa/fr+f2", helen["pitch"]) == (item["voice"], item["f0_hz"])
    assert item["style"]["rate"] < 1
    assert [] == emulator.work.called("convert")
    assert 999.9 == (await emulator.ok("GET", "/api/credits"))["credits"]


async def test_a_text_original_needs_a_style_of_its_voice(emulator: Any) -> None:
    """422 at the field, with those there are; a voice that cannot speak is told."""
    folder = await emulator.folder()
    body = {"parent_folder_id": folder["id"], "text": "Hello"}
    original = await emulator.ok("POST", "/api/v2/recordings/tts", json=body)
    helen, boris, minka = [await emulator.voice(n) for n in ("Helen", "Boris", "Minka")]

    async def told(voice: dict[str, Any], **more: Any) -> str:
        body = {"original_id": original["id"], "conversions": [{"voice_id": voice["id"], **more}]}
        return await emulator.refused(422, "POST", "/api/v2/orders", json=body)

    assert "narration_style_id is required" in await told(helen)
    foreign = boris["narration_styles"][0]["id"]
    assert "is not a style of Helen; allowed: " in await told(helen, narration_style_id=foreign)
    assert "cannot speak text" in await told(minka)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"original_id": None}, 422, "original_id is required"),
        ({"original_id": str(uuid.UUID(int=5))}, 404, "original_id '00000000-"),
        ({"conversions": []}, 422, "list of 1 to 100 objects, got 0 entries"),
        ({"conversions": "all"}, 422, "got 'all'"),
        ({"conversions": ["x"]}, 422, "each conversion must be an object, got 'x'"),
        ({"conversions": [{}]}, 422, "voice_id is required"),
        ({"conversions": [{"voice_id": "Boris"}]}, 422, "voice_id must be a UUID, got 'Boris'"),
        ({"conversions": [{"voice_id": str(uuid.UUID(int=5))}]}, 404, "conversions[0].voice_id '0000"),
        ({"use_calibration": True}, 422, "calibration_id is required"),
        ({"use_calibration": True, "calibration_id": str(uuid.UUID(int=5))}, 404, "calibration_id '0000"),
        ({"use_calibration": "maybe"}, 422, "use_calibration must be true or false"),
    ],
)
async def test_a_wrong_order_is_refused(
    emulator: Any, change: dict[str, Any], status: int, words: str
) -> None:
    """Before anything is made or paid."""
    original = await emulator.original()
    boris = await emulator.voice("Boris")
    body = {"original_id": original["id"], "conversions": [{"voice_id": boris["id"]}], **change}

    assert words in await emulator.refused(status, "POST", "/api/v2/orders", json=body)
    params = {"original_id": original["id"]}
    page = await emulator.ok("GET", "/api/recordings/conversions", params=params)
    assert 0 == page["pagination"]["count"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"accent_id": str(uuid.UUID(int=5))}, "is not an accent of Boris; allowed: "),
        ({"semitones_correction": 25}, "semitones_correction must be -24.0 to 24.0, got 25"),
        ({"semitones_correction": "up"}, "must be a number"),
        ({"semitones_correction": True}, "must be a number"),
        ({"label": "x" * 41}, "label must have at most 40 characters"),
    ],
)
async def test_a_wrong_conversion_is_422_at_its_place(
    emulator: Any, change: dict[str, Any], words: str
) -> None:
    """The location counts conversions from 0."""
    original = await emulator.original()
    boris = await emulator.voice("Boris")
    conversions = [{"voice_id": boris["id"]}, {"voice_id": boris["id"], **change}]
    reply = await emulator.client.post(
        "/api/v2/orders", json={"original_id": original["id"], "conversions": conversions}
    )

    assert 422 == reply.status_code
    [problem] = reply.json()["detail"]
    assert ["body", "conversions", 1, next(iter(change))] == problem["loc"]
    assert words in problem["msg"]


async def test_conversions_and_failed_originals_cannot_be_converted(emulator: Any) -> None:
    """400 with the reason."""
    original = await emulator.original()
    [placed] = await order(emulator, original["id"], "Boris")
    await emulator.context.idle()
    boris = await emulator.voice("Boris")
    body = {"original_id": placed["conversion_id"], "conversions": [{"voice_id": boris["id"]}]}
    assert "is a conversion" in await emulator.refused(400, "POST", "/api/v2/orders", json=body)
    emulator.work.failures["probe"] = WorkError("crashed", "died")
    failed = await emulator.original()
    body["original_id"] = failed["id"]
    told = await emulator.refused(400, "POST", "/api/v2/orders", json=body)
    assert "cannot be converted: data was not checked: the emulator failed" in told


async def test_without_credits_an_order_is_402(open_emulator: Any) -> None:
    """What it costs and what is left are told; nothing is made."""
    async with open_emulator(initial_credits=0.02) as emulator:
        original = await emulator.original()
        voices = [{"voice_id": (await emulator.voice(n))["id"]} for n in ("Boris", "Clara", "Maya")]
        body = {"original_id": original["id"], "conversions": voices}
        told = await emulator.refused(402, "POST", "/api/v2/orders", json=body)
        assert "costs 0.025, 0.02 are left" in told
        [placed] = await order(emulator, original["id"], "Boris")
        assert "done" == (await emulator.finished(placed["conversion_id"]))["state"]


async def test_credits_never_go_below_zero(open_emulator: Any) -> None:
    """Orders that pass the check together are paid one by one; the last fails with the reason."""
    async with open_emulator(initial_credits=0.01) as emulator:
        original = await emulator.original()
        emulator.work.held.add("convert")
        placed = [(await order(emulator, original["id"], "Boris"))[0] for _ in range(2)]
        emulator.work.release()
        done = [await emulator.finished(o["conversion_id"]) for o in placed]

        assert ["done", "error"] == sorted(r["state"] for r in done)
        assert "not enough credits" in next(r["error"] for r in done if r["state"] == "error")
        assert 0 <= (await emulator.ok("GET", "/api/credits"))["credits"] < 0.01


async def test_a_failed_conversion_can_be_retried(emulator: Any) -> None:
    """By its own id or its original's; nothing was paid for the failure."""
    original = await emulator.original()
    emulator.work.failures["convert"] = WorkError("refused", "there is too little voice")
    [placed] = await order(emulator, original["id"], "Boris")
    failed = await emulator.finished(placed["conversion_id"])
    stored = await emulator.context.store.get("order", placed["id"], account="default")
    assert ("error", "there is too little voice") == (failed["state"], failed["error"])
    assert ("error", "there is too little voice") == (stored["state"], stored["error"])
    assert 1000.0 == (await emulator.ok("GET", "/api/credits"))["credits"]

    again = await emulator.ok("POST", f"/api/v2/orders/retry/{original['id']}")
    assert (failed["id"], "new", original["id"]) == (
        again["conversion_id"], again["state"], again["original_id"],
    )  # fmt: skip
    assert "error" == (await emulator.finished(failed["id"]))["state"]
    emulator.work.failures.clear()
    await emulator.ok("POST", f"/api/v2/orders/retry/{failed['id']}")
    done = await emulator.finished(failed["id"])
    assert ("done", None) == (done["state"], done["error"])


async def test_two_retries_at_once_make_one_order(emulator: Any) -> None:
    """The second finds nothing failed."""
    original = await emulator.original()
    emulator.work.failures["convert"] = WorkError("crashed", "died")
    [placed] = await order(emulator, original["id"], "Boris")
    await emulator.context.idle()
    emulator.work.held.add("convert")
    path = f"/api/v2/orders/retry/{placed['conversion_id']}"
    replies = await asyncio.gather(*(emulator.client.post(path) for _ in range(3)))
    emulator.work.release()

    assert [200, 400, 400] == sorted(r.status_code for r in replies)


async def test_there_must_be_something_to_retry(emulator: Any) -> None:
    """400 when nothing failed, 404 for an unknown id."""
    original = await emulator.original()
    path = "/api/v2/orders/retry/"

    assert "nothing has failed" in await emulator.refused(400, "POST", path + original["id"])
    assert "not found" in await emulator.refused(404, "POST", path + str(uuid.uuid4()))
    assert "must be a UUID" in await emulator.refused(422, "POST", path + "last")
