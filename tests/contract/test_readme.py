"""The README names every command and option of substance, and its Python compiles."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from audiokit.cli import commands as modules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def readme() -> str:
    """The text, or a clear failure."""
    path = ROOT / "README.md"
    assert path.is_file(), "README.md is missing: write it, with every command of `audiokit --help`"
    return path.read_text("utf-8")


def _commands() -> list[str]:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for command in modules():
        command.add_to(commands)
    return sorted(commands.choices)


@pytest.mark.parametrize("command", _commands())
def test_every_command_is_in_the_readme(command: str, readme: str) -> None:
    """What can be typed is documented."""
    assert f"audiokit {command}" in readme


def test_commands_in_the_readme_exist(readme: str) -> None:
    """What is documented can be typed."""
    named = set(re.findall(r"^\$? ?audiokit ([a-z]+)", readme, re.MULTILINE))
    assert set() == named - set(_commands())


def test_options_in_the_readme_exist(readme: str) -> None:
    """An option that is shown is one that is taken."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for command in modules():
        command.add_to(commands)
    shown = re.findall(r"audiokit ([a-z]+)((?: +[^#`\n]*)?)", readme)
    missing = [
        f"{name} {option}"
        for name, rest in shown
        if name in commands.choices
        for option in re.findall(r"--[a-z-]+", rest)
        if option not in commands.choices[name].format_help()
    ]
    assert [] == missing


def test_python_in_the_readme_compiles(readme: str) -> None:
    """Examples are whole enough to be read by Python."""
    blocks = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        # `await` and `async with` stand at top level in examples.
        compile(block, "README.md", "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def test_every_variable_the_client_reads_is_in_the_readme(readme: str) -> None:
    """Keys come from the environment, so the names must be found."""
    for name in ("APIAUDIO_API_KEY", "AUDIOSTACK_API_KEY", "RESPEECHER_API_KEY", "AUDIOKIT_EMULATOR"):
        assert name in readme
