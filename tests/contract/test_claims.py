"""docs/claims.md: each command it names can be run, and runs something.

Whether a pytest command selects a test is read from the sources, for collecting would take seconds.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from audiokit.cli import commands

ROOT = Path(__file__).parents[2]


def _commands() -> list[str]:
    """What the second column of each row has in code, outside of brackets."""
    rows = [line for line in (ROOT / "docs/claims.md").read_text("utf-8").splitlines() if line[:2] == "| "]
    cells = [re.sub(r"\([^)]*\)", "", row.split(" | ")[1]) for row in rows]
    return sorted({command for cell in cells for command in re.findall("`([^`]+)`", cell)})


COMMANDS = _commands()


@attrs.frozen
class _Test:
    name: str
    is_plain: bool
    is_heavy: bool


def _names_heavy(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr == "heavy" for one in ast.walk(node))


@functools.cache
def _tests(path: Path) -> tuple[_Test, ...]:
    """The tests of one file, with what the marker `heavy` says of them; of single parameters it says both."""
    return tuple(_each_test(ast.parse(path.read_text("utf-8"))))


def _each_test(tree: ast.Module) -> Iterator[_Test]:
    is_all_heavy = any(
        _names_heavy(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    )
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name[:5] != "test_":
            continue
        own = [one for one in node.decorator_list if _names_heavy(one)]
        is_heavy = is_all_heavy or any(isinstance(one, ast.Attribute) for one in own)
        yield _Test(name=node.name, is_plain=not is_heavy, is_heavy=is_heavy or bool(own))


def _selected(command: str) -> list[str]:
    """Names of the tests that a pytest command selects; fails on what it cannot read."""
    found = re.fullmatch(
        r"pytest(?P<heavy> -m heavy)?(?: -n0)?(?P<places>(?: [\w./]+)+)(?: -k (?P<word>\w+))?", command
    )
    assert found, f"{command!r}: teach this test to read it"
    is_heavy, word = bool(found["heavy"]), found["word"] or ""
    files: list[Path] = []
    for place in (ROOT / name for name in found["places"].split()):
        assert place.exists(), f"{place} is not there"
        files += sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
    return [
        test.name
        for file in files
        for test in _tests(file)
        if (test.is_heavy if is_heavy else test.is_plain) and (word in test.name or word in file.name)
    ]


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("pytest ")])
def test_tests_that_are_named_exist(command: str) -> None:
    """A claim is shown by a test that the command selects, not by a run of nothing."""
    assert [] != _selected(command)


def test_commands_that_are_named_exist() -> None:
    """Benchmarks, sessions of nox and commands of our own are there."""
    sessions = set(
        re.findall(r"^@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE)
    )
    known = {f"nox -s {name}" for name in sessions}
    known |= {f"python benchmarks/{path.name}" for path in (ROOT / "benchmarks").glob("*.py")}
    known |= {f"audiokit {command.__name__.rpartition('.')[2]}" for command in commands()}
    assert set() == {one for one in COMMANDS if not one.startswith("pytest ")} - known
    assert {"nox", "python", "audiokit", "pytest"} == {one.split()[0] for one in COMMANDS}


def test_a_selection_is_told_from_its_sources() -> None:
    """What pytest would not select is not counted: heavy tests without `-m heavy`, names without the word."""
    assert [] == _selected("pytest tests/sound/test_masters.py -k nothing_has_this_name")
    heavy, plain = _selected("pytest -m heavy tests/sound"), _selected("pytest tests/sound")
    assert "test_a_selection_is_told_from_its_sources" in _selected("pytest tests/contract/test_claims.py")
    assert "test_each_module_can_be_imported_first" in _selected("pytest -m heavy tests/contract")
    assert "test_each_module_can_be_imported_first" not in _selected("pytest tests/contract")
    assert heavy != plain
