"""What identifies a job, what jobs share, and where their files go."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from audiokit import ConversionJob, MasteringJob, MixJob, SectionTiming, SectionVoice, SpeechJob
from audiokit.errors import InvalidRequest
from audiokit.jobs import JobContext, Orchestrator
from audiokit.jobs._context import label_of
from audiokit.jobs._course import Course
from audiokit.jobs._identity import key_of
from audiokit.jobs._once import Once
from audiokit.jobs._recorder import NOBODY
from audiokit.services._check import folder_for
from audiokit.transport import safe_file_name


def test_key_of_ones_own_is_taken() -> None:
    """A key from the caller is used as it is."""
    assert "mine" == key_of(SpeechJob(script_id="s", key="mine"), 7)


@pytest.mark.parametrize(
    "job",
    [
        SpeechJob(script_id="s", voice="Joanna"),
        MixJob(script_text="Hello", section_properties={}),
        ConversionJob(voice_id="v", source=Path("a.wav"), folder_id="f"),
    ],
    ids=lambda job: job.kind,
)
def test_key_is_the_same_wherever_it_is_made(job: Any) -> None:
    """Equal jobs have equal keys, at any place among the inputs: 16 hexadecimal digits."""
    made = key_of(job, 0)
    assert made == key_of(attrs.evolve(job), 99)
    assert 16 == len(made)
    assert set(made) <= set("0123456789abcdef")


def test_key_survives_the_process() -> None:
    """No hash that differs between processes goes into a key."""
    program = (
        "from audiokit import SpeechJob; from audiokit.jobs._identity import key_of; "
        "print(key_of(SpeechJob(script_id='s', audience={'b': '1', 'a': '2'}), 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert key_of(SpeechJob(script_id="s", audience={"a": "2", "b": "1"}), 0) == done.stdout.strip()


def test_every_field_counts() -> None:
    """Jobs that differ in any field have different keys."""
    base: dict[str, Any] = {"script_id": "s"}
    jobs = [
        MasteringJob(**base),
        MasteringJob(script_text="s"),
        MasteringJob(**base, voice="a"),
        MasteringJob(**base, sound_template="a"),
        MasteringJob(**base, audience={"a": "b"}),
        MasteringJob(**base, audience={"a": "c"}),
        MasteringJob(**base, sections={"a": SectionVoice(voice="a")}),
        MasteringJob(**base, sections={"a": SectionVoice(effect="a")}),
        MasteringJob(**base, section_properties={"a": SectionTiming(end_at_s=1)}),
        MasteringJob(**base, end_format=["mp3", "wav"]),
        MasteringJob(**base, to="out"),
        SpeechJob(**base),
    ]
    assert len(jobs) == len({key_of(job, 0) for job in jobs})


def test_bytes_count_by_content() -> None:
    """The same sound has the same key, another sound another."""

    def key(data: bytes, index: int) -> str:
        return key_of(ConversionJob(voice_id="v", source=data, folder_id="f"), index)

    assert key(b"a", 0) == key(b"a", 1) != key(b"b", 0)


def test_iterables_count_by_their_place(chunks_of: Callable[..., AsyncIterator[bytes]]) -> None:
    """What cannot be compared counts by its place among the inputs."""

    def key(index: int) -> str:
        return key_of(ConversionJob(voice_id="v", source=chunks_of(b"a"), folder_id="f"), index)

    assert key(0) == key(0) != key(1)


def test_odd_names_do_not_make_different_jobs_equal() -> None:
    """A listener's value that looks like another mapping is still another listener."""
    one = SpeechJob(script_id="s", audience={"a:'x',b": "y"})
    two = SpeechJob(script_id="s", audience={"a": "x", "b": "y"})
    assert key_of(one, 0) != key_of(two, 0)


async def test_shared_work_is_done_once() -> None:
    """Many that ask for the same thing at the same time wait for one doing of it."""
    once, done = Once(), 0

    async def do() -> str:
        nonlocal done
        done += 1
        await asyncio.sleep(0)
        return "id"

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(once.get, "key", do)
    assert ("id", 1) == (await once.get("key", do), done)


