"""Chains of jobs, one job for each listener, and webhooks that wake jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
import pytest
from job_server import Server, ServerJob, SlowJob
from turns import until
from virtual_time import LoopClock, in_virtual_time

from audiokit import ConversionJob, MasteringJob, MixJob, webhooks
from audiokit.errors import InvalidRequest, UsageError
from audiokit.jobs import Chain, JobContext, JobState, Look, Orchestrator, WebhookReceiver, for_each_listener

Make = Callable[..., Orchestrator]


async def _run(make: Make, *jobs: Any, **options: Any) -> list[Any]:
    async with make(**options) as orchestrator:
        return [outcome async for outcome in orchestrator.run(jobs)]


def _chain(**fields: Any) -> Chain:
    return Chain(
        first=ServerJob(number=1),
        then=[
            lambda before: ServerJob(number=2, place=before.result),
            lambda before: ServerJob(number=3, place=before.result),
        ],
        **fields,
    )


async def test_a_chain_gives_each_job_what_the_one_before_made(journalled: Make, server: Server) -> None:
    """The outcome is the last one's; what the jobs cost is added up."""
    [outcome] = await _run(journalled, _chain())
    assert (JobState.DONE, "work-3") == (outcome.state, outcome.result)
    assert ["here", "work-1", "work-2"] == [place for _, place, _ in server.work.values()]
    assert outcome.stats.polls == 3


async def test_a_chain_run_again_does_nothing_twice(journalled: Make, server: Server) -> None:
    """Cut after its first job, it goes on with the second."""
    server.behaviour.extend(["ok", "refused"])
    [outcome] = await _run(journalled, _chain(key="c"))
    assert JobState.FAILED is outcome.state
    [outcome] = await _run(journalled, _chain(key="c"))
    assert (JobState.DONE, {f"job {n}": 1 for n in (1, 2, 3)}) == (outcome.state, dict(server.submits))


async def test_a_failing_job_ends_the_chain(make_orchestrator: Make, fake_job: Any) -> None:
    """The jobs behind it are not begun; the error is its own."""

    async def fail(_: JobContext) -> None:
        raise LookupError("no luck")

    begun = []
    chain = Chain(first=fake_job(number=1, on_submit=fail), then=[lambda _: begun.append(1)])
    [outcome] = await _run(make_orchestrator, chain)
    assert ([], JobState.FAILED) == (begun, outcome.state)
    assert "no luck" in str(outcome.error)


async def test_a_chain_has_one_deadline(make_orchestrator: Make, fake_job: Any) -> None:
    """Its jobs share the time."""

    async def hang(_: JobContext) -> None:
        await asyncio.Event().wait()

    chain = Chain(first=fake_job(number=1), then=[lambda _: fake_job(on_submit=hang)], timeout_s=0.05)
    [outcome] = await _run(make_orchestrator, chain)
    assert "was not finished" in str(outcome.error)


async def test_a_chain_can_be_cancelled(make_orchestrator: Make, fake_job: Any) -> None:
    """With the job that is under way."""

    async def hang(_: JobContext) -> None:
        await asyncio.Event().wait()

    async with make_orchestrator() as orchestrator:
        handle = await orchestrator.submit(Chain(first=fake_job(number=1, on_look=hang), then=[]))
        await anyio.wait_all_tasks_blocked()
        handle.cancel()
        assert JobState.CANCELLED is (await handle).state


async def test_each_listener_of_a_csv_file_gets_a_job(tmp_path: Path) -> None:
    """Values by the names of the first row, with a byte order mark or without; files named after a value."""
    path = tmp_path / "listeners.csv"
    path.write_bytes('\ufeffname,city\nAda,Paris\n\nBob,"New York, NY"\n'.encode())
    ad = MasteringJob(script_text="Hello {{name}} of {{city}}", to=tmp_path, key="not this")
    jobs = [job async for job in for_each_listener(ad, path, name="name")]
    assert [("Ada", "Paris"), ("Bob", "New York, NY")] == [tuple(job.audience.values()) for job in jobs]
    assert [("Ada", None), ("Bob", None)] == [(job.name, job.key) for job in jobs]
    assert {"Hello {{name}} of {{city}}"} == {job.script_text for job in jobs}


