"""Calibrations."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from audiokit.emulator._work import WorkError

KEYS = {
    "id", "name", "user_id", "f0", "algorithm", "bucket", "key", "state", "error", "created_at",
    "calibrated_at", "enabled",
}  # fmt: skip


async def test_a_calibration_is_processing_first_and_calibrated_later(
    emulator: Any, wav: Callable[..., bytes]
) -> None:
    """Every key of the reference from the start; then its pitch and how it was found."""
    emulator.work.held.add("f0")
    files = {"data": ("me.wav", wav())}
    first = await emulator.ok("POST", "/api/calibration", data={"name": "mine"}, files=files)
    assert KEYS == set(first)
    assert ("processing", None, False) == (first["state"], first["f0"], first["enabled"])
    emulator.work.release()
    await emulator.context.idle()

    done = await emulator.ok("GET", f"/api/calibration/{first['id']}")
    assert ("calibrated", 147.31, "yin", None) == (
        done["state"], done["f0"], done["algorithm"], done["error"],
    )  # fmt: skip
    assert done["calibrated_at"].endswith("Z")


async def test_a_recording_without_voice_ends_in_state_error(emulator: Any) -> None:
    """With the reason; such a calibration cannot be enabled."""
    emulator.work.failures["f0"] = WorkError("refused", "no clear voice: 3% of the sound is voiced")
    failed = await emulator.calibration()

    assert ("error", "no clear voice: 3% of the sound is voiced") == (failed["state"], failed["error"])
    path = f"/api/calibration/{failed['id']}/enable"
    assert "cannot be enabled in state 'error'" in await emulator.refused(400, "PUT", path)


async def test_names_are_unique_until_they_are_free_again(emulator: Any, wav: Callable[..., bytes]) -> None:
    """A second one of the same name is 400; deleting or renaming frees the name."""
    first = await emulator.calibration("mine")
    form = {"data": {"name": "mine"}, "files": {"data": ("me.wav", wav())}}
    assert "'mine' exists already" in await emulator.refused(400, "POST", "/api/calibration", **form)

    renamed = await emulator.ok("PATCH", f"/api/calibration/{first['id']}", json={"name": "old"})
    assert "old" == renamed["name"]
    second = await emulator.calibration("mine")
    await emulator.ok("DELETE", f"/api/calibration/{second['id']}")
    await emulator.calibration("mine")


async def test_one_calibration_is_enabled_at_a_time(emulator: Any) -> None:
    """Enabling switches the other off; the user shows it; auto switches all off."""
    first, second = await emulator.calibration("a"), await emulator.calibration("b")

    async def enabled() -> list[bool]:
        return [c["enabled"] for c in await emulator.ok("GET", "/api/calibration")]

    assert [False, False] == await enabled()
    assert (await emulator.ok("PUT", f"/api/calibration/{first['id']}/enable"))["enabled"]
    assert [True, False] == await enabled()
    await emulator.ok("PUT", f"/api/calibration/{second['id']}/enable")
    assert [False, True] == await enabled()
    user = await emulator.ok("POST", "/api/auth")
    assert {"calibration_id": second["id"], "f0": 147.31} == user["data"]["calibration"]
    assert None is (await emulator.ok("POST", "/api/calibration/auto"))["data"]["calibration"]
    assert [False, False] == await enabled()


async def test_deleting_returns_what_was_deleted(emulator: Any) -> None:
    """The default among them gives way to automatic."""
    made = await emulator.calibration()
    await emulator.ok("PUT", f"/api/calibration/{made['id']}/enable")

    assert {**made, "enabled": True} == await emulator.ok("DELETE", f"/api/calibration/{made['id']}")
    assert [] == await emulator.ok("GET", "/api/calibration")
    assert None is (await emulator.ok("POST", "/api/auth"))["data"]["calibration"]
    assert "not found" in await emulator.refused(404, "GET", f"/api/calibration/{made['id']}")


async def test_the_list_is_bare_and_can_be_searched(emulator: Any) -> None:
    """With limit and offset all the same."""
    for name in ("Ann", "Bob", "Anna"):
        await emulator.calibration(name)

    async def names(**params: Any) -> list[str]:
        return [c["name"] for c in await emulator.ok("GET", "/api/calibration", params=params)]

    assert ["Ann", "Bob", "Anna"] == await names()
    assert ["Bob"] == await names(limit=1, offset=1)
    assert ["Ann", "Anna"] == await names(search="ann")


@pytest.mark.parametrize(
    ("name", "data", "status", "words"),
    [
        (None, b"RIFF", 422, "name is required"),
        ("x" * 41, b"RIFF", 422, "at most 40 characters"),
        ("a", None, 422, "data is required"),
        ("a", b"plain text", 400, "data is not audio: text"),
    ],
)
async def test_a_wrong_calibration_is_refused(
    emulator: Any, name: str | None, data: bytes | None, status: int, words: str
) -> None:
    """And its name stays free."""
    form = {} if name is None else {"name": name}
    files = {"data" if data is not None else "other": ("a.wav", data or b"x")}

    assert words in await emulator.refused(status, "POST", "/api/calibration", data=form, files=files)
    assert [] == list(emulator.context.files.scratch_folder.iterdir())
    if name == "a":
        await emulator.calibration("a")


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("DELETE", ""), ("PUT", "/enable")])
async def test_unknown_calibrations_are_404(emulator: Any, method: str, end: str) -> None:
    """And malformed ids 422."""
    await emulator.refused(404, method, f"/api/calibration/{uuid.uuid4()}{end}")
    await emulator.refused(422, method, f"/api/calibration/mine{end}")
