"""The client: where it says that it calls, and what it says to those who forget that it is asynchronous."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any

import pytest

from audiokit import AudioKit
from audiokit.errors import InvalidRequest
from audiokit.services._pages import Page, Pages, TokenPage, TokenPages

KEY = "emulator-KEY"
EMULATOR = {"AUDIOKIT_EMULATOR": f"http://{KEY}@127.0.0.1:8900", "RESPEECHER_API_KEY": "real-KEY"}


def test_an_emulator_that_beats_real_keys_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever wonders why nothing arrives at the vendor finds it in the repr, and once in the log."""
    with caplog.at_level(logging.INFO, "audiokit.client"):
        kit = AudioKit.from_env(EMULATOR)
    shown = (
        "<AudioKit with credentials for: apiaudio, audiostack, respeecher; emulator at http://127.0.0.1:8900>"
    )
    assert shown == repr(kit)
    [record] = caplog.records
    said = "AUDIOKIT_EMULATOR is set: all calls go to the emulator at http://127.0.0.1:8900, whatever keys"
    assert ("audiokit.client", "INFO") == (record.name, record.levelname)
    assert record.getMessage().startswith(said)
    assert "KEY" not in repr(kit)


def test_without_an_emulator_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """Neither for real keys nor for an empty variable."""
    with caplog.at_level(logging.INFO, "audiokit.client"):
        kit = AudioKit.from_env({"RESPEECHER_API_KEY": "real", "AUDIOKIT_EMULATOR": " "})
    assert ("<AudioKit with credentials for: respeecher>", []) == (repr(kit), caplog.records)


def test_an_emulator_of_its_own_is_shown() -> None:
    """Before it runs there is no address."""
    shown = "<AudioKit with credentials for: nothing; an emulator of its own, not started>"
    assert shown == repr(AudioKit.emulated())


@pytest.mark.parametrize("data", ["kept", Path("kept"), None])
def test_data_of_an_emulator_is_any_path(data: str | Path | None) -> None:
    """Text too, as everywhere."""
    assert repr(AudioKit.emulated(data=data))
    with pytest.raises(InvalidRequest, match=r"data must be the path of a folder, .*, got 5"):
        AudioKit.emulated(data=5)  # type: ignore[arg-type]


def _lists() -> list[Any]:
    async def page(_: int) -> Page[int]:
        return Page(items=[1, 2], total=2, offset=0)

    async def token_page(_: str | None) -> TokenPage[int]:
        return TokenPage(items=[1, 2], next_token=None)

    return [Pages(page), TokenPages(token_page)]


@pytest.mark.parametrize("pages", _lists(), ids=lambda one: type(one).__name__)
async def test_a_list_says_how_it_is_walked(pages: Any) -> None:
    """`for` and `await` are what comes to mind first; `async for` works, and jobs take it as it is."""
    with pytest.raises(TypeError, match="is walked with `async for`"):
        list(pages)
    with pytest.raises(TypeError, match=r"`await ....list\(\).page\(\)` gets its first page"):
        await pages
    assert [1, 2] == [one async for one in pages]
    assert [1, 2] == (await pages.page()).items
    assert isinstance(pages, AsyncIterable)


def test_a_client_says_how_it_is_opened() -> None:
    """`with` is what comes to mind first."""
    kit: Any = AudioKit()
    with pytest.raises(TypeError, match="opened with `async with`, not `with`"), kit:
        raise AssertionError
