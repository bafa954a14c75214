"""The public names: importable, sorted, documented, and honest about their arguments."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import audiokit
from audiokit import AudioKit
from audiokit.services._service import Service

MODULES = [
    "audiokit",
    "audiokit.archives",
    "audiokit.errors",
    "audiokit.typing",
    "audiokit.testing",
    "audiokit.jobs",
    "audiokit.markup",
    "audiokit.otel",
    "audiokit.transport",
    "audiokit.services.apiaudio",
    "audiokit.services.audiostack",
    "audiokit.services.respeecher",
    "audiokit.webhooks",
]


def _sorted_like_ruff(names: list[str]) -> list[str]:
    """Constants, then classes, then the rest; each by name."""
    return sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


@pytest.mark.parametrize("name", MODULES)
def test_exported_names_exist_and_are_sorted(name: str) -> None:
    """`__all__` has no stale entry and an order that merges well."""
    module = importlib.import_module(name)
    assert _sorted_like_ruff(module.__all__) == list(module.__all__)
    assert [] == [one for one in module.__all__ if not hasattr(module, one)]


def _documented(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            yield f"{module.__name__}.{name}", value


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_documented(name: str) -> None:
    """Every exported class and function says in a sentence what it is."""
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()
    bare = [
        full
        for full, value in _documented(module)
        if not (value.__doc__ or "").strip() or (value.__doc__ or "").startswith(f"{value.__name__}(")
    ]
    assert [] == bare


def _public_methods(kind: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(kind).items():
        if name.startswith("_"):
            continue
        plain = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if inspect.isfunction(plain):
            yield name, plain


def _classes() -> dict[str, type]:
    found: dict[str, type] = {}
    for name in MODULES:
        for full, value in _documented(importlib.import_module(name)):
            if inspect.isclass(value):
                found[full] = value  # noqa: PERF403 - two loops fill it
    for api in ("apiaudio", "audiostack", "respeecher"):
        package = importlib.import_module(f"audiokit.services.{api}")
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            for name, value in vars(module).items():
                if (
                    inspect.isclass(value)
                    and value.__module__ == module.__name__
                    and not name.startswith("_")
                ):
                    found[f"{module.__name__}.{name}"] = value
    return found


CLASSES = _classes()


@pytest.mark.parametrize("name", CLASSES)
def test_methods_of_public_classes_are_documented(name: str) -> None:
    """Every public method and property says in a full sentence what it does."""
    bare = [
        method
        for method, plain in _public_methods(CLASSES[name])
        if not inspect.getdoc(plain)
        or not (inspect.getdoc(plain) or "").splitlines()[0].strip().endswith(".")
    ]
    assert [] == bare


SERVICES = {name: kind for name, kind in CLASSES.items() if issubclass(kind, Service) and kind is not Service}


@pytest.mark.parametrize("name", SERVICES)
def test_every_call_takes_a_timeout(name: str) -> None:
    """A call that goes over the network can be limited in seconds, by `timeout=` or by options."""
    without = [
        method
        for method, plain in _public_methods(SERVICES[name])
        if inspect.iscoroutinefunction(plain)
        and method != "own_user_id"
        and "timeout" not in (parameters := inspect.signature(plain).parameters)
        and not any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    ]
    assert [] == without


@pytest.mark.parametrize("name", SERVICES)
def test_no_flag_is_positional(name: str) -> None:
    """`True` alone in a call says nothing; flags are given by name."""
    flags = [
        f"{method}.{parameter.name}"
        for method, plain in _public_methods(SERVICES[name])
        for parameter in inspect.signature(plain).parameters.values()
        if "bool" in str(parameter.annotation)
        and parameter.kind is not parameter.KEYWORD_ONLY
        and parameter.kind is not parameter.VAR_KEYWORD
    ]
    assert [] == flags


def test_client_has_the_three_apis() -> None:
    """Services are there before anything is opened, and describe themselves."""
    kit = AudioKit()
    shown = {name: repr(value) for name, value in vars(kit.respeecher).items() if isinstance(value, Service)}
    assert "<respeecher voices>" == shown["voices"]
    assert len(shown) >= 13


def test_version_is_that_of_the_project() -> None:
    """What the package says is what is built."""
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == audiokit.__version__


def test_names_are_loaded_when_they_are_used() -> None:
    """`import audiokit` costs next to nothing; each name and public module is there all the same."""
    program = (
        "import sys, audiokit\n"
        "assert not {'httpx', 'anyio', 'attrs', 'cattrs'} & {*sys.modules}\n"
        "assert {*audiokit.__all__} == {*audiokit._PLACES}\n"
        "assert {*audiokit.__all__, *audiokit._MODULES} <= {*dir(audiokit)}\n"
        "[getattr(audiokit, name) for name in audiokit.__all__]\n"
        "[getattr(audiokit, name) for name in audiokit._MODULES - {'otel'}]\n"  # an extra
        "print(audiokit.errors.ApiError.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ("", "ApiError\n") == (done.stderr, done.stdout)
    with pytest.raises(AttributeError, match="module 'audiokit' has no attribute 'Audiokit'"):
        audiokit.Audiokit  # noqa: B018


def test_package_can_be_looked_at_without_its_extras() -> None:
    """`help`, autocompletion and mocks take it for a module like others; `otel` says how to get it."""
    program = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"  # as if it was not installed
        "import inspect, pydoc, audiokit, unittest.mock\n"
        "assert not hasattr(audiokit, 'otel')\n"
        "assert 'otel' not in dir(audiokit)\n"
        "assert {*audiokit._MODULES} - {'otel'} <= {name for name, _ in inspect.getmembers(audiokit)}\n"
        "assert 'AudioKit' in pydoc.render_doc(audiokit)\n"
        "unittest.mock.create_autospec(audiokit)\n"
        "for statement in ('import audiokit.otel', 'from audiokit import otel'):\n"
        "    try:\n"
        "        exec(statement)\n"
        "    except ModuleNotFoundError as error:\n"
        "        print(error)\n"
        "try:\n"
        "    audiokit.otel\n"
        "except AttributeError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    how = "audiokit.otel needs OpenTelemetry's API: pip install 'audiokit[otel]'"
    assert ("", [how, how, f"module 'audiokit' has no attribute 'otel': {how}"]) == (
        done.stderr,
        done.stdout.splitlines(),
    )
