"""Webhooks of v1: asked for by ``callback_url``, signed, sent when speech or a master has ended.

The service publishes no fields. The body is the resource's normal reply, with ``requestId`` and ``type``.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request

from audiokit.emulator import _callbacks
from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._fields import Fields
    from audiokit.emulator._settings import EmulatorSettings


def read_callback(fields: Fields, settings: EmulatorSettings) -> tuple[str, list[str]]:
    """Read ``callback_url``, which may be empty, and say when it will not be called.

    Raises:
        HttpError: 400, it is no URL.
    """
    url = fields.text("callback_url")
    if not url:
        return "", []
    try:
        reason = _callbacks.why_not(url, settings)
    except ValueError as error:
        raise HttpError(400, f"callback_url: {error}") from None
    return url, [] if reason is None else [f"callback_url is not called: {reason}"]


def callback_of(request: Request, url: str) -> dict[str, str] | None:
    """Return what is kept of a wish to be called back: where, and where links in it lead."""
    return {"url": url, "base": base_of(request)} if url else None


async def announce(
    context: Context, account: str, type_: str, doc: Mapping[str, Any], body: Mapping[str, Any]
) -> None:
    """Send the webhook of a document; *body* is what a reply would be, or holds its errors."""
    if doc["state"] == "failed":
        body = {"errors": [doc["error"]]}
    event = orjson.dumps({**body, "type": type_, "requestId": doc["request_id"]})
    secret = context.accounts.login(account).webhook_secret
    await _callbacks.call(context, doc["callback"]["url"], event, secret=secret)


def base_of(request: Request) -> str:
    """Return scheme and host of a call."""
    return f"{request.url.scheme}://{request.url.netloc}"


def request_for_links(context: Context, url: str) -> Request:
    """Return a request that makes links as a call whose `base_of` was *url* would have."""
    base = urlsplit(url)
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": base.scheme,
        "server": (base.hostname, base.port),
        "root_path": "/apiaudio",
        "path": "/apiaudio/",
        "query_string": b"",
        "headers": [(b"host", base.netloc.encode())],
        "app": SimpleNamespace(state=SimpleNamespace(context=context)),
    }
    return Request(scope)
