"""Many jobs answered by pages of one list: finding their places, and lists that misbehave."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from polled import Service, Work
from virtual_time import LoopClock, in_virtual_time

from audiokit.errors import NotFound, RemoteFailure, RemoteLost, ServerError
from audiokit.jobs._poller import Poller


async def all_of(
    service: Service, ids: Sequence[str], *, page_size: int = 10, listed: bool = True, timeout_s: float = 3600
) -> list[Any]:
    """Wait for all, by one list; errors are given, not raised."""
    async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:
        return await asyncio.gather(
            *(
                polling.wait(
                    "conversion",
                    name,
                    service.look(name),
                    listing=service.listing(page_size) if listed else None,
                    timeout_s=timeout_s,
                )
                for name in ids
            ),
            return_exceptions=True,
        )


def lates(works: Sequence[Work], begin: float = 0.0) -> float:
    """When the last one was known, after it was done, as a share of its length."""
    return (asyncio.get_running_loop().time() - max(one.done_at for one in works)) / (
        max(one.done_at for one in works) - begin
    )


def alone(service: Service) -> int:
    """How many of the calls were for one job."""
    return sum(what.startswith("look") for what in service.asked)


def drawn(service: Service, count: int, seed: int = 1) -> list[str]:
    """Work of 60 to 600 s."""
    rng = random.Random(seed)
    return [service.add(f"job-{number}", rng.uniform(60, 600)).id for number in range(count)]


def test_pages_answer_for_many_jobs() -> None:
    """300 jobs in pages of 100 are known sooner and with fewer calls than by looks at each."""

    async def story(*, listed: bool) -> tuple[int, float]:
        service = Service()
        late: list[float] = []
        names = drawn(service, 300)
        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:

            async def one(name: str, work: Work) -> None:
                listing = service.listing(100) if listed else None
                await polling.wait("mix", name, service.look(name), listing=listing, timeout_s=3600)
                late.append((asyncio.get_running_loop().time() - work.done_at) / work.done_at)

            await asyncio.gather(*(one(*pair) for pair in zip(names, service.works, strict=True)))
        return len(service.calls), sum(late) / len(late)

    calls, late = in_virtual_time(story(listed=True))
    calls_alone, late_alone = in_virtual_time(story(listed=False))
    assert calls < 1.2 * 300
    assert late < 0.03
    assert calls_alone > calls
    assert late_alone > 3 * late


def test_places_are_found_among_old_objects() -> None:
    """Jobs behind hundreds of older objects are found from the newest on, without reading the whole list."""

    async def story() -> None:
        service = Service(works=[Work(f"old-{number}", -1.0) for number in range(500)])
        ids = drawn(service, 30)
        found = await all_of(service, ids)
        assert [one.id for one in found] == ids
        pages = [what for what in service.asked if what.startswith("page")]
        offsets = [int(what.split()[1]) for what in pages if "newest" not in what]
        assert offsets
        assert min(offsets) >= 500, "once placed, only the pages of the jobs are read"
        assert max(int(what.split()[1]) for what in pages if "newest" in what) <= 40

    in_virtual_time(story())


def test_places_hold_while_objects_are_added() -> None:
    """New objects at the end of the list do not hide those whose places are known."""

    async def story() -> None:
        service = Service()
        ids = drawn(service, 30)

        async def crowd() -> None:
            while True:
                await asyncio.sleep(7)
                service.works.append(Work(f"other-{len(service.works)}", 0.0))

        crowding = asyncio.ensure_future(crowd())
        found = await all_of(service, ids)
        crowding.cancel()
        assert [one.id for one in found] == ids
        assert alone(service) < len(ids)

    in_virtual_time(story())


def test_deleted_objects_shift_places_and_nothing_is_missed() -> None:
    """Jobs that are not where they were are searched again, then looked at alone; all are known in time."""

    async def story() -> None:
        service = Service(works=[Work(f"old-{number}", -1.0) for number in range(40)])
        ids = drawn(service, 30)

        async def clean() -> None:
            for _ in range(3):
                await asyncio.sleep(100)
                del service.works[:12]

        cleaning = asyncio.ensure_future(clean())
        found = await all_of(service, ids)
        cleaning.cancel()
        assert [one.id for one in found] == ids
        assert lates(service.works) < 0.2
        assert alone(service) < 0.5 * len(service.calls), "what was shifted is found in the list again"

    in_virtual_time(story())


def test_jobs_that_are_not_in_the_list_are_looked_at_alone() -> None:
    """A list that lags or leaves some out costs a search, and then single looks for those only."""

    async def story() -> None:
        service = Service()
        ids = drawn(service, 30)
        service.hidden = {"job-3", "job-17"}
        found = await all_of(service, ids)
        assert [one.id for one in found] == ids
        singles = {what.removeprefix("look ") for what in service.asked if what.startswith("look")}
        assert service.hidden <= singles

    in_virtual_time(story())


def test_a_list_that_cannot_be_read_is_given_up() -> None:
    """A list the API refuses is asked for once; its jobs are looked at one by one, later ones as well."""

    async def story() -> None:
        error = NotFound("no such folder", operation="test", status=404)
        service = Service(failing=lambda what: error if what.startswith("page") else None)
        ids = drawn(service, 5)
        found = await all_of(service, ids)
        assert [one.id for one in found] == ids
        assert sum(what.startswith("page") for what in service.asked) == 1

    in_virtual_time(story())


def test_jobs_that_come_after_a_list_was_given_up_do_not_ask_for_it_again() -> None:
    """The list stays given up as long as any of its jobs is waited for."""

    async def story() -> None:
        error = NotFound("no such folder", operation="test", status=404)
        service = Service(failing=lambda what: error if what.startswith("page") else None)
        names = drawn(service, 4)
        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:

            async def one(name: str, after_s: float) -> None:
                await asyncio.sleep(after_s)
                await polling.wait("mix", name, service.look(name), listing=service.listing(), timeout_s=3600)

            delays = (0.0, 0.0, 50.0, 50.0)
            await asyncio.gather(*(one(*pair) for pair in zip(names, delays, strict=True)))
        assert sum(what.startswith("page") for what in service.asked) == 1

    in_virtual_time(story())


def test_a_refused_list_fails_no_job_that_was_looked_at_alone_before() -> None:
    """A job that was first alone in its list is not blamed when the list is refused later."""

    async def story() -> None:
        error = NotFound("no such folder", operation="test", status=404)
        service = Service(failing=lambda what: error if what.startswith("page") else None)
        names = [service.add(f"job-{number}", 300.0).id for number in range(5)]
        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:

            async def one(name: str, after_s: float) -> Work:
                await asyncio.sleep(after_s)
                return await polling.wait(
                    "mix", name, service.look(name), listing=service.listing(), timeout_s=3600
                )

            found = await asyncio.gather(*(one(name, 50.0 * (name != "job-0")) for name in names))
        assert [work.id for work in found] == names
        assert service.asked[0] == "look job-0"
        assert "page 0 newest" in service.asked

    in_virtual_time(story())


def test_a_list_that_keeps_failing_is_given_up() -> None:
    """When pages fail again and again while single looks work, the single looks take over."""

    async def story() -> None:
        error = ServerError("broken", operation="test", status=500)
        service = Service(failing=lambda what: error if what.startswith("page") else None)
        ids = drawn(service, 5)
        found = await all_of(service, ids)
        assert [one.id for one in found] == ids
        assert sum(what.startswith("page") for what in service.asked) == 8
        assert lates(service.works) < 0.3

    in_virtual_time(story())


def test_a_page_that_fails_now_and_then_is_read_again() -> None:
    """Every third page fails: all jobs are known in time, and hardly any is looked at alone."""

    async def story() -> None:
        error = ServerError("broken", operation="test", status=500)
        service = Service()
        service.failing = lambda _: error if len(service.calls) % 3 == 0 else None
        ids = drawn(service, 60)
        found = await all_of(service, ids)
        assert [one.id for one in found] == ids
        assert lates(service.works) < 0.2
        assert alone(service) < 0.2 * len(service.calls)

    in_virtual_time(story())


def test_a_failed_job_on_a_page_fails_alone() -> None:
    """One object of a page that reports a failure ends its own job, not those beside it."""

    async def story() -> None:
        service = Service()
        ids = drawn(service, 20)
        service.works[7].state = "error"
        found = await all_of(service, ids)
        assert isinstance(found[7], RemoteFailure)
        assert [one.id for number, one in enumerate(found) if number != 7] == [
            name for number, name in enumerate(ids) if number != 7
        ]

    in_virtual_time(story())


def test_a_lost_job_of_a_list_fails_alone_and_leaves_the_list_in_use() -> None:
    """An object that was deleted is missing from its page; the 404 of a look at it alone is the proof."""

    async def story() -> None:
        error = NotFound("gone", operation="test", status=404)
        service = Service(failing=lambda what: error if what == "look job-4" else None)
        ids = drawn(service, 30)
        service.hidden = {"job-4"}
        found = await all_of(service, ids)
        assert isinstance(found[4], RemoteLost)
        assert [one.id for number, one in enumerate(found) if number != 4] == [
            name for name in ids if name != "job-4"
        ]
        last_page = max(at for at, what in service.calls if what.startswith("page"))
        gone_at = next(at for at, what in service.calls if what == "look job-4")
        assert last_page > gone_at

    in_virtual_time(story())


@pytest.mark.parametrize("tells_total", [True, False])
def test_an_api_that_gives_less_at_once_is_believed(*, tells_total: bool) -> None:
    """Pages of 100 were asked for and the API gives 7, with or without a total: all jobs are known."""

    async def story() -> None:
        service = Service(largest_page=7, tells_total=tells_total)
        ids = drawn(service, 40)
        found = await all_of(service, ids, page_size=100)
        assert [one.id for one in found] == ids
        assert lates(service.works) < 0.2
        if tells_total:
            offsets = {int(what.split()[1]) // 7 for what in service.asked if what.startswith("page")}
            assert offsets == set(range(6)), "the smaller pages are read each"
            assert alone(service) < 0.2 * len(service.calls)

    in_virtual_time(story())


def test_jobs_that_come_later_join_the_list() -> None:
    """A stream of jobs, a new one every 5 s, is answered by far fewer calls than single looks would be."""

    async def story() -> None:
        service = Service()
        rng = random.Random(3)
        late: list[float] = []
        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:

            async def one(number: int) -> None:
                await asyncio.sleep(5.0 * number)
                begin = asyncio.get_running_loop().time()
                work = service.add(f"job-{number}", rng.uniform(60, 120))
                listing = service.listing(50)
                await polling.wait("mix", work.id, service.look(work.id), listing=listing, timeout_s=3600)
                late.append((asyncio.get_running_loop().time() - work.done_at) / (work.done_at - begin))

            await asyncio.gather(*(one(number) for number in range(200)))
        assert sum(late) / len(late) < 0.05
        assert len(service.calls) < 3 * len(late)

    in_virtual_time(story())


def test_a_deadline_holds_for_each_job_of_a_page() -> None:
    """Jobs of one page have their own deadlines; those that are not over in time fail, the others go on."""

    async def story() -> None:
        service = Service()
        ids = [service.add(f"job-{number}", 300.0).id for number in range(10)]
        async with Poller(clock=LoopClock(), rng=random.Random(1)) as polling:
            found = await asyncio.gather(
                *(
                    polling.wait(
                        "mix",
                        name,
                        service.look(name),
                        listing=service.listing(),
                        timeout_s=100 if number < 5 else 1000,
                    )
                    for number, name in enumerate(ids)
                ),
                return_exceptions=True,
            )
        assert [type(one).__name__ for one in found] == ["JobTimeout"] * 5 + ["Work"] * 5
        assert all(99 <= one.elapsed_s <= 101 for one in found[:5])  # type: ignore[union-attr]

    in_virtual_time(story())


def test_the_first_end_of_a_new_kind_of_batch_is_not_slept_through() -> None:
    """While nothing is known but that all still run, the pages together are never silent for long."""

    async def story() -> None:
        service = Service()
        ids = [service.add(f"job-{number}", 300.0 + number % 7).id for number in range(400)]
        found = await all_of(service, ids, page_size=100)
        assert [one.id for one in found] == ids
        times = [at for at, _ in service.calls if 20 < at < 300]
        assert all(after - before < 0.15 * after for before, after in pairwise(times))
        assert len(times) < 80

    in_virtual_time(story())
