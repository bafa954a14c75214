"""The account's own record: credits, the enabled calibration, the user object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from audiokit.emulator._context import Context
    from audiokit.emulator._store import Transaction

SECONDS_PER_CREDIT = 60.0
CHARACTERS_PER_CREDIT = 4000
_KIND, _ID = "account", "settings"


async def settings_of(context: Context, account: str) -> dict[str, Any]:
    """Return the account's record, made at first use."""
    found = await context.store.get(_KIND, _ID, account=account)
    if found is not None:
        return found
    credits_ = context.settings.initial_credits
    new = {"credits": credits_, "initial_credits": credits_, "calibration_id": None}
    await context.store.put_new(_KIND, _ID, new, account=account)
    return await context.store.get(_KIND, _ID, account=account) or new


async def credits_of(context: Context, account: str) -> dict[str, float]:
    """Return a tenant's credits: left, at the start, spent."""
    record = await settings_of(context, account)
    left, initial = record["credits"], record["initial_credits"]
    return {"left": left, "initial": initial, "spent": round(initial - left, 6)}


async def enable_calibration(context: Context, account: str, calibration_id: str | None) -> None:
    """Make one calibration the account's default; None means automatic."""
    await settings_of(context, account)
    await context.store.update(_KIND, _ID, account=account, calibration_id=calibration_id)


async def require_credits(context: Context, account: str, cost: float) -> None:
    """Refuse work that the account cannot pay.

    Raises:
        HttpError: 402, fewer than *cost* credits are left, or none.
    """
    left = (await settings_of(context, account))["credits"]
    if left <= 0 or left < cost:
        raise HttpError(402, f"not enough credits: this costs {round(cost, 4)}, {round(left, 4)} are left")


def take(step: Transaction, cost: float) -> None:
    """Take credits off the account as part of a step that needs `settings_of` to have been called before.

    Raises:
        HttpError: 402, fewer than *cost* credits are left.
    """
    left = (step.get(_KIND, _ID) or {})["credits"]
    if left < cost:
        raise HttpError(402, f"not enough credits: this costs {round(cost, 4)}, {round(left, 4)} are left")
    step.update(_KIND, _ID, credits=round(left - cost, 6))


def audio_cost(seconds: float) -> float:
    """Credits for converting *seconds* of audio."""
    return seconds / SECONDS_PER_CREDIT


def text_cost(text: str) -> float:
    """Credits for speaking *text*."""
    return len(text) / CHARACTERS_PER_CREDIT


async def user_of(context: Context, account: str) -> dict[str, Any]:
    """Return the User object of the account."""
    record = await settings_of(context, account)
    calibration_id, calibration = record["calibration_id"], None
    if calibration_id is not None:
        found = await context.store.get("calibration", calibration_id, account=account)
        calibration = {"calibration_id": calibration_id, "f0": None if found is None else found["f0"]}
    login, limits = context.accounts.login(account), context.switches.rates.limits
    return {
        "id": login.user_id,
        "email": login.email,
        "verified": True,
        "username": login.email.partition("@")[0],
        "first_name": None,
        "last_name": None,
        "roles": ["user"],
        "groups": [],
        "data": {
            "calibration": calibration,
            "bucket": None,
            "credit_limit": True,
            "moderate_originals": False,
            "rate_limits": None if limits is None else limits.as_json(),
            "permissions": {"long_conversions": True, "download": True, "can_read": True, "can_write": True},
            "stripe": None,
            "promo": None,
            "t_level": "green",
        },
    }
