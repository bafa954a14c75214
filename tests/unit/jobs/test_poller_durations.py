"""Learning how long work takes, and choosing when to look."""

from __future__ import annotations

import math
import random

import pytest

from audiokit.errors import InvalidRequest
from audiokit.jobs._durations import Durations, Law, Line
from audiokit.jobs._hazard import Hazard
from audiokit.jobs._poll_plan import Cohort, PollBudget, PollPolicy, best_moment, worth
from audiokit.transport._window import Priority


def taught(lengths: list[float]) -> Hazard:
    """What is known after jobs of these lengths were looked at closely."""
    hazard = Hazard()
    for length in lengths:
        hazard.saw(0.0, length * 0.99, is_over=False)
        hazard.saw(length * 0.99, length * 1.01, is_over=True)
    hazard.refresh()
    return hazard


def wait(hazard: Hazard, age: float, *, jobs: float = 1.0, price: float = 0.01) -> float:
    """How long to wait after a look that saw *jobs* run at this age."""
    return best_moment([Cohort(jobs, hazard, 1.0, 0.0, age)], price) - age


def test_quantiles_are_learned() -> None:
    """From 500 jobs between 60 and 600 the ages at which a share is over are right within a few percent."""
    rng = random.Random(1)
    hazard = taught([rng.uniform(60, 600) for _ in range(500)])
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert hazard.age_of(share) == pytest.approx(60 + 540 * share, rel=0.1)
    assert hazard.age_of(0.5, since=330) == pytest.approx(465, rel=0.1)


def test_jobs_that_still_run_count() -> None:
    """When half of the jobs still run at 100, half are not over by then, though all ends seen were before."""
    hazard = Hazard()
    for number in range(200):
        age = 50.0 + number / 4
        if number % 2:
            hazard.saw(age * 0.98, age, is_over=True)
            hazard.saw(0.0, age * 0.98, is_over=False)
        else:
            hazard.saw(0.0, 100.0, is_over=False)
    hazard.refresh()
    assert hazard.age_of(0.3) < 100 < hazard.age_of(0.55)


def test_ends_between_distant_looks_are_placed_where_ends_are_likely() -> None:
    """Jobs found over at a first, late look do not spoil what is known of when jobs end."""
    hazard = taught([100.0 + number / 10 for number in range(100)])
    for _ in range(100):
        hazard.saw(0.0, 500.0, is_over=True)
    hazard.refresh()
    assert hazard.age_of(0.05) > 95
    assert hazard.age_of(0.95) < 130


def test_the_past_is_forgotten_by_and_by() -> None:
    """After an API became ten times faster, what it takes now outweighs what it took."""
    hazard = taught([100.0] * 12_000)
    for _ in range(4000):
        hazard.saw(9.9, 10.1, is_over=True)
    hazard.refresh()
    assert hazard.age_of(0.5) < 20


def test_lengths_that_matter_are_found_to_matter() -> None:
    """Jobs that take 3 s and 0.4 s per second of audio are expected right after a few dozen."""
    rng = random.Random(1)
    law = Law(Line(1.0, 0.05))
    for _ in range(64):
        length_s = rng.uniform(10, 300)
        took_s = (3 + 0.4 * length_s) * rng.uniform(0.95, 1.05)
        law.saw(length_s, 0.0, took_s * 0.98, is_over=False)
        law.saw(length_s, took_s * 0.98, took_s * 1.02, is_over=True)
        if law.wants_fit:
            law.fit([])
    for length_s in (20.0, 100.0, 280.0):
        middle_s = law.hazard.age_of(0.5) * law.expected_s(length_s)
        assert middle_s == pytest.approx(3 + 0.4 * length_s, rel=0.1)


def test_lengths_that_do_not_matter_are_left_out() -> None:
    """Where the audio says nothing of the time, jobs of all lengths are expected alike."""
    rng = random.Random(1)
    law = Law(Line(1.0, 0.2))
    for _ in range(256):
        took_s = rng.uniform(60, 600)
        length_s = rng.uniform(10, 300)
        law.saw(length_s, 0.0, took_s * 0.98, is_over=False)
        law.saw(length_s, took_s * 0.98, took_s * 1.02, is_over=True)
        if law.wants_fit:
            law.fit([])
    assert law.expected_s(10.0) == pytest.approx(law.expected_s(300.0), rel=0.25)


def test_jobs_under_way_count_in_a_fit() -> None:
    """Early in a batch the few that are over say little of the many that run: most take longer than those."""
    rng = random.Random(1)
    jobs = [(rng.uniform(5, 600), rng.uniform(60, 600)) for _ in range(1000)]
    now_s = 90.0
    law = Law(Line(1.0, 0.2))
    for length_s, took_s in jobs:
        if took_s < now_s:
            law.saw(length_s, took_s * 0.95, took_s * 1.05, is_over=True)
    law.fit([(length_s, now_s) for length_s, took_s in jobs if took_s >= now_s])
    for length_s in (10.0, 100.0, 500.0):
        unit_s = law.expected_s(length_s)
        assert law.hazard.age_of(0.5, since=now_s / unit_s) * unit_s > 150


def test_a_sample_of_the_past_is_fair() -> None:
    """When 3,000 jobs ended in the order of their lengths, a fit knows the short and the long ones."""
    law = Law(Line(1.0, 0.05))
    for number in range(3000):
        took_s = 60.0 + number * 0.18
        law.saw(50.0 + number % 7, took_s * 0.98, took_s * 1.02, is_over=True)
    law.fit([])
    assert law.hazard.age_of(0.1) * law.expected_s(53.0) == pytest.approx(114, rel=0.2)
    assert law.hazard.age_of(0.9) * law.expected_s(53.0) == pytest.approx(546, rel=0.2)


