"""Filters and orders of file lists."""

from __future__ import annotations

from typing import Any

import pytest

from audiokit.emulator._http import HttpError
from audiokit.emulator.audiostack._odata import matching, ordered

FILES: list[dict[str, Any]] = [
    {
        "fileId": str(place),
        "fileName": name,
        "size": size,
        "duration": duration,
        "status": "uploaded" if duration else "created",
        "createdAt": f"2026-01-0{place}T00:00:00.000Z",
        "updatedAt": None,
        "accessControl": "private",
    }
    for place, (name, size, duration) in enumerate(
        [("intro.wav", 100, 1.5), ("it's me.mp3", 300, None), ("outro and more.wav", 200, 0.5)], start=1
    )
]


def names(files: list[dict[str, Any]]) -> list[str]:
    """What is left, by name."""
    return [file["fileName"] for file in files]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [1, 2, 3]),
        ("size gt 100", [2, 3]),
        ("size ge 100 and size lt 300", [1, 3]),
        ("fileName eq 'it''s me.mp3'", [2]),
        ("fileName ne 'intro.wav'", [2, 3]),
        ("fileName eq 'outro and more.wav' and status eq 'uploaded'", [3]),
        ("duration eq null", [2]),
        ("duration le 1.5", [1, 3]),
        ("duration gt 'x'", []),
        ("createdAt gt '2026-01-02'", [2, 3]),
        ("endswith(fileName,'.wav') and contains(fileName, 'and')", [3]),
        ("startswith(fileName, 'in')", [1]),
    ],
)
def test_filters_keep_what_they_say(text: str, places: list[int]) -> None:
    """Comparisons and text functions, joined by `and`; strings may hold quotes and the word itself."""
    assert [str(place) for place in places] == [file["fileId"] for file in matching(FILES, text)]


@pytest.mark.parametrize(
    "text",
    [
        "size",
        "size gt",
        "size like 3",
        "colour eq 1",
        "size gt 1 or size lt 2",
        "size gt 1 and ",
        "f(size,'a')",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """A 400 that quotes it, instead of a list that is not filtered."""
    with pytest.raises(HttpError) as refusal:
        matching(FILES, text)
    assert 400 == refusal.value.status


def test_a_long_filter_is_read_in_time() -> None:
    """Many comparisons are as quick as their number; too many are refused."""
    assert 3 == len(matching(FILES, " and ".join(["size gt 1"] * 100)))
    with pytest.raises(HttpError, match="at most 2000"):
        matching(FILES, "size gt 1 and " * 1000)


def test_orders_sort_by_several_fields_with_unknown_values_last() -> None:
    """Ascending unless desc; null comes last either way."""
    assert ["outro and more.wav", "intro.wav", "it's me.mp3"] == names(ordered(FILES, "duration"))
    assert ["intro.wav", "outro and more.wav", "it's me.mp3"] == names(ordered(FILES, "duration desc"))
    assert ["3", "1", "2"] == [one["fileId"] for one in ordered(FILES, "status desc, size desc")]
    for text in ("size up", "size desc now", "colour"):
        with pytest.raises(HttpError):
            ordered(FILES, text)
