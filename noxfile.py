"""Everything CI does, one session each: `nox -l` lists them."""

from __future__ import annotations

import re
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.11", "3.12", "3.13"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Both type checkers, strictly."""
    session.install(".[all,test]", "mypy", "pyright[nodejs]")
    session.run("mypy")
    session.run("pyright")
    session.run("python", "tests/support/typed_docs.py")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The plain tests."""
    session.install(".[all,test]")
    session.run("pytest", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """The SDK's own tests with the oldest releases of its dependencies that pyproject.toml names."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    extra = project["optional-dependencies"]["test"]
    oldest = [re.sub(r"^([\w-]+)>=([\d.]+).*", r"\1==\2", one) for one in [*project["dependencies"], *extra]]
    session.install(".[all,test]", *oldest)
    session.run("pytest", "tests/unit/transport", "tests/unit/services", "tests/unit/jobs", *session.posargs)


@nox.session
def heavy(session: nox.Session) -> None:
    """The long tests at full size, and the properties with six times the plain run's examples."""
    session.install(".[all,test]")
    session.run(
        "pytest", "-m", "heavy", "-n0", "--timeout=1800", *session.posargs, env={"AUDIOKIT_HEAVY": "full"}
    )
    thorough = ("--hypothesis-profile=thorough", "-m", "hypothesis and not heavy")
    session.run("pytest", *thorough, "--timeout=600", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Benchmarks, each beside its rivals in one run; takes --json, and --quick or --rounds for transfers."""
    session.install(".[all,bench]")
    json_only = [argument for argument in session.posargs if argument == "--json"]
    failed = []
    with_options = ("upload", "requests", "download", "journal", "jobs")
    for script in ("engine", "emulator", "imports", "decode", "polling", *with_options):
        arguments = session.posargs if script in with_options else json_only
        try:
            session.run("python", f"benchmarks/{script}.py", *arguments)
        except CommandFailed:  # the others are still worth seeing
            failed.append(script)
    if failed:
        session.error(f"a bar does not hold, or it broke: {', '.join(failed)}")


@nox.session
def contract_fuzz(session: nox.Session) -> None:
    """Fuzz every route of the emulator by its own description; takes --max-examples and --seed."""
    session.install(".[all]", "schemathesis>=4.32,<5")
    session.run("python", "tests/support/contract_fuzz.py", *session.posargs)


@nox.session
def official(session: nox.Session) -> None:
    """Compare our requests with those of the vendors' own clients, and run these against the emulator."""
    session.install(".[emulator]", "apiaudio==0.17.1", "audiostack==4.0.0")
    session.run("python", "tests/official/compare.py")
    session.run("python", "tests/official/flows.py")


@nox.session
def demo(session: nox.Session) -> None:
    """The main job."""
    session.install(".[all]")
    session.run("audiokit", "demo", "--out", session.create_tmp())


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel, install it, and test that."""
    session.install("build")
    folder = Path(session.create_tmp())
    for old in folder.glob("*.whl"):
        old.unlink()
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder))
    (wheel,) = folder.glob("*.whl")
    session.install(f"audiokit[all,test] @ {wheel.resolve().as_uri()}")
    # `pytest`, not `python -m pytest`: the latter would put this folder before the installed wheel.
    session.run("pytest")
