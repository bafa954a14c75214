"""The emulator as a process of its own, on a real socket."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from audiokit.emulator._server import ready_text, serve
from audiokit.emulator._settings import EmulatorSettings

PROGRAM = """
import sys
from pathlib import Path
from audiokit.emulator._server import run
from audiokit.emulator._settings import EmulatorSettings
run(EmulatorSettings(port=0, data=Path(sys.argv[1])), json_ready=True, watch_stdin=sys.argv[2] == "stdin")
"""


async def start(data: Path, how: str) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    """Start an emulator and read its ready line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(data), how,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    return process, json.loads(await process.stdout.readline())


async def test_a_child_says_when_it_is_ready_and_ends_with_its_stdin(tmp_path: Path) -> None:
    """One line with URLs and keys that work, and no other output; the next run has the same keys."""
    process, ready = await start(tmp_path, "stdin")
    fact = ready["respeecher"]
    assert ["apiaudio", "audiostack", "respeecher", "control"] == list(ready)
    assert {"base_url", "api_key", "email", "password"} == set(fact)
    assert len(fact["api_key"]) >= 32
    async with httpx.AsyncClient(base_url=fact["base_url"]) as client:
        headers = {"api-key": fact["api_key"]}
        assert 200 == (await client.get("/api/credits", headers=headers)).status_code
        assert 401 == (await client.get("/api/credits")).status_code
        assert 421 == (await client.get("/api/healtz", headers={"host": "evil.example"})).status_code
        login = {"email": fact["email"], "password": fact["password"]}
        assert 200 == (await client.post("/api/login", json=login)).status_code
    # Without a newline or any other farewell, as when the parent dies.
    assert process.stdin is not None
    process.stdin.close()
    out, err = await process.communicate()

    assert (0, b"", b"") == (process.returncode, out, err)
    process, again = await start(tmp_path, "signals")
    assert fact["api_key"] == again["respeecher"]["api_key"]
    assert fact["password"] == again["respeecher"]["password"]
    process.send_signal(signal.SIGTERM)
    out, err = await process.communicate()
    assert (0, b"", b"") == (process.returncode, out, err)


async def test_serving_leaves_the_callers_signals_alone_and_stops_when_told() -> None:
    """`serve` can be embedded."""
    before = signal.getsignal(signal.SIGINT)
    ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    task = asyncio.create_task(serve(EmulatorSettings(port=0), on_ready=ready.set_result, stop=stop))
    facts = await ready
    async with httpx.AsyncClient() as client:
        reply = await client.get(f"{facts['respeecher']['base_url']}/api/healtz")
    stop.set()
    await task

    assert {"state": "OK"} == reply.json()
    assert before is signal.getsignal(signal.SIGINT)


async def test_an_upload_past_the_limit_gets_its_answer_while_it_is_still_sent() -> None:
    """Over a real socket: 413 rather than a cut connection, and the next call works."""
    ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    settings = EmulatorSettings(port=0, max_upload_bytes=1_000_000)
    task = asyncio.create_task(serve(settings, on_ready=ready.set_result, stop=stop))
    fact = (await ready)["respeecher"]
    async with httpx.AsyncClient(base_url=fact["base_url"], headers={"api-key": fact["api_key"]}) as client:
        files = {"data": ("a.wav", bytes(20_000_000))}
        reply = await client.post("/api/recordings", files=files)
        after = await client.get("/api/credits")
    stop.set()
    await task

    expected = {"detail": "the body is too large: at most 1000000 bytes are taken"}
    assert (413, expected) == (reply.status_code, reply.json())
    assert 200 == after.status_code


async def test_a_taken_port_is_one_clear_error() -> None:
    """Address, reason and remedy."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*another port, or 0"):
            await serve(EmulatorSettings(port=port), on_ready=lambda _facts: None)


async def test_a_data_folder_has_one_emulator_at_a_time(open_emulator: Any, tmp_path: Path) -> None:
    """The second is told before it touches anything, and the first goes on."""
    async with open_emulator(data=tmp_path) as emulator:
        with pytest.raises(OSError, match="another emulator is using"):
            await serve(EmulatorSettings(port=0, data=tmp_path), on_ready=lambda _facts: None)
        await emulator.original()


async def test_a_damaged_login_file_is_one_clear_error(tmp_path: Path) -> None:
    """It reaches whoever starts the server, not only the log."""
    (tmp_path / "login.json").write_text("{")

    with pytest.raises(ValueError, match="delete it to get new keys"):
        await serve(EmulatorSettings(port=0, data=tmp_path), on_ready=lambda _facts: None)


def test_the_text_for_people_names_urls_keys_and_login() -> None:
    """A deleted key says what to do."""
    facts: dict[str, dict[str, str | None]] = {
        "apiaudio": {"base_url": "http://h/apiaudio", "api_key": "key-1"},
        "respeecher": {"base_url": "http://h/respeecher", "api_key": None, "email": "a@b", "password": "pw"},
    }
    text = ready_text(facts, as_json=False)

    for part in ("http://h/apiaudio", "key-1", "a@b", "pw", "log in for a new one"):
        assert part in text
