"""What happened since the start or the last reset: calls by operation and answer, and faults."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any


class Ledger:
    """Counts in memory; what was submitted is counted from the store, see `_submissions`."""

    def __init__(self) -> None:
        self._calls: Counter[tuple[str, str, str]] = Counter()
        self._faults: Counter[tuple[str, str, str]] = Counter()
        self._runs: Counter[str] = Counter()
        self._busy_s: defaultdict[str, float] = defaultdict(float)

    def worked(self, operation: str, seconds: float) -> None:
        """Count one operation of a worker process and how long it kept that busy."""
        self._runs[operation] += 1
        self._busy_s[operation] += seconds

    def call(self, api: str, operation: str, status: int) -> None:
        """Count one call that a handler answered, whether or not anybody received the answer."""
        if api == "control":
            return  # looking at the counts leaves them as they are
        self._calls[api, operation, str(status)] += 1

    def fault(self, api: str, operation: str, kind: str) -> None:
        """Count one fault that happened to a call."""
        self._faults[api, operation, kind] += 1

    def reset(self) -> None:
        """Forget all counts."""
        self._calls.clear()
        self._faults.clear()
        self._runs.clear()
        self._busy_s.clear()

    def as_json(self) -> dict[str, Any]:
        """Return the counts: ``calls`` by API, operation and status, ``faults`` likewise, ``workers``."""
        return {
            "calls": _nested(self._calls),
            "faults": _nested(self._faults),
            "workers": {
                "busy_s": round(sum(self._busy_s.values()), 6),
                "operations": {
                    operation: {"runs": runs, "busy_s": round(self._busy_s[operation], 6)}
                    for operation, runs in sorted(self._runs.items())
                },
            },
        }


def _nested(counts: Counter[tuple[str, str, str]]) -> dict[str, dict[str, dict[str, int]]]:
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for (api, operation, what), number in sorted(counts.items()):
        nested.setdefault(api, {}).setdefault(operation, {})[what] = number
    return nested
