"""Webhooks of api.audio v1, received by one's own web app: they wake jobs before their next look is due."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, Protocol, TypeAlias

from audiokit import webhooks
from audiokit.errors import InvalidRequest, WebhookRefused

logger = logging.getLogger("audiokit.jobs")

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_NAMES: Final = ("requestId", "scriptId", "productionId", "speechId")
"""What an event may call the work. The vendor publishes no fields; these are those of its answers."""


class Wakes(Protocol):
    """What is woken; an `Orchestrator` is one."""

    def wake(self, remote_id: str) -> bool:
        """Have work looked at now; whether a job waits for it."""
        ...


class WebhookReceiver:
    """An ASGI app that takes webhooks, checks their signature, and wakes the jobs they are about.

    ::

        receiver = WebhookReceiver(jobs, secret="...")
        app.router.routes.append(Route("/webhooks/apiaudio", receiver))  # Starlette, FastAPI

    ``app.add_route`` does the same, and any ASGI framework takes it. What is mounted (``app.mount``) is at
    ``/webhooks/apiaudio/`` only, with the slash: Starlette answers the address without it with a redirect,
    which no webhook follows.

    An event is a hint: the job looks at the API itself, at once instead of later. So one that is lost,
    late, repeated or about somebody else's work does no harm. It answers 204, 400 to what is not genuine,
    405 to other methods and 413 to bodies over *limit_bytes*.

    Args:
        jobs: The orchestrator.
        secret: The account's webhook secret, which ``kit.apiaudio.organisation.get_secrets()`` gives in
            ``extra["webhookSecret"]``.
        tolerance_s: Oldest signature to take, in seconds.
        limit_bytes: Longest body.
        on_event: Called with each genuine event, e.g. to note it; what it gives is awaited if it can be.
    """

    def __init__(
        self,
        jobs: Wakes,
        *,
        secret: str,
        tolerance_s: float = webhooks.TOLERANCE_S,
        limit_bytes: int = 1024 * 1024,
        on_event: Callable[[webhooks.WebhookEvent], object] | None = None,
    ) -> None:
        if not secret:
            # Anyone could sign with an empty one.
            raise InvalidRequest("secret must be a string that is not empty", field="secret", value=None)
        self._jobs = jobs
        self._secret = secret
        self._tolerance_s = tolerance_s
        self._limit_bytes = limit_bytes
        self._on_event = on_event

    def __repr__(self) -> str:
        return "<WebhookReceiver>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] != "POST":
            await _answer(send, 405, allow="POST")
            return
        body = await self._body(receive)
        if body is None:
            await _answer(send, 413)
            return
        name = webhooks.HEADER.lower().encode()
        header = next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)
        try:
            event = webhooks.verify(body, header, self._secret, tolerance_s=self._tolerance_s)
        except WebhookRefused as error:
            logger.warning("a webhook was refused: %s", error.reason)
            await _answer(send, 400)
            return
        if self._on_event is not None:
            noted = self._on_event(event)
            if inspect.isawaitable(noted):
                await noted
        for remote_id in _ids_in(event.raw):
            self._jobs.wake(remote_id)
        await _answer(send, 204)

    async def _body(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return bytes(body)  # cut off, so no signature will fit
            body += message.get("body", b"")
            if len(body) > self._limit_bytes:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _ids_in(raw: Mapping[str, Any]) -> list[str]:
    return [value for name in _NAMES if isinstance(value := raw.get(name), str) and value]


async def _answer(send: Send, status: int, *, allow: str | None = None) -> None:
    headers = [(b"content-length", b"0")] + ([(b"allow", allow.encode())] if allow else [])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