def test_kinds_are_learned_apart_and_can_be_shown() -> None:
    """What speech takes says nothing of mastering; `expected_s` gives an estimate for display."""
    durations = Durations()
    for _ in range(50):
        for kind, took_s in (("speech", 2.0), ("mastering", 30.0)):
            law = durations.law(kind, has_length=False)
            law.saw(None, 0.0, took_s * 0.99, is_over=False)
            law.saw(None, took_s * 0.99, took_s * 1.01, is_over=True)
    assert durations.expected_s("speech") == pytest.approx(2, rel=0.1)
    assert durations.expected_s("mastering") == pytest.approx(30, rel=0.1)
    assert durations.expected_s("mastering", share=0.9) >= durations.expected_s("mastering", share=0.1)


def test_nothing_is_looked_at_while_nothing_can_be_over() -> None:
    """Where all jobs take 95 to 105 the first look is at the beginning of that, then looks are close."""
    rng = random.Random(1)
    hazard = taught([rng.uniform(95, 105) for _ in range(500)])
    assert 93 <= wait(hazard, 0.0) <= 105
    assert wait(hazard, 100.0) <= 6


def test_a_job_that_is_certainly_over_is_looked_at_soon() -> None:
    """When the end is due, waiting on saves nothing: the wait is a small part of the age."""
    hazard = taught([100.0] * 500)
    assert wait(hazard, 98.0, price=0.2) < 10


def test_more_jobs_and_cheaper_calls_mean_shorter_waits() -> None:
    """A page with a hundred jobs is read more often than one with one, and both less when calls are dear."""
    rng = random.Random(1)
    hazard = taught([rng.uniform(60, 600) for _ in range(500)])
    one, hundred = wait(hazard, 300.0), wait(hazard, 300.0, jobs=100)
    assert hundred < one / 5
    assert wait(hazard, 300.0, jobs=100, price=0.1) > 2 * hundred


def test_the_best_moment_is_cheaper_than_others() -> None:
    """For ends spread evenly the wait is what theory gives: the square root of 2 price age / rate."""
    hazard = taught([60 + 540 * (number + 0.5) / 4000 for number in range(4000)])
    age, jobs, price = 300.0, 100.0, 0.05
    rate = jobs / (600 - age)
    assert wait(hazard, age, jobs=jobs, price=price) == pytest.approx(
        (2 * price * age / rate) ** 0.5, rel=0.3
    )


def test_every_wait_ends() -> None:
    """Even when jobs are known never to end, a wait is at most a small multiple of age or typical length."""
    hazard = Hazard()
    for _ in range(4000):
        hazard.saw(0.0, 10_000.0, is_over=False)
    typical = hazard.age_of(0.5)
    for age in (0.0, 1.0, 100.0, 10_000.0, 1e5):
        assert 0 < wait(hazard, age, price=0.01) <= 1.2 * max(age, typical)


def test_the_worth_of_a_look_grows_with_what_it_may_find() -> None:
    """Of two questions the one with more jobs that may be over, or shorter ones, is worth more."""
    hazard = taught([1.0] * 100)
    now = 10.0

    def job(started_at: float, jobs: float = 1.0, unit_s: float = 10.0) -> Cohort:
        return Cohort(jobs, hazard, unit_s, started_at, started_at)

    assert worth([job(0.0, jobs=5.0)], now) > worth([job(0.0)], now) > worth([job(8.0)], now)


class Left:
    """An allowance with so many calls left."""

    def __init__(self, free: int) -> None:
        self.free = free

    def free_now(self, *, priority: Priority) -> int:
        """Calls left for polls."""
        assert priority is Priority.POLL
        return self.free

    def next_free_s(self, *, priority: Priority) -> float:
        """Seconds until the next."""
        assert priority is Priority.POLL
        return 12.0


def test_calls_become_dearer_as_they_run_out() -> None:
    """The price grows with what was used and with what is open, and without end when nothing is left."""
    prices = []
    left = Left(500)
    budget = PollBudget(PollPolicy(), left)
    for used in (0, 100, 200, 300, 400, 499):
        while left.free > 500 - used:
            budget.note(0.0)
            left.free -= 1
        prices.append(budget.price(0.0, questions=1))
    assert prices == sorted(prices)
    assert prices[-1] > 100 * prices[0]
    assert budget.wait_s(0) == 0.0
    assert budget.wait_s(1) == math.inf, "the one under way may need the last place"
    left.free = 0
    assert budget.wait_s(0) == 12.0
    assert PollBudget(PollPolicy(), Left(500)).price(0.0, 100) > 5 * PollBudget(
        PollPolicy(), Left(500)
    ).price(0.0, 1)


def test_used_calls_are_forgotten_after_the_window() -> None:
    """A burst of looks makes calls dear for the window, and not longer."""
    budget = PollBudget(PollPolicy(calls=100, window_s=60.0), None)
    calm = budget.price(0.0, 1)
    for _ in range(90):
        budget.note(0.0)
    assert budget.price(59.0, 1) > 5 * calm
    assert budget.price(61.0, 1) == calm


@pytest.mark.parametrize("name", ["price", "calls", "window_s", "at_once", "longest_look_s"])
def test_a_policy_takes_only_sensible_numbers(name: str) -> None:
    """Nothing of a policy may be 0 or less."""
    with pytest.raises(
        InvalidRequest, match=f"{name} must be a (number above 0|whole number of 1 or more), got 0"
    ):
        PollPolicy(**{name: 0})  # type: ignore[arg-type]
