"""The command line: what it prints, and how it says that something is wrong."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pty
import re
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import orjson
import pytest

import audiokit
from audiokit import _extras
from audiokit.cli import endpoints, main
from audiokit.cli._output import CommandError, print_table, require
from audiokit.cli.demo import Track
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
    said = capsys.readouterr().err
    assert 2 == caught.value.code
    assert re.fullmatch(r"audiokit: .+; `audiokit( emulator| endpoints)? --help` says more\n", said)


def test_an_unknown_option_is_told_by_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The program's own usage has no word of a command's options."""
    with pytest.raises(SystemExit) as caught:
        main(["emulator", "--bogus", "--port", "0"])
    wanted = "audiokit: unrecognized arguments: --bogus; `audiokit emulator --help` says more\n"
    assert (2, wanted) == (caught.value.code, capsys.readouterr().err)


@pytest.mark.parametrize("where", ["main", "importing"])
def test_ctrl_c_while_modules_are_loaded_is_quiet(where: str) -> None:
    """Also where Python would ignore it: in a callback of the import system, and the emulator would go on."""
    program = (
        "import os, signal, sys, weakref\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from audiokit import cli\n"
        "class Lock: pass\n"
        "def loads(*_):\n"
        "    lock = Lock()\n"
        "    seen = weakref.ref(lock, lambda _: (os.kill(os.getpid(), signal.SIGINT), sum(range(10**6))))\n"
        "    del lock\n"
        "    return []\n"
        "cli.commands = loads\n"
        if where == "importing"
        else "from audiokit import cli\ndef loads():\n    raise KeyboardInterrupt\ncli.commands = loads\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program + "raise SystemExit(cli.main(['endpoints']))"],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=15,
    )  # fmt: skip
    assert (130, "") == (done.returncode, done.stderr)


