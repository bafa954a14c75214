"""The document store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from audiokit.emulator._store import MissingDocumentError, Store


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """An open store in memory."""
    async with Store(None) as opened:
        yield opened


async def test_documents_come_back_in_the_order_they_were_made(store: Store) -> None:
    """A later put of the same id keeps the first place."""
    for name in ("b", "a", "c"):
        await store.put("thing", name, {"n": name}, account="me")
    await store.put("thing", "b", {"n": "again"}, account="me")

    assert [{"n": "again"}, {"n": "a"}, {"n": "c"}] == await store.find("thing", account="me")
    newest = await store.find("thing", account="me", newest_first=True, limit=1, offset=1)
    assert [{"n": "a"}] == newest


async def test_accounts_and_kinds_do_not_see_each_other(store: Store) -> None:
    """A document is found only under its own account and kind."""
    await store.put("thing", "1", {"n": 1}, account="me")

    assert None is await store.get("thing", "1", account="you")
    assert None is await store.get("other", "1", account="me")
    assert {"n": 1} == await store.get("thing", "1", account="me")


async def test_find_filters_by_parent_and_fields(store: Store) -> None:
    """Parent and field filters combine, and count agrees with find."""
    for i in range(6):
        doc = {"i": i, "odd": bool(i % 2), "state": "done" if i < 4 else "new"}
        await store.put("thing", str(i), doc, account="me", parent=f"p{i % 2}")
    where = {"state": "done"}

    assert [0, 2] == [d["i"] for d in await store.find("thing", account="me", parent="p0", where=where)]
    assert 2 == await store.count("thing", account="me", parent="p0", where=where)
    assert [1, 3, 5] == [d["i"] for d in await store.find("thing", account="me", where={"odd": True})]


async def test_field_names_cannot_carry_sql(store: Store) -> None:
    """A field name with anything but letters, digits and underscores is refused."""
    with pytest.raises(ValueError, match="field name"):
        await store.find("thing", account="me", where={"a') OR 1=1 --": 1})


async def test_put_new_gives_a_name_to_one_taker_only(store: Store) -> None:
    """Of many at once, exactly one gets a unique name."""
    won: list[bool] = []

    async def take(i: int) -> None:
        won.append(await store.put_new("name", "x", {"i": i}, account="me"))

    async with anyio.create_task_group() as tasks:
        for i in range(20):
            tasks.start_soon(take, i)

    assert 1 == sum(won)


async def test_update_merges_in_one_step(store: Store) -> None:
    """Concurrent updates of different fields are all kept."""
    await store.put("thing", "1", {"n": 0}, account="me")

    async def change(i: int) -> None:
        await store.modify("thing", "1", lambda d: {**d, "n": d["n"] + 1}, account="me")
        await store.update("thing", "1", account="me", **{f"f{i}": i})

    async with anyio.create_task_group() as tasks:
        for i in range(20):
            tasks.start_soon(change, i)

    assert {"n": 20, **{f"f{i}": i for i in range(20)}} == await store.get("thing", "1", account="me")


async def test_a_change_that_fails_leaves_the_document_as_it_was(store: Store) -> None:
    """An exception in modify reaches the caller and writes nothing."""
    await store.put("thing", "1", {"n": 1}, account="me")

    with pytest.raises(ZeroDivisionError):
        await store.modify("thing", "1", lambda d: {"n": d["n"] // 0}, account="me")

    assert {"n": 1} == await store.get("thing", "1", account="me")


async def test_changing_or_deleting_what_is_not_there_is_told(store: Store) -> None:
    """Update raises a KeyError with the id; delete returns False."""
    with pytest.raises(MissingDocumentError, match="no thing 'x'"):
        await store.update("thing", "x", account="me", n=1)
    with pytest.raises(KeyError):
        await store.update("thing", "x", account="me", n=1)
    assert (await store.delete("thing", "x", account="me")) is False


async def test_a_store_on_disk_keeps_its_documents(tmp_path: Path) -> None:
    """What was written is there when the file is opened again."""
    async with Store(tmp_path / "x.sqlite") as store:
        await store.put("thing", "1", {"text": "é\u0000"}, account="me")
    async with Store(tmp_path / "x.sqlite") as store:
        assert {"text": "é\u0000"} == await store.get("thing", "1", account="me")


async def test_a_closed_store_says_how_to_open_it() -> None:
    """Use outside `async with` names the remedy."""
    with pytest.raises(RuntimeError, match="async with Store"):
        await Store(None).get("thing", "1", account="me")


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """The message says which file and what to do."""
    path = tmp_path / "emulator.sqlite"
    path.write_bytes(b"garbage" * 200)

    with pytest.raises(ValueError, match=r"emulator\.sqlite cannot be used .* move it away"):
        async with Store(path):
            pass
