"""Our VAST documents satisfy the IAB's schema, and the check of them sees what the schema would refuse."""

from __future__ import annotations

import pytest
from vast_schema import problems

from audiokit.emulator.apiaudio._vast import vast_xml


@pytest.fixture
def document() -> str:
    """The document of one ad in one format."""
    files = [("https://host/track.mp3", "mp3", 12.5, 300_000)]
    made = vast_xml(title="Ad", track_id="t", impression="https://host/seen", files=files)
    return made.decode()


def test_a_document_is_valid(document: str) -> None:
    """Nothing is missing, and everything is in order."""
    assert [] == problems(document.encode())


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("<Duration>00:00:12.500</Duration>", "", ["Linear lacks Duration"]),
        ("</MediaFiles>", "</MediaFiles><Icons />", ["children of Linear are out of order"]),
        ("</AdTitle>", "</AdTitle><Pricing>1</Pricing>", []),
        ("</Impression>", "</Impression><Pricing>1</Pricing>", ["children of InLine are out of order"]),
    ],
)
def test_what_the_schema_refuses_is_seen(document: str, before: str, after: str, found: list[str]) -> None:
    """Linear and InLine are sequences; a price stands between advertiser and survey."""
    assert before in document
    assert found == problems(document.replace(before, after).encode())
