"""Keys go to their own host and nowhere else: not to other hosts, reprs, logs, errors or pickles."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from audiokit import ApiAccess, ApiKey, AudioKit, Login, Network, RetryPolicy
from audiokit.errors import AudiokitError, InvalidRequest, MissingCredentials, UsageError
from audiokit.transport import Call, Retry, StreamBody, Transport, as_source
from audiokit.transport._secrets import hidden


def _call(url: str = "/api/x", api: str = "respeecher", **facts: Any) -> Call:
    return Call(api=api, operation=f"{api}.x.y", method="GET", url=url, retry=Retry.SAFE, **facts)


@pytest.mark.parametrize(
    ("api", "header"), [("apiaudio", "x-api-key"), ("audiostack", "x-api-key"), ("respeecher", "api-key")]
)
async def test_each_api_gets_its_own_key(
    api: str,
    header: str,
    transport: Transport,
    bases: dict[str, str],
    keys: dict[str, str],
    respx_mock: respx.MockRouter,
) -> None:
    """The key stands in the header the vendor names, and no other key is near it."""
    route = respx_mock.get(f"{bases[api]}/api/x").respond(200)
    await transport.fetch(_call(api=api))
    sent = route.calls[0].request.headers
    assert keys[api] == sent[header]
    assert 1 == sum("SECRET" in value for value in sent.values())


async def test_organisation_goes_along(respx_mock: respx.MockRouter) -> None:
    """A child organisation is named in its header."""
    route = respx_mock.get("https://v1.example/api/x").respond(200)
    access = ApiAccess(base_url="https://v1.example", credentials=ApiKey("k"), organisation="org-7")
    async with Transport({"apiaudio": access}) as transport:
        await transport.fetch(_call(api="apiaudio"))
    assert "org-7" == route.calls[0].request.headers["x-assume-org"]


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/file",
        "https://gateway.example.evil.example/file",
        "http://gateway.example/file",
        "https://gateway.example:8443/file",
        "https://sub.gateway.example/file",
        "https://gateway.example@evil.example/file",
    ],
)
async def test_key_is_not_sent_to_another_origin(
    url: str, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """Another host, scheme, port or subdomain is somebody else."""
    route = respx_mock.get(url__startswith="http").respond(200)
    await transport.fetch(_call(url))
    assert not any("SECRET" in value for value in route.calls[0].request.headers.values())


@pytest.mark.parametrize("url", ["https://gateway.example:443/file", "https://GATEWAY.example/file"])
async def test_same_origin_is_told_in_any_spelling(
    url: str, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """Case and the default port make no other origin."""
    route = respx_mock.get(url__startswith="https").respond(200)
    await transport.fetch(_call(url))
    assert "gateway-key-SECRET" == route.calls[0].request.headers["api-key"]


async def test_presigned_url_gets_no_key_even_at_home(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A call that is not to be authorised carries no key, wherever it goes."""
    route = respx_mock.get("https://gateway.example/put?token=1").respond(200)
    await transport.fetch(_call("https://gateway.example/put?token=1", authorise=False))
    assert "api-key" not in route.calls[0].request.headers


