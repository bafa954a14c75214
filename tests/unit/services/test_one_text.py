"""A single text where several are taken is one text, not its letters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from audiokit import AudioKit

Wire = Callable[..., list[Any]]
Call = Callable[[AudioKit, Any], Awaitable[Any]]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda kit, tags: kit.audiostack.recommend.tag("t", category="c", tags=tags), "tags"),
        (lambda kit, names: kit.audiostack.suite.evaluate("f", processes=names), "processes"),
        (lambda kit, tags: kit.audiostack.templates.update("f", tags=tags), "tags"),
        (lambda kit, names: kit.audiostack.templates.update("f", collections=names), "collections"),
        (lambda kit, ids: kit.apiaudio.pipeline.create(ids, kind="speech", voice="x"), "scripts"),
        (lambda kit, ids: kit.respeecher.stats.projects(ids, use_post=True), "project_ids"),
        (lambda kit, ids: kit.respeecher.stats.folders(ids, use_post=True), "folder_ids"),
        (lambda kit, formats: kit.apiaudio.mastering.create("s", end_format=formats), "endFormat"),
    ],
)
@pytest.mark.parametrize("given", ["wav", ["wav"], ("wav",)])
async def test_one_text_in_a_body_is_one(
    call: Call, field: str, given: Any, kit: AudioKit, wire: Wire
) -> None:
    """Alone or in a list, it goes out as a list of one."""
    sent = wire(httpx.Response(200, json=[] if field.endswith("_ids") else {}))
    await call(kit, given)
    assert ["wav"] == sent[0].json[field]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda kit, tags: kit.apiaudio.media.list(tags=tags), "tags"),
        (lambda kit, tags: kit.apiaudio.sound.list(tags=tags), "tags"),
        (lambda kit, tags: kit.apiaudio.voices.list(tags=tags).page(), "tags"),
        (lambda kit, names: kit.audiostack.templates.list(genres=names), "genres"),
        (lambda kit, names: kit.respeecher.voices.list(gender=names).page(), "gender"),
    ],
)
@pytest.mark.parametrize("given", ["news", ["news"]])
async def test_one_text_in_a_query_is_one(
    call: Call, field: str, given: Any, kit: AudioKit, wire: Wire
) -> None:
    """The same for what filters lists."""
    sent = wire(httpx.Response(200, json={"voices": [], "templates": [], "list": []}))
    await call(kit, given)
    assert ["news"] == [value for name, value in sent[0].query if name == field]


@pytest.mark.parametrize(("given", "sent_as"), [("news", ["news"]), (["a", "b"], ["a,b"]), ((), [])])
async def test_tags_of_an_upload_are_whole(
    given: Any, sent_as: list[str], kit: AudioKit, wav: bytes, wire: Wire
) -> None:
    """A file tagged "news" is found under "news"."""
    place = {"mediaId": "m", "fileUploadUrl": "https://store.example/put"}
    sent = wire(httpx.Response(200, json=place), httpx.Response(200))
    await kit.apiaudio.media.upload(wav, name="a.wav", tags=given)
    assert sent_as == [value for name, value in sent[0].query if name == "tags"]


async def test_one_value_of_a_birdcache_parameter_is_one(kit: AudioKit, wire: Wire) -> None:
    """A parameter with one value has that as its fallback."""
    sent = wire(httpx.Response(200, json=[]))
    await kit.apiaudio.birdcache.create("Hi {{n}}", kind="speech", voice="x", audience={"n": "Ann"})
    assert {"n": ["Ann"]} == sent[0].json["audience"]
