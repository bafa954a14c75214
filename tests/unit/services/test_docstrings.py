"""What the services' docstrings say of their arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[3] / "audiokit" / "services"
MANY = 4  # more arguments than this are explained one by one

Method = ast.FunctionDef | ast.AsyncFunctionDef
_ENTRY = re.compile(r"^    \*{0,2}(\w+): (.*(?:\n        .*)*)", re.MULTILINE)


def _public_methods() -> Iterator[tuple[str, dict[str, Method]]]:
    """The classes of the services, each with its public methods."""
    for path in sorted(SERVICES.rglob("*.py")):
        for one in ast.walk(ast.parse(path.read_text())):
            if isinstance(one, ast.ClassDef):
                methods = {
                    method.name: method
                    for method in one.body
                    if isinstance(method, Method) and not method.name.startswith("_")
                }
                yield f"{path.relative_to(SERVICES)}:{one.name}", methods


def _arguments(method: Method) -> list[str]:
    return [one.arg for one in (*method.args.args, *method.args.kwonlyargs) if one.arg not in {"self", "cls"}]


def _explained(method: Method) -> dict[str, str]:
    """What the section Args says, by argument."""
    _, _, rest = (ast.get_docstring(method) or "").partition("\nArgs:\n")
    section = re.split(r"\n\n(?! )", rest, maxsplit=1)[0]
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(section)}


CLASSES = [pytest.param(methods, id=name) for name, methods in _public_methods() if methods]


@pytest.mark.parametrize("methods", CLASSES)
def test_many_arguments_are_explained_one_by_one(methods: dict[str, Method]) -> None:
    """A method of more than a few has a section that leaves none out."""
    silent = {
        name: missing
        for name, method in methods.items()
        if len(_arguments(method)) > MANY
        and (missing := [one for one in _arguments(method) if one not in _explained(method)])
    }
    assert {} == silent


@pytest.mark.parametrize("methods", CLASSES)
def test_a_call_that_waits_says_the_same_as_the_one_that_does_not(methods: dict[str, Method]) -> None:
    """Units, ranges and defaults of the two are one text, so that neither grows old."""
    differing = {
        (name, argument): (text, also[argument])
        for name, method in methods.items()
        if (plain := methods.get(name.removesuffix("_and_wait"))) not in {None, method}
        for also in [_explained(method)]
        for argument, text in _explained(plain).items()  # type: ignore[arg-type] # it is not None
        if argument in also and text != also[argument]
    }
    assert {} == differing
