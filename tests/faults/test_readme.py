"""The page shows the table that is tested."""

from __future__ import annotations

from faults_list import FAULTS
from faults_readme import README, current


def test_readme_shows_the_table() -> None:
    """`python tests/faults/faults_readme.py` was run after the last change of a row."""
    text = README.read_text("utf-8")
    assert current(text) == text


def test_names_of_faults_are_unique() -> None:
    """A name leads to one row."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
