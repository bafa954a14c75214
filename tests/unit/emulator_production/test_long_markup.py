"""Hostile markup takes time in proportion to its length, and no more."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from audiokit.emulator import _markup_v1, _markup_v2
from audiokit.emulator._script import ScriptError
from audiokit.markup import v1, v2

SIZE = 25_000
FILLINGS = ["a", "a=", "a ", " ", "a:", "é"]


def _cpu_s(parse: Callable[[str], Any], text: str) -> float:
    """Least of three times the processor worked for it; what else the machine does is not in it."""
    taken = []
    for _ in range(3):
        since = time.thread_time()
        with contextlib.suppress(ScriptError, ValueError):
            parse(text)
        taken.append(time.thread_time() - since)
    return min(taken)


@pytest.mark.parametrize("filling", FILLINGS, ids=["name", "equals", "names", "spaces", "colons", "letters"])
@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (_markup_v1.parse, "hi <break {}>"),
        (_markup_v2.parse, "<as:section {}>hi</as:section>"),
        (_markup_v2.parse, "<as:section name='a'>hi <as:break {}/></as:section>"),
        (v1.parse, "hi <<media::{}>>"),
        (v2.parse, "<as:section {}>hi</as:section>"),
    ],
    ids=["v1", "v2", "v2 break", "SDK v1", "SDK v2"],
)
def test_long_attributes_are_read_in_one_go(parse: Callable[[str], Any], text: str, filling: str) -> None:
    """Four times the text takes four times as long; quadratic, 200,000 characters took half an hour."""
    part, whole = (text.format("a" + filling * (size // len(filling))) for size in (SIZE, 4 * SIZE))
    part_s, whole_s = (max(_cpu_s(parse, one), 0.001) for one in (part, whole))  # less is refused at once
    assert whole_s / part_s < 9  # linear: 4; quadratic: 16


def test_attributes_are_still_read() -> None:
    """Any white space, either quote, and one right after another."""
    text = '<as:section  name = "one"\n soundsegment=\'main\'>Hi <as:break time="2s"/>there.</as:section>'
    script, warnings = _markup_v2.parse(text)

    assert ([], "one", "main") == (warnings, script.sections[0].name, script.sections[0].segment)
