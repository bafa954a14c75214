"""Faults on demand: how they are written, and how they are drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiokit.emulator._faults import Fault, FaultDice, parse_faults


def fates(text: str, *, seed: int = 1, calls: int = 200, operation: str = "orders.create") -> list[str]:
    """What happens to each of some calls of one operation; a dot for nothing."""
    dice = FaultDice(parse_faults(text), seed=seed)
    return [
        "+".join(strike.fault.kind for strike in dice.strikes("respeecher", operation)) or "."
        for _ in range(calls)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("429:0.05", Fault(kind="429", rate=0.05)),
        ("reset", Fault(kind="reset")),
        ("latency:50-200ms", Fault(kind="latency", span_s=(0.05, 0.2))),
        ("latency:0.1@1s", Fault(kind="latency", rate=0.1, span_s=(1.0, 1.0))),
        ("late:0.01@0.5-5s", Fault(kind="late", rate=0.01, span_s=(0.5, 5.0))),
        ("429:0.1x10*3@2s", Fault(kind="429", rate=0.1, calls=10, times=3, span_s=(2.0, 2.0))),
        ("lost*1/respeecher.orders.*", Fault(kind="lost", times=1, operation="respeecher.orders.*")),
    ],
)
def test_a_fault_is_read_as_it_is_written(text: str, expected: Fault) -> None:
    """And written as it is read."""
    assert expected == Fault.parse(text)
    assert expected == Fault.parse(str(expected))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("428x", "must be written KIND"),
        ("explode:0.1", "'explode' must be one of latency, reset"),
        ("200:0.1", "must be a status of 400 to 599"),
        ("429:0", "rate of fault '429' must be above 0"),
        ("429:1.5", "at most 1, got 1.5"),
        ("429:1.2.3", "rate '1.2.3'"),
        ("429:50ms", "stands after '@'"),
        ("latency:0.5", "needs a time"),
        ("reset:0.1@2s", "'reset' takes no time"),
        ("reset:0.1x5", "only statuses come in bursts"),
        ("429x0", "1 to 10000 calls"),
        ("reset*0", "at least once"),
        ("latency:200-50ms", "rising"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(text: str, message: str) -> None:
    """Naming what was written and what is allowed."""
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        parse_faults(f"500:0.1,{text}")


def test_the_same_seed_gives_the_same_faults() -> None:
    """Whatever the calls of other operations do in between."""
    faults = parse_faults("429:0.1,reset:0.1")
    alone, beside = FaultDice(faults, seed=5), FaultDice(faults, seed=5)
    first = [alone.strikes("respeecher", "orders.create") for _ in range(100)]
    second = []
    for number in range(100):
        for _ in range(number % 3):
            beside.strikes("respeecher", "recordings.get")
        second.append(beside.strikes("respeecher", "orders.create"))

    assert first == second
    assert fates("429:0.1", seed=5) != fates("429:0.1", seed=6)


def test_a_fault_happens_as_often_as_it_says() -> None:
    """Of 4,000 calls at 0.05, 200 with a spread of three standard deviations (41)."""
    assert abs(fates("500:0.05", calls=4000).count("500") - 200) <= 41


def test_a_burst_goes_on_for_its_calls() -> None:
    """Each time it strikes, ten calls in a row are refused."""
    struck = fates("429:0.05x10", calls=1000)
    runs = [len(run) for run in "".join("x" if one == "429" else "." for one in struck).split(".") if run]

    assert runs
    assert {0} == {run % 10 for run in runs[:-1]}


def test_a_fault_stops_after_its_times() -> None:
    """The first two calls are hit, no later one."""
    assert ["lost", "lost", "."] == fates("lost*2", calls=3)


def test_waits_add_up_and_the_first_end_counts() -> None:
    """A call can be slow and refused, but it ends once."""
    assert ["latency+latency+503"] == fates("latency:1ms,latency:2ms,503,reset", calls=1)


def test_a_fault_keeps_to_its_operations() -> None:
    """Patterns are matched with and without the API."""
    assert ["reset"] == fates("reset/orders.*", calls=1)
    assert ["reset"] == fates("reset/respeecher.*", calls=1)
    assert ["."] == fates("reset/orders.*", calls=1, operation="recordings.get")


def test_a_fault_is_meant_for_any_name_of_an_operation() -> None:
    """The vendor's and that of audiokit; what is drawn is the same, whichever name was written."""
    dice = [
        FaultDice(parse_faults(f"500:0.5/{name}"), seed=3) for name in ("Script.create", "scripts.create")
    ]
    names = ("Script.create", "scripts.create")
    drawn = [[bool(one.strikes("apiaudio", *names)) for _ in range(50)] for one in dice]
    assert drawn[0] == drawn[1]
    assert {True, False} == set(drawn[0])


RATES = st.floats(1e-6, 1.0, exclude_min=True).map(lambda rate: float(f"{rate:.4g}"))
SECONDS = st.integers(0, 3_600_000).map(lambda milliseconds: float(f"{milliseconds / 1000:.6g}"))
SPANS = st.tuples(SECONDS, SECONDS).map(lambda pair: (min(pair), max(pair)))
OPERATIONS = st.sampled_from(["*", "orders.create", "apiaudio.*", "Media.upload*"])
TIMES = st.none() | st.integers(1, 10**6)
FAULTS = st.one_of(
    st.builds(
        Fault,
        kind=st.sampled_from(["reset", "close", "lost", "truncate"]),
        rate=RATES,
        times=TIMES,
        operation=OPERATIONS,
    ),
    st.builds(
        Fault,
        kind=st.integers(400, 599).map(str),
        rate=RATES,
        calls=st.integers(1, 10_000),
        times=TIMES,
        span_s=st.none() | SPANS,
        operation=OPERATIONS,
    ),
    st.builds(
        Fault, kind=st.just("late"), rate=RATES, times=TIMES, span_s=st.none() | SPANS, operation=OPERATIONS
    ),
    st.builds(Fault, kind=st.just("latency"), rate=RATES, span_s=SPANS, operation=OPERATIONS),
)


@given(st.lists(FAULTS, max_size=4))
def test_every_list_of_faults_can_be_written_and_read_again(faults: list[Fault]) -> None:
    """What the settings show is what they take."""
    assert tuple(faults) == parse_faults(",".join(map(str, faults)))


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    """Never anything but a ValueError."""
    try:
        parse_faults(text)
    except ValueError as error:
        assert str(error)
