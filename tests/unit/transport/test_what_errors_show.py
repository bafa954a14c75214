"""What an API repeats of what it was sent, in ways that once went past the stars."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import respx

from audiokit import ApiAccess, AudioKit, Login
from audiokit.errors import AudiokitError, AuthenticationError, UnexpectedResponse
from audiokit.transport._secrets import hidden, without_queries

BASE = "https://gateway.example"
PASSWORD = 'pw"SECRET\\wörd'


@pytest.fixture
def login_kit(make_kit: Callable[..., AudioKit]) -> AudioKit:
    """A client with a login instead of a key, not opened yet."""
    login = Login(email="a@example.com", password=PASSWORD)
    return make_kit(respeecher=ApiAccess(base_url=BASE, credentials=login))


def _shown(error: BaseException | None) -> str:
    """All that an error and what it came from have to show."""
    if error is None:
        return ""
    facts = {name: getattr(error, name, None) for name in ("doc", "object")}
    return f"{error}{error.args}{vars(error)}{facts}" + _shown(error.__cause__ or error.__context__)


@pytest.mark.parametrize("letter", [r"\u00f6", "ö"])
async def test_password_that_json_escapes_is_hidden_in_a_refused_login(
    letter: str, login_kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Quotes, backslashes and letters beyond ASCII stand there in another form than in the password."""
    echo = {"detail": [{"type": "value_error", "input": {"email": "a@example.com", "password": PASSWORD}}]}
    text = json.dumps(echo).replace(r"\u00f6", letter)
    respx_mock.post(f"{BASE}/api/login").respond(422, text=text)
    async with login_kit as kit:
        with pytest.raises(AuthenticationError, match=r'"password": "\*\*\*"') as caught:
            await kit.respeecher.credits.get()
    assert "SECRET" not in _shown(caught.value)


def test_text_that_is_cut_json_is_hidden_in() -> None:
    """Such a text cannot be decoded first; the longest form goes first, whichever secret it is of."""
    cut = '{"a": ["k\\u00f6y-1\\"2", "köy-1\\"2", "köy-1'
    assert '{"a": ["***", "***", "***' == hidden(cut, ["köy-1", 'köy-1"2'])


@pytest.mark.parametrize("token", ["t-SECRET\r\nX: y", "tök-SECRET", "t SECRET", "t;SECRET", ""])
@pytest.mark.parametrize(
    "log_in",
    [lambda kit: kit.respeecher.credits.get(), lambda kit: kit.respeecher.session.login("a@b.example", "pw")],
    ids=["by itself", "explicit"],
)
async def test_token_that_no_header_can_carry_is_refused_without_showing_it(
    log_in: Callable[[AudioKit], Awaitable[object]],
    token: str,
    login_kit: AudioKit,
    respx_mock: respx.MockRouter,
) -> None:
    """It is the login that was answered wrongly, and nothing is sent with such a token."""
    document = {"user": {"id": "u"}, "csrf_token": token}
    route = respx_mock.route(url__startswith=BASE).respond(
        200, json=document, headers={"set-cookie": "session_id=s-1"}
    )
    async with login_kit as kit:
        with pytest.raises(UnexpectedResponse, match="a csrf_token that no header can carry") as caught:
            await log_in(kit)
    assert ("respeecher.session.login", 200) == (caught.value.operation, caught.value.status)
    assert "SECRET" not in _shown(caught.value)
    assert 1 == route.call_count


async def test_session_id_that_no_header_can_carry_is_refused_without_showing_it(
    login_kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Cookies may quote what would end them."""
    respx_mock.post(f"{BASE}/api/login").respond(
        200, json={"csrf_token": "t"}, headers={"set-cookie": r'session_id="a\073 x=SECRET"'}
    )
    async with login_kit as kit:
        with pytest.raises(UnexpectedResponse, match="a session_id that no header can carry") as caught:
            await kit.respeecher.credits.get()
    assert "SECRET" not in _shown(caught.value)


async def test_request_id_that_repeats_the_key_is_told_without_it(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Headers of an answer are its words as well."""
    headers = {"x-request-id": "r-gateway-key-SECRET"}
    respx_mock.get(f"{BASE}/api/credits").respond(403, json={"detail": "no"}, headers=headers)
    with pytest.raises(AuthenticationError) as caught:
        await kit.respeecher.credits.get()
    assert "r-***" == caught.value.request_id
    assert "SECRET" not in _shown(caught.value)


async def test_answer_that_is_no_json_is_not_kept_by_its_cause(
    kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """The decoder's error holds the document; ours tells the place of the fault only."""
    respx_mock.get(f"{BASE}/api/credits").respond(200, text="not json, gateway-key-SECRET")
    with pytest.raises(UnexpectedResponse, match=r"is no JSON: 'not json, \*\*\*'") as caught:
        await kit.respeecher.credits.get()
    assert "line 1 column 1" in str(caught.value.__cause__)
    assert "SECRET" not in _shown(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        {"detail": "see https://b.example/x?X-Amz-Signature=SECRET"},
        {"m": "see https://b.example/x?X-Amz-Signature=SECRET"},
        "see https://b.example/x#SECRET",
    ],
    ids=["detail", "unknown document", "text"],
)
async def test_signed_url_in_an_error_is_told_without_its_query(
    document: Any, kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """Message and `api_message` end it there; `body` is what came."""
    respx_mock.get(f"{BASE}/api/credits").respond(400, json=document)
    with pytest.raises(AudiokitError, match=r"see https://b\.example/x") as caught:
        await kit.respeecher.credits.get()
    assert document == caught.value.body  # type: ignore[attr-defined]
    assert "SECRET" not in str(caught.value) + caught.value.api_message  # type: ignore[attr-defined]


async def test_signed_url_in_a_refused_login_is_told_without_its_query(
    login_kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """As in any other error."""
    respx_mock.post(f"{BASE}/api/login").respond(403, json={"detail": "https://b.example/x?s=SECRET"})
    async with login_kit as kit:
        with pytest.raises(AuthenticationError, match=r"https://b\.example/x") as caught:
            await kit.respeecher.credits.get()
    assert "SECRET" not in _shown(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":"https://h/x?s=1&t=2","b":"c?d#e"}', '{"a":"https://h/x","b":"c?d#e"}'),
        ("HTTPS://h/x#s and http://h/y?a='b'&s=1 end", "HTTPS://h/x and http://h/y end"),
        (r'{"a":"https:\/\/h\/x?s=1"}', r'{"a":"https:\/\/h\/x"}'),
        ("https://h?s=1", "https://h"),
        ("https://h/x, really? #1", "https://h/x, really? #1"),
        ("https://h/?" * 20_000, "https://h/"),  # takes no more than one pass
    ],
    ids=["json", "text", "escaped", "no path", "no query", "long"],
)
def test_queries_are_cut_off_urls_only(text: str, expected: str) -> None:
    """Up to the next space or quote; other question marks stay."""
    assert expected == without_queries(text)
