"""The control endpoints: counts, settings that change while it runs, tenants."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audiokit.emulator._processing_time import ProcessingTime, parse_processing, write_processing

Serving = Callable[..., Any]


async def boris(served: Any) -> str:
    """Id of a voice."""
    voices = (await served.client.get("/api/v2/voices")).json()["list"]
    return next(voice["id"] for voice in voices if voice["name"] == "Boris")


async def order(served: Any, original_id: str, *labels: str | None) -> list[dict[str, Any]]:
    """Order conversions of an original with these labels."""
    voice_id = await boris(served)
    conversions = [{"voice_id": voice_id, **({"label": label} if label else {})} for label in labels]
    body = {"original_id": original_id, "conversions": conversions}
    reply = await served.client.post("/api/v2/orders", json=body)
    assert 200 == reply.status_code, reply.text
    return reply.json()


async def test_control_needs_its_own_key(serving: Serving) -> None:
    """No API key opens it, and the control key opens no API."""
    served = await serving()
    api_key, control_key = served.client.headers["api-key"], served.facts["control"]["control_key"]
    url = f"{served.facts['control']['base_url']}/counts"

    assert 403 == (await served.client.get(url)).status_code
    assert 403 == (await served.client.get(url, headers={"x-control-key": api_key})).status_code
    assert 200 == (await served.client.get(url, headers={"x-control-key": control_key})).status_code
    own = {"api-key": control_key, "x-api-key": control_key}
    assert 401 == (await served.client.get("/api/credits", headers=own)).status_code


async def test_submissions_are_counted_by_label(serving: Serving) -> None:
    """Uploads, texts, orders and retries, each by the label as it was sent."""
    served = await serving()
    folder_id = await served.folder_id()
    first = (await served.upload(folder_id, label="take 1")).json()
    await served.upload(folder_id)
    body = {"parent_folder_id": folder_id, "text": "Hello", "label": "text 1"}
    await served.client.post("/api/v2/recordings/tts", json=body)
    await order(served, first["id"], "a", "b")
    await order(served, first["id"], "a", None)
    await served.context.idle()
    counted = await served.counts()
    by_label = {(one["operation"], one["label"], one["name"]): one["count"] for one in counted["submissions"]}
    voice_id = await boris(served)

    assert {
        ("recordings.create", "take 1", "a.wav"): 1,
        ("recordings.create", None, "a.wav"): 1,
        ("recordings.create_tts", "text 1", None): 1,
        ("orders.create", "a", voice_id): 2,
        ("orders.create", "b", voice_id): 1,
        ("orders.create", None, voice_id): 1,
    } == by_label
    assert {"recordings.create": 2, "recordings.create_tts": 1, "orders.create": 4} == counted["submitted"]
    assert {"200": 2} == counted["calls"]["respeecher"]["orders.create"]
    spent = counted["credits"]["default"]["respeecher"]
    assert pytest.approx(spent["initial"] - spent["left"]) == spent["spent"] > 0


async def test_a_submission_that_was_cut_counts_when_it_was_committed(serving: Serving) -> None:
    """`reset` is no submission, `lost` is one; both calls look the same to the caller."""
    served = await serving()
    original = (await served.upload(await served.folder_id())).json()
    voice_id = await boris(served)
    for fault, label in (("reset", "never"), ("lost", "done")):
        body = {"original_id": original["id"], "conversions": [{"voice_id": voice_id, "label": label}]}
        with pytest.raises(httpx.TransportError):
            await served.client.post("/api/v2/orders", json=body, headers=served.fault(fault))
    counted = await served.counts()

    assert ["done"] == [one["label"] for one in counted["submissions"] if one["operation"] == "orders.create"]
    assert {"orders.create": {"lost": 1, "reset": 1}} == counted["faults"]["respeecher"]


async def test_labels_can_be_dropped(serving: Serving) -> None:
    """The conversion then shows none; the count still knows it."""
    served = await serving(labels="drop")
    original = (await served.upload(await served.folder_id(), label="kept")).json()
    [made] = await order(served, original["id"], "secret")
    shown = (await served.client.get(f"/api/recordings/{made['conversion_id']}")).json()
    counted = await served.counts()

    assert (None, "kept") == (shown["label"], original["label"])
    assert "secret" in {one["label"] for one in counted["submissions"]}
    await served.change(labels="echo")
    [made] = await order(served, original["id"], "open")
    assert "open" == (await served.client.get(f"/api/recordings/{made['conversion_id']}")).json()["label"]


async def test_pretended_processing_runs_at_the_speed_of_virtual_time(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conversion that takes 600 virtual seconds is under way until then; another speed wakes it at once."""
    served = await serving(processing="conversion:600s", speed=1.0)
    original = (await served.upload(await served.folder_id())).json()
    [made] = await order(served, original["id"], "slow")
    path = f"/api/recordings/{made['conversion_id']}"
    while (found := (await served.client.get(path)).json())["process_stage"] != "converting: 0 %":
        assert "processing" == found["state"]
    pace, now = served.context.pace, [time.monotonic()]
    monkeypatch.setattr(pace, "_monotonic", lambda: now[0])
    await served.change(speed=6000)
    now[0] += (590 - pace.now()) / 6000
    while (found := (await served.client.get(path)).json())["process_stage"] == "converting: 0 %":
        assert "processing" == found["state"]
    assert ("processing", "converting: 9") == (found["state"], found["process_stage"][:13])
    now[0] += 30 / 6000
    await served.context.idle()

    assert "done" == (await served.client.get(path)).json()["state"]
    assert (await served.counts())["virtual_s"] == pytest.approx(620)


