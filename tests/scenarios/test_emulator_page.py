"""docs/emulator.md names every option and every endpoint of the emulator's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audiokit.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text("utf-8")


def test_every_option_is_on_the_page_and_none_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """The page and the command's own help agree."""
    with pytest.raises(SystemExit):
        main(["emulator", "--help"])
    there = set(re.findall(r"(--[a-z][a-z-]+)", capsys.readouterr().out)) - {"--help"}
    table = PAGE.split("## Options", maxsplit=1)[1].split("##", maxsplit=1)[0]

    assert there == set(re.findall(r"(--[a-z][a-z-]+)", table))


def test_every_control_endpoint_is_on_the_page() -> None:
    """By method and path."""
    from audiokit.emulator._control import CONTROL

    there = {f"{method} /control{route.path}" for route in CONTROL.routes for method in route.methods or ()}
    wanted = {one for one in there if not one.startswith("HEAD")}
    assert wanted == set(re.findall(r"`((?:GET|POST|PATCH) /control/\w+)`", PAGE))
