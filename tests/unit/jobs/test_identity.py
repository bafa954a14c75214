"""A job's key says what the work is: the same for equal work anywhere, another for other work."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import decimal
import enum
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiokit.jobs import _identity
from audiokit.jobs._identity import key_for, key_of

ROOT = Path(__file__).parents[3]


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Word(str, enum.Enum):  # noqa: UP042 - the older way, whose str() is its name
    YES = "yes"


@attrs.frozen
class Inner:
    key: str = "a"
    value: Any = None


@attrs.frozen(kw_only=True)
class Work:
    """A job, as far as its key is concerned."""

    text: Any = "x"
    source: Any = None
    to: Any = None
    extra: Any = attrs.field(factory=list)
    note: Any = attrs.field(default=None, eq=False)
    key: str | None = None
    timeout_s: float | None = None

    kind = "work"


def same(one: Any, other: Any) -> bool:
    """Whether two jobs have one key."""
    return key_of(one, 1) == key_of(other, 2)


def test_key_of_ones_own_is_taken() -> None:
    """A key from the caller is used as it is."""
    assert "mine" == key_of(Work(key="mine"), 7)
    assert "mine" == asyncio.run(key_for(Work(key="mine", source="nowhere.wav"), 7))


def test_keys_are_the_same_in_every_version() -> None:
    """These were made once and must not change: a changed key would order everything again."""
    odd = {"b": [1, 2.5, None], "a": b"x", "c": Path("p"), 3: {Colour.RED, 1}}
    moment = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    assert "553f32e338e66865" == key_of(Work(), 0)
    assert "18b6549d4d2afaa3" == key_of(
        Work(text="Gr\u00fc\u00df \udc80", extra=[odd, Inner(value=moment)]), 0
    )
    assert "faec319d395776f8" == key_of(
        Work(text=1e22, extra=(decimal.Decimal("1.50"), dt.timedelta(1.5))), 0
    )


def test_key_does_not_depend_on_the_process() -> None:
    """No hash that differs between processes, and no sequence of a set, goes into a key."""
    program = (
        "import sys, types; import attrs; "
        # No need for what a package imports besides: this takes a tenth of the time.
        "[sys.modules.setdefault(name, types.ModuleType(name)) for name in ('audiokit', 'audiokit.jobs')]; "
        "sys.modules['audiokit'].__path__ = ['audiokit']; "
        "sys.modules['audiokit.jobs'].__path__ = ['audiokit/jobs']; "
        "from audiokit.jobs._identity import key_of; "
        "Work = attrs.make_class('Work', ['text', 'extra', 'key'], kw_only=True); Work.kind = 'work'; "
        "print(key_of(Work(text={'b', 'a', 'c'}, extra={'x': {1, 2, 3}}, key=None), 0))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2")
    ]
    made = {one.communicate()[0].strip() for one in running}
    assert {key_of(Work(extra={"x": {3, 2, 1}}, text={"c", "a", "b"}), 0)} == made


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ("yes", Word.YES),
        ([1, [2]], (1, (2,))),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2}, frozenset({2, 1})),
        (b"x", bytearray(b"x")),
        ("out/a", Path("out/a")),
        (
            dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC),
            dt.datetime(2026, 1, 1, 14, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        ),
    ],
)
def test_equal_work_has_one_key(one: object, other: object) -> None:
    """How a value is written down does not make it another one."""
    assert same(Work(text=one), Work(text=other))
    assert same(Work(extra=[Inner(value=one)]), Work(extra=[Inner(value=other)]))


DIFFERENT: list[Any] = [
    None,
    "",
    "x ",
    "1",
    1,
    1.5,
    float("nan"),
    float("inf"),
    2**70,
    b"1",
    [],
    [1],
    [[1]],
    [1, [2, 3]],
    [[1, 2], 3],
    {},
    {"a": 1},
    {"a": "1"},
    {1: "a"},
    {"1": "a"},
    {"a:'x',b": "y"},
    {"a": "x", "b": "y"},
    set(),
    {1},
    ["list", 1],
    ["mapping"],
    ["bytes", "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"],
    Colour.RED,
    Colour.BLUE,
    Inner(),
    Inner(key="b"),
    Inner(value="a"),
    dt.date(2026, 1, 1),
    dt.datetime(2026, 1, 1),  # noqa: DTZ001 - one without a zone is another value
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    dt.time(1),
    dt.timedelta(1),
    decimal.Decimal("1.5"),
]


def test_other_work_has_another_key() -> None:
    """No two different values look alike, whatever a person may have called things."""
    keys = [key_of(Work(text=value), 0) for value in DIFFERENT]
    keys += [key_of(Work(to=value), 0) for value in DIFFERENT if value is not None]
    assert len(keys) == len(set(keys))


def test_kind_and_version_count() -> None:
    """Kinds with the same fields are not the same work, and a new version is new work."""

    @attrs.frozen(kw_only=True)
    class Other(Work):
        kind = "other"

    @attrs.frozen(kw_only=True)
    class Newer(Work):
        version = 2

    assert 3 == len({key_of(kind(text="a"), 0) for kind in (Work, Other, Newer)})


def test_what_changes_nothing_of_the_work_does_not_count() -> None:
    """A job that ran out of time is the same job with more of it."""
    assert same(Work(timeout_s=1), Work(timeout_s=2))
    assert same(Work(note=1), Work(note=2))


def test_field_added_later_leaves_old_keys() -> None:
    """A new field at its default says nothing new, nor does a default that is written out."""

    @attrs.frozen(kw_only=True)
    class Grown(Work):
        speed: float = 1.0
        parts: tuple[str, ...] = ()

    assert same(Work(text="a"), Grown(text="a"))
    assert same(Work(text="a"), Grown(text="a", speed=1, extra=[], parts=()))
    assert not same(Work(text="a"), Grown(text="a", speed=2))


def test_dataclass_is_as_good_as_attrs() -> None:
    """A kind may be either, also inside."""

    @dataclasses.dataclass(frozen=True)
    class Plain:
        text: str
        parts: list[int] = dataclasses.field(default_factory=list)
        seen: int = dataclasses.field(default=0, compare=False)
        key: str | None = None
        kind = "plain"

    assert same(Plain("a"), Plain("a", [], 5))
    assert not same(Plain("a"), Plain("b"))
    assert not same(Work(text=Plain("a")), Work(text=Plain("a", [1])))


def test_what_cannot_be_compared_counts_by_its_place(
    chunks_of: Callable[..., AsyncIterator[bytes]],
) -> None:
    """A stream is only ever itself; so is a job of a class that does not tell its fields."""

    class Opaque:
        kind = "opaque"
        key = None

    for make in (lambda: Work(source=chunks_of(b"a")), Opaque):
        assert key_of(make(), 0) == key_of(make(), 0) != key_of(make(), 1)


class TestFiles:
    """Files to be read are known by their place, size and time of change."""

    def test_same_file_by_any_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Relative, absolute, through a link, as text or as a path."""
        (tmp_path / "a.wav").write_bytes(b"1")
        (tmp_path / "link.wav").symlink_to("a.wav")
        monkeypatch.chdir(tmp_path)
        names: list[Any] = ["a.wav", Path("a.wav"), tmp_path / "a.wav", "./x/../a.wav", "link.wav"]
        assert 1 == len({key_of(Work(source=name), 0) for name in names})

    def test_changed_file_is_other_work(self, tmp_path: Path) -> None:
        """Another size or time is another take."""
        path = tmp_path / "a.wav"
        keys = [key_of(Work(source=path), 0)]  # missing
        for content, time_ns in ((b"1", 10), (b"1", 11), (b"12", 11)):
            path.write_bytes(content)
            os.utime(path, ns=(time_ns, time_ns))
            keys.append(key_of(Work(source=path), 0))
        assert 4 == len(set(keys))

    def test_place_to_save_to_is_only_a_name(self, tmp_path: Path) -> None:
        """What the work makes there does not make it other work."""
        path = tmp_path / "out.wav"
        before = key_of(Work(to=path), 0)
        path.write_bytes(b"result")
        assert before == key_of(Work(to=path), 0)

    def test_kind_says_which_fields_are_files(self, tmp_path: Path) -> None:
        """Own kinds may read other fields, or none."""

        @attrs.frozen(kw_only=True)
        class Two(Work):
            backing: Any = None
            sources = ("backing",)

        path = tmp_path / "a.wav"
        missing = key_of(Two(backing=path), 0), key_of(Two(source=path), 0)
        path.write_bytes(b"1")
        assert missing[0] != key_of(Two(backing=path), 0)
        assert missing[1] == key_of(Two(source=path), 0)

    def test_unusable_path_is_no_failure_here(self) -> None:
        """Whoever opens it says what is wrong."""
        assert 16 == len(key_of(Work(source="a\0b"), 0))


