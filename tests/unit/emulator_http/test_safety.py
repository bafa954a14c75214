"""Limits that protect the machine the emulator runs on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from audiokit.cli import main
from audiokit.emulator._work import WorkError, WorkPool


@pytest.mark.timeout(90)  # the worker is polite: on a busy machine its second of processor time is long
async def test_an_operation_that_never_ends_is_stopped_by_its_processor_time() -> None:
    """The next operation has a fresh worker and its own time."""
    async with WorkPool(workers=1, cpu_limit_s=1, options=("--test-operations",)) as pool:
        begun = time.process_time()
        with pytest.raises(WorkError, match="'_spin' used more than 1 processor seconds") as caught:
            await pool.run("_spin")
        assert "timeout" == caught.value.kind
        assert 0.0 == (await pool.run("_sleep", seconds=0.0))["slept_s"]
        assert time.process_time() - begun < 1.0  # it was the worker that spun


async def test_processor_time_counts_for_each_operation_anew() -> None:
    """A worker that was busy long is not ended for it."""
    async with WorkPool(workers=1, cpu_limit_s=2, options=("--test-operations",)) as pool:
        first = (await pool.run("_print", text=""))["pid"]
        for _ in range(3):
            await pool.run("_allocate", size_bytes=300_000_000)
        assert first == (await pool.run("_print", text=""))["pid"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "can say --allow-remote"),
        (["--key", "acme"], "--key number 1 must be written NAME=KEY"),
        (["--key", "acme=short"], "key of 'acme' needs at least 32 characters, got 5"),
        (["--key", f"a={'x' * 40}", "--key", f"a={'y' * 40}"], "names 'a' twice"),
        (["--key", f"a={'x' * 40}", "--key", f"b={'x' * 40}"], "another tenant's"),
        (["--faults", "boom:1"], "'boom' must be one of"),
        (["--processing", "tea:1s"], "'tea' is not known"),
        (["--allow-callbacks", "http://example.com"], "without scheme, port or path"),
        (["--rate-limits", "many"], "like 500/100/300s"),
        (["--control-key", "short"], "control_key needs at least 32"),
    ],
)
def test_wrong_options_are_one_clear_error(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Naming option, value and what is allowed; never a key."""
    assert 2 == main(["emulator", "--port", "0", *arguments])
    said = capsys.readouterr().err

    assert message in said
    assert "x" * 40 not in said


def test_a_speed_that_makes_no_sense_is_refused_by_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    """As wrong values of all options are."""
    with pytest.raises(SystemExit, match="2"):
        main(["emulator", "--port", "0", "--speed", "0"])

    assert "--speed: must be a number from 0.01 to 100000, got '0'" in capsys.readouterr().err


async def test_files_are_served_as_what_they_are(open_emulator: Any) -> None:
    """Type and extension come from the content, whatever the upload was called; nothing is shown inline."""
    async with open_emulator() as emulator:
        original = await emulator.original(file_name='../../evil".html')
        file = await emulator.client.get(original["url"])

    assert ("audio/wav", "nosniff") == (
        file.headers["content-type"],
        file.headers["x-content-type-options"],
    )
    assert original["file_name"].endswith(".wav")
    assert file.headers["content-disposition"].startswith("attachment")
    assert not {"/", "\\", '"'} & set(original["file_name"])


async def test_names_that_clients_send_never_reach_the_disk(open_emulator: Any, tmp_path: Path) -> None:
    """Files lie under their hash, scratch files under random names."""
    async with open_emulator(data=tmp_path) as emulator:
        await emulator.original(file_name="../../escape.wav", label="..\\..\\escape")
        names = [path.name for path in tmp_path.rglob("*")]

    assert not [name for name in names if "escape" in name]
    assert not list(tmp_path.parent.rglob("*escape*"))
