"""What a delete answered, in its several shapes."""

from __future__ import annotations

from audiokit.transport import Reply


def deleted_ids(reply: Reply, asked_for: str) -> list[str]:
    """Ids of what is gone: from a list of strings, of ``{id}`` objects, one such object, or a 204."""
    if reply.status == 204 or not reply.content:
        return [asked_for]
    try:
        document = reply.json()
    except ValueError:
        return [asked_for]
    items = document if isinstance(document, list) else [document]
    ids = [item.get("id") if isinstance(item, dict) else item for item in items]
    return [one for one in ids if isinstance(one, str)] or [asked_for]
