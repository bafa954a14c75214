"""Following remote work: when to look again, when to stop, and what the deadline says."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from itertools import islice
from typing import Any

import httpx
import pytest
import respx
from wire_apiaudio_production import CREATE_MASTERING, CREATE_MASTERING_WIRE
from wire_apiaudio_speech import CREATE_SPEECH, CREATE_SPEECH_WIRE

from audiokit import AudioKit, Conversion, PollSchedule, Timeouts
from audiokit.errors import InvalidRequest, JobTimeout, NotFound, RemoteFailure
from audiokit.services._pages import Page, Pages
from audiokit.services._poll import Look, follow
from audiokit.testing import FakeClock

GATEWAY = "https://gateway.example"


def _longest(_: float, high: float) -> float:
    return high


def test_waits_grow_up_to_the_longest() -> None:
    """The first wait, then each by the growth, then the longest for good."""
    schedule = PollSchedule(first_s=1, growth=2, longest_s=5)
    assert [1, 2, 4, 5, 5, 5] == list(islice(schedule.waits(_longest), 6))


def test_waits_are_drawn_from_the_upper_half() -> None:
    """Jobs started together drift apart, and never look in a hurry."""
    asked: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    assert [1.0, 2.0] == list(islice(PollSchedule(first_s=2, growth=2).waits(jitter), 2))
    assert [(1.0, 2), (2.0, 4)] == asked


@pytest.mark.parametrize("field", ["first_s", "growth", "longest_s"])
def test_schedule_that_makes_no_sense_is_refused(field: str) -> None:
    """All three are above zero."""
    with pytest.raises(InvalidRequest, match=f"{field} must be"):
        PollSchedule(**{field: 0})


def test_waits_never_shrink_to_a_busy_loop() -> None:
    """A schedule that looks ever faster hammers the API."""
    with pytest.raises(InvalidRequest):
        PollSchedule(growth=0.5)


def _looks(*states: str, clock: FakeClock, cost_s: float = 0.0) -> Callable[[], Any]:
    left = list(states)

    async def look() -> tuple[str, Look]:
        clock.advance(cost_s)
        state = left.pop(0) if len(left) > 1 else left[0]
        return state, Look(state=state, is_over=state == "done")

    return look


async def test_finished_work_is_given_without_waiting(clock: FakeClock) -> None:
    """What is over at the first look costs no wait."""
    assert "done" == await follow(_looks("done", clock=clock), clock=clock, timeout_s=10, job="j")
    assert [] == clock.slept


async def test_work_is_looked_at_until_it_is_over(clock: FakeClock) -> None:
    """One wait between two looks; each look is reported."""
    seen: list[str] = []
    await follow(
        _looks("new", "busy", "done", clock=clock),
        clock=clock,
        timeout_s=10,
        job="j",
        on_look=lambda look: seen.append(look.state),
    )
    assert ["new", "busy", "done"] == seen
    assert 2 == len(clock.slept)


async def test_api_may_ask_for_a_longer_wait(clock: FakeClock) -> None:
    """A Retry-After longer than the schedule's step is kept."""

    async def look() -> tuple[None, Look]:
        return None, Look(state="busy", is_over=clock.monotonic() > 5, retry_after=7.0)

    await follow(look, clock=clock, timeout_s=60, job="j")
    assert [7.0] == clock.slept


async def test_deadline_names_job_state_and_seconds(clock: FakeClock) -> None:
    """After the time the error says what was waited for, its last state and how long."""
    with pytest.raises(
        JobTimeout, match=r"mix \(m-1\) was not finished after 30\.0 s, last state 'busy'"
    ) as caught:
        await follow(_looks("busy", clock=clock), clock=clock, timeout_s=30, job="mix", remote_id="m-1")
    error = caught.value
    assert ("mix", "m-1", "busy", 30.0) == (error.job, error.remote_id, error.last_state, error.elapsed_s)
    assert isinstance(error, TimeoutError)


async def test_last_look_is_at_the_deadline(clock: FakeClock) -> None:
    """The last wait is cut to end at the deadline, and work that is over by then is a success."""
    looks = 0

    async def look() -> tuple[int, Look]:
        nonlocal looks
        looks += 1
        return looks, Look(state="busy", is_over=clock.monotonic() >= 3.0)

    schedule = PollSchedule(first_s=2, growth=1, longest_s=2)
    await follow(look, clock=clock, timeout_s=3.0, job="j", schedule=schedule)
    assert 3.0 == pytest.approx(sum(clock.slept))


async def test_error_of_a_look_ends_the_following(clock: FakeClock) -> None:
    """What looking raises is not waited out."""

    async def look() -> tuple[None, Look]:
        raise LookupError("gone")

    with pytest.raises(LookupError):
        await follow(look, clock=clock, timeout_s=30, job="j")


async def test_hanging_look_does_not_outlast_the_deadline(
    make_kit: Callable[..., AudioKit], respx_mock: respx.MockRouter
) -> None:
    """An API that does not answer ends the waiting in time, as a `JobTimeout`."""

    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    respx_mock.get(f"{GATEWAY}/api/recordings/r-1").mock(side_effect=hang)
    async with make_kit(clock=None, timeouts=Timeouts(call_s=5)) as kit:
        with pytest.raises(JobTimeout, match=r"recording \(r-1\) was not finished"):
            await kit.respeecher.recordings.wait("r-1", timeout=0.05)


