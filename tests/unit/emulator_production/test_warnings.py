"""Warnings in headers."""

from __future__ import annotations

from audiokit.emulator._fields import Fields
from audiokit.emulator._warnings import HEADER_BYTES, MOST_WARNINGS, unknown_fields, warning_header


def test_a_few_warnings_are_written_whole() -> None:
    """Each one is quoted; none gives an empty header."""
    assert '199 audiokit-emulator "a b", 199 audiokit-emulator "c"' == warning_header(["a\nb", "c"])
    assert "" == warning_header([])


def test_many_warnings_are_counted() -> None:
    """Clients refuse long headers; the last part says how many more there are."""
    header = warning_header(unknown_fields(Fields({f"x{n}": n for n in range(30_000)})))

    assert MOST_WARNINGS + 1 == header.count("199 audiokit-emulator")
    assert header.endswith(f'"and {30_000 - MOST_WARNINGS} more"')
    assert len(header) <= HEADER_BYTES


def test_long_warnings_are_shortened_and_stay_within_the_header() -> None:
    """A field name of a megabyte, and many long texts."""
    [warning] = unknown_fields(Fields({"n" * 1_000_000: 1}))
    header = warning_header(["w" * 100_000] * 20)

    assert len(warning) < 150
    assert (True, True) == (len(header) <= HEADER_BYTES, header.endswith(' more"'))
