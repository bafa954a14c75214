"""Statements of many rows: everything is there once, whatever the number of rows."""

from __future__ import annotations

import sqlite3

import pytest

from audiokit.jobs._journal_rows import Insert

COUNTS = (*range(1, 40), 511, 512, 513, 1000, 1023, 1024, 1025, 2500)


@pytest.mark.parametrize("count", COUNTS)
def test_each_row_is_inserted_once(count: int) -> None:
    """Rows that come twice, to make a round number, change nothing; a thousand are one statement."""
    insert = Insert("pairs", "number, word", "on conflict do nothing")
    db = sqlite3.connect(":memory:")
    db.execute("create table pairs (number integer primary key, word text)")
    rows = [(number, f"word {number}") for number in range(count)]

    statements = list(insert.of([value for row in rows for value in row]))
    for statement, values in statements:
        db.execute(statement, values)

    assert rows == db.execute("select * from pairs order by number").fetchall()
    assert -(-count // 1024) == len(statements)
    db.close()


def test_there_are_few_different_statements() -> None:
    """SQLite keeps them prepared: not one for each number of rows."""
    insert = Insert("pairs", "number, word", "on conflict do nothing")
    texts = {text for count in range(1, 1025) for text, _ in insert.of([0, ""] * count)}

    assert 20 == len(texts)
    assert [] == list(insert.of([]))
