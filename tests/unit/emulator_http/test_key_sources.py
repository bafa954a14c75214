"""Keys reach the emulator by option, file and environment, and never a worker or a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from audiokit.cli import main
from audiokit.cli._emulator_keys import tenants
from audiokit.cli._output import CommandError
from audiokit.emulator._work import _child_environment

ONE, TWO, THREE, FOUR = "1" * 40, "2" * 40, "3" * 40, "4" * 40


def test_options_and_file_win_over_the_environment(tmp_path: Path) -> None:
    """Each source adds tenants; comments, empty lines and blanks around are no part of a key."""
    file = tmp_path / "keys"
    file.write_text(f"# the team\n\n acme = {TWO} \n")
    env = {"AUDIOKIT_EMULATOR_KEYS": f"default={ONE},acme={ONE} other={THREE}"}
    found = tenants([f"beta={FOUR}"], file, env)
    assert {"default": ONE, "acme": TWO, "other": THREE, "beta": FOUR} == found


@pytest.mark.parametrize(
    ("options", "content", "variable", "message"),
    [
        ([f"a={ONE}"], f"a={TWO}", "", "line 1 names 'a' twice"),
        ([], f"a={ONE}\n{TWO}", "", "line 2 must be written NAME=KEY"),
        ([], "\xff\xfe", "", "cannot be read: it is not text"),
        ([], None, "", "cannot be read: No such file"),
        ([], "", f"{ONE}", "AUDIOKIT_EMULATOR_KEYS entry 1 must be written NAME=KEY"),
        ([], "", f"a={ONE} a={TWO}", "entry 2 names 'a' twice"),
        ([], f"# all\na={ONE}\nb=x", "", "keys': line 3: the key of 'b' needs at least 32 characters, got 1"),
        ([], f"\na/b={ONE}", "", "keys': line 2: a tenant's name has 1 to 40 letters"),
        ([f"a={ONE}"], f"b={ONE}", "", "line 1: the key of 'b' is another tenant's"),
    ],
)
def test_what_cannot_be_read_says_where_and_shows_no_key(
    tmp_path: Path, options: list[str], content: str | None, variable: str, message: str
) -> None:
    """File and line, or variable and entry; the keys stay unsaid."""
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    with pytest.raises(CommandError) as caught:
        tenants(options, file, {"AUDIOKIT_EMULATOR_KEYS": variable})
    assert message in str(caught.value)
    assert ONE not in str(caught.value)
    assert TWO not in str(caught.value)


def test_a_control_key_from_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A short one is refused as the option's would be, without being shown."""
    monkeypatch.setenv("AUDIOKIT_EMULATOR_CONTROL_KEY", "xyzzy")
    assert 2 == main(["emulator", "--port", "0"])
    said = capsys.readouterr().err
    assert "control_key needs at least 32" in said
    assert "xyzzy" not in said


def test_workers_get_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """They meet files of strangers; keys and passwords of the environment stay with their parent."""
    secrets = (
        "AUDIOKIT_EMULATOR_KEYS",
        "AUDIOKIT_EMULATOR",
        "RESPEECHER_PASSWORD",
        "APIAUDIO_API_KEY",
        "x_token",
    )
    for name in secrets:
        monkeypatch.setenv(name, ONE)
    monkeypatch.setenv("LANG", "C.UTF-8")
    given = _child_environment()
    assert not {*secrets} & {*given}
    assert "C.UTF-8" == given["LANG"]