async def test_settings_change_together_or_not_at_all(serving: Serving) -> None:
    """A wrong value leaves even the right ones before it as they were."""
    served = await serving()
    before = (await served.control.get("/settings")).json()
    for wrong, message in (
        ({"labels": "drop", "faults": "boom"}, "'boom' must be one of"),
        ({"labels": "drop", "colour": 1}, "'colour' is not known"),
        ({"labels": "drop", "speed": 0}, "speed must be 0.01"),
        ({"labels": "drop", "speed": "fast"}, "speed must be a number"),
        ({"labels": "drop", "processing": "tea:1s"}, "'tea' is not known"),
        ({"labels": "drop", "rate_limits": "1"}, "FAST/SLOW/SECONDSs"),
        ({"labels": "drop", "seed": 1.5}, "seed must be a whole number"),
        ({"labels": "shout"}, "labels must be one of"),
        ({"labels": "drop", "faults": None}, "faults must be a string"),
    ):
        reply = await served.control.patch("/settings", json=wrong)
        assert 422 == reply.status_code
        assert message in reply.json()["detail"]

    assert before == (await served.control.get("/settings")).json()
    changed = {
        "faults": "429:0.5x3@1-2s/orders.*",
        "seed": 3,
        "speed": 2.0,
        "processing": "tts:1x+2s",
        "labels": "drop",
        "rate_limits": "5/1/10s",
    }
    assert changed == (await served.control.patch("/settings", json=changed)).json()


async def test_reset_counts_anew(serving: Serving) -> None:
    """Objects and credits stay."""
    served = await serving()
    folder_id = await served.folder_id()
    await served.upload(folder_id)
    await served.context.idle()
    assert 200 == (await served.control.post("/reset")).status_code
    counted = await served.counts()

    assert ({}, [], {}) == (counted["calls"], counted["submissions"], counted["submitted"])
    listed = await served.client.get("/api/recordings", params={"folder_id": folder_id})
    assert 1 == listed.json()["pagination"]["count"]


async def test_tenants_can_be_added_while_it_runs(serving: Serving) -> None:
    """Each with a key and a login of its own; wrong ones say why."""
    served = await serving()
    made = (await served.control.post("/tenants", json={"name": "acme"})).json()
    login = {"email": made["email"], "password": made["password"]}
    signed_in = await served.client.post("/api/login", json=login, headers={"api-key": ""})

    assert ["default", "acme"] == [one["name"] for one in (await served.control.get("/tenants")).json()]
    assert 200 == (await served.client.get("/api/credits", headers={"api-key": made["api_key"]})).status_code
    assert made["user_id"] == signed_in.json()["user"]["id"]
    for body, message in (
        ({"name": "ACME"}, "exists already"),
        ({"name": "a/b"}, "letters, digits"),
        ({"name": "public"}, "none of"),
        ({"name": "x", "key": "short"}, "at least 32 characters, got 5"),
        ({"name": "x", "key": made["api_key"]}, "another tenant's"),
    ):
        reply = await served.control.post("/tenants", json=body)
        assert (422, True) == (reply.status_code, message in reply.json()["detail"]), reply.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conversion:1x+2s", ProcessingTime(factor=1.0, fixed_s=2.0)),
        ("conversion:0.5x", ProcessingTime(factor=0.5)),
        ("conversion:800ms", ProcessingTime(fixed_s=0.8)),
    ],
)
def test_processing_is_read_as_it_is_written(text: str, expected: ProcessingTime) -> None:
    """And written as it is read."""
    read = parse_processing(text)

    assert {"conversion": expected} == read
    assert read == parse_processing(write_processing(read))


@pytest.mark.parametrize(
    "text", ["conversion", "conversion:", "conversion:x", "conversion:1x2s", "conversion:+2s"]
)
def test_processing_that_is_no_duration_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(ValueError, match="like 1x"):
        parse_processing(text)


@pytest.mark.parametrize("path", ["/settings", "/tenants", "/reset"])
async def test_odd_bodies_are_refused_and_break_nothing(serving: Serving, path: str) -> None:
    """Every field with every odd value; the emulator goes on."""
    served = await serving()
    names = ("faults", "seed", "speed", "processing", "labels", "rate_limits", "name", "key")
    method = "PATCH" if path == "/settings" else "POST"
    for value in (True, -1, 1e308, 10**30, "", "x" * 5000, "\x00", [], {}, [[]], {"a": {}}):
        for name in names:
            reply = await served.control.request(method, path, json={name: value})
            assert reply.status_code < 500, (name, value, reply.text)
    for content in (b"", b"{", b"[]", b"\xff"):
        assert (await served.control.request(method, path, content=content)).status_code < 500

    assert 200 == (await served.client.get("/api/credits")).status_code
