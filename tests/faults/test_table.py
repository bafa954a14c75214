"""Every cell of the table: one kind of call against one fault, once or for good."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from faults_expect import ANY, OK, REFUSED, Expected, Mode
from faults_kinds import Kind
from faults_list import CELLS
from faults_model import Fault
from faults_run import run

import audiokit.errors

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for open files in /proc")


def _cells() -> list[object]:
    cells: list[object] = []
    for fault, kind, mode in CELLS:
        marks = [pytest.mark.heavy] if fault.is_heavy(kind) else []
        name = f"{fault.name}-{kind.name}-{mode.value}"
        cells.append(pytest.param(fault, kind, mode, id=name.replace(" ", "_"), marks=marks))
    return cells


@pytest.mark.parametrize(("fault", "kind", "mode"), _cells())
async def test_cell(fault: Fault, kind: Kind, mode: Mode, tmp_path: Path) -> None:
    """The call ends as the table says, the server saw as many requests, and nothing is left."""
    expected = fault.rules_for(kind).expected(kind, mode)
    observed = await run(fault, kind, mode, tmp_path)
    is_typed = issubclass(
        getattr(audiokit.errors, observed.outcome, Exception), audiokit.errors.AudiokitError
    )
    got = Expected(
        REFUSED if expected.outcome == REFUSED and is_typed else observed.outcome,
        ANY if expected.seen == ANY else observed.seen,
    )
    assert expected == got
    assert [] == observed.left
    assert OK == observed.probe
    assert (kind.name in fault.goes_elsewhere, False) == (observed.strangers[0] > 0, observed.strangers[1])
    if observed.slept:
        assert fault.wait_s[0] <= observed.slept[0] <= fault.wait_s[1]
    if observed.outcome != OK:
        told = observed.retry_after
        if fault.retry_after_s is None:
            assert told is None
        else:
            assert told is not None
            assert fault.retry_after_s[0] <= told <= fault.retry_after_s[1]
    if fault.most_memory_bytes is not None:
        assert observed.peak_bytes <= fault.most_memory_bytes