async def test_listeners_may_be_given_as_they_are() -> None:
    """Any iterable of mappings, read one by one."""
    rows = ({"who": str(n)} for n in range(3))
    jobs = [job async for job in for_each_listener(MixJob(script_id="s"), rows)]
    assert ["0", "1", "2"] == [job.audience["who"] for job in jobs]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first row names the values"),
        ("a,a\n1,2\n", "each once"),
        ("a,b\n1,2\n3\n", "line 3 has 1"),
        ("a,b\n1,2,3\n", "line 2 has 3"),
    ],
)
async def test_a_crooked_list_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    """Silently shifted values would be spoken to the wrong people."""
    path = tmp_path / "l.csv"
    path.write_text(text)
    with pytest.raises(InvalidRequest, match=said):
        [job async for job in for_each_listener(MasteringJob(script_id="s"), path)]


async def test_a_list_that_cannot_be_read_is_refused_with_its_path(tmp_path: Path) -> None:
    """Before anything is sent, as a wrong argument: not there, or not text in UTF-8."""
    latin, missing = tmp_path / "latin.csv", tmp_path / "none.csv"
    latin.write_bytes(b"name\nAda\nZo\xeb\n")
    for path, said in (
        (missing, f"got {str(missing)!r}: No such file or directory; check the path, or give the listeners"),
        (latin, f"audience must be a CSV file in UTF-8.*got {str(latin)!r}"),
    ):
        with pytest.raises(InvalidRequest, match=said) as caught:
            [job async for job in for_each_listener(MasteringJob(script_id="s"), path)]
        assert ("audience", str(path)) == (caught.value.field, caught.value.value)


async def test_jobs_without_an_audience_are_refused() -> None:
    """So is a name that the listener or the job does not have."""
    with pytest.raises(InvalidRequest, match="a job with an audience"):
        await anext(aiter(for_each_listener(ConversionJob(voice_id="v", original_id="r"), [{}])))
    with pytest.raises(InvalidRequest, match="one of the listener's values a"):
        await anext(aiter(for_each_listener(MasteringJob(script_id="s"), [{"a": "1"}], name="b")))


@attrs.frozen(kw_only=True)
class Far:
    """A job whose next look is far away, and that is known by another name, too."""

    looks: list[int]
    key: str | None = None
    timeout_s: float | None = None

    kind = "far"

    async def prepare(self, context: JobContext) -> None:
        """Nothing."""

    async def submit(self, context: JobContext, prepared: None) -> str:
        """Give the id."""
        return "script-1"

    async def look(self, context: JobContext, remote: str) -> tuple[str, Look]:
        """Over at the second look; the first asks for an hour's patience."""
        self.looks.append(1)
        return remote, Look(state="busy", is_over=len(self.looks) > 1, retry_after=3600.0)

    async def poll(self, context: JobContext, remote: str) -> str:
        """As the kinds of api.audio v1 do."""
        with context.also_called(remote, "request-1", None):
            return await context.follow(lambda: self.look(context, remote), what="far", remote_id=remote)

    async def collect(self, context: JobContext, remote: str) -> tuple[str, tuple[()]]:
        """Give the id."""
        return remote, ()


class RealClock:
    """Time that passes."""

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float, /) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


