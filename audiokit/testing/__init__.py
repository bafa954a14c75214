"""What users need in their own tests: an emulator, a stub transport, and a clock that does not wait.

`audiokit.testing.plugin` has pytest fixtures; it alone needs pytest. Everything is shown in docs/testing.md.
"""

from __future__ import annotations

from audiokit._emulated import EmulatorProcess
from audiokit.testing._clock import FakeClock
from audiokit.testing._control import EmulatorControl
from audiokit.testing._stub import Answer, SentRequest, StubTransport

__all__ = ["Answer", "EmulatorControl", "EmulatorProcess", "FakeClock", "SentRequest", "StubTransport"]
