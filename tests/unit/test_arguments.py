"""Arguments of the wrong kind: told by name when they are given, and never with a secret in the message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from audiokit import (
    ApiAccess,
    ApiKey,
    AudioKit,
    Limits,
    Login,
    Network,
    PollSchedule,
    Rate,
    RateLimits,
    RetryPolicy,
    Timeouts,
)
from audiokit.errors import InvalidRequest, MissingCredentials
from audiokit.jobs._poll_plan import PollPolicy
from audiokit.testing import StubTransport
from audiokit.typing import RawReply

URL = "https://gateway.example"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Timeouts(call_s="60"), "call_s must be a number above 0, got '60'"),
        (lambda: Timeouts(wait_s=None), "wait_s must be a number above 0, got None"),
        (lambda: Timeouts(stall_s=True), "stall_s must be a number above 0, got True"),
        (lambda: RetryPolicy(attempts=1.5), "attempts must be a whole number of 1 or more, got 1.5"),
        (lambda: RetryPolicy(backoff_s="1"), "backoff_s must be a number above 0, got '1'"),
        (lambda: Limits(uploads=True), "uploads must be a whole number of 1 or more, got True"),
        (lambda: PollPolicy(at_once=0.5), "at_once must be a whole number of 1 or more, got 0.5"),
        (lambda: Rate(times=1, seconds="1"), "seconds must be a number above 0, got '1'"),
        (lambda: Limits(rates=5), r"rates must be a RateLimits\(...\) or None, got 5"),
        (lambda: RateLimits(apiaudio=5), r"apiaudio must be a Rate\(...\) or None, got 5"),
        (lambda: RateLimits(respeecher_slow=5), r"respeecher_slow must be a Rate\(...\) or None, got 5"),
        (lambda: RateLimits(share="x"), "share must be a number above 0, got 'x'"),
        (lambda: AudioKit(timeouts=60), r"timeouts must be a Timeouts\(...\) or None, got 60"),
        (lambda: AudioKit(limits=30), r"limits must be a Limits\(...\) or None, got 30"),
        (lambda: AudioKit(retry=3), r"retry must be a RetryPolicy\(...\) or None, got 3"),
        (lambda: AudioKit(network="p"), r"network must be a Network\(...\) or None, got 'p'"),
        (lambda: AudioKit.emulated(limits=30), r"limits must be a Limits\(...\) or None, got 30"),
        (lambda: AudioKit(hooks=[1]), "hooks must be a sequence of functions that take an event, got 1"),
        (lambda: AudioKit(hooks=1), "hooks must be a sequence of functions that take an event, got 1"),
        (lambda: AudioKit().orchestrator(schedule=3), r"schedule must be a PollSchedule\(...\) or None"),
        (lambda: AudioKit().orchestrator(callback_url="x"), "callback_url must be an http or https URL"),
        (lambda: AudioKit().orchestrator(callback_url="http://[::1"), "callback_url must be an http"),
        (lambda: AudioKit().orchestrator(callback_url=3), "callback_url must be an http or https URL"),
        (lambda: AudioKit().orchestrator(drain_s="1"), "drain_s must be a number, got '1'"),
        (lambda: AudioKit().orchestrator(settle_s="1"), "settle_s must be a number, got '1'"),
        (lambda: AudioKit().orchestrator(credit_budget="1"), "credit_budget must be a number, got '1'"),
        (lambda: AudioKit().orchestrator(journal=3), "journal must be a path, a Journal or None, got 3"),
        (lambda: ApiAccess(base_url=3), "base_url must be an http or https URL as text"),
    ],
)
def test_argument_of_the_wrong_kind_is_named(make: Callable[[], object], said: str) -> None:
    """A slip is told where it is made, not by a traceback from inside, and not by silence."""
    with pytest.raises(InvalidRequest, match=said):
        make()


def test_arguments_of_the_right_kind_are_taken() -> None:
    """None is the default of each; a callback may have a query."""
    kit = AudioKit(
        timeouts=Timeouts(), limits=None, retry=RetryPolicy(attempts=1), network=Network(), hooks=()
    )
    kit.orchestrator(schedule=PollSchedule(), callback_url="https://me.example/hook?token=a", credit_budget=0)


def test_key_as_text_becomes_a_key() -> None:
    """`ApiAccess(credentials="...")` is what one writes first, and as safe as an `ApiKey`."""
    access = ApiAccess(base_url=URL, credentials=" sk-SECRET\n")
    assert ApiKey("sk-SECRET") == access.credentials
    assert "SECRET" not in repr(access)


async def test_key_as_text_is_sent() -> None:
    """Such access is not taken for one without credentials."""
    stub = StubTransport()
    stub.on("GET", "/api/credits", {"credits": 5.0, "initial_credits": 10.0})
    access = ApiAccess(base_url="https://respeecher.test", credentials="sk-SECRET")
    async with stub.kit(respeecher=access) as kit:
        assert 5.0 == (await kit.respeecher.credits.get()).left
    assert "sk-SECRET" == stub.requests[0].headers["api-key"]


@pytest.mark.parametrize("credentials", [b"sk-SECRET", 5, ["sk-SECRET"], ("mail", "pw-SECRET"), ""])
def test_credentials_of_another_kind_are_refused_without_showing_them(credentials: Any) -> None:
    """The message says what was given by its type alone."""
    with pytest.raises(InvalidRequest) as caught:
        ApiAccess(base_url=URL, credentials=credentials)
    assert "SECRET" not in f"{caught.value} {caught.value!r} {caught.value.value!r}"


@pytest.mark.parametrize(
    "make",
    [
        lambda: ApiAccess(base_url="https://v1.api.audio?key=SECRET"),
        lambda: ApiAccess(base_url="https://v1.api.audio#SECRET"),
        lambda: ApiAccess(base_url="https://me:SECRET@v1.api.audio"),
        lambda: AudioKit().orchestrator(callback_url="ftp://me:SECRET@host/hook?token=SECRET"),
    ],
)
def test_address_that_is_refused_shows_no_key(make: Callable[[], object]) -> None:
    """Keys are put into addresses by mistake, or for callbacks on purpose."""
    with pytest.raises(InvalidRequest) as caught:
        make()
    assert "SECRET" not in f"{caught.value} {caught.value!r} {caught.value.value!r}"


def test_raw_reply_shows_no_cookies() -> None:
    """The one of a login has the session's."""
    reply = RawReply(status=200, headers={"set-cookie": "session_id=SECRET"}, content=b"SECRET")
    assert "RawReply(status=200)" == repr(reply)


