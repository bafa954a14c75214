"""What was submitted, counted by label: one record for every piece of work that costs something.

The record is written in one step with what it stands for, so the count is what the service has really
taken on, whatever the caller was told. Labels are those that were sent, also where they are not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._store import Entry

if TYPE_CHECKING:
    from audiokit.emulator._store import Store

_KIND = "submission"


def submission(
    api: str, operation: str, object_id: str, *, label: str | None, name: str | None = None
) -> Entry:
    """Make the record of one submission.

    Args:
        api: The API.
        operation: What was called, e.g. ``orders.create``.
        object_id: What came of it: a conversion, a recording, a piece of speech, a master, a mix.
        label: Label as it was sent; for v1 and v2 the id of the script.
        name: What else tells submissions apart: name of an uploaded file, id of a voice, a listener.
    """
    doc = {"api": api, "operation": operation, "label": label, "name": name}
    return Entry(kind=_KIND, id=f"{operation} {object_id}", doc=doc)


async def submissions(store: Store) -> list[dict[str, Any]]:
    """Count the submissions of all tenants, in the order in which they were first made."""
    fields = ("api", "operation", "label", "name")
    return [
        dict(zip(("account", *fields, "count"), row, strict=True)) for row in await store.tally(_KIND, fields)
    ]


async def forget_submissions(store: Store) -> None:
    """Count anew."""
    await store.delete_kind(_KIND)
