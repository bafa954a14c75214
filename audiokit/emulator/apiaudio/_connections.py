"""Handing a finished master on to connectors, which on this machine are URLs that take a POST."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import orjson

from audiokit.emulator import _callbacks
from audiokit.emulator._fields import Fields, shown
from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audiokit.emulator._context import Context
    from audiokit.emulator._settings import EmulatorSettings

KIND = "v1.connection"
PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
_MOST = 10
_NAME_LENGTH = 100


def read_connectors(value: Any, settings: EmulatorSettings) -> tuple[list[dict[str, str]], list[str]]:
    """Read ``connectors``: a list of objects with a name and, here, the URL that takes the result.

    Returns:
        The connectors, and warnings about those that will not be called.

    Raises:
        HttpError: 400, anything else.
    """
    if value is None:
        return [], []
    if not isinstance(value, list) or len(value) > _MOST or not all(isinstance(one, dict) for one in value):
        raise HttpError(400, f"connectors must be a list of at most {_MOST} objects, got {shown(value)}")
    read: list[dict[str, str]] = []
    warnings: list[str] = []
    for place, one in enumerate(value):
        fields = Fields(one, path=f"connectors[{place}]")
        name, url = fields.required_text("name", "connector", longest=_NAME_LENGTH), fields.text("url")
        if not url:
            raise HttpError(
                400,
                f"connectors[{place}] ({name!r}) needs a url: the emulator knows no connector of the "
                "service, but hands results on to a URL on this machine",
            )
        try:
            reason = _callbacks.why_not(url, settings)
        except ValueError as error:
            raise HttpError(400, f"connectors[{place}].url: {error}") from None
        if reason is not None:
            warnings.append(f"connector {name!r} gets nothing: {reason}")
        read.append({"connector": name, "url": url})
    return read, warnings


async def open_connection(
    context: Context, account: str, connectors: Sequence[Mapping[str, str]], *, base: str
) -> dict[str, Any] | None:
    """Keep that a master is to be handed on; return what the master's document keeps of it, or None."""
    if not connectors:
        return None
    connection_id = str(uuid.uuid4())
    doc = {"id": connection_id, "targets": [{**one, "status": PENDING} for one in connectors]}
    await context.store.put(KIND, connection_id, doc, account=account)
    return {"id": connection_id, "base": base}


async def hand_on(context: Context, account: str, doc: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Send a master that has ended to its connectors, one after the other, and keep what came of it.

    Those that have got it already, from a process that died since, are left out.
    """
    connection_id = doc["connection"]["id"]
    connection = await context.store.get(KIND, connection_id, account=account)
    if connection is None:
        return
    if doc["state"] == "failed":
        body = {"errors": [doc["error"]]}
    secret = context.accounts.login(account).webhook_secret
    for place, target in enumerate(connection["targets"]):
        if target["status"] != PENDING:
            continue
        event = {"connectionId": connection_id, "connector": target["connector"], **body}
        event |= {"type": "mastering", "requestId": doc["request_id"]}
        is_taken = await _callbacks.call(context, target["url"], orjson.dumps(event), secret=secret)
        await _note(context, account, connection_id, place, DELIVERED if is_taken else FAILED)


async def _note(context: Context, account: str, connection_id: str, place: int, status: str) -> None:
    def change(old: dict[str, Any]) -> dict[str, Any]:
        targets = [{**one, "status": status} if at == place else one for at, one in enumerate(old["targets"])]
        return {**old, "targets": targets}

    await context.store.modify(KIND, connection_id, change, account=account)
