"""The command line: what it prints, and how it says that something is wrong."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

import audiokit
from audiokit.cli import endpoints, main
from audiokit.cli._output import CommandError, print_table, require
from audiokit.errors import EmulatorError
from audiokit.services import all_endpoints

ROOT = Path(__file__).parents[3]


def test_endpoints_are_one_json_list(capsys: pytest.CaptureFixture[str]) -> None:
    """`endpoints --json` prints what the SDK serves, for programs."""
    assert 0 == main(["endpoints", "--json"])
    rows = orjson.loads(capsys.readouterr().out)
    wanted = [
        {"api": one.api, "method": one.method, "path": one.path, "name": one.name.partition(".")[2]}
        for one in all_endpoints()
        if one.path.startswith("/")
    ]
    assert wanted == rows


def test_endpoints_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--json` there is one aligned line for each."""
    assert 0 == main(["endpoints"])
    lines = capsys.readouterr().out.splitlines()
    assert ["api", "method", "path", "name"] == lines[0].split()
    assert set(lines[1]) == {"-", " "}
    assert any(line.split() == ["respeecher", "GET", "/api/v2/voices", "voices.list"] for line in lines)


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` names program and version."""
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (0, f"audiokit {audiokit.__version__}\n") == (caught.value.code, capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [[], ["sing"], ["endpoints", "--loud"], ["emulator", "--port", "x"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is explained on standard error."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert 2 == caught.value.code
    assert "usage: audiokit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (EmulatorError("it did not start"), 1, "audiokit: it did not start\n"),
        (CommandError("no such thing"), 1, "audiokit: no such thing\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 1, ""),
    ],
)
def test_failure_has_an_exit_code_and_one_line(
    error: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Errors of ours are a line, not a traceback; Ctrl-C ends with 130."""

    def fail(_: Any) -> int:
        raise error

    monkeypatch.setattr(endpoints, "run", fail)
    assert code == main(["endpoints"])
    assert said == capsys.readouterr().err


def test_error_that_is_not_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug shows its traceback."""

    def fail(_: Any) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(endpoints, "run", fail)
    with pytest.raises(ZeroDivisionError):
        main(["endpoints"])


def test_missing_extra_names_its_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that needs more says what, and how to get it."""
    found = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> Any:
        return None if name == "starlette" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    with pytest.raises(
        CommandError, match=r"'emulator' extra \(starlette not found\): pip install 'audiokit"
    ):
        require("emulator")


def test_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns are as wide as their widest cell; nothing trails."""
    print_table(("a", "long heading"), [("x", "1"), ("wide cell", "")])
    assert (
        "a          long heading\n---------  ------------\nx          1\nwide cell\n"
        == capsys.readouterr().out
    )


def test_table_without_rows_has_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    """No rows are no crash."""
    print_table(("a", "b"), [])
    assert "a  b\n-  -\n" == capsys.readouterr().out


def test_text_of_the_demo_must_be_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing or empty text is named before anything is started."""
    if importlib.util.find_spec("starlette") is None:
        pytest.skip("the emulator extra is not installed")
    (tmp_path / "empty.txt").write_text("  \n")
    for name, said in (("none.txt", "cannot read --text"), ("empty.txt", "is empty")):
        assert 1 == main(["demo", "--text", str(tmp_path / name), "--out", str(tmp_path / "out")])
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_emulator_refuses_a_public_address(capsys: pytest.CaptureFixture[str]) -> None:
    """An address that others can reach is refused in one line."""
    if importlib.util.find_spec("starlette") is None:
        pytest.skip("the emulator extra is not installed")
    assert 1 == main(["emulator", "--host", "0.0.0.0"])
    assert "audiokit: host '0.0.0.0' can be reached by other machines" in capsys.readouterr().err


def test_module_runs_as_a_program() -> None:
    """`python -m audiokit` is the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "audiokit", "--version"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (0, f"audiokit {audiokit.__version__}\n") == (done.returncode, done.stdout)
