"""Every operation and every parameter of the three APIs: what goes out, and what the answer becomes.

The rows are in ``tests/support/wire_*.py``; ``wire.py`` beside them says how a row is read.
"""

from __future__ import annotations

import contextlib
import csv
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import wire_apiaudio
import wire_audiostack
import wire_respeecher
from wire import KEY_HEADERS, Made, Parameter, Row, Sent, Spy, Table, pattern_of

from audiokit import AudioKit
from audiokit.errors import ApiError
from audiokit.services import all_endpoints

TABLES = [wire_apiaudio.TABLE, wire_audiostack.TABLE, wire_respeecher.TABLE]
ROWS = [(table, row) for table in TABLES for row in table.rows]
TESTS = Path(__file__).parents[2]

with (TESTS / "contract" / "coverage.csv").open(newline="") as _file:
    CONTRACT = list(csv.DictReader(_file))
OPERATIONS = [
    (table, one) for one in CONTRACT for table in TABLES if table.contract == one["api"] and not one["param"]
]
PARAMETERS = [
    (
        table,
        Parameter(
            operation=one["operation"],
            path=one["path"],
            name=one["param"],
            place=one["notes"].partition(";")[0].removeprefix("in "),
        ),
    )
    for one in CONTRACT
    for table in TABLES
    if table.contract == one["api"] and one["param"]
]

each_row = pytest.mark.parametrize(
    ("table", "row"), ROWS, ids=[f"{table.api}-{row.title}" for table, row in ROWS]
)


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that save files do so here."""
    monkeypatch.chdir(tmp_path)


@contextlib.contextmanager
def _warning_of(row: Row) -> Iterator[None]:
    """A superseded call warns, and points at the caller's line; any other does not."""
    if row.warns is None:
        yield
        return
    with pytest.warns(DeprecationWarning, match=row.warns) as caught:
        yield
    assert {__file__} == {one.filename for one in caught}  # where it is awaited


@each_row
async def test_call_speaks_the_contract(
    table: Table,
    row: Row,
    kit: AudioKit,
    wire: Callable[..., list[Sent]],
    bases: dict[str, str],
    keys: dict[str, str],
) -> None:
    """Method, address, query, body and headers are exactly the contract's; the answer gets our names."""
    sent = wire(*[step.response() for step in row.steps])
    with _warning_of(row):
        value = await row.call(kit)
    assert len(row.steps) == len(sent)
    for step, one in zip(row.steps, sent, strict=True):
        key = {KEY_HEADERS[table.api]: keys[table.api]}
        step.check(one, base=bases[table.api], key=key)
    assert row.expected == row.result(value)


@pytest.mark.parametrize(
    ("table", "operation"), OPERATIONS, ids=[f"{table.api}-{one['operation']}" for table, one in OPERATIONS]
)
def test_operation_has_a_row(table: Table, operation: dict[str, str]) -> None:
    """Each operation of the contract is asked for, with the contract's method and path."""
    name, method, path = operation["operation"], operation["method"], operation["path"]
    if name in table.received:
        assert (TESTS / table.received[name]).exists()
        return
    steps = table.steps_of(name)
    assert steps
    if method != "CLIENT":  # else it is work of the official client, of other operations' requests
        wrong = [
            step.request
            for step in steps
            if step.method != method or not pattern_of(path).fullmatch(step.path)
        ]
        assert [] == wrong


@pytest.mark.parametrize(
    ("table", "parameter"),
    PARAMETERS,
    ids=[f"{table.api}-{one.operation}-{one.place}-{one.name}" for table, one in PARAMETERS],
)
def test_parameter_is_where_the_contract_has_it(table: Table, parameter: Parameter) -> None:
    """Each parameter of the contract stands in its place in a row's request, or has its reason not to."""
    key = (parameter.operation, parameter.name)
    if parameter.place == "sdk" or parameter.operation in table.received:
        assert table.not_sent[key].why
    else:
        name = table.renamed.get(key, parameter.name)
        assert any(parameter.is_in(step, name) for step in table.steps_of(parameter.operation))


def test_contract_is_walked_as_a_whole() -> None:
    """No line of the contract is passed over because its API or place is not known."""
    assert (197, 565) == (len(OPERATIONS), len(PARAMETERS))
    assert {"path", "query", "header", "body", "form", "sdk"} == {one.place for _, one in PARAMETERS}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.api)
def test_tables_hold_nothing_the_contract_does_not_know(table: Table) -> None:
    """Names of rows, of renamed and of left out parameters are the contract's."""
    operations = {one["operation"] for of, one in OPERATIONS if of is table}
    listed = {(one.operation, one.name): one for of, one in PARAMETERS if of is table}
    not_sent = {key for key, one in listed.items() if one.place == "sdk" or one.operation in table.received}
    assert set() == {step.operation for row in table.rows for step in row.steps} - operations - {None}
    assert set() == set(table.received) - operations
    assert set() == set(table.renamed) - set(listed)
    assert not_sent == set(table.not_sent)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.api)
async def test_argument_that_no_request_carries_is_taken(
    table: Table, make_kit: Callable[..., AudioKit]
) -> None:
    """What the official client does by itself, e.g. waiting or saving, can be asked for here too."""
    api = getattr(make_kit(), table.api)
    for served in table.not_sent.values():
        owner, _, method = served.by.rpartition(".")
        found = importlib.import_module(owner) if owner.startswith("audiokit.") else getattr(api, owner)
        assert served.argument in inspect.signature(getattr(found, method)).parameters, served


async def test_every_endpoint_has_a_row(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """Nothing is declared that the rows do not call; an error names the operation that was refused."""
    declared = {one.name: one for one in all_endpoints()}
    refused = set()
    for table, row in ROWS:
        for index, step in enumerate(row.steps):
            answers = [one.response() for one in row.steps[:index]] + [httpx.Response(418)]
            respx_mock.reset()
            respx_mock.route().mock(side_effect=answers)
            with pytest.raises(ApiError) as caught, _warning_of(row):
                await row.call(kit)
            refused.add(caught.value.operation)
            endpoint = declared[caught.value.operation]
            assert (table.api, step.method) == (endpoint.api, endpoint.method)
            assert pattern_of(endpoint.path).fullmatch(step.path), (endpoint.path, step.path)
    assert set() == set(declared) - refused


# Who is called, and how; `CallOptions` have tests of their own.
NOT_ON_THE_WIRE = {"self", "options", "on_progress", "on_receipt", "checksum", "extract", "schedule"}


async def test_every_argument_is_in_a_row(kit: AudioKit, wire: Callable[..., list[Sent]]) -> None:
    """Each argument of the methods that rows call is given by at least one of them, and by its name."""
    given: dict[Callable[..., Any], set[str]] = {}
    for _, row in ROWS:
        made: list[Made] = []
        wire(*[step.response() for step in row.steps])
        with _warning_of(row):
            await row.call(Spy(kit, made))  # type: ignore[arg-type]  # it stands for the client
        assert 1 == len(made), row.title
        given.setdefault(made[0].method, set()).update(made[0].arguments)
    missing = [
        f"{method.__module__}.{method.__qualname__}({name})"
        for method, names in given.items()
        for name in inspect.signature(method).parameters
        if name not in names | NOT_ON_THE_WIRE
    ]
    assert [] == missing
