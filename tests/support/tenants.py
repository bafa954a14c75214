"""A tenant of one's own at an emulator that serves others before and after: cheaper than a fresh emulator."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import attrs

from audiokit import ApiAccess, ApiKey
from audiokit.testing import EmulatorControl, EmulatorProcess


@attrs.frozen
class Tenant:
    """What a test needs of it; ``emulator_url`` is what `AUDIOKIT_EMULATOR` takes."""

    name: str
    key: str
    emulator: EmulatorProcess
    control: EmulatorControl
    access: dict[str, ApiAccess]

    @property
    def emulator_url(self) -> str:
        """The address of all three APIs, with the key."""
        root = self.access["respeecher"].base_url.removesuffix("/respeecher")
        return root.replace("://", f"://{self.key}@")


@asynccontextmanager
async def tenant_of(emulator: EmulatorProcess, **settings: Any) -> AsyncGenerator[Tenant]:
    """Count anew, with these settings for the emulator; they are as before afterwards."""
    control = EmulatorControl.of(emulator)
    name = secrets.token_hex(8)
    key = (await control.add_tenant(name))["api_key"]
    access = {api: attrs.evolve(one, credentials=ApiKey(key)) for api, one in emulator.access.items()}
    before = await control.settings()
    await control.reset()
    await control.change(**settings)
    try:
        yield Tenant(name, key, emulator, control, access)
    finally:
        await control.change(**before)
