"""The SDK's operations and the emulator's routes against the vendors' own lists."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path

import pytest

from audiokit.services import APIS, all_endpoints
from audiokit.transport import Retry

NAMES = {"apiaudio-v1": "apiaudio", "audiostack-v2": "audiostack", "respeecher": "respeecher"}
Key = tuple[str, str, str]


def _shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path.split("?", maxsplit=1)[0]).rstrip("/")


def _wanted(tiers: str) -> dict[Key, str]:
    """Operations of the given tiers: S named by a vendor's page, N needed with one, B beyond."""
    with (Path(__file__).parent / "coverage.csv").open(newline="") as file:
        return {
            (NAMES[row["api"]], row["method"], _shape(row["path"])): row["operation"]
            for row in csv.DictReader(file)
            if not row["param"]
            and row["method"] != "CLIENT"
            and row["path"].startswith("/")
            and (found := re.match(r"tier (\w)", row["notes"]))
            and found[1] in tiers
        }


ENDPOINTS = list(all_endpoints())
SERVED = {(one.api, one.method, _shape(one.path)) for one in ENDPOINTS}


def test_list_of_operations_is_the_whole_one() -> None:
    """The copy of the list kept here is complete: as many operations as the pages name."""
    wanted = _wanted("SN")
    counts = {api: sum(key[0] == api for key in wanted) for api in APIS}
    assert {"apiaudio": 6, "audiostack": 10, "respeecher": 49} == counts


def test_sdk_serves_every_operation_the_pages_name_or_need() -> None:
    """No operation of the three pages is missing."""
    assert {} == {key: name for key, name in _wanted("SN").items() if key not in SERVED}


def test_sdk_serves_nothing_the_pages_do_not_know() -> None:
    """Every endpoint with a path of its own stands in one of the vendors' lists."""
    known = set(_wanted("SNB"))
    assert set() == {key for key in SERVED if key[2].startswith("/")} - known


def test_emulator_answers_every_operation_the_pages_name_or_need() -> None:
    """What the SDK can call can be tried offline."""
    for name in ("starlette", "uvicorn", "python_multipart"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"the emulator extra is not installed ({name} not found)")
    from audiokit.emulator._routes import list_routes

    routes = {
        (str(one["api"]), str(one["method"]), _shape(str(one["path"])))
        for one in list_routes()
        if one.get("implemented", True)
    }
    assert {} == {key: name for key, name in _wanted("SN").items() if key not in routes}


NEEDS_A_MODEL = {
    "Audioform.create",
    "Audioform.get",
    "Content.RecommendMood.create",
    "Content.RecommendTag.create",
    "Content.RecommendTone.create",
    "Content.Script.generate_advert",
    "Content.generate",
    "Creator.Brief.create",
    "Creator.Story.create",
    "Creator.Story.get",
    "Production.Suite.separate",
    "Production.Suite.transcribe",
}
"""What answers 501: it writes, judges or hears, or its shape is not published."""


def test_emulator_does_everything_that_needs_no_model() -> None:
    """Every operation has a route, and works unless it is one of those few."""
    for name in ("starlette", "uvicorn", "python_multipart"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"the emulator extra is not installed ({name} not found)")
    from audiokit.emulator._routes import list_routes

    routes = {
        (str(one["api"]), str(one["method"]), _shape(str(one["path"]))): bool(one["implemented"])
        for one in list_routes()
    }
    wanted = _wanted("SNB")
    assert {} == {key: name for key, name in wanted.items() if key not in routes}
    assert NEEDS_A_MODEL == {name for key, name in wanted.items() if not routes[key]}


def test_emulator_knows_operations_by_the_sdks_names_too() -> None:
    """Faults and counts take the name that an error of the SDK shows; no name is another operation's."""
    for name in ("starlette", "uvicorn", "python_multipart"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"the emulator extra is not installed ({name} not found)")
    from audiokit.emulator._routes import list_routes

    ours: dict[Key, set[str]] = {}
    for one in ENDPOINTS:
        if one.path.startswith("/"):
            key = (one.api, one.method, _shape(one.path))
            ours.setdefault(key, set()).add(one.name.partition(".")[2])
    named: dict[tuple[str, str], set[str]] = {}
    served: dict[tuple[str, str], set[str]] = {}
    for row in list_routes():
        operation = (str(row["api"]), str(row["name"]))
        named[operation] = set(str(row["audiokit"]).split())
        key = (operation[0], str(row["method"]), _shape(str(row["path"])))
        served.setdefault(operation, set()).update(ours.get(key, set()))
    assert served == named
    all_names = [(api, name) for (api, own), also in named.items() for name in also | {own}]
    assert len(all_names) == len(set(all_names))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_endpoint_is_complete(endpoint: object) -> None:
    """Name, address, source and statuses are stated; a GET may be repeated."""
    from audiokit.services._endpoint import Endpoint

    assert isinstance(endpoint, Endpoint)
    assert re.fullmatch(r"(apiaudio|audiostack|respeecher)(\.[a-z0-9_]+){2,3}", endpoint.name)
    assert endpoint.path.startswith(("/", "{url}"))
    assert endpoint.source
    assert endpoint.expects
    assert endpoint.method != "GET" or endpoint.retry is Retry.SAFE


def test_names_of_endpoints_are_unique() -> None:
    """A name in a message means one operation."""
    names = [endpoint.name for endpoint in ENDPOINTS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name",
    [
        "respeecher.orders.create",
        "respeecher.orders.retry",
        "respeecher.recordings.upload",
        "respeecher.recordings.create_tts",
        "respeecher.recordings.create_tts_v1",
        "respeecher.calibrations.create",
        "apiaudio.speech.create",
        "apiaudio.mastering.create",
        "audiostack.tts.create",
        "audiostack.mixes.create",
    ],
)
def test_what_costs_credits_is_never_blindly_repeated(name: str) -> None:
    """A repeat after an unknown outcome could be billed twice."""
    [endpoint] = [one for one in ENDPOINTS if one.name == name]
    assert endpoint.retry is not Retry.SAFE
