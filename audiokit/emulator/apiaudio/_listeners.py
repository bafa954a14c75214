"""Who a track is for: audience values, and the identity under which speech and masters are found again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from audiokit.emulator._fields import as_texts, shown
from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._script import Script

_MOST = 100  # listeners of one call


def read_audience(value: Any) -> list[dict[str, str]]:
    """Read ``audience``: a list of objects, or one object; absent or empty means the fallback track.

    Raises:
        HttpError: 400, anything else.
    """
    listeners = value if isinstance(value, list) else [value] if value is not None else []
    if len(listeners) > _MOST:
        raise HttpError(
            400, f"audience has {len(listeners)} listeners; at most {_MOST} are taken in one call"
        )
    read: list[dict[str, str]] = []
    for index, listener in enumerate(listeners):
        if not isinstance(listener, dict):
            raise HttpError(
                400, f"audience must be a list of objects like [{{'name': 'Ann'}}], got {shown(value)}"
            )
        read.append(as_texts(listener, field=f"audience[{index}]"))
    return read or [{}]


def used_values(script: Script, listener: Mapping[str, str]) -> dict[str, str]:
    """Keep the values that the script has a parameter for, under the script's spelling of the names."""
    given = {name.casefold(): value for name, value in listener.items()}
    return {name: given[name.casefold()] for name in script.parameters if name.casefold() in given}


def asks_with_its_order(query: Mapping[str, str], script: Script) -> bool:
    """Say whether a poll has the whole order for its query, as the official client's has.

    That loses the audience's values (only ``audience=name`` is left of them), so whom it asks for can only
    be told by the order being the newest.
    """
    return "audience" in query and not any(name.casefold() == "audience" for name in script.parameters)


def listener_name(values: Mapping[str, str]) -> str | None:
    """Name a listener by the values; None for the fallback track."""
    return ", ".join(f"{name}={value}" for name, value in values.items()) or None


def identity(script_id: str, version: str, values: Mapping[str, str], *more: object) -> str:
    """Make the key of speech or a master: names and values are compared without case."""
    pairs = sorted((name.casefold(), value.casefold()) for name, value in values.items())
    return hashlib.sha256(orjson.dumps([script_id, version, pairs, *more])).hexdigest()


async def newest_of_call(context: Context, kind: str, account: str, script_id: str) -> dict[str, Any] | None:
    """Return what was made last of a script, for whichever listener was first in its call, or None."""
    found = await context.store.find(
        kind, account=account, where={"script_id": script_id}, newest_first=True, limit=_MOST
    )
    return next((doc for doc in found if doc["id"].endswith(".0")), None)
