"""One field that cannot be read spoils no page and no paid answer, where the model can do without it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audiokit import AudioKit, Conversion
from audiokit.errors import UnexpectedResponse

RECORDING = {"id": "r-1", "state": "done"}
Wire = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created_at", ""),
        ("created_at", "yesterday"),
        ("created_at", "2024/01/02"),
        ("created_at", 1_700_000_000),
        ("converted_at", "0000-00-00T00:00:00"),
        ("note", 5),
        ("note", [1]),
    ],
)
async def test_field_that_cannot_be_read_has_its_default(
    name: str, value: Any, kit: AudioKit, wire: Wire
) -> None:
    """What the API sent for it is in `extra`; all else is as ever."""
    wire(httpx.Response(200, json={**RECORDING, name: value, "label": "take", "new": 1}))
    found = await kit.respeecher.recordings.get("r-1")
    assert (None, "take") == (getattr(found, name), found.label)
    for one in (found, copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert {name: value, "new": 1} == one.extra


async def test_one_odd_date_spoils_no_page(kit: AudioKit, wire: Wire) -> None:
    """The other recordings have theirs."""
    items = [{**RECORDING, "created_at": "2024-01-01T00:00:00Z" if at != 57 else ""} for at in range(100)]
    wire(httpx.Response(200, json={"list": items, "pagination": {"count": 100}}))
    page = await kit.respeecher.recordings.list(folder_id="f", page_size=100).page()
    assert [57] == [at for at, one in enumerate(page.items) if one.created_at is None]


async def test_one_odd_date_spoils_no_paid_answer(kit: AudioKit, wire: Wire) -> None:
    """The id of what was paid for is what counts."""
    wire(
        httpx.Response(
            200, json=[{"id": "o", "original_id": "x", "conversion_id": "c", "created_at": "2024/01/02"}]
        )
    )
    [order] = await kit.respeecher.orders.create("x", [Conversion(voice_id="v")])
    assert ("c", None, "2024/01/02") == (order.conversion_id, order.created_at, order.extra["created_at"])


@pytest.mark.parametrize("models", [[], ["a"], "a"])
async def test_mapping_that_is_none_is_left_out(models: Any, kit: AudioKit, wire: Wire) -> None:
    """Some servers write an empty object as a list."""
    wire(httpx.Response(200, json={"id": "p", "name": "n", "models": models}))
    project = await kit.respeecher.projects.create("n", owner="o")
    assert (None, models) == (project.models, project.extra["models"])


async def test_warnings_of_an_unknown_shape_are_kept(kit: AudioKit, wire: Wire) -> None:
    """A track that was paid for can be used."""
    wire(httpx.Response(200, json={"url": "https://x.example/a.mp3", "warnings": {"a": 1}}))
    track = await kit.apiaudio.mastering.create("s")
    assert (True, None, {"a": 1}) == (track.is_ready, track.warnings, track.extra["warnings"])


async def test_object_within_that_does_not_fit_is_left_out(kit: AudioKit, wire: Wire) -> None:
    """As a whole, where the model around it can do without it."""
    wire(
        httpx.Response(
            200, json={"data": {"pipelineId": "p", "status": 200, "results": {"newFileIds": [{"a": 1}]}}}
        )
    )
    pipeline = await kit.audiostack.sts.get("p")
    assert ("p", None) == (pipeline.pipeline_id, pipeline.results)
    assert {"newFileIds": [{"a": 1}]} == pipeline.extra["results"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"id": 5, "state": "done", "created_at": ""}, r"expected str @ \$\.id"),
        ({"state": "done", "created_at": ""}, r"required field missing @ \$\.id"),
    ],
)
async def test_what_a_model_cannot_do_without_must_fit(
    document: Any, said: str, kit: AudioKit, wire: Wire
) -> None:
    """And only that is named."""
    wire(httpx.Response(200, json=document))
    with pytest.raises(UnexpectedResponse, match=said) as caught:
        await kit.respeecher.recordings.get("r-1")
    assert "created_at" not in str(caught.value)


@pytest.mark.parametrize("voices", [{"a": 1}, "none", [{"alias": "x"}, "y"]])
async def test_list_that_does_not_fit_is_not_taken_for_an_empty_one(
    voices: Any, kit: AudioKit, wire: Wire
) -> None:
    """That there is nothing would be a claim of ours."""
    wire(httpx.Response(200, json={"data": {"voices": voices}}))
    with pytest.raises(UnexpectedResponse, match="voices"):
        await kit.audiostack.voices.list()
