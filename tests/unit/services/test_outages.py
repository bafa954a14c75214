"""Waiting while the API is down or busy: it goes on, and an error that ends it says what goes on remotely."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit, Conversion
from audiokit.errors import (
    AudiokitError,
    AuthenticationError,
    CallTimeout,
    ConnectionFailed,
    ConnectionLost,
    JobTimeout,
    NotFound,
    RateLimited,
    RemoteFailure,
    ServerError,
)
from audiokit.services._poll import Look, PollSchedule, follow
from audiokit.testing import FakeClock
from audiokit.typing import RawReply

GATEWAY = "https://gateway.example"
Wire = Callable[..., list[Any]]
DONE = {"id": "r-1", "state": "done"}


def _server_error(**facts: Any) -> ServerError:
    return ServerError("down", operation="o", status=503, **facts)


def _looks(clock: FakeClock, *shown: Look | Exception) -> Callable[[], Any]:
    left = list(shown)

    async def look() -> tuple[str, Look]:
        clock.advance(0.5)
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found.state, found

    return look


BUSY, OVER = Look(state="busy", is_over=False), Look(state="done", is_over=True)


@pytest.mark.parametrize(
    "error",
    [
        _server_error(),
        RateLimited("slow down", operation="o", status=429),
        ConnectionLost("cut", operation="o"),
        ConnectionFailed("refused", operation="o"),
        CallTimeout("no answer", operation="o", timeout_s=60),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_temporary_error_of_a_look_is_waited_out(error: AudiokitError, clock: FakeClock) -> None:
    """It says nothing of the work, which may be paid for."""
    found = await follow(_looks(clock, BUSY, error, error, OVER), clock=clock, timeout_s=60, job="j")
    assert ("done", 3) == (found, len(clock.slept))


async def test_busy_api_is_asked_when_it_wants_to_be(clock: FakeClock) -> None:
    """Its Retry-After is kept, also that of an error."""
    await follow(_looks(clock, _server_error(retry_after=9.0), OVER), clock=clock, timeout_s=60, job="j")
    assert [9.0] == clock.slept


async def test_lasting_outage_ends_at_the_deadline(clock: FakeClock) -> None:
    """The error is about the work, with the outage as its cause."""
    last = _server_error()
    with pytest.raises(
        JobTimeout, match=r"mix \(m-1\) .* last state 'busy', and since then a look ended in Ser"
    ) as caught:
        await follow(_looks(clock, BUSY, last), clock=clock, timeout_s=30, job="mix", remote_id="m-1")
    assert ("m-1", last) == (caught.value.remote_id, caught.value.__cause__)
    assert 30.0 <= caught.value.elapsed_s < 31.0


async def test_outage_that_is_over_is_no_cause(clock: FakeClock) -> None:
    """Only what the last look met is."""
    with pytest.raises(JobTimeout, match=r"last state 'busy'; it may") as caught:
        await follow(_looks(clock, _server_error(), BUSY), clock=clock, timeout_s=30, job="mix")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (
            AuthenticationError("no", operation="o", status=401),
            "while waiting for mix (m-1), which may go on remotely: look again with its id",
        ),
        (
            LookupError("a slip"),
            "while waiting for mix (m-1), which may go on remotely: look again with its id",
        ),
        (NotFound("gone", operation="o", status=404), "while waiting for mix (m-1)"),
        (RemoteFailure("failed", operation="o", status=200), "while waiting for mix (m-1)"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_other_errors_say_what_was_waited_for(error: Exception, note: str, clock: FakeClock) -> None:
    """They end the waiting, and the id is in a note that survives pickling."""
    with pytest.raises(type(error)) as caught:
        await follow(_looks(clock, BUSY, error), clock=clock, timeout_s=30, job="mix", remote_id="m-1")
    assert [note] == caught.value.__notes__
    if isinstance(error, AudiokitError):
        assert [note] == pickle.loads(pickle.dumps(caught.value)).__notes__


async def test_hopeless_failure_is_not_waited_out(clock: FakeClock) -> None:
    """What no repeat would change, e.g. an answer that cannot be unpacked, is told at once."""
    lost = ConnectionLost("cut", operation="o")
    lost.__cause__ = httpx.DecodingError("garbled")
    with pytest.raises(ConnectionLost):
        await follow(_looks(clock, lost), clock=clock, timeout_s=30, job="mix", remote_id="m-1")
    assert ["while waiting for mix (m-1), which may go on remotely: look again with its id"] == lost.__notes__


async def test_wait_outlasts_an_outage(kit: AudioKit, wire: Wire) -> None:
    """More 503s in a row than a single call would stand."""
    wire(*[httpx.Response(503)] * 9, httpx.Response(200, json=DONE))
    assert "done" == (await kit.respeecher.recordings.wait("r-1")).state


def _ordered(respx_mock: respx.MockRouter, **answers: Any) -> Any:
    respx_mock.post(f"{GATEWAY}/api/v2/orders").respond(
        json=[{"id": f"o-{name}", "original_id": "r", "conversion_id": name} for name in answers]
    )
    for name, answer in answers.items():
        respx_mock.get(f"{GATEWAY}/api/recordings/{name}").mock(
            return_value=answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
        )
    return [Conversion(voice_id="v") for _ in answers]


ALL_THREE = "conversions of this order, all paid for: 'c1', 'c2', 'c3'; wait for each with Recordings.wait"


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ({"id": "c2", "state": "error", "error": "no voice"}, RemoteFailure),
        ({"id": "c2", "state": "processing"}, JobTimeout),
        (httpx.Response(503), JobTimeout),
        (httpx.Response(401), AuthenticationError),
    ],
)
async def test_order_that_fails_names_all_its_conversions(
    second: Any, kind: type[Exception], kit: AudioKit, respx_mock: respx.MockRouter
) -> None:
    """They are paid for, and some may be done."""
    done = {"id": "c", "state": "done"}
    voices = _ordered(respx_mock, c1=done, c2=second, c3=done)
    with pytest.raises(kind) as caught:
        await kit.respeecher.orders.create_and_wait("r", voices, timeout=300)
    assert ALL_THREE == caught.value.__notes__[-1]


async def test_restarts_that_were_given_up_are_named(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """Each start is work that may have been paid for."""
    made = iter("abc")
    v2 = respx_mock.route(host="v2.example")
    v2.mock(
        side_effect=lambda request: httpx.Response(
            202, json={"data": {"productionId": next(made) if request.method == "POST" else "m"}}
        )
    )
    with pytest.raises(JobTimeout, match=r"mix \(c\)") as caught:
        await kit.audiostack.mixes.create_and_wait(speech="s", restarts=2, timeout=90)
    assert ["earlier starts may go on remotely, too: 'a', 'b'"] == caught.value.__notes__


@pytest.mark.parametrize(
    ("wait", "busy", "over"),
    [
        pytest.param(
            lambda kit, **options: kit.audiostack.mixes.wait("p", **options),
            httpx.Response(202, json={"data": {"productionId": "p"}}),
            {"data": {"productionId": "p"}},
            id="v2",
        ),
        pytest.param(
            lambda kit, **options: kit.apiaudio.mastering.wait("s", **options),
            httpx.Response(202, json={}),
            {"url": "https://x.example/a.wav"},
            id="v1",
        ),
        pytest.param(
            lambda kit, **options: kit.respeecher.recordings.wait("r-1", **options),
            httpx.Response(200, json={"id": "r-1", "state": "processing"}),
            DONE,
            id="gateway",
        ),
    ],
)
async def test_answer_says_when_to_look_again(
    wait: Any, busy: httpx.Response, over: Any, kit: AudioKit, clock: FakeClock, wire: Wire
) -> None:
    """A Retry-After of work that is not finished is kept, and forgotten when the next answer has none."""
    later = httpx.Response(busy.status_code, content=busy.content, headers={"retry-after": "30"})
    wire(later, busy, httpx.Response(200, json=over))
    seen: list[RawReply] = []
    await wait(kit, on_reply=seen.append)
    first, second = clock.slept
    assert 30.0 == first
    assert second <= PollSchedule().longest_s
    assert 3 == len(seen)
