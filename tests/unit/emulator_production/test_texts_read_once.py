"""The markup of a script is read when it is saved, and long ones where they hold nobody up."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from audiokit.emulator import _markup_v1, _markup_v2

TEXT = "<<sectionName::a>> Hello {{name|friend}}. <<sectionName::b>> <<media::take>> Bye."


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every reading of markup: the beginning of the text, and whether it held up the loop."""
    seen: list[tuple[str, bool]] = []
    for module in (_markup_v1, _markup_v2):

        def parse(text: str, original: Any = module.parse) -> Any:
            seen.append((text[:10], threading.current_thread() is threading.main_thread()))
            return original(text)

        monkeypatch.setattr(module, "parse", parse)
    return seen


async def test_lists_and_replies_read_no_markup(emulator: Any, readings: list[tuple[str, bool]]) -> None:
    """One reading for each text that was saved."""
    made = await emulator.v1("POST", "/script", json={"scriptText": TEXT, "versions": {"de": "Hallo."}})
    script_id = made.json()["scriptId"]
    listed = await emulator.v1("GET", "/script")
    read = await emulator.v1("GET", f"/script/{script_id}", params={"version": "de"})

    assert 2 == len(readings)
    assert made.json() == listed.json()["scripts"][0]
    assert ["a", "b"] == [section["name"] for section in made.json()["sections"]]
    assert ["Hallo."] == [section["text_original"] for section in read.json()["sections"]]
    assert [0, "0"] == [read.json()["sections"][0][key] for key in ("order", "orderString")]


async def test_texts_that_an_older_emulator_kept_are_read_once(
    emulator: Any, readings: list[tuple[str, bool]]
) -> None:
    """What is said of them is kept from then on, unless the text was changed meanwhile."""
    script_id = await emulator.script(TEXT)
    store = emulator.context.store
    doc = await store.get("v1.script", script_id, account="default")
    told = doc.pop("told")
    await store.put("v1.script", script_id, doc, account="default")
    readings.clear()
    for _ in range(3):
        reply = await emulator.v1("GET", f"/script/{script_id}")

    assert 1 == len(readings)
    assert told == (await store.get("v1.script", script_id, account="default"))["told"]
    assert 200 == reply.status_code


async def test_a_deleted_version_leaves_nothing_told(emulator: Any) -> None:
    """A new text of that name is told anew."""
    script_id = await emulator.script(TEXT, versions={"de": "Hallo."})
    await emulator.v1("DELETE", f"/script/{script_id}/de")
    doc = await emulator.context.store.get("v1.script", script_id, account="default")

    assert (["v0"], ["v0"]) == (list(doc["versions"]), list(doc["told"]))


async def test_long_texts_are_read_in_a_thread(emulator: Any, readings: list[tuple[str, bool]]) -> None:
    """Saved, spoken and mixed, of either API; short ones at once."""
    long_v1, long_v2 = "hello {{a|b}} " * 1000, '<as:section name="main">' + "hello " * 3000 + "</as:section>"
    script_id = await emulator.script(long_v1)
    await emulator.v1("POST", "/speech", json={"scriptId": script_id})
    made = await emulator.v2("POST", "/content/script", json={"scriptText": long_v2})
    body = {"scriptId": made.json()["data"]["scriptId"]}
    await emulator.v2("POST", "/speech/tts", json=body)
    await emulator.context.idle()
    long = list(readings)
    readings.clear()
    await emulator.script("Hello.")

    assert len(long) >= 4
    assert {False} == {is_held_up for _, is_held_up in long}
    assert [("Hello.", True)] == readings