async def test_loop_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at and long bytes read in a thread; the key is the same as made here."""
    threads: list[int] = []
    real = key_of

    def noting(job: Any, index: int) -> str:
        threads.append(threading.get_ident())
        return real(job, index)

    monkeypatch.setattr(_identity, "key_of", noting)
    long, short = b"x" * (1024 * 1024 + 1), b"x" * 1024 * 1024
    for job in (Work(source=tmp_path / "a.wav"), Work(source=long), Work(source=short), Work(text="a")):
        assert real(job, 0) == await key_for(job, 0)
    here = threading.get_ident()
    assert [False, False, True, True] == [one == here for one in threads]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(one=values, other=values)
def test_keys_are_equal_exactly_when_values_are(one: object, other: object) -> None:
    """For any two values: one key if they are equal, two if not."""
    assert (one == other) is same(Work(text=one), Work(text=other))
    assert (one == other) is same(Work(text=[one, {"k": other}]), Work(text=[other, {"k": one}]))


@given(value=values, name=st.sampled_from(["text", "to", "extra"]))
def test_changing_any_field_changes_the_key(value: object, name: str) -> None:
    """A field that differs from what it was makes other work."""
    base = Work(text="a", to="b", extra=["c"])
    changed = attrs.evolve(base, **{name: value})
    assert (base == changed) is same(base, changed)
