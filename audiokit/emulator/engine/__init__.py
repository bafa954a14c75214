"""The audio engine: everything that touches samples. Imported only by worker processes."""

from __future__ import annotations

from audiokit.emulator.engine._base import Refused
from audiokit.emulator.engine._operations import OPERATIONS

__all__ = ["OPERATIONS", "Refused"]