async def test_failed_shared_work_is_tried_again() -> None:
    """The failure goes to the one that met it; the next one tries anew."""
    once = Once()
    results: list[Any] = [LookupError("first"), "second"]

    async def do() -> str:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return str(result)

    with pytest.raises(LookupError):
        await once.get("key", do)
    assert "second" == await once.get("key", do)


async def test_cancelled_shared_work_is_tried_again() -> None:
    """A job that is stopped in the middle of an upload does not spoil it for the others."""
    once, begun = Once(), asyncio.Event()

    async def hang() -> str:
        begun.set()
        await asyncio.Event().wait()
        return "never"

    async def quick() -> str:
        return "id"

    first = asyncio.create_task(once.get("key", hang))
    await begun.wait()
    second = asyncio.create_task(once.get("key", quick))
    await asyncio.sleep(0)
    first.cancel()
    assert "id" == await second
    assert 0 == len(once._locks)


async def test_what_is_remembered_is_bounded() -> None:
    """The last 4096 keys are kept, however many there were."""
    once = Once()

    async def do() -> None:
        pass

    for number in range(4200):
        await once.get(number, do)
    assert (4096, 0) == (len(once._done), len(once._locks))


@pytest.fixture
def context(make_orchestrator: Callable[..., Orchestrator]) -> Callable[[str], JobContext]:
    """A job's view, by its key."""
    shared = make_orchestrator()._shared

    def make(key: str) -> JobContext:
        course = Course(SpeechJob(script_id="s"), 0, NOBODY)
        course.key = key
        return JobContext(shared, course)

    return make


async def test_folder_is_made_and_the_name_ends_in_the_key(
    context: Callable[[str], JobContext], tmp_path: Path
) -> None:
    """A folder form gets a safe stem and eight characters of the key's digest."""
    place, name = await context("episode-1").place(tmp_path / "a" / "b", "../ad")
    token = hashlib.sha256(b"episode-1").hexdigest()[:8]
    assert (tmp_path / "a" / "b", f"ad-{token}", True) == (place, name, place.is_dir())


@pytest.mark.parametrize("name", ["ad.wav", "ad.MP3", "ad.flac", "ad.ogg"])
async def test_path_with_an_audio_extension_is_a_file(
    name: str, context: Callable[[str], JobContext], tmp_path: Path
) -> None:
    """A file path is kept as it is, and nothing is made."""
    assert (tmp_path / name, None) == await context("k").place(tmp_path / name, "ad")
    assert [] == list(tmp_path.iterdir())


async def test_keys_with_a_common_start_do_not_share_a_file(
    context: Callable[[str], JobContext], tmp_path: Path
) -> None:
    """Keys like episode-001 and episode-002 are the usual ones."""
    first = await context("episode-001").place(tmp_path, "ad")
    assert first != await context("episode-002").place(tmp_path, "ad")


async def test_long_names_keep_the_key(context: Callable[[str], JobContext], tmp_path: Path) -> None:
    """Whatever is cut of a long name, jobs stay apart."""
    _, name = await context("0123456789abcdef").place(tmp_path, "名" * 60)
    assert name is not None
    assert safe_file_name(name).endswith("-" + hashlib.sha256(b"0123456789abcdef").hexdigest()[:8])


def test_one_path_does_not_hold_several_files(tmp_path: Path) -> None:
    """A file path for several files is refused; a folder is fine."""
    with pytest.raises(InvalidRequest, match="names one file, and 2 files come; give a folder"):
        folder_for(tmp_path / "a.wav", 2)
    folder_for(tmp_path / "a.wav", 1)
    folder_for(tmp_path, 2)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("take 1", "take 1"),
        ("take_1.final", "take-1-final"),
        ("grüße", "gr-e"),
        ("名", "audio"),
        ("", "audio"),
        ("- x -", "x"),
        ("x" * 39 + " y", "x" * 39),
    ],
)
def test_labels_hold_what_the_gateway_takes(name: str, label: str) -> None:
    """Letters, digits, spaces and hyphens, at most 40."""
    assert label == label_of(name)


async def test_numbered_keys_do_not_share_a_file(
    context: Callable[[str], JobContext], tmp_path: Path
) -> None:
    """Keys that are numbers of fixed width are usual ones, too."""
    first = await context(f"{1:016d}").place(tmp_path, "ad")
    assert first != await context(f"{2:016d}").place(tmp_path, "ad")
