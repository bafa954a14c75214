"""The kind of job that the documentation shows does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import audiokit.jobs

ROOT = Path(__file__).parents[2]


def test_the_documented_kind_runs(tmp_path: Path) -> None:
    """Copied out of the docstring and run as a program, with a journal."""
    found = re.search(r"gives an id::\n\n(.*?)\n\nWhat else", audiokit.jobs.__doc__ or "", re.DOTALL)
    assert found is not None
    (tmp_path / "own.py").write_text(textwrap.dedent(found[1]))
    done = subprocess.run(
        [sys.executable, "own.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=19,
        check=False,
    )
    assert "" == done.stderr
    assert ["done for Good evening.", "done for Good morning."] == sorted(done.stdout.splitlines())
    assert (tmp_path / "notes.sqlite").exists()
