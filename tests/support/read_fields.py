"""What handlers of the emulator read of bodies, forms and queries, held against their description.

`held_to_description` watches while tests call the emulator in their process. Only fields at the top are told.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection

from audiokit.emulator import _app, _body, _fields, _multipart
from audiokit.emulator._described import Described, fields
from audiokit.emulator._ledger import Ledger
from audiokit.emulator.respeecher import _fields as _respeecher

Seen = Callable[[str, str, str], None]

OPERATIONS = {
    route.endpoint: f"{api}.{route.name}" for api, routes in _app._ROUTES.items() for route in routes
}
V1_V2 = ("raw",)  # what all readers go through
RESPEECHER = ("raw", "has", "opt_text", "opt_uuid", "flag", "integer", "opt_number", "choice")


@functools.cache
def _described() -> dict[str, Described]:
    """What each operation is described to read and to answer."""
    return {
        f"{api.name}.{route.name}": api.described.get(route.name, Described())
        for api in _app.APIS
        for route in api.routes
    }


@functools.cache
def _names(operation: str, where: str) -> frozenset[str]:
    """The fields that are described at one place of an operation."""
    return frozenset(one.name for one in fields(getattr(_described()[operation], where)))


@contextlib.contextmanager
def held_to_description() -> Iterator[None]:
    """Fail at the end of the block when a handler has read, or answered with, what is not described."""
    described = _described()
    surprises: set[tuple[str, str, str]] = set()

    def seen(operation: str, where: str, name: str) -> None:
        if operation not in described:
            return
        if name not in _names(operation, where):
            surprises.add((operation, where, name))

    def replied(operation: str, status: int) -> None:
        if operation in described and status < 300 and status not in described[operation].statuses:
            surprises.add((operation, "status", str(status)))

    with watching(seen, replied):
        yield
    assert set() == surprises


@contextlib.contextmanager
def watching(seen: Seen, replied: Callable[[str, int], None]) -> Iterator[None]:
    """Tell *seen* what is read, and *replied* each operation's statuses, while the block runs."""
    current: ContextVar[HTTPConnection | None] = ContextVar("current", default=None)
    bodies: dict[int, tuple[Any, HTTPConnection]] = {}

    def note(request: HTTPConnection | None, where: str, name: str) -> None:
        operation = None if request is None else OPERATIONS.get(request.scope.get("endpoint"))
        if operation is not None:
            seen(operation, where, name)

    class Query(QueryParams):
        request: HTTPConnection

        def get(self, key: Any, default: Any = None) -> Any:
            note(self.request, "query", key)
            return super().get(key, default)

        def getlist(self, key: Any) -> list[Any]:
            note(self.request, "query", key)
            return super().getlist(key)

    def query_params(self: HTTPConnection) -> QueryParams:
        found = Query(self.scope["query_string"])
        found.request = self
        return found

    def watch(patch: pytest.MonkeyPatch, owner: Any, name: str, before: Callable[..., None]) -> None:
        original = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            before(*args, **kwargs)
            return original(*args, **kwargs)

        patch.setattr(owner, name, watched)

    def read_v1_v2(fields: Any, *names: str) -> None:
        body, request = bodies.get(id(fields._values), (None, None))
        if body is fields._values:
            for name in names:
                note(request, "body", name)

    def read_respeecher(fields: Any, name: str, *_more: Any, **_options: Any) -> None:
        if len(fields._location) == 1 and fields._location[0] != "query":  # those tell of themselves
            note(current.get(), fields._location[0], name)

    def keep(value: Any) -> None:
        request = current.get()
        if request is not None:
            bodies[id(value)] = (value, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPConnection, "query_params", property(query_params))
        watch(patch, _body, "refuse_announced_size", lambda request, *_a, **_k: current.set(request))
        watch(patch, _multipart, "_boundary", current.set)
        watch(patch, _body, "_refuse_depth", keep)
        watch(patch, Ledger, "call", lambda _self, api, name, status: replied(f"{api}.{name}", status))
        for method in V1_V2:
            watch(patch, _fields.Fields, method, read_v1_v2)
        for method in RESPEECHER:
            watch(patch, _respeecher.Fields, method, read_respeecher)
        yield
