"""Leaving out tests of what is not installed, and saying so."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from audiokit._extras import missing


def skip_without_emulator(items: Iterable[pytest.Item], folder: Path) -> None:
    """Mark the tests of a folder as skipped where something of the emulator's extra is not installed."""
    absent = missing("emulator")
    if not absent:
        return
    reason = f"needs the emulator: pip install 'audiokit[emulator]' (not installed: {', '.join(absent)})"
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))
