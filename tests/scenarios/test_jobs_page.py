"""docs/jobs.md: its examples do what they say, and its options exist."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from hearing import AUDIO

from audiokit import AudioKit
from audiokit.jobs import JobState, Journal, JournalState, Scope
from audiokit.services.respeecher import Voice

PAGE = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text("utf-8")
SPEECH = AUDIO / "speech_male_en.wav"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What the page's examples define."""
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(block, "jobs.md", "exec", dont_inherit=True), names)  # our own page
    return names


@pytest.fixture
async def voice(kit: AudioKit) -> Voice:
    """One that can also speak text."""
    return next(iter([one async for one in kit.respeecher.voices.list() if one.narration_styles]))


async def test_a_batch_runs_and_runs_again(
    page: dict[str, Any], kit: AudioKit, folder_id: str, voice: Voice, tmp_path: Path
) -> None:
    """The second run does nothing but give what was done."""
    arguments = {"takes": [SPEECH], "folder_id": folder_id, "voice_id": voice.id, "out": tmp_path}
    assert ["done"] == await page["convert_all"](kit, **arguments)
    recordings = [one.id async for one in kit.respeecher.recordings.list(folder_id=folder_id)]
    assert ["done"] == await page["convert_all"](kit, **arguments)
    assert recordings == [one.id async for one in kit.respeecher.recordings.list(folder_id=folder_id)]
    assert 1 == len(list(tmp_path.glob("*.wav")))


async def test_uncertain_jobs_are_asked_about(
    page: dict[str, Any], kit: AudioKit, folder_id: str, tmp_path: Path
) -> None:
    """One that was cut before its answer, and is not there."""
    path = tmp_path / "jobs.sqlite"
    scope = Scope.of({"respeecher": kit._access["respeecher"]})
    fields = {"text": "Never said.", "folder_id": folder_id}
    async with Journal(path, scope=scope) as journal:
        await journal.plan("cut", kind="tts recording", kind_version=1, fields=fields)
        await journal.write("cut", JournalState.INTENT, stage=0, data={"step": "submit"})
    assert ["cut"] == await page["ask_about_uncertain_ones"](kit, path)
    async with Journal(path, scope=scope) as journal:
        entry = await journal.get("cut")
    assert entry is not None
    assert JournalState.FAILED is entry.state


async def test_chains_give_the_last_jobs_files(
    page: dict[str, Any], kit: AudioKit, folder_id: str, voice: Voice, tmp_path: Path
) -> None:
    """One file for each greeting, in their sequence."""
    paths = await page["say_in_another_voice"](kit, folder_id, voice, tmp_path)
    assert 2 == len(set(paths))
    assert set(paths) == set(tmp_path.iterdir())


async def test_each_listener_gets_an_ad(page: dict[str, Any], kit: AudioKit, tmp_path: Path) -> None:
    """Of a file with two of them."""
    (tmp_path / "listeners.csv").write_text("name\nAda\nGrace\n")
    assert ["Ada", "Grace"] == await page["one_ad_each"](kit, tmp_path / "listeners.csv", tmp_path / "ads")
    assert 2 == len(list((tmp_path / "ads").glob("*.mp3")))


async def test_a_run_is_reported(page: dict[str, Any], kit: AudioKit, tmp_path: Path) -> None:
    """A line for the job, and one for all."""
    assert 1 == await page["with_a_report"](kit, [SPEECH], tmp_path)
    job, run = [orjson.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert (JobState.DONE.value, {"done": 1}) == (job["state"], run["jobs"])


def test_its_options_are_the_orchestrators() -> None:
    """Every `name=` of the table, with the default it says."""
    parameters = inspect.signature(AudioKit.orchestrator).parameters
    table = PAGE.split("## Limits", maxsplit=1)[1].split("\n\nLimits hold", maxsplit=1)[0]
    named = dict(re.findall(r'`(\w+)="?([\w.]*)"?`', table))
    for name, default in named.items():
        if name != "timeout_s":  # of a job
            assert default in {"", str(parameters[name].default)}, name
    assert {"max_in_flight", "max_submits", "max_transfers", "attempts", "on_leave", "drain_s"} <= {*named}
