"""The README's first example does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import soundfile
from hearing import AUDIO, listen

README = Path(__file__).parents[2] / "README.md"


def test_the_first_example_runs(tmp_path: Path) -> None:
    """Copied into a file and run beside a take.flac, it converts it to every female voice."""
    code = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "example.py").write_text(code)
    samples, rate_hz = soundfile.read(AUDIO / "speech_female_de.flac", stop=22_050)  # a second is enough
    soundfile.write(tmp_path / "take.flac", samples, rate_hz)
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(README.parent)},
        capture_output=True,
        text=True,
        timeout=19,
        check=False,
    )
    assert "" == done.stderr
    lines = done.stdout.splitlines()
    files = list((tmp_path / "out").iterdir())
    assert len(lines) >= 3
    assert len(lines) == len(files)
    assert all(line.startswith("done out/") for line in lines)
    assert all(listen(path).rms > 0.01 for path in files)
