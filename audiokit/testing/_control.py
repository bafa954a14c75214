"""The emulator's own endpoints: what it did, and what it is to do next."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

import attrs
import httpx

from audiokit._emulated import EmulatorProcess
from audiokit.errors import EmulatorError

_TIMEOUT_S: Final = 30.0


@attrs.frozen
class EmulatorControl:
    """Calls on ``/control`` of a running emulator. Safe to use from any event loop.

    Attributes:
        url: Base URL, as `EmulatorProcess.control_url` gives it.
        key: Control key; it is no API key.
    """

    url: str
    key: str = attrs.field(repr=False)

    @classmethod
    def of(cls, emulator: EmulatorProcess) -> EmulatorControl:
        """Make one for a running emulator."""
        return cls(emulator.control_url, emulator.control_key)

    async def counts(self) -> Mapping[str, Any]:
        """Return what happened since the start or the last `reset`.

        Returns:
            ``submissions``: a list of ``{account, api, operation, label, name, count}``, by the labels as
            they were sent (the script's id for v1 and v2); ``submitted``: their sums by operation;
            ``calls`` and ``faults`` by API, operation and status or kind; ``credits`` by tenant and API;
            ``workers`` with ``busy_s``; ``virtual_s``; ``background_tasks``.
        """
        counted: Mapping[str, Any] = await self._call("GET", "/counts")
        return counted

    async def submitted(self, operation: str) -> dict[str | None, int]:
        """Return how often each label was submitted by an operation like ``orders.create``.

        Args:
            operation: Its name in audiokit or as the vendor has it, with or without the API in front.

        Raises:
            EmulatorError: There is no such operation; the message has names that are like it.
        """
        names = await self._names(operation)
        found: dict[str | None, int] = {}
        for entry in (await self.counts())["submissions"]:
            if (entry["api"], entry["operation"]) in names:
                found[entry["label"]] = found.get(entry["label"], 0) + entry["count"]
        return found

    async def reset(self) -> None:
        """Count anew. Objects, credits and settings stay."""
        await self._call("POST", "/reset")

    async def settings(self) -> Mapping[str, Any]:
        """Return what `change` can change, as it is now."""
        now: Mapping[str, Any] = await self._call("GET", "/settings")
        return now

    async def change(self, **settings: Any) -> Mapping[str, Any]:
        """Change settings, all of them or none, and return all.

        Args:
            **settings: ``faults`` (like ``late*1/orders.create,429:0.05x10@2s``; empty for none), ``seed``,
                ``speed`` (virtual seconds per second), ``processing`` (like ``conversion:1x+2s``),
                ``labels`` (``echo`` or ``drop``), ``rate_limits`` (like ``500/100/300s``, or None).

        Raises:
            EmulatorError: A name or a value was refused; the message says which and why.
        """
        now: Mapping[str, Any] = await self._call("PATCH", "/settings", settings)
        return now

    async def add_tenant(self, name: str, *, key: str | None = None) -> Mapping[str, Any]:
        """Add a tenant and return its ``api_key``, ``email``, ``password`` and ``user_id``.

        Args:
            name: 1 to 40 letters, digits, hyphens and underscores.
            key: At least 32 characters; None makes one.

        Raises:
            EmulatorError: The name is taken or cannot be one, or the key is too short or another's.
        """
        body = {"name": name} if key is None else {"name": name, "key": key}
        made: Mapping[str, Any] = await self._call("POST", "/tenants", body)
        return made

    def fault_headers(self, faults: str) -> dict[str, str]:
        """Return headers that let faults happen to one call, e.g. for ``headers=`` of any method.

        Args:
            faults: Like ``late@1-2s``; rates, bursts and repetitions do not count.
        """
        return {"x-emulator-fault": faults, "x-control-key": self.key}

    async def _names(self, operation: str) -> set[tuple[str, str]]:
        """What submissions of an operation are counted by: API and name."""
        found: set[tuple[str, str]] = set()
        known: set[str] = set()
        for one in await self._call("GET", "/operations"):
            names = {one["name"], *one["also"]}
            names |= {f"{one['api']}.{name}" for name in names}
            known |= names
            if operation in names:
                found.add((one["api"], one["name"]))
        if not found:
            close = difflib.get_close_matches(operation, sorted(known), cutoff=0.7)
            hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
            raise EmulatorError(
                f"the emulator has no operation {operation!r}; {hint}`audiokit emulator --routes` lists them"
            )
        return found

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        # A client for each call: the caller's loop, whichever that is, keeps nothing of it.
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
            reply = await client.request(
                method, f"{self.url}{path}", json=body, headers={"x-control-key": self.key}
            )
        if reply.is_error:
            raise EmulatorError(f"the emulator refused {method} /control{path}: {_reason(reply)}")
        return reply.json()


def _reason(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {reply.status_code}"