async def test_recording_is_followed_to_done(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """Uploads, speech and conversions are followed by the same call."""
    states = [httpx.Response(200, json={"id": "r-1", "state": one}) for one in ("processing", "new", "done")]
    sent = wire(*states)
    assert "done" == (await kit.respeecher.recordings.wait("r-1")).state
    assert 3 == len(sent)


async def test_failed_recording_raises_its_reason(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """A state of error ends the waiting with what the API says."""
    wire(httpx.Response(200, json={"id": "r-1", "state": "error", "error": "no voice found"}))
    with pytest.raises(RemoteFailure, match="recording r-1 failed: no voice found"):
        await kit.respeecher.recordings.wait("r-1")


async def test_failed_calibration_raises_its_reason(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """As for recordings."""
    wire(httpx.Response(200, json={"id": "c", "name": "mine", "state": "error", "error": None}))
    with pytest.raises(RemoteFailure, match="calibration 'mine' failed: no reason given"):
        await kit.respeecher.calibrations.wait("c")


async def test_lost_object_ends_the_following(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """A 404 while looking is an answer."""
    wire(httpx.Response(404, json={"detail": "gone"}))
    with pytest.raises(NotFound):
        await kit.respeecher.recordings.wait("r-1")


async def test_order_is_followed_for_each_voice(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """All conversions of an order come back, in the sequence they were asked for."""
    respx_mock.post(f"{GATEWAY}/api/v2/orders").respond(
        json=[{"id": f"o{n}", "original_id": "r", "conversion_id": f"c{n}"} for n in (1, 2)]
    )
    for name in ("c1", "c2"):
        respx_mock.get(f"{GATEWAY}/api/recordings/{name}").mock(
            side_effect=[
                httpx.Response(200, json={"id": name, "state": state}) for state in ("processing", "done")
            ]
        )
    voices = [Conversion(voice_id="a"), Conversion(voice_id="b")]
    done = await kit.respeecher.orders.create_and_wait("r", voices)
    assert ["c1", "c2"] == [one.id for one in done]


@pytest.mark.parametrize(
    ("call", "replies"),
    [
        pytest.param(
            lambda kit: kit.apiaudio.speech.create_and_wait("s", audience={"a": "b"}),
            [(202, {"requestId": "q"}), (202, {}), (200, {"intro": "https://x.example/a.wav"})],
            id="v1 speech",
        ),
        pytest.param(
            lambda kit: kit.apiaudio.mastering.create_and_wait("s", end_format=["wav", "mp3"]),
            [(202, {}), (202, {}), (200, {"url": "https://x.example/a.wav"})],
            id="v1 mastering",
        ),
        pytest.param(
            lambda kit: kit.audiostack.tts.create_and_wait("s"),
            [
                (202, {"data": {"speechId": "t"}}),
                (202, {"data": {"speechId": "t"}}),
                (200, {"data": {"speechId": "t"}}),
            ],
            id="v2 speech",
        ),
        pytest.param(
            lambda kit: kit.audiostack.mixes.create_and_wait(speech="t"),
            [
                (202, {"data": {"productionId": "m"}}),
                (202, {"data": {"productionId": "m"}}),
                (200, {"data": {"productionId": "m"}}),
            ],
            id="v2 mix",
        ),
        pytest.param(
            lambda kit: kit.respeecher.recordings.create_tts_and_wait("Hi", folder_id="f"),
            [(200, {"id": "r", "state": one}) for one in ("processing", "processing", "done")],
            id="gateway speech",
        ),
        pytest.param(
            lambda kit: kit.respeecher.calibrations.create_and_wait("c", b"RIFF\0\0\0\0WAVE"),
            [
                (200, {"id": "c", "name": "c", "state": one})
                for one in ("processing", "processing", "calibrated")
            ],
            id="gateway calibration",
        ),
        pytest.param(
            lambda kit: kit.respeecher.recordings.upload_and_wait(b"RIFF\0\0\0\0WAVE", folder_id="f"),
            [(200, {"id": "r", "state": one}) for one in ("processing", "processing", "done")],
            id="gateway upload",
        ),
    ],
)
async def test_long_operation_is_started_once_and_followed(
    call: Callable[[AudioKit], Any],
    replies: list[tuple[int, Any]],
    kit: AudioKit,
    wire: Callable[..., list[Any]],
) -> None:
    """One request starts the work; after that the client only looks."""
    sent = wire(*[httpx.Response(status, json=document) for status, document in replies])
    await call(kit)
    assert ["POST", "GET", "GET"] == [one.method for one in sent]


async def test_finished_answer_is_not_followed(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """Work that is done when it is accepted costs one request."""
    sent = wire(httpx.Response(200, json={"url": "https://x.example/a.mp3"}))
    assert (await kit.apiaudio.mastering.create_and_wait("s")).is_ready
    assert 1 == len(sent)


def _paged(count: int, size: int, *, total: int | None) -> tuple[Pages[int], list[int]]:
    asked: list[int] = []

    async def fetch(offset: int) -> Page[int]:
        asked.append(offset)
        return Page(items=list(range(count))[offset : offset + size], total=total, offset=offset)

    return Pages(fetch), asked


async def test_iteration_walks_all_pages() -> None:
    """Pages are asked for one at a time, up to the total."""
    pages, asked = _paged(5, 2, total=5)
    assert [0, 1, 2, 3, 4] == [item async for item in pages]
    assert [0, 2, 4] == asked


async def test_iteration_without_a_total_ends_at_an_empty_page() -> None:
    """Where the API does not count, nothing more on a page means the end."""
    pages, asked = _paged(4, 2, total=None)
    assert 4 == len([item async for item in pages])
    assert [0, 2, 4] == asked


async def test_iteration_does_not_run_on_when_the_total_is_too_high() -> None:
    """A page without items ends the walk, whatever the total says."""
    pages, asked = _paged(2, 2, total=100)
    assert 2 == len([item async for item in pages])
    assert [0, 2] == asked


async def test_each_iteration_starts_anew() -> None:
    """A list can be walked twice, and left early."""
    pages, asked = _paged(5, 2, total=5)
    async for _ in pages:
        break
    assert 5 == len([item async for item in pages])
    assert [0, 0, 2, 4] == asked


async def test_one_page_can_be_asked_for() -> None:
    """`page` gives items, total and offset."""
    pages, asked = _paged(5, 2, total=5)
    page = await pages.page()
    assert ([0, 1], 5, 0, [0]) == (page.items, page.total, page.offset, asked)


async def test_list_of_voices_is_walked_by_offset(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """Limit and offset go out, the envelope's count decides when to stop."""

    def reply(*names: str) -> httpx.Response:
        items = [{"id": name, "name": name} for name in names]
        return httpx.Response(200, json={"list": items, "pagination": {"count": 3, "limit": 2, "offset": 0}})

    sent = wire(reply("a", "b"), reply("c"))
    assert ["a", "b", "c"] == [voice.id async for voice in kit.respeecher.voices.list(page_size=2)]
    assert [[("limit", "2"), ("offset", "0")], [("limit", "2"), ("offset", "2")]] == [
        one.query for one in sent
    ]


async def test_bare_list_as_long_as_a_page_is_asked_for_more(
    kit: AudioKit, wire: Callable[..., list[Any]]
) -> None:
    """A full page without a count may not be the last."""

    def reply(*names: str) -> httpx.Response:
        return httpx.Response(200, json=[{"id": n, "name": n, "state": "calibrated"} for n in names])

    wire(reply("a", "b"), reply("c"))
    found = [one.id async for one in kit.respeecher.calibrations.list(page_size=2)]
    assert ["a", "b", "c"] == found


@pytest.mark.parametrize(
    "waiting",
    [
        "apiaudio.speech.create",
        "apiaudio.mastering.create",
        "apiaudio.birdcache.create",
        "audiostack.tts.create",
        "audiostack.mixes.create",
        "audiostack.encoder.encode_mix",
        "audiostack.suite.evaluate",
        "audiostack.suite.separate",
        "audiostack.suite.denoise",
        "audiostack.suite.transcribe",
        "audiostack.audioforms.create",
        "audiostack.stories.create",
        "audiostack.files.create",
        "audiostack.sts.create",
        "respeecher.calibrations.create",
        "respeecher.recordings.upload",
        "respeecher.recordings.create_tts",
        "respeecher.orders.create",
    ],
)
def test_waiting_takes_all_arguments_of_starting(make_kit: Callable[..., AudioKit], waiting: str) -> None:
    """Nothing that can be asked for without waiting is lost by waiting."""
    api, service, method = waiting.split(".")
    found = getattr(getattr(make_kit(), api), service)
    started = set(inspect.signature(getattr(found, method)).parameters)
    assert set() == started - set(inspect.signature(getattr(found, f"{method}_and_wait")).parameters)


@pytest.mark.parametrize(
    ("service", "arguments", "sent_body", "first", "then"),
    [
        (
            "speech",
            CREATE_SPEECH,
            CREATE_SPEECH_WIRE,
            {"requestId": "q"},
            {"intro": "https://f.example/a.wav"},
        ),
        ("mastering", CREATE_MASTERING, CREATE_MASTERING_WIRE, {}, {"url": "https://f.example/t.wav"}),
    ],
)
async def test_waiting_sends_what_starting_sends(
    service: str,
    arguments: dict[str, Any],
    sent_body: dict[str, Any],
    first: object,
    then: object,
    kit: AudioKit,
    wire: Callable[..., list[Any]],
) -> None:
    """Every argument arrives, and after a 202 the result is looked for by the same identity."""
    sent = wire(httpx.Response(202, json=first), httpx.Response(200, json=then))
    await getattr(kit.apiaudio, service).create_and_wait("s-1", **arguments)
    assert sent_body == sent[0].json
    assert {("scriptId", "s-1"), ("username", "linda"), ("version", "v1")} <= set(sent[1].query)
