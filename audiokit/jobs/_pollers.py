"""One poller for each API, opened when a job first waits for it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Final

from audiokit.jobs._poll_plan import Allowance, PollPolicy
from audiokit.jobs._poller import Poller
from audiokit.typing import Clock

_WITHOUT_LIMIT: Final = PollPolicy(calls=6000)
"""For APIs that publish none: up to 20 looks a second, of which few jobs use few and a thousand most. Their
official clients look so often for one job."""


class Pollers:
    """The pollers of one orchestrator: one client has one credential for each API.

    Args:
        clock: For all of them.
        allowance_of: What is left of an API's limit for looks; None where it has none.
    """

    def __init__(self, clock: Clock, allowance_of: Callable[[str], Allowance | None]) -> None:
        self._clock = clock
        self._allowance_of = allowance_of
        self._pollers: dict[str, Poller] = {}
        self._names: dict[str, str] = {}

    async def of(self, api: str) -> Poller:
        """The poller of *api*; kinds that name none share one."""
        poller = self._pollers.get(api)
        if poller is None:
            allowance = self._allowance_of(api)
            policy = _WITHOUT_LIMIT if allowance is None else PollPolicy()
            poller = self._pollers[api] = Poller(clock=self._clock, allowance=allowance, policy=policy)
            await poller.__aenter__()
        return poller

    def wake(self, remote_id: str) -> bool:
        """Have work looked at soon, e.g. because a webhook told of it; whether anybody waits for it."""
        remote_id = self._names.get(remote_id, remote_id)
        found = [poller.wake(remote_id) for poller in self._pollers.values()]
        return any(found)

    @contextmanager
    def also_called(self, remote_id: str, names: Iterable[str | None]) -> Generator[None]:
        """Let `wake` know work by other names inside the block."""
        others = [name for name in names if name is not None and name != remote_id]
        self._names.update(dict.fromkeys(others, remote_id))
        try:
            yield
        finally:
            for name in others:
                self._names.pop(name, None)

    async def aclose(self) -> None:
        """Stop all looking."""
        for poller in self._pollers.values():
            await poller.aclose()
