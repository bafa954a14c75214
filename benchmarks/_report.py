"""What every benchmark prints: the machine, a table, and with --json one last line."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata


def machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} "
        f"{platform.release()}, {os.cpu_count()} cores, load {load:.1f}"
    )


def versions(*names: str) -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def bar(name: str, value: float, must: float) -> dict[str, object]:
    """A figure with the most it may be."""
    return {"name": name, "value": round(value, 4), "must": must, "holds": value <= must}


def finish(bench: str, bars: list[dict[str, object]], *, as_json: bool) -> int:
    for one in bars:
        verdict = "holds" if one["holds"] else "FAILS"
        print(f"{verdict}  {one['name']}: {one['value']} (must be <= {one['must']})")
    if as_json:
        print(json.dumps({"bench": bench, "bars": bars}))
    return 0 if all(one["holds"] for one in bars) else 1
