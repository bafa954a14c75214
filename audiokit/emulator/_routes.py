"""What the emulator serves, as data; for `audiokit emulator --routes --json`."""

from __future__ import annotations

import re
from typing import Any

from audiokit.emulator._app import APIS
from audiokit.emulator._operations import sdk_names
from audiokit.emulator._unavailable import is_available

_VERSION = "/{version}"


def list_routes() -> list[dict[str, Any]]:
    """List every operation as ``{api, method, path, name, audiokit, implemented}``.

    Paths are below the API's mount. ``name`` is the vendor's, ``audiokit`` what audiokit calls it, several
    parted by a space and empty where it has no method for it.

    Those that are not implemented answer 501 and say why. Twins with and without a version at the end of
    the path are one operation, with the version in brackets as the vendors write it.
    """
    rows: list[dict[str, Any]] = [
        {
            "api": api.name,
            "method": method,
            "path": re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path),
            "name": route.name,
            "audiokit": " ".join(sdk_names(api.name, route.name)),
            "implemented": is_available(route),
        }
        for api in APIS
        for route in api.routes
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    versioned = {(row["api"], row["method"], row["path"]) for row in rows if row["path"].endswith(_VERSION)}
    for row in rows:
        if (row["api"], row["method"], row["path"] + _VERSION) in versioned:
            row["path"] += f"[{_VERSION}]"
    return [row for row in rows if not row["path"].endswith(_VERSION)]
