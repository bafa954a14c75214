"""docs/testing.md: its examples run as printed, and its tables name what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from audiokit.errors import EmulatorError
from audiokit.testing import EmulatorControl, EmulatorProcess, plugin

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")


def test_its_examples_run_as_printed(tmp_path: Path) -> None:
    """In a project of their own, with nothing but what the page says."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "conftest.py").write_text(blocks[0])
    (tmp_path / "test_page.py").write_text("\n\n".join(blocks[1:]))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True, text=True, cwd=tmp_path, check=False, env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip

    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-1000:]
    assert "3 passed" in done.stdout


def test_it_names_every_fixture() -> None:
    """The table and the plugin agree."""
    table = PAGE.split("| fixture |", maxsplit=1)[1].split("###", maxsplit=1)[0]
    fixtures = {
        name for name, value in vars(plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"
    }

    assert fixtures == set(
        re.findall(r"`(\w+)`(?=[, |])", re.sub(r"\|[^|]*\|$", "|", table, flags=re.MULTILINE))
    )


async def test_the_control_client_says_why_it_was_refused(emulator: EmulatorProcess) -> None:
    """Its errors carry the emulator's own words; its repr no key."""
    control = EmulatorControl.of(emulator)
    with pytest.raises(EmulatorError, match=r"PATCH /control/settings: labels must be one of echo, drop"):
        await control.change(labels="shout")
    with pytest.raises(EmulatorError, match="header x-control-key is wrong"):
        await EmulatorControl(emulator.control_url, "wrong").counts()
    with pytest.raises(EmulatorError, match=r"no operation 'order.create'; did you mean 'orders.create'"):
        await control.submitted("order.create")
    tenant = await control.add_tenant("page")
    assert {"api_key", "email", "password", "user_id"} <= set(tenant)
    assert "echo" == (await control.settings())["labels"]
    assert emulator.control_key not in repr(control)
