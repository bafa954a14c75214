"""What the gateway has beyond its reference pages, and where each of its parameters goes."""

from __future__ import annotations

import csv
import inspect
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from audiokit import AudioKit
from audiokit.errors import InvalidRequest
from audiokit.services import all_endpoints
from audiokit.services.respeecher import ModelConversion

BASE = "https://gateway.example"
COVERAGE = Path(__file__).parents[2] / "contract" / "coverage.csv"

CALIBRATION = {"id": "c-1", "name": "mine", "state": "calibrated", "f0": 118.5, "enabled": True}
PROJECT = {"id": "p-1", "name": "p", "models": {"a": 1}}
RECORDING = {"id": "r-2", "type": "converted", "state": "processing", "original_id": "r-1"}
STYLE_MODEL = {
    "id": "m-1",
    "name": "Anna",
    "owner": "u-1",
    "visibility": "public",
    "m2o": True,
    "default_model": False,
    "date_created": "2022-01-02T03:04:05Z",
    "pipeline": ["a"],
    "params": [{"id": "x"}],
    "user_can_use_model": True,
}


@attrs.frozen(kw_only=True)
class Row:
    """One operation: its name in the contract, how to call it, what must go out, and what comes back."""

    contract: str
    call: Callable[[AudioKit], Awaitable[Any]]
    request: str
    query: list[tuple[str, str]] = attrs.field(factory=list)
    json: Any = None
    reply: Any
    result: Callable[[Any], object] = lambda value: value
    expected: object
    has_key: bool = True

    @property
    def method_and_path(self) -> tuple[str, str]:
        """The request without the host."""
        method, _, url = self.request.partition(" ")
        return method, url.removeprefix(BASE)


async def _items(pages: Any) -> list[Any]:
    return [item async for item in pages]


ROWS = [
    Row(
        contract="healthz",
        call=lambda kit: kit.respeecher.health.get(),
        request=f"GET {BASE}/api/healtz",
        reply={"state": "OK"},
        result=lambda health: health.state,
        expected="OK",
        has_key=False,
    ),
    Row(
        contract="calibration.rename",
        call=lambda kit: kit.respeecher.calibrations.rename("c-1", "mine"),
        request=f"PATCH {BASE}/api/calibration/c-1",
        json={"name": "mine"},
        reply=CALIBRATION,
        result=lambda calibration: (calibration.name, calibration.f0_hz),
        expected=("mine", 118.5),
    ),
    Row(
        contract="projects.update_models",
        call=lambda kit: kit.respeecher.projects.update_models("p-1", {"a": 1}),
        request=f"PUT {BASE}/api/projects/p-1",
        json={"models": {"a": 1}},
        reply=PROJECT,
        result=lambda project: project.models,
        expected={"a": 1},
    ),
    Row(
        contract="notes.list",
        call=lambda kit: kit.respeecher.notes.list("f-1"),
        request=f"GET {BASE}/api/notes",
        query=[("folder_id", "f-1")],
        reply=[{"id": "n-1", "recording_id": "r-1", "text": "hm", "active": True}],
        result=lambda notes: [(one.recording_id, one.text) for one in notes],
        expected=[("r-1", "hm")],
    ),
    Row(
        contract="narration_styles.samples",
        call=lambda kit: kit.respeecher.narration_styles.samples("s-1"),
        request=f"GET {BASE}/api/v2/narration-styles/samples",
        query=[("narration_style_id", "s-1")],
        reply={"samples": {"calm": "/api/s.mp3"}},
        result=lambda found: found.samples,
        expected={"calm": "/api/s.mp3"},
    ),
    Row(
        contract="models.list",
        call=lambda kit: _items(
            kit.respeecher.models.list(search="An", sort="name", direction="asc", page_size=10, offset=20)
        ),
        request=f"GET {BASE}/api/models",
        query=[("search", "An"), ("sort", "name"), ("direction", "asc"), ("limit", "10"), ("offset", "20")],
        reply={"list": [STYLE_MODEL], "pagination": {"count": 21, "limit": 10, "offset": 20}},
        result=lambda found: [
            (one.name, one.is_many_to_one, one.is_default, one.is_usable, one.created_at.year, one.extra)
            for one in found
        ],
        expected=[("Anna", True, False, True, 2022, {})],
    ),
    Row(
        contract="stats.projects (POST form)",
        call=lambda kit: kit.respeecher.stats.projects(["p-1"], use_post=True),
        request=f"POST {BASE}/api/stats/projects",
        json={"project_ids": ["p-1"]},
        reply=[],
        expected=[],
    ),
    Row(
        contract="stats.folders (POST form)",
        call=lambda kit: kit.respeecher.stats.folders(["f-1"], use_post=True),
        request=f"POST {BASE}/api/stats/folders",
        json={"folder_ids": ["f-1"]},
        reply=[{"folder_id": "f-1", "stats": {"total": 3}}],
        result=lambda found: found[0].conversions.total,
        expected=3,
    ),
]

