"""What an order has read is what it reads again."""

from __future__ import annotations

from audiokit.emulator._recall import recalling, remembering
from audiokit.emulator._store import Store


async def test_recalled_questions_have_their_old_answers_and_others_the_stores() -> None:
    """Documents and lists, whatever became of them; another question is new; after the block all are."""
    async with Store(None) as store:
        await store.put("song", "1", {"n": 1}, account="me", parent="p")
        with remembering() as notes:
            assert {"n": 1} == await store.get("song", "1", account="me")
            assert [{"n": 1}] == await store.find("song", account="me", parent="p")
            assert None is await store.get("song", "2", account="me")
        await store.put("song", "1", {"n": 9}, account="me", parent="p")
        await store.put("song", "2", {"n": 2}, account="me", parent="p")
        with recalling(notes):
            assert {"n": 1} == await store.get("song", "1", account="me")
            assert [{"n": 1}] == await store.find("song", account="me", parent="p")
            assert None is await store.get("song", "2", account="me")
            assert 2 == len(await store.find("song", account="me"))
            assert None is await store.get("song", "1", account="you")
        assert {"n": 9} == await store.get("song", "1", account="me")


async def test_readers_that_change_their_document_change_no_note() -> None:
    """Neither while it is noted, nor when it is recalled."""
    async with Store(None) as store:
        await store.put("song", "1", {"tags": ["a"]}, account="me")
        with remembering() as notes:
            found = await store.get("song", "1", account="me")
        assert found is not None
        found["tags"].append("b")
        for _ in range(2):
            with recalling(notes):
                again = await store.get("song", "1", account="me")
            assert {"tags": ["a"]} == again
            again["tags"].append("c")


async def test_what_is_read_outside_is_not_noted() -> None:
    """Notes end with their block, and an inner block has its own."""
    async with Store(None) as store:
        await store.put("song", "1", {}, account="me")
        with remembering() as outer:
            with remembering() as inner:
                await store.get("song", "1", account="me")
            assert 1 == len(inner)
        await store.get("song", "1", account="me")
        assert {} == outer
