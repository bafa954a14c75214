"""Loudness and true peak by FFmpeg's ebur128 filter, which shares nothing with the engine's own meter."""

from __future__ import annotations

import math
from pathlib import Path

import attrs
import av
import pytest
from av import error
from av.filter import Graph

# Where the metadata of audio frames, in which the filter answers, can first be read.
pytest.importorskip("av", minversion="18.1")


@attrs.frozen
class Loudness:
    """Integrated loudness in LUFS, true peak in dBTP, and the length that was decoded, in seconds."""

    lufs: float
    true_peak_dbtp: float
    seconds: float


def ebu_r128(path: Path) -> Loudness:
    """Measure a file of any format, decoded by FFmpeg."""
    facts: dict[str, str] = {}
    samples = 0
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
        source.link_to(meter)
        meter.link_to(graph.add("abuffersink"))
        graph.configure()
        for frame in (*container.decode(stream), None):
            samples += frame.samples if frame is not None else 0
            graph.push(frame)
            _read_metadata(graph, facts)
        rate_hz = stream.rate
    peak = float(facts["lavfi.r128.true_peak"])
    return Loudness(float(facts["lavfi.r128.I"]), 20 * math.log10(max(peak, 1e-10)), samples / rate_hz)


def _read_metadata(graph: Graph, facts: dict[str, str]) -> None:
    while True:
        try:
            facts.update(graph.pull().metadata)
        except (error.BlockingIOError, error.EOFError):
            return
