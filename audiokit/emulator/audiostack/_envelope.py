"""The reply envelope of v2 and the credits that its ``meta`` reports."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from audiokit.emulator._http import HttpError, JSONReply, account_of, context_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction

_KIND, _ID = "v2.credits", "balance"
_VERSION = "2"
CHARACTERS_PER_CREDIT = 4000
"""Characters of speech that one credit buys."""

SECONDS_PER_CREDIT = 60.0
"""Seconds of mixing that one credit buys."""


async def envelope(
    request: Request,
    data: dict[str, Any],
    *,
    message: str,
    status: int = 200,
    credits_used: float = 0.0,
    warnings: Sequence[str] = (),
    beside: Mapping[str, Any] | None = None,
) -> Response:
    """Wrap *data* as every v2 reply is; *beside* holds what stands next to it."""
    body = {
        **(beside or {}),
        "data": data,
        "message": message,
        "meta": {
            "version": _VERSION,
            "requestId": str(uuid.uuid4()),
            "creditsUsed": credits_used,
            "creditsRemaining": await balance(context_of(request), account_of(request)),
        },
        "warnings": list(warnings),
    }
    return JSONReply(body, status_code=status)


async def balance(context: Context, account: str) -> float:
    """Return the credits that are left."""
    doc = await context.store.get(_KIND, _ID, account=account)
    return round(context.settings.initial_credits - (doc["used"] if doc else 0.0), 4)


async def credits_of(context: Context, account: str) -> dict[str, float]:
    """Return a tenant's credits: left, at the start, spent."""
    left, initial = await balance(context, account), context.settings.initial_credits
    return {"left": left, "initial": initial, "spent": round(initial - left, 6)}


def price(credits_: float) -> float:
    """Round credits as they are charged."""
    return round(credits_, 4)


def take(step: Transaction, charged: float, *, initial: float) -> None:
    """Take credits, as part of the step that orders what they are for.

    Raises:
        HttpError: 402, there are not enough.
    """
    used = (step.get(_KIND, _ID) or {"used": 0.0})["used"]
    left = initial - used
    if charged > left + 1e-9:
        raise HttpError(402, f"this call costs {charged:g} credits, {left:g} are left; ask for less")
    step.put(_KIND, _ID, {"used": round(used + charged, 4)})


def pay_back(step: Transaction, doc: Mapping[str, Any]) -> None:
    """Give back what a document of failed work cost."""
    used = (step.get(_KIND, _ID) or {"used": 0.0})["used"]
    step.put(_KIND, _ID, {"used": round(used - doc.get("cost", 0.0), 4)})
