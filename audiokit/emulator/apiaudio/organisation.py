"""The organisation behind the key: its id, its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.emulator._http import account_of, context_of
from audiokit.emulator.apiaudio._reply import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def get_org_data(request: Request) -> Response:
    """Say which organisation the key belongs to."""
    account = account_of(request)
    return reply({"orgId": context_of(request).accounts.login(account).user_id, "orgName": account})


async def list_child_orgs(_request: Request) -> Response:
    """List the organisations below this one; a tenant of the emulator has none."""
    return reply([])


async def get_secrets(request: Request) -> Response:
    """Give the key and what webhooks are signed with; no URL is kept for all of them."""
    login = context_of(request).accounts.login(account_of(request))
    return reply({"apiKey": login.api_key, "webhookUrl": None, "webhookSecret": login.webhook_secret})
