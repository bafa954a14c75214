"""Options every call takes, and calls that audiokit has no method for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit
from audiokit.errors import AudiokitError, CallTimeout, InvalidRequest, NotFound, OutcomeUnknown, ServerError
from audiokit.services.respeecher import Folder, Recording
from audiokit.typing import RawReply

GATEWAY = "https://gateway.example"
Wire = Callable[..., list[Any]]


async def test_timeout_is_for_the_whole_call(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """`timeout=` ends any call, in seconds."""

    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    respx_mock.get(f"{GATEWAY}/api/credits").mock(side_effect=hang)
    with pytest.raises(CallTimeout, match=r"respeecher\.credits\.get: no complete answer within 0\.02 s"):
        await kit.respeecher.credits.get(timeout=0.02)


async def test_further_headers_go_along(kit: AudioKit, wire: Wire) -> None:
    """A header of the caller's is sent beside ours."""
    sent = wire(httpx.Response(200, json={"credits": 1}))
    await kit.respeecher.credits.get(headers={"x-trace": "t-1"})
    assert ("t-1", "gateway-key-SECRET") == (sent[0].headers["x-trace"], sent[0].headers["api-key"])


async def test_further_headers_stay_at_home(kit: AudioKit, wav: bytes, tmp_path: Any, wire: Wire) -> None:
    """What the caller adds goes to the API, not to where it keeps its files."""
    sent = wire(httpx.Response(200, content=wav))
    await kit.respeecher.recordings.download(
        "https://cdn.example/a.wav", tmp_path, headers={"x-trace": "t-1"}
    )
    assert "x-trace" not in sent[0].headers


@pytest.mark.parametrize(
    "name",
    [
        "api-key",
        "Cookie",
        "X-CSRF-Token",
        "Authorization",
        "X-Assume-Org",
        "Proxy-Authorization",
        "HOST",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "keep-alive",
        "Proxy-Connection",
        "Upgrade",
        "TE",
        "Trailer",
        "Expect",
    ],
)
async def test_headers_of_ours_are_not_replaced(name: str, kit: AudioKit) -> None:
    """Credentials and framing are not for callers to set."""
    with pytest.raises(InvalidRequest, match=f"headers must not set '{name}'") as caught:
        await kit.respeecher.credits.get(headers={name: "SECRET"})
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))


async def test_caller_may_allow_a_repeat(kit: AudioKit, wire: Wire) -> None:
    """`is_repeatable=True` repeats what is otherwise sent once."""
    sent = wire(httpx.Response(503), httpx.Response(200, json={"id": "f", "name": "n", "project_id": "p"}))
    await kit.respeecher.folders.create("p", "n", is_repeatable=True)
    assert 2 == len(sent)


async def test_caller_may_forbid_a_repeat(kit: AudioKit, wire: Wire) -> None:
    """`is_repeatable=False` sends once what is otherwise repeated."""
    sent = wire(httpx.Response(503))
    with pytest.raises(ServerError):
        await kit.respeecher.credits.get(is_repeatable=False)
    assert 1 == len(sent)


async def test_raw_answer_can_be_seen(kit: AudioKit, wire: Wire) -> None:
    """`on_reply` gets status, headers and body, also of an answer that raises."""
    seen: list[RawReply] = []
    wire(httpx.Response(404, json={"detail": "gone"}, headers={"x-limit": "7"}))
    with pytest.raises(NotFound):
        await kit.respeecher.recordings.get("r", on_reply=seen.append)
    [reply] = seen
    assert (404, "7", {"detail": "gone"}) == (reply.status, reply.headers["X-Limit"], reply.json())
    assert "gone" not in repr(reply)


async def test_misspelt_option_is_refused(kit: AudioKit, wire: Wire) -> None:
    """`timout=5` is a mistake, as it is for any Python function."""
    wire(httpx.Response(200, json={"credits": 1}))
    with pytest.raises(TypeError):
        await kit.respeecher.credits.get(timout=5)  # type: ignore[call-arg]


@pytest.mark.parametrize("timeout", [float("nan"), "5"])
async def test_timeout_that_is_none_is_refused(timeout: Any, kit: AudioKit, wire: Wire) -> None:
    """A span that makes no sense is named."""
    wire(httpx.Response(200, json={"credits": 1}))
    with pytest.raises(AudiokitError):
        await kit.respeecher.credits.get(timeout=timeout)


async def test_header_that_cannot_be_sent_is_named(kit: AudioKit, wire: Wire) -> None:
    """The mistake is the caller's header, and nothing was sent."""
    wire(httpx.Response(200, json={"credits": 1}))
    with pytest.raises(InvalidRequest, match="headers"):
        await kit.respeecher.credits.get(headers={"x-trace": "→"})