# Calls that the API has superseded: they work, and warn.
SUPERSEDED = [
    Row(
        contract="recordings.conversion_order_v1",
        call=lambda kit: kit.respeecher.recordings.conversion_order_v1(
            "r-1",
            [ModelConversion(id="m-1", name="Anna", params=[{"id": "x", "name": "pitch", "value": 2}])],
            calibration_id="c-1",
        ),
        request=f"POST {BASE}/api/recordings/conversion-order",
        json={
            "original_id": "r-1",
            "models": [{"id": "m-1", "name": "Anna", "params": [{"id": "x", "name": "pitch", "value": 2}]}],
            "calibration_id": "c-1",
        },
        reply=[RECORDING],
        result=lambda found: [(one.id, one.state) for one in found],
        expected=[("r-2", "processing")],
    ),
    Row(
        contract="recordings.conversion_redo",
        call=lambda kit: kit.respeecher.recordings.conversion_redo("r-2"),
        request=f"POST {BASE}/api/recordings/conversion-redo/r-2",
        reply=RECORDING,
        result=lambda recording: recording.original_id,
        expected="r-1",
    ),
]


async def _speaks_the_contract(row: Row, kit: AudioKit, sent: list[Any], key: str) -> None:
    value = await row.call(kit)
    assert 1 == len(sent)
    assert row.request == f"{sent[0].method} {sent[0].url}"
    assert row.query == sent[0].query
    assert row.json == sent[0].json
    assert (key if row.has_key else None) == sent[0].headers.get("api-key")
    assert row.expected == row.result(value)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.contract)
async def test_operation_speaks_the_contract(
    row: Row, kit: AudioKit, wire: Callable[..., list[Any]], keys: dict[str, str]
) -> None:
    """Method, address, query and body are exactly the contract's; the answer gets our names."""
    await _speaks_the_contract(row, kit, wire(httpx.Response(200, json=row.reply)), keys["respeecher"])


@pytest.mark.parametrize("row", SUPERSEDED, ids=lambda row: row.contract)
async def test_superseded_operation_works_and_warns(
    row: Row, kit: AudioKit, wire: Callable[..., list[Any]], keys: dict[str, str]
) -> None:
    """The warning names what to use instead, and points at the caller's line."""
    sent = wire(httpx.Response(200, json=row.reply))
    with pytest.warns(DeprecationWarning, match=r"use orders\.(create|retry)") as caught:
        await _speaks_the_contract(row, kit, sent, keys["respeecher"])
    assert {__file__} == {one.filename for one in caught}


async def test_health_needs_no_credentials(make_kit: Callable[..., AudioKit], wire: Any) -> None:
    """It can be asked before there is a key."""
    wire(httpx.Response(200, json={"state": "OK"}))
    async with make_kit(respeecher=None) as kit:
        assert "OK" == (await kit.respeecher.health.get()).state


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda api: api.calibrations.rename("c", ""), "name must have 1 to 40 characters, got 0"),
        (lambda api: api.calibrations.rename("c", "x" * 41), "name must have 1 to 40 characters, got 41"),
        (lambda api: _items(api.models.list(sort="rating")), "sort must be one of date_created, name, owner"),
        (lambda api: _items(api.models.list(page_size=101)), "page_size must be 1 to 100, got 101"),
    ],
)
async def test_certain_faults_are_refused_before_anything_is_sent(
    call: Callable[[Any], Any], message: str, kit: AudioKit
) -> None:
    """The message names field, what is allowed and what was given; no route is mocked."""
    with pytest.raises(InvalidRequest, match=message):
        await call(kit.respeecher)


async def test_empty_superseded_order_is_refused(kit: AudioKit) -> None:
    """An order of nothing is a mistake."""
    with (
        pytest.warns(DeprecationWarning, match=r"orders\.create"),
        pytest.raises(InvalidRequest, match="models must be at least one model"),
    ):
        await kit.respeecher.recordings.conversion_order_v1("r-1", [])


def test_every_operation_of_the_contract_has_an_endpoint() -> None:
    """Also those that only the gateway's own specification has."""

    def shape(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path)

    served = {(one.method, shape(one.path)) for one in all_endpoints() if one.api == "respeecher"}
    with COVERAGE.open(newline="") as file:
        wanted = {
            (row["method"], shape(row["path"]))
            for row in csv.DictReader(file)
            if row["api"] == "respeecher" and row["path"].startswith("/")
        }
    assert set() == wanted - served


def test_table_shows_where_every_parameter_beyond_the_pages_goes() -> None:
    """Each query and body parameter of these operations is in a request of the table."""
    shown: dict[str, set[str]] = {}
    for row in [*ROWS, *SUPERSEDED]:
        shown.setdefault(row.contract, set()).update({name for name, _ in row.query} | set(row.json or {}))
    with COVERAGE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["api"] == "respeecher"]
    beyond = {row["operation"] for row in rows if not row["param"] and row["notes"].startswith("tier B")}
    assert beyond == set(shown)
    missing = [
        (row["operation"], row["param"])
        for row in rows
        if row["operation"] in beyond
        and row["param"]
        and not row["notes"].startswith("in path")
        and row["param"] not in shown[row["operation"]]
    ]
    assert [] == missing


@pytest.mark.parametrize(
    "waiting", ["calibrations.create", "recordings.upload", "recordings.create_tts", "orders.create"]
)
def test_waiting_takes_all_arguments_of_starting(make_kit: Callable[..., AudioKit], waiting: str) -> None:
    """Nothing that can be asked for without waiting is lost by waiting."""
    service, _, method = waiting.partition(".")
    found = getattr(make_kit().respeecher, service)
    started = set(inspect.signature(getattr(found, method)).parameters)
    assert set() == started - set(inspect.signature(getattr(found, f"{method}_and_wait")).parameters)