def test_the_command_line_loads_nothing_before_it_can_be_interrupted() -> None:
    """Of audiokit only the package itself: what takes long comes inside of `main`."""
    program = (
        "import sys, audiokit.cli; print(*sorted(m for m in sys.modules if m[:5] in ('audio', 'httpx')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ["audiokit", "audiokit.cli", "audiokit.cli._importing"] == done.stdout.split()


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
    none, empty = repr(str(tmp_path / "none.txt")), repr(str(tmp_path / "empty.txt"))
    for name, said in (
        ("none.txt", f"audiokit: cannot read --text {none}: No such file or directory\n"),
        ("empty.txt", f"audiokit: --text {empty} is empty; put a sentence or two into it\n"),
    ):
        assert 2 == main(["demo", "--text", str(tmp_path / name), "--out", str(tmp_path / "out")])
        assert said == capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_emulator_refuses_a_public_address(capsys: pytest.CaptureFixture[str]) -> None:
    """An address that others can reach is refused in one line."""
    if importlib.util.find_spec("starlette") is None:
        pytest.skip("the emulator extra is not installed")
    assert 2 == main(["emulator", "--host", "0.0.0.0"])
    assert "audiokit: host '0.0.0.0' can be reached by other machines" in capsys.readouterr().err


def test_module_runs_as_a_program() -> None:
    """`python -m audiokit` is the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "audiokit", "--version"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (0, f"audiokit {audiokit.__version__}\n") == (done.returncode, done.stdout)


def _in_a_terminal(program: str) -> tuple[int, str]:
    """Run *program* with a terminal of 300 columns as its output: exit code, and what it shows."""
    master, slave = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(master, 65_536):
                shown.append(piece)
        except OSError:  # how Linux says that the other end is closed
            pass

    environment = {**os.environ, "COLUMNS": "300", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=slave, stderr=slave, cwd=ROOT, env=environment
    ) as process:
        os.close(slave)
        reader = threading.Thread(target=read)
        reader.start()
        code = process.wait()
        reader.join()
    os.close(master)
    return code, b"".join(shown).decode()


def test_tables_are_shown_in_a_terminal_as_they_are() -> None:
    """Paths with brackets, file names and numbers are text, in a real terminal, too."""
    if importlib.util.find_spec("rich") is None or importlib.util.find_spec("starlette") is None:
        pytest.skip("an extra is not installed")
    program = (
        "from audiokit.cli import main\n"
        "from audiokit.cli._output import print_table\n"
        "assert main(['endpoints']) == 0\n"
        "assert main(['emulator', '--routes']) == 0\n"
        "print_table(['file', '[b]f0[/b]'], [['ad[/x].wav', '[red]-16.0']])\n"
    )
    code, shown = _in_a_terminal(program)
    assert (0, []) == (code, re.findall("Traceback.*", shown))
    assert {"/script/{script_id}[/{version}]", "/script/{scriptId}[/{version}]"} <= set(shown.split())
    assert {"ad[/x].wav", "[red]-16.0"} <= set(shown.split())
    assert "[b]f0[/b]" in shown  # between the codes of its style


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("--port", "99999", "a whole number from 0 to 65535"),
        ("--port", "-1", "a whole number from 0 to 65535"),
        ("--workers", "0", "a whole number of 1 or more"),
        ("--max-upload-mib", "0", "a whole number of 1 or more"),
        ("--max-audio-s", "0", "seconds above 0"),
        ("--max-audio-s", "inf", "seconds above 0"),
        ("--credits", "nan", "a number of 0 or more"),
        ("--credits", "-1", "a number of 0 or more"),
        ("--credits", "many", "a number of 0 or more"),
        ("--speed", "0", "a number from 0.01 to 100000"),
    ],
)
def test_option_out_of_range_is_wrong_usage(
    option: str, value: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the option and its range, in the words of the command line."""
    with pytest.raises(SystemExit) as caught:
        main(["emulator", f"{option}={value}"])
    assert 2 == caught.value.code
    assert f"argument {option}: must be {wanted}, got {value!r}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--data", "/dev/null/x"],
            "cannot keep data in --data '/dev/null/x': Not a directory; give a folder",
        ),
        (
            ["--host", "foo.invalid", "--allow-remote"],
            "--host 'foo.invalid' is no address of this machine: Name or service not known\n",
        ),
        (["--faults", "flood"], "fault 'flood' must be one of"),
        (
            ["--faults", "500/script.create"],
            "operation 'script.create' of fault '500' is none that is served; did you mean 'Script.create' ",
        ),
        (["--key", "acme=short"], "--key number 1: the key of 'acme' needs at least 32 characters, got 5\n"),
        (["--rate-limits", "many"], "rate limits must be written FAST/SLOW/SECONDSs"),
    ],
)
def test_emulator_that_cannot_start_says_why(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong value is one line that names the option, and wrong usage."""
    if importlib.util.find_spec("starlette") is None:
        pytest.skip("the emulator extra is not installed")
    assert 2 == main(["emulator", *arguments])
    err = capsys.readouterr().err
    assert err.startswith(f"audiokit: {said}")
    assert 1 == err.count("\n")


def test_a_port_that_is_taken_is_a_failure_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is wrong with the value; and the system's number for it helps nobody."""
    if importlib.util.find_spec("starlette") is None:
        pytest.skip("the emulator extra is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert 1 == main(["emulator", "--port", str(port)])
    assert capsys.readouterr().err.startswith(
        f"audiokit: cannot listen on 127.0.0.1:{port} (Address already in use); try another port"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_one_line() -> None:
    """Output that cannot be written ends the command with a sentence, also at the interpreter's end."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "audiokit", "endpoints"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert (1, "audiokit: cannot write to standard output: No space left on device\n") == (
        done.returncode,
        done.stderr,
    )


def test_reader_that_has_enough_ends_the_command_quietly() -> None:
    """`audiokit endpoints | head -1` says nothing about a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "audiokit", "endpoints"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=False,
    )
    os.close(writing)
    assert (1, "") == (done.returncode, done.stderr)


def test_what_an_extra_brings_is_what_the_project_says() -> None:
    """A requirement added to an extra is looked for, too, before a command needs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    spelled_otherwise = {"opentelemetry_api": "opentelemetry"}
    for extra, modules in _extras.MODULES.items():
        listed = project["optional-dependencies"][extra]
        names = [re.split(r"[^\w-]", line, maxsplit=1)[0].replace("-", "_") for line in listed]
        assert sorted(spelled_otherwise.get(name, name) for name in names) == sorted(modules)


def test_json_of_the_demo_has_every_column() -> None:
    """Programs are told what people are, pitch included."""
    track = Track(path=Path("a.wav"), format="wav", seconds=1.0, lufs=-16.0, true_peak_dbtp=-1.0, f0_hz=120.5)
    wanted = {
        "file": "a.wav",
        "format": "wav",
        "seconds": 1.0,
        "lufs": -16.0,
        "true_peak_dbtp": -1.0,
        "f0_hz": 120.5,
    }
    assert wanted == track.to_json()
    assert len(wanted) == len(track.to_row())