@pytest.mark.parametrize(
    "headers", [{"x-token": "SECRET\n"}, {"x token": "SECRET"}, {"x-token": 7}, {7: "x"}]
)
async def test_header_that_cannot_be_sent_is_not_shown(headers: Any, kit: AudioKit) -> None:
    """The message has its name; the value may be a credential."""
    [name] = headers
    with pytest.raises(
        InvalidRequest, match=f"printable ASCII, which {name!r} or its value is not"
    ) as caught:
        await kit.respeecher.credits.get(headers=headers)
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))


async def test_each_header_goes_out_once(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """Names are the same in any spelling: the caller's takes the place of ours, and the last of their own."""
    route = respx_mock.get(f"{GATEWAY}/api/credits").respond(200, json={"credits": 1})
    await kit.respeecher.credits.get(headers={"Accept": "a/a", "ACCEPT": "b/b", "User-Agent": "me"})
    sent = route.calls[0].request.headers
    assert (["b/b"], ["me"]) == (sent.get_list("accept"), sent.get_list("user-agent"))


async def test_unknown_endpoint_can_be_called(kit: AudioKit, wire: Wire) -> None:
    """`request` has the same auth and encoding, and gives the decoded document."""
    sent = wire(httpx.Response(200, json={"a": 1}))
    found = await kit.respeecher.request("get", "/api/models", query={"limit": 5, "x": None, "y": ["a", "b"]})
    assert {"a": 1} == found
    assert ("GET", f"{GATEWAY}/api/models") == (sent[0].method, sent[0].url)
    assert [("limit", "5"), ("y", "a"), ("y", "b")] == sent[0].query
    assert "gateway-key-SECRET" == sent[0].headers["api-key"]


async def test_unknown_endpoint_can_give_a_model(kit: AudioKit, wire: Wire) -> None:
    """`returns` structures the answer as any method does."""
    document = {"id": "f", "name": "n", "project_id": "p", "colour": "red"}
    wire(httpx.Response(200, json={"list": [document]}))
    [folder] = await kit.respeecher.request("GET", "/api/x", returns=list[Folder])
    assert ("f", {"colour": "red"}) == (folder.id, folder.extra)


async def test_unknown_endpoint_may_answer_nothing(kit: AudioKit, wire: Wire) -> None:
    """A 204 is None."""
    sent = wire(httpx.Response(204))
    assert None is await kit.audiostack.request("DELETE", "/x", json={"a": 1})
    assert {"a": 1} == sent[0].json


async def test_unknown_endpoint_is_repeated_only_when_safe(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """A GET is repeated, a POST is not."""
    get = respx_mock.get("https://v1.example/x").mock(
        side_effect=[httpx.ReadError("cut"), httpx.Response(200, json=1)]
    )
    post = respx_mock.post("https://v1.example/x").mock(side_effect=httpx.ReadError("cut"))
    assert 1 == await kit.apiaudio.request("GET", "/x")
    with pytest.raises(OutcomeUnknown):
        await kit.apiaudio.request("POST", "/x")
    assert (2, 1) == (get.call_count, post.call_count)


@pytest.mark.parametrize("path", ["api/x", "", "https://evil.example/x", "//evil.example/x"])
async def test_path_of_an_unknown_endpoint_starts_with_a_slash(path: str, kit: AudioKit) -> None:
    """The base URL stays in front, so the key goes nowhere else."""
    with pytest.raises(InvalidRequest, match="path must be a path that starts with '/'"):
        await kit.respeecher.request("GET", path)


@pytest.mark.parametrize("path", ["/\\evil.example/x", "/@evil.example/x", "/.evil.example"])
async def test_no_path_leads_to_another_host(path: str, kit: AudioKit, wire: Wire) -> None:
    """Whatever follows the base URL, the host stays."""
    sent = wire(httpx.Response(200, json={}))
    await kit.respeecher.request("GET", path)
    assert "gateway.example" == httpx.URL(sent[0].url).host


async def test_url_inside_a_query_is_no_host(kit: AudioKit, wav: bytes, tmp_path: Any, wire: Wire) -> None:
    """A gateway path may carry a URL in its query and is a gateway path still."""
    sent = wire(httpx.Response(200, content=wav))
    recording = Recording(id="r", state="done", url="/api/files/r?next=https://x.example/y")
    await kit.respeecher.recordings.download(recording, tmp_path)
    assert f"{GATEWAY}/api/files/r" == sent[0].url


async def test_health_needs_no_credentials(make_kit: Callable[..., AudioKit], wire: Wire) -> None:
    """It can be asked before there is a key."""
    wire(httpx.Response(200, json={"state": "OK"}))
    async with make_kit(respeecher=None) as kit:
        assert "OK" == (await kit.respeecher.health.get()).state
