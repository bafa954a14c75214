"""docs/network.md runs as printed, and names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from audiokit import Limits, RateLimits, RetryPolicy, Timeouts
from audiokit.testing import EmulatorProcess
from audiokit.typing import RequestFinished

PAGE = (Path(__file__).parents[2] / "docs" / "network.md").read_text("utf-8")


@pytest.fixture
def page(emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page's examples define, run one after the other as they stand."""
    access = emulator.access["respeecher"]
    monkeypatch.setenv("RESPEECHER_BASE_URL", access.base_url)
    monkeypatch.setenv("RESPEECHER_API_KEY", access.credentials.key.reveal())  # type: ignore[union-attr]
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(block, "network.md", "exec", dont_inherit=True), names)  # our own page
    return names


@pytest.mark.parametrize(("example", "needs"), [("over_http2", "h2"), ("over_aiohttp", "httpx_aiohttp")])
async def test_other_ways_to_the_api_work(page: dict[str, Any], example: str, needs: str) -> None:
    """The emulator answers over a client of one's own (it speaks HTTP/1.1; `test_network.py` has HTTP/2)."""
    pytest.importorskip(needs, reason=f"{needs} is not installed")
    left = await page[example]()
    assert left is not None
    assert left > 0


def test_hook_of_the_page_tells_of_slow_calls(
    page: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A call of two seconds is printed with its attempts."""
    facts = {field.name: None for field in attrs.fields(RequestFinished)}
    event = RequestFinished(**{**facts, "operation": "x.get", "elapsed_s": 2.0, "attempts": 3})  # type: ignore[arg-type]
    page["log_slow"](event)
    assert "x.get: 2.0 s, 3 attempts\n" == capsys.readouterr().out


def test_every_setting_on_the_page_exists() -> None:
    """Fields named in the first table are fields of their records."""
    table = PAGE.split("## How long", maxsplit=1)[1].split("A call that may", maxsplit=1)[0]
    fields = {
        field.name for kind in (Timeouts, RetryPolicy, Limits, RateLimits) for field in attrs.fields(kind)
    }
    named = {word for word in re.findall(r"`(\w+)`", table) if word[0].islower()}
    assert named <= fields
    assert {"stall_s", "least_bytes_per_s", "rates"} <= named
