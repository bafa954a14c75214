"""What a worker can be asked to do, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from audiokit.emulator.engine._convert import convert
from audiokit.emulator.engine._denoise import denoise
from audiokit.emulator.engine._edit import edges, excerpt
from audiokit.emulator.engine._measure import measure
from audiokit.emulator.engine._peaks import peaks
from audiokit.emulator.engine._picture import waveform
from audiokit.emulator.engine._pitch import f0
from audiokit.emulator.engine._probe import probe
from audiokit.emulator.engine._render import encode, render
from audiokit.emulator.engine._speech import speak
from audiokit.emulator.engine._transcode import transcode
from audiokit.emulator.engine.styles import template

OPERATIONS: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "convert": convert,
    "denoise": denoise,
    "edges": edges,
    "encode": encode,
    "excerpt": excerpt,
    "f0": f0,
    "measure": measure,
    "peaks": peaks,
    "probe": probe,
    "render": render,
    "speak": speak,
    "template": template,
    "transcode": transcode,
    "waveform": waveform,
}