def test_password_is_kept_as_it_is() -> None:
    """Blanks around a key come from copying; those around a password are part of it."""
    assert " pass word " == Login(email="a@b.example", password=" pass word ").password.reveal()
    assert "key" == ApiKey(" key\n").key.reveal()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "", "password": "p-SECRET"}, "the e-mail of a login must be text and not empty"),
        ({"email": " ", "password": "p-SECRET"}, "the e-mail of a login must be text and not empty"),
        ({"email": None, "password": "p-SECRET"}, "the e-mail of a login must be text and not empty"),
        ({"email": "a@b.example", "password": ""}, "the password of a login must be text and not empty"),
        ({"email": "a@b.example", "password": b"SECRET"}, "the password of a login must be text"),
    ],
)
def test_login_needs_both(fields: Any, said: str) -> None:
    """Half a login is told when it is made, not by the vendor's refusal."""
    with pytest.raises(InvalidRequest, match=said) as caught:
        Login(**fields)
    assert "SECRET" not in repr(caught.value)


async def test_access_without_credentials_says_so() -> None:
    """None stays what it was: the API is unusable, with a clear error."""
    stub = StubTransport()
    async with stub.kit(respeecher=ApiAccess(base_url=URL)) as kit:
        with pytest.raises(MissingCredentials):
            await kit.respeecher.credits.get()
