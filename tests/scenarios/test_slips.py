"""Slips that strangers made: each is one clear sentence now, and loses nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audiokit import ApiAccess, ApiKey, AudioKit, Conversion, RetryPolicy
from audiokit.errors import ConnectionFailed, InvalidRequest, RequestRefused, UsageError

ROOT = Path(__file__).parents[2]


def _demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "audiokit", "demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=19,
        check=False,
    )


async def test_signed_urls_and_listeners_stay_out_of_every_log(
    kit: AudioKit, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """No logger, ours or a library's, writes a token or a listener's value at INFO."""
    caplog.set_level(logging.INFO)
    script = await kit.apiaudio.scripts.create("Hi {{email|you}}.")
    ada = {"email": "ada@example.org"}
    await kit.apiaudio.speech.create_and_wait(script.script_id, audience=ada)
    await kit.apiaudio.speech.download(script.script_id, tmp_path, audience=ada)
    assert "token=" not in caplog.text
    assert "ada" not in caplog.text


async def test_sections_in_a_new_folder_never_replace_each_other(kit: AudioKit, tmp_path: Path) -> None:
    """A folder that is not there yet is made, and holds a file for each section."""
    script = await kit.audiostack.scripts.create(
        '<as:section name="a">One.</as:section><as:section name="b">Two.</as:section>'
    )
    speech = await kit.audiostack.tts.create_and_wait(script)
    paths = await kit.audiostack.tts.download(speech, f"{tmp_path}/new/")
    assert {tmp_path / "new" / "a.wav", tmp_path / "new" / "b.wav"} == set(paths)
    with pytest.raises(InvalidRequest, match="2 files come"):
        await kit.audiostack.tts.download(speech, tmp_path / "one.wav")


async def test_relative_data_folder_makes_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What people type after --data works, and a deleted key does not lock its owner out."""
    monkeypatch.chdir(tmp_path)
    async with AudioKit.emulated(data=Path("kept")) as kit:
        script = await kit.apiaudio.scripts.create("Hello there.")
        await kit.apiaudio.speech.create_and_wait(script.script_id)
        await kit.respeecher.api_key.delete()
    async with AudioKit.emulated(data=Path("kept")) as kit:
        assert (await kit.respeecher.credits.get()).left > 0


async def test_refusal_is_said_once_and_an_unreachable_api_is_named(kit: AudioKit) -> None:
    """A message repeats nothing, and a connection that fails says where to."""
    with pytest.raises(RequestRefused) as refused:
        await kit.audiostack.tts.create("no-such-script")
    assert 1 == str(refused.value).count("'no-such-script'")
    nowhere = ApiAccess(base_url="http://127.0.0.1:9", credentials=ApiKey("k" * 32))
    async with AudioKit(apiaudio=nowhere, retry=RetryPolicy(attempts=1)) as other:
        with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:9"):
            await other.apiaudio.sound.list()


async def test_wrong_kinds_of_values_name_what_to_pass(kit: AudioKit) -> None:
    """A natural guess gets the name of the argument and of the class to use."""
    script = await kit.apiaudio.scripts.create("Hi.")
    with pytest.raises(InvalidRequest, match=r"sections.*SectionVoice"):
        await kit.apiaudio.speech.create(script.script_id, sections={"a": {"voice": "x"}})  # type: ignore[dict-item]
    with pytest.raises(InvalidRequest, match="end_format"):
        await kit.apiaudio.mastering.create(script.script_id, end_format=5)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match=r"'version' collides"):
        await kit.apiaudio.speech.create(script.script_id, audience={"version": "2"})
    with pytest.raises(InvalidRequest, match="semitones_correction"):
        Conversion(voice_id="v", semitones_correction=float("nan")).to_wire()
    with pytest.raises(InvalidRequest, match="not finite"):
        await kit.apiaudio.scripts.create("Hi.", metadata={"a": float("inf")})
    with pytest.raises(InvalidRequest, match="apiaudio must be a key"):
        AudioKit(apiaudio=5)  # type: ignore[arg-type]


async def test_another_event_loop_is_told(kit: AudioKit) -> None:
    """A client used from a second loop says so, instead of failing at random."""

    def in_another_loop() -> None:
        asyncio.run(kit.respeecher.credits.get())

    with pytest.raises(UsageError, match="another event loop"):
        await asyncio.to_thread(in_another_loop)


def test_demo_explains_a_folder_it_cannot_write_to(tmp_path: Path) -> None:
    """One line, no traceback."""
    (tmp_path / "file").write_text("")
    done = _demo("--out", str(tmp_path / "file"))
    assert (2, True) == (done.returncode, "cannot write to --out" in done.stderr)
    assert "Traceback" not in done.stderr


def test_demo_that_is_terminated_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGTERM ends it as Ctrl-C does: temporary folders are gone."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "audiokit", "demo", "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert demo.stdout is not None
    assert b"emulator is up" in demo.stdout.readline()
    demo.send_signal(signal.SIGTERM)
    assert 1 == demo.wait(12)
    demo.stdout.close()
    end = time.monotonic() + 5
    while list(tmp_path.glob("audiokit-*")) and time.monotonic() < end:
        time.sleep(0.05)
    assert [] == list(tmp_path.glob("audiokit-*"))