async def test_redirect_across_origins_loses_the_key(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A redirected GET arrives elsewhere without credentials or cookies."""
    respx_mock.get("https://gateway.example/api/x").respond(
        302, headers={"location": "https://cdn.example/f"}
    )
    route = respx_mock.get("https://cdn.example/f").respond(200, content=b"file")
    assert b"file" == (await transport.fetch(_call())).content
    sent = route.calls[0].request.headers
    assert not {"api-key", "cookie", "authorization", "x-csrf-token"} & set(sent)


async def test_redirect_at_home_keeps_the_key(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """A redirect within the origin is still our call."""
    respx_mock.get("https://gateway.example/api/x").respond(307, headers={"location": "/api/y"})
    route = respx_mock.get("https://gateway.example/api/y").respond(200)
    await transport.fetch(_call())
    assert "gateway-key-SECRET" == route.calls[0].request.headers["api-key"]


async def test_redirect_away_and_back_is_judged_hop_by_hop(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """The key is left out for the foreign hop only."""
    respx_mock.get("https://gateway.example/api/x").respond(302, headers={"location": "https://b.example/"})
    away = respx_mock.get("https://b.example/").respond(
        302, headers={"location": "https://gateway.example/z"}
    )
    back = respx_mock.get("https://gateway.example/z").respond(200)
    await transport.fetch(_call())
    assert (False, True) == tuple("api-key" in route.calls[0].request.headers for route in (away, back))


async def test_redirect_keeps_the_targets_own_query(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A signed URL works only with its own query, and ours is none of that host's business."""
    respx_mock.get("https://gateway.example/api/x").respond(
        302, headers={"location": "https://cdn.example/f?signature=abc"}
    )
    route = respx_mock.get(host="cdn.example").respond(200)
    await transport.fetch(_call(query=[("original_id", "o-1")]))
    assert "https://cdn.example/f?signature=abc" == str(route.calls[0].request.url)


async def test_redirect_of_a_post_is_not_followed(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """Only a GET may be sent somewhere else; other calls hand the answer on."""
    respx_mock.post("https://gateway.example/api/x").respond(307, headers={"location": "/api/y"})
    call = Call(api="respeecher", operation="x", method="POST", url="/api/x")
    assert 307 == (await transport.fetch(call)).status


async def test_redirects_without_end_are_an_error_of_ours(
    transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """A loop of redirects ends, and as one of our errors."""
    respx_mock.get("https://gateway.example/api/x").respond(302, headers={"location": "/api/x"})
    with pytest.raises(AudiokitError, match="redirects"):
        await transport.fetch(_call())


async def test_cookies_are_not_kept(transport: Transport, respx_mock: respx.MockRouter) -> None:
    """What an answer sets is not sent with the next call."""
    route = respx_mock.get("https://gateway.example/api/x").respond(
        200, headers={"set-cookie": "session_id=theirs; Path=/"}
    )
    await transport.fetch(_call())
    await transport.fetch(_call())
    assert "cookie" not in route.calls[1].request.headers


async def test_missing_credentials_name_the_variable() -> None:
    """An API without a key says which variable to set, before anything is sent."""
    async with AudioKit(respeecher="k") as kit:
        with pytest.raises(MissingCredentials, match=r"set APIAUDIO_API_KEY, or pass apiaudio=\.\.\."):
            await kit.apiaudio.scripts.create("Hello")


@pytest.mark.parametrize(
    "url",
    ["http://[bad", "http://host:99999/x", "https://host/\x00a", "/api/\ud800"],
    ids=["bracket", "port", "control", "surrogate"],
)
async def test_malformed_url_from_an_api_is_an_error_of_ours(url: str, transport: Transport) -> None:
    """URLs come from servers; a broken one is our error to explain."""
    with pytest.raises(AudiokitError):
        await transport.fetch(_call(url))


async def test_use_before_opening_says_so(access: dict[str, ApiAccess]) -> None:
    """A client that is not open tells how to open it."""
    with pytest.raises(UsageError, match="not open: use it inside `async with"):
        await Transport(access).fetch(_call())


async def test_use_after_closing_says_so(access: dict[str, ApiAccess]) -> None:
    """A closed client says that it is closed, and cannot be opened again."""
    transport = Transport(access)
    async with transport:
        pass
    with pytest.raises(UsageError, match="closed; make a new one"):
        await transport.fetch(_call())
    with pytest.raises(UsageError, match="opened only once"):
        await transport.__aenter__()


async def test_reprs_show_state_and_no_secret(make_kit: Callable[..., AudioKit]) -> None:
    """Nothing printable about a client carries a key or a password."""
    login = Login(email="a@example.com", password="pw-SECRET")
    kit = make_kit(respeecher=ApiAccess(base_url="https://gateway.example", credentials=login))
    before = repr(kit._transport)
    async with kit:
        during = repr(kit._transport)
        shown = [repr(one) for one in (kit, kit.respeecher.voices, login, kit._access, ApiKey("k-SECRET"))]
    assert (
        "<Transport not opened, APIs: apiaudio, audiostack, respeecher>",
        "<Transport open, APIs: apiaudio, audiostack, respeecher>",
        "<Transport closed, APIs: apiaudio, audiostack, respeecher>",
    ) == (before, during, repr(kit._transport))
    assert "<AudioKit with credentials for: apiaudio, audiostack, respeecher>" == shown[0]
    assert not any("SECRET" in one for one in shown)


async def test_logs_carry_no_secret(
    transport: Transport, caplog: pytest.LogCaptureFixture, respx_mock: respx.MockRouter
) -> None:
    """Retries are logged by operation and outcome; keys, queries and bodies are not."""
    caplog.set_level(logging.DEBUG, logger="audiokit")
    respx_mock.get(url__startswith="https://gateway.example").mock(
        side_effect=[httpx.Response(503), httpx.Response(200)]
    )
    await transport.fetch(_call(query=[("token", "query-SECRET")]))
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("audiokit")]
    assert 1 == len(messages)
    assert "respeecher.x.y: attempt 1 ended with HTTP 503 (unknown)" in messages[0]
    assert "SECRET" not in messages[0]


async def test_errors_of_calls_carry_no_key(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """An error, its attributes and its pickle are free of the key that was sent."""
    respx_mock.get("https://gateway.example/api/credits").respond(401, json={"detail": "no"})
    with pytest.raises(AudiokitError) as caught:
        await kit.respeecher.credits.get()
    pickled = pickle.dumps(caught.value)
    assert "SECRET" not in repr(vars(caught.value)) + str(caught.value)
    assert b"SECRET" not in pickled


def test_secrets_are_not_pickled() -> None:
    """Credentials refuse to be pickled, so they reach no queue and no cache by accident."""
    with pytest.raises(TypeError, match="secrets are not pickled"):
        pickle.dumps(ApiKey("k"))


def test_equal_keys_are_equal() -> None:
    """Keys compare and hash by value, so access records can be compared."""
    assert ApiKey("k") == ApiKey(" k ")
    assert hash(ApiKey("k")) == hash(ApiKey("k"))


@pytest.mark.parametrize("key", ["", "  ", "a\nb", "schlüssel", "a\x00"])
def test_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    """The message says what a key is made of and does not repeat it."""
    with pytest.raises(InvalidRequest, match="printable ASCII and not empty") as caught:
        ApiKey(key)
    assert caught.value.value is None


@pytest.mark.parametrize("url", ["https://user:pw-SECRET@host.example", "https://k-SECRET@host.example/v1"])
def test_base_url_with_a_secret_is_refused_without_showing_it(url: str) -> None:
    """A key in the URL is refused, and the message does not repeat it."""
    with pytest.raises(InvalidRequest, match="must not carry a key or password") as caught:
        ApiAccess(base_url=url)
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))


@pytest.mark.parametrize("url", ["https://k-SECRET@host.example/?x=1", "ftp://u:pw-SECRET@host.example"])
def test_base_url_with_two_faults_is_refused_without_showing_its_secret(url: str) -> None:
    """Whichever fault is reported, the secret stays out of the message."""
    with pytest.raises(InvalidRequest) as caught:
        ApiAccess(base_url=url)
    assert "SECRET" not in str(caught.value) + repr(vars(caught.value))


async def test_login_is_for_respeecher_only() -> None:
    """E-mail and password of one vendor are never posted to another."""
    access = ApiAccess(base_url="https://v1.example", credentials=Login(email="a", password="b"))
    with respx.mock(assert_all_called=False) as router:
        route = router.route().respond(404)
        with pytest.raises(AudiokitError):
            async with AudioKit(apiaudio=access) as kit:
                await kit.apiaudio.scripts.create("Hello")
    assert not route.called


async def test_answer_that_repeats_the_request_is_told_without_the_key(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Message, attributes and body have stars in its place, in whatever part of the answer it stands."""

    def echo(request: httpx.Request) -> httpx.Response:
        headers = dict(request.headers)
        return httpx.Response(422, json={"detail": [{"input": headers, request.headers["api-key"]: 1}]})

    respx_mock.get("https://gateway.example/api/credits").mock(side_effect=echo)
    with pytest.raises(AudiokitError, match=r"\*\*\*") as caught:
        await kit.respeecher.credits.get()
    assert "SECRET" not in repr(vars(caught.value)) + str(caught.value)
    assert "***" == caught.value.body["detail"][0]["input"]["api-key"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [200, 500])
async def test_text_that_repeats_the_key_is_told_without_it(
    status: int, kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Also where it is cut for the message in the middle of the key, and where JSON was expected."""
    content = "x" * 195 + "gateway-key-SECRET"
    respx_mock.get("https://gateway.example/api/credits").respond(status, text=content)
    with pytest.raises(AudiokitError) as caught:
        await kit.respeecher.credits.get()
    assert "gatew" not in (repr(vars(caught.value)) + str(caught.value)).replace("gateway.example", "")


def test_only_what_can_be_a_secret_is_hidden() -> None:
    """Longer secrets go first, a few letters are none, numbers stay, and nothing is too deep."""
    said = {"a": ["k-1 k-12345 k-1", 7, None], "k-12345": True}
    hidden_one = {"a": ["k-1 *** k-1", 7, None], "***": True}
    assert hidden_one == hidden(said, ["k-1", "k-12345", "k-1234"])
    assert said == hidden(said, ["k-1"])
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert "***" == hidden(deep, ["k-12345"])


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error and what it came from."""
    return [] if error is None else [error, *_chain(error.__cause__ or error.__context__)]


@pytest.mark.parametrize(
    "location",
    [
        "http://host.example:99999999/f?X-Amz-Signature=s-SECRET",
        "http://[::1/f?X-Amz-Signature=s-SECRET#x-SECRET",
        "http://me:pw-SECRET@host.example:xx/f#s-SECRET",
    ],
)
@pytest.mark.parametrize("how", ["given by the API", "of a redirect", "signed elsewhere"])
async def test_url_that_cannot_be_used_is_shown_without_its_signature(
    how: str, location: str, transport: Transport, respx_mock: respx.MockRouter
) -> None:
    """Scheme, host and path are enough to find the fault; nothing it came from tells more."""
    call = _call(location, authorise=how != "signed elsewhere")
    if how == "of a redirect":
        respx_mock.get("https://gateway.example/api/x").respond(302, headers={"location": location})
        call = _call()
    with pytest.raises(AudiokitError, match=r"the URL cannot be used: 'http://.*/f'") as caught:
        await transport.fetch(call)
    assert not any("SECRET" in str(one) for one in _chain(caught.value))


@pytest.mark.parametrize("fault", ["loop", "cut", "early"])
async def test_errors_hold_no_signed_request(fault: str, wav: bytes, access: dict[str, ApiAccess]) -> None:
    """What an error came from has no way to the headers that were sent."""

    class Client(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if fault == "loop":
                return httpx.Response(302, headers={"location": str(request.url)})
            if fault == "cut":
                raise httpx.ReadError("cut", request=request)
            assert isinstance(request.stream, httpx.AsyncByteStream)
            await anext(aiter(request.stream))
            return httpx.Response(200)

    call = _call()
    if fault == "early":
        body = StreamBody(source=await as_source(wav))
        call = Call(api="respeecher", operation="x", method="PUT", url="/api/x", body=body)
    async with httpx.AsyncClient(transport=Client()) as client:
        network = Network(http=client)
        async with Transport(access, network=network, retry=RetryPolicy(attempts=1)) as transport:
            with pytest.raises(AudiokitError) as caught:
                await transport.fetch(call)
    chain = _chain(caught.value)
    assert any(isinstance(one, httpx.RequestError) for one in chain)
    assert [] == [one for one in chain if getattr(one, "_request", None) is not None]
