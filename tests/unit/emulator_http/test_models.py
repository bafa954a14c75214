"""The calls that voices and orders have superseded."""

from __future__ import annotations

from typing import Any

import pytest

from audiokit.emulator._work import WorkError

MODEL = {
    "id", "name", "owner", "visibility", "m2o", "default_model", "date_created", "pipeline", "params",
    "user_can_use_model",
}  # fmt: skip


async def order(emulator: Any, original_id: str, *models: Any, **more: Any) -> Any:
    """Order by model."""
    body = {"original_id": original_id, "models": list(models), **more}
    return await emulator.ok("POST", "/api/recordings/conversion-order", json=body)


async def test_models_are_listed_by_page_and_found_by_name(emulator: Any) -> None:
    """Without a limit all of them; count is that of all matches."""
    everything = await emulator.ok("GET", "/api/models")
    voices = await emulator.ok("GET", "/api/v2/voices")
    names = [one["name"] for one in everything["list"]]

    assert {frozenset(MODEL)} == {frozenset(one) for one in everything["list"]}
    assert len(names) == everything["pagination"]["count"] == voices["pagination"]["count"]
    assert sorted(names, key=str.casefold) == names
    assert 1 == sum(one["default_model"] for one in everything["list"])
    page = await emulator.ok("GET", "/api/models", params={"limit": 2, "offset": 1, "direction": "desc"})
    assert (names[::-1][1:3], len(names)) == (
        [one["name"] for one in page["list"]],
        page["pagination"]["count"],
    )
    [boris] = (await emulator.ok("GET", "/api/models", params={"search": "bori"}))["list"]
    assert "Boris" == boris["name"]
    await emulator.refused(422, "GET", "/api/models", params={"sort": "colour"})


async def test_an_order_by_model_returns_its_conversions(emulator: Any) -> None:
    """They show the model, are converted by its voice with the correction asked for, and cost credits."""
    original = await emulator.original()
    [boris] = (await emulator.ok("GET", "/api/models", params={"search": "Boris"}))["list"]
    params = [{"id": boris["params"][0]["id"], "name": "semitones_correction", "value": 3}]
    made = await order(emulator, original["id"], {"id": boris["id"], "name": "Boris", "params": params})
    conversion = await emulator.finished(made[0]["id"])
    [asked] = emulator.work.called("convert")

    assert ("converted", "done", boris["id"], "Boris") == tuple(
        conversion[name] for name in ("type", "state", "model_id", "model_name")
    )
    assert (3.0, 3.0) == (asked["semitones_correction"], conversion["semitones_correction"])
    credit = await emulator.ok("GET", "/api/credits")
    assert credit["credits"] < credit["initial_credits"]


async def test_texts_are_narrated_in_the_default_style(emulator: Any) -> None:
    """A model whose voice cannot speak is refused."""
    folder = await emulator.folder()
    body = {"parent_folder_id": folder["id"], "text": "Hello"}
    text = await emulator.ok("POST", "/api/v2/recordings/tts", json=body)
    voices = (await emulator.ok("GET", "/api/v2/voices"))["list"]
    silent = next(voice for voice in voices if not voice["narration_styles"])
    speaking = next(voice for voice in voices if voice["narration_styles"])
    [made] = await order(emulator, text["id"], {"id": speaking["id"], "name": "x", "params": []})

    assert speaking["narration_styles"][0]["id"] == made["narration_style_id"]
    wrong = {"original_id": text["id"], "models": [{"id": silent["id"], "name": "x", "params": []}]}
    assert "cannot speak" in await emulator.refused(
        422, "POST", "/api/recordings/conversion-order", json=wrong
    )


@pytest.mark.parametrize(
    ("models", "status", "message"),
    [
        ([], 422, "1 to 100 objects, got 0 entries"),
        ("boris", 422, "got 'boris'"),
        (["boris"], 422, "each model must be an object"),
        ([{"id": "x"}], 422, "must be a UUID"),
        ([{"id": "00000000-0000-4000-8000-000000000000"}], 404, "GET /api/models lists them"),
        ([{"id": "BORIS", "params": {}}], 422, "params must be a list of objects"),
        ([{"id": "BORIS", "params": [{"id": "x", "value": 1}]}], 422, "the only one is"),
        ([{"id": "BORIS", "params": [{"id": "PARAM", "value": 99}]}], 422, "value must be -24.0 to 24.0"),
    ],
)
async def test_wrong_orders_by_model_are_refused(
    emulator: Any, models: Any, status: int, message: str
) -> None:
    """Naming the field and what is allowed."""
    original = await emulator.original()
    [boris] = (await emulator.ok("GET", "/api/models", params={"search": "Boris"}))["list"]
    if isinstance(models, list) and models and models[0].__class__ is dict:
        params = models[0].get("params", [])
        if isinstance(params, list):
            params = [
                {**one, "id": boris["params"][0]["id"] if one["id"] == "PARAM" else one["id"]}
                for one in params
            ]
        models = [{**models[0], "id": models[0]["id"].replace("BORIS", boris["id"]), "params": params}]
    body = {"original_id": original["id"], "models": models}

    detail = await emulator.refused(status, "POST", "/api/recordings/conversion-order", json=body)
    assert message in detail


async def test_a_failed_conversion_is_done_again(emulator: Any) -> None:
    """The same recording, back in work and then done."""
    original = await emulator.original()
    [boris] = (await emulator.ok("GET", "/api/models", params={"search": "Boris"}))["list"]
    emulator.work.failures["convert"] = WorkError("refused", "too little voice")
    [made] = await order(emulator, original["id"], {"id": boris["id"], "name": "Boris", "params": []})
    assert "error" == (await emulator.finished(made["id"]))["state"]
    emulator.work.failures.clear()
    again = await emulator.ok("POST", f"/api/recordings/conversion-redo/{made['id']}")

    assert (made["id"], "processing", None) == (again["id"], again["state"], again["error"])
    assert "done" == (await emulator.finished(made["id"]))["state"]
    await emulator.refused(400, "POST", f"/api/recordings/conversion-redo/{made['id']}")
