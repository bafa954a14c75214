"""Spans of time are seconds here and whole smaller units on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audiokit import AudioKit, SectionVoice
from audiokit.services._spans import whole

Wire = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("span_s", "per_second", "units"),
    [
        (None, 1000, None),
        (0, 1000, 0),
        (0.0, 1_000_000, 0),
        (1, 1000, 1000),
        (0.1, 1000, 100),
        (0.0014, 1000, 1),
        (0.0016, 1000, 2),
        (0.0625, 1000, 62),
        (0.1875, 1000, 188),
        (59.9999999, 1_000_000, 60_000_000),
        (1e300, 1_000_000, int(1e300) * 1_000_000),
    ],
)
def test_span_becomes_the_nearest_whole_number(
    span_s: float | None, per_second: int, units: int | None
) -> None:
    """Halves go to the even neighbour; no length overflows."""
    assert units == whole(span_s, per_second=per_second)


@pytest.mark.parametrize(("span_s", "milliseconds"), [(0, 0), (0.25, 250), (1.0004, 1000), (60, 60_000)])
async def test_padding_of_v1_is_sent_in_milliseconds(
    span_s: float, milliseconds: int, kit: AudioKit, wire: Wire
) -> None:
    """As numbers, for the whole call and for a section; nought is sent, too."""
    requests = wire(httpx.Response(202, json={}))
    await kit.apiaudio.speech.create(
        "s", silence_padding_s=span_s, sections={"a": SectionVoice(silence_padding_s=span_s)}
    )
    sent = requests[0].json
    assert (milliseconds, milliseconds) == (sent["silencePadding"], sent["sections"]["a"]["silence_padding"])
    assert isinstance(sent["silencePadding"], int)


@pytest.mark.parametrize(("span_s", "text"), [(0, "0"), (0.25, "250000"), (1.0000004, "1000000")])
async def test_padding_of_v2_is_sent_as_a_text_of_microseconds(
    span_s: float, text: str, kit: AudioKit, wire: Wire
) -> None:
    """The official client takes nothing but texts here."""
    requests = wire(httpx.Response(202, json={"data": {"speechId": "t"}}))
    await kit.audiostack.tts.create("s", silence_padding_s=span_s)
    assert text == requests[0].json["silencePadding"]