async def _post(app: WebhookReceiver, body: bytes, header: str | None, method: str = "POST") -> int:
    sent: list[Any] = []
    parts = [
        {"type": "http.request", "body": body[:5], "more_body": True},
        {"type": "http.request", "body": body[5:]},
    ]

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    name = webhooks.HEADER.lower().encode()
    headers = [(name, header.encode())] if header is not None else []
    await app({"type": "http", "method": method, "headers": headers}, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_events_may_be_noted_asynchronously() -> None:
    """What `on_event` gives is awaited."""
    seen: list[str] = []

    async def note(event: webhooks.WebhookEvent) -> None:
        await asyncio.sleep(0)
        seen.append(event.type)

    async with Orchestrator(None, clock=RealClock(), timeout_s=4000) as orchestrator:  # type: ignore[arg-type]
        receiver = WebhookReceiver(orchestrator, secret="s3cret", on_event=note)
        body = b'{"type": "mastering"}'
        assert 204 == await _post(receiver, body, webhooks.sign(body, "s3cret", timestamp=int(time.time())))
    assert ["mastering"] == seen


@pytest.mark.parametrize("name", ["requestId", "scriptId"])
async def test_a_webhook_wakes_its_job(name: str) -> None:
    """The job looks at once, an hour before its time."""
    looks: list[int] = []
    async with Orchestrator(None, clock=RealClock(), timeout_s=4000) as orchestrator:  # type: ignore[arg-type]
        handle = await orchestrator.submit(Far(looks=looks))
        await until(lambda: looks)
        await anyio.wait_all_tasks_blocked()  # for the hour to be over
        seen: list[Any] = []
        receiver = WebhookReceiver(orchestrator, secret="s3cret", on_event=seen.append)
        value = {"requestId": "request-1", "scriptId": "script-1"}[name]
        body = f'{{"type": "mastering", "{name}": "{value}"}}'.encode()
        assert 204 == await _post(receiver, body, webhooks.sign(body, "s3cret", timestamp=int(time.time())))
        outcome = await asyncio.wait_for(handle._wait(), 5)
        assert not orchestrator.wake("request-1")
    assert (JobState.DONE, 2, "mastering") == (outcome.state, len(looks), seen[0].type)


async def test_the_documented_address_receives() -> None:
    """A route is at the obvious address; a mount has a slash after it, and sends others there."""
    woken: list[str] = []

    class Jobs:
        def wake(self, remote_id: str) -> bool:
            woken.append(remote_id)
            return True

    applications = pytest.importorskip("starlette.applications", reason="the emulator extra is not installed")
    routing = pytest.importorskip("starlette.routing")
    receiver = WebhookReceiver(Jobs(), secret="s3cret")
    app = applications.Starlette()
    app.router.routes.append(routing.Route("/webhooks/apiaudio", receiver))
    app.add_route("/added", receiver)
    app.mount("/mounted", receiver)
    body = b'{"requestId": "r"}'
    headers = {webhooks.HEADER: webhooks.sign(body, "s3cret", timestamp=int(time.time()))}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://app.example"
    ) as web:
        answers = [
            (await web.post(path, content=body, headers=headers)).status_code
            for path in ("/webhooks/apiaudio", "/added", "/mounted/", "/mounted")
        ]
        assert 405 == (await web.get("/webhooks/apiaudio")).status_code
    assert ([204, 204, 204, 307], ["r"] * 3) == (answers, woken)
    assert 'routes.append(Route("/webhooks/apiaudio", receiver))' in (WebhookReceiver.__doc__ or "")


async def test_what_is_not_genuine_wakes_nobody() -> None:
    """400 for a wrong signature or none, 405 for a GET, 413 for too much; no repr has the secret."""
    woken: list[str] = []

    class Jobs:
        def wake(self, remote_id: str) -> bool:
            woken.append(remote_id)
            return True

    receiver = WebhookReceiver(Jobs(), secret="s3cret", limit_bytes=100)
    body = b'{"requestId": "r"}'
    now = int(time.time())
    assert 400 == await _post(receiver, body, None)
    assert 400 == await _post(receiver, body, webhooks.sign(body, "other", timestamp=now))
    assert 400 == await _post(receiver, body, webhooks.sign(body, "s3cret", timestamp=now - 3600))
    assert 405 == await _post(receiver, body, webhooks.sign(body, "s3cret", timestamp=now), method="GET")
    assert 413 == await _post(receiver, b" " * 101, None)
    assert ([], "<WebhookReceiver>") == (woken, repr(receiver))
    with pytest.raises(InvalidRequest, match="secret"):
        WebhookReceiver(Jobs(), secret="")


async def test_an_outcome_without_a_stream_says_so(make_orchestrator: Make, fake_job: Any) -> None:
    """`Outcome.open` is for kinds that have one stream of audio."""
    [outcome] = await _run(make_orchestrator, fake_job())
    with pytest.raises(UsageError, match="cannot be opened: its kind has no stream"):
        outcome.open()


def test_waiting_for_a_turn_takes_nothing_of_a_chains_time() -> None:
    """Four chains of 40 s through one place, each with 100 s: the last ends after 160 s, in time."""

    async def story() -> None:
        clock = LoopClock()
        orchestrator = Orchestrator(Server(clock), clock=clock, timeout_s=100, max_submits=1)  # type: ignore[arg-type]
        async with orchestrator:
            jobs = [Chain(first=SlowJob(number=n + 1, place=f"p{n}", key=f"{n}"), then=[]) for n in range(4)]
            assert {JobState.DONE} == {one.state async for one in orchestrator.run(jobs)}
            assert 160 == clock.monotonic()
            (late,) = [one async for one in orchestrator.run([Chain(first=SlowJob(number=0), then=[])])]
            assert (JobState.FAILED, 260) == (late.state, clock.monotonic())  # its own time still counts

    in_virtual_time(story())
