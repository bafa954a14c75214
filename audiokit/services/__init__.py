"""The three APIs as async services: one resource, one module."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from audiokit.services._endpoint import Endpoint

APIS = ("apiaudio", "audiostack", "respeecher")


def all_endpoints() -> Iterator[Endpoint[object]]:
    """Every operation of every API, as declared beside the method that uses it."""
    for api in APIS:
        package = importlib.import_module(f"{__name__}.{api}")
        for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
            values = vars(importlib.import_module(f"{package.__name__}.{module}")).values()
            yield from (value for value in values if isinstance(value, Endpoint))
