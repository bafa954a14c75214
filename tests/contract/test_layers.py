"""Imports point one way, nothing is imported that is not needed, and no module needs another first."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "audiokit"

LEAVES = {"errors", "typing", "_config", "_extras", "_unset", "_formats"}
# Layer by layer: what each may import besides itself.
MAY_IMPORT = {
    "errors": set[str](),
    "_unset": set[str](),
    "_extras": set[str](),
    "_formats": set[str](),
    "typing": set[str](),
    "_config": {"errors"},
    "transport": LEAVES,
    "services": {"transport", *LEAVES},
    "jobs": {"services", "transport", "webhooks", *LEAVES},
    "_emulated": LEAVES,
    "_client": {"jobs", "services", "transport", "_emulated", *LEAVES},
    "webhooks": LEAVES,
    "archives": {"transport", *LEAVES},
    "markup": LEAVES,
    "otel": LEAVES,
    "testing": {"_client", "_emulated", "transport", *LEAVES},
    "emulator": LEAVES,
    # All that is public, for type checkers; at run time nothing before it is used.
    "audiokit": {
        "_client",
        "archives",
        "jobs",
        "markup",
        "otel",
        "services",
        "testing",
        "transport",
        "webhooks",
        *LEAVES,
    },
    "cli": {
        "audiokit",
        "_client",
        "jobs",
        "services",
        "transport",
        "_emulated",
        "emulator",
        "testing",
        *LEAVES,
    },
    "__main__": {"cli"},
}
OUTSIDE_CORE = {
    "numpy",
    "starlette",
    "uvicorn",
    "rich",
    "soundfile",
    "av",
    "python_multipart",
    "espeakng_loader",
    "python_stretch",
    "opentelemetry",
    "pytest",
    "respx",
}


def _modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def _layer(module: str) -> str:
    return module.split(".")[1] if "." in module else "audiokit"


def _imports(path: Path, *, at_start: bool = False) -> tuple[str, ...]:
    """Modules that a file imports; with *at_start* only those that importing it runs."""
    return tuple(name for name, is_at_start in _all_imports(path) if is_at_start or not at_start)


@functools.cache
def _all_imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """Modules that a file imports, and whether importing it runs that."""
    return tuple(_each_import(ast.parse(path.read_text("utf-8")), path, at_start=True))


def _each_import(node: ast.AST, path: Path, *, at_start: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, at_start) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{path}: relative imports are not used here"
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            yield full if full in MODULES else str(node.module), at_start
    is_late = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):  # no statement is inside one
            yield from _each_import(child, path, at_start=at_start and not (is_late or is_for_types))


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    """A module imports its own layer and those below it, also inside functions and for types."""
    layer = _layer(module)
    assert layer in MAY_IMPORT, f"{layer} has no place among the layers; give it one in MAY_IMPORT"
    used = {_layer(name) for name in _imports(MODULES[module]) if name.split(".")[0] == "audiokit"}
    assert set() == used - MAY_IMPORT[layer] - {layer}


def test_every_layer_named_here_exists() -> None:
    """The table of layers has no entries for what is gone."""
    assert set(MAY_IMPORT) <= {_layer(name) for name in MODULES}


def test_only_the_transport_and_its_stub_know_httpx() -> None:
    """A change of HTTP library touches one folder, and what stands in for it in users' tests."""
    knowing = {
        _layer(name)
        for name, path in MODULES.items()
        if {one.split(".")[0] for one in _imports(path)} & {"httpx", "httpcore"}
    }
    assert {"testing", "transport"} == knowing


def test_only_command_line_and_testing_know_the_emulator() -> None:
    """The SDK works without it."""
    knowing = {
        _layer(name)
        for name, path in MODULES.items()
        if any(one.startswith("audiokit.emulator") for one in _imports(path))
    }
    assert knowing <= {"emulator", "cli", "testing"}


def test_only_the_worker_knows_the_engine() -> None:
    """Libraries that can crash or need a licence note live in worker processes."""
    knowing = {
        name
        for name, path in MODULES.items()
        if any(one.startswith("audiokit.emulator.engine") for one in _imports(path))
        and not name.startswith("audiokit.emulator.engine")
    }
    assert knowing <= {"audiokit.emulator._worker"}


def test_imports_have_no_cycle() -> None:
    """Modules can be put in a sequence in which each finds what it imports."""
    graph = {
        name: {one for one in _imports(path, at_start=True) if one in MODULES and one != name}
        for name, path in MODULES.items()
    }
    # An __init__ gathers its modules: one that imports its own package is the cycle looked for.
    done: set[str] = set()
    while ready := {name for name, needs in graph.items() if name not in done and needs <= done}:
        done |= ready
    assert [] == sorted(set(graph) - done)


def _fresh(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


# What the core dependencies load by themselves is not ours: httpx takes rich where it is installed.
CORE = (
    "import anyio, asyncio, attrs, cattrs.preconf.orjson, httpx, aiofiles, sys; before = set(sys.modules); "
)
NEW = "print(*{one.split('.')[0] for one in set(sys.modules) - before})"


def test_importing_audiokit_imports_no_extra() -> None:
    """SDK, command line and test helpers start with the core dependencies alone."""
    modules = ("audiokit", "audiokit.cli", "audiokit.testing")
    said = _fresh(CORE + "; ".join(f"import {module}; {NEW}" for module in modules)).splitlines()
    loaded = {module: OUTSIDE_CORE & {*line.split()} for module, line in zip(modules, said, strict=True)}
    assert {module: set() for module in modules} == loaded


@pytest.mark.heavy
def test_each_module_can_be_imported_first() -> None:
    """After `import audiokit`, which every import runs, any module may come next."""
    program = f"""
import importlib, os, sys, traceback
import audiokit
for name in {sorted(OUTSIDE_CORE - {"pytest", "respx"})!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
failed = []
for name in {[name for name in MODULES if not name.endswith("__main__")]!r}:
    if name in sys.modules:
        continue
    pid = os.fork()  # a fresh state at a fraction of the start-up cost
    if pid == 0:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            os._exit(0 if error.name.split('.')[0] in {OUTSIDE_CORE!r} else 1)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        failed.append(name)
print(*failed)
"""
    assert "" == _fresh(program).strip()


def test_package_says_that_it_is_typed() -> None:
    """Type checkers look for the marker file."""
    assert (PACKAGE / "py.typed").is_file()
    assert importlib.util.find_spec("audiokit") is not None


def test_parser_comes_with_httpx() -> None:
    """h11 is imported and not declared, because httpx requires httpcore and that requires h11."""
    required = {name: _required(name) for name in ("httpx", "httpcore")}
    assert "httpcore" in required["httpx"]
    assert "h11" in required["httpcore"]


def _required(name: str) -> set[str]:
    lines = [line for line in metadata.requires(name) or () if "extra ==" not in line]
    return {re.split(r"[^\w-]", line, maxsplit=1)[0] for line in lines}
