"""A fault: what the server does wrong, and what that must come to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import attrs
from faults_expect import Mode, Rules
from faults_kinds import TAKE, Kind
from faults_server import FaultServer, Wire

from audiokit import Timeouts

Misdeed = Callable[[Wire, int], Awaitable[None]]
"""Treats one request badly; the number is the port of another host."""

ServerStep = Callable[[FaultServer], Awaitable[object]]


QUICK: Final = {"timeouts": Timeouts(connect_s=0.08, stall_s=0.08, call_s=1.0)}
"""Settings for faults that are told by a silence."""

MET_ONCE: Final = (Mode.ALWAYS,)
"""For faults that end the call, so that it makes no difference whether they would happen again."""


async def leave_it(_: FaultServer) -> None:
    """The server stays as it is."""
    await asyncio.sleep(0)


async def treat_well(wire: Wire, _: int) -> None:
    """No misdeed: the fault lies in the connection."""
    await wire.reply()


@attrs.frozen(kw_only=True)
class Fault:
    """One row of the table.

    Attributes:
        group: Heading of its section.
        name: Heading of its row.
        rules: What it must come to.
        does: What happens to a faulty request.
        but: Kinds of call, by name, for which it must come to something else.
        modes: How often it is tried to happen: a fault that is never met twice needs one mode.
        plain_kinds: The kinds, by name, that it meets in the plain run; None for all. The rest is heavy.
        kinds: The kinds it applies to, by name; None for all.
        begin: Puts the server into its state before the call.
        heal: Puts the server right.
        is_warm: Whether the client has an idle connection when the call begins.
        is_https: Whether the client speaks TLS.
        settings: For the client.
        options: For the call.
        take: What is uploaded.
        guard_s: Longest that the call may take; what is not over then hangs.
        wait_s: Shortest and longest wait after the first attempt, in seconds.
        retry_after_s: Least and most that the error may tell; None where it must tell nothing.
        goes_elsewhere: Kinds of call that ask the other host.
        most_memory_bytes: What the call may take at most; None where that is not measured.
    """

    group: str
    name: str
    rules: Rules
    does: Misdeed = treat_well
    but: Mapping[str, Rules] = attrs.field(factory=dict)
    modes: tuple[Mode, ...] = tuple(Mode)
    plain_kinds: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    begin: ServerStep = FaultServer.listen
    heal: ServerStep = leave_it
    is_warm: bool = False
    is_https: bool = False
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    options: Mapping[str, Any] = attrs.field(factory=dict)
    take: bytes = attrs.field(default=TAKE, repr=False)
    guard_s: float = 3.0
    wait_s: tuple[float, float] = (0.0, 0.5)
    retry_after_s: tuple[float, float] | None = None
    goes_elsewhere: frozenset[str] = frozenset()
    most_memory_bytes: int | None = None

    def applies_to(self, kind: Kind) -> bool:
        """Whether there is such a cell."""
        return self.kinds is None or kind.name in self.kinds

    def is_heavy(self, kind: Kind) -> bool:
        """Whether the cell is left out of the plain run."""
        return self.plain_kinds is not None and kind.name not in self.plain_kinds

    def rules_for(self, kind: Kind) -> Rules:
        """What it must come to for this kind of call."""
        return self.but.get(kind.name, self.rules)
