"""Faults on demand over real sockets: what a caller sees, and what the service did all the same."""

from __future__ import annotations

import asyncio
import re
import types
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audiokit.emulator import _fault_layer

Serving = Callable[..., Any]
PROJECT = b'{"name": "Show"}'


async def exchange(served: Any, fault: str, *, method: str = "POST", path: str = "/api/projects") -> bytes:
    """Send one raw request that asks for a fault and return all that comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    lines = [f"{method} /respeecher{path} HTTP/1.1", f"host: 127.0.0.1:{served.port}"]
    lines += [f"{name}: {value}" for name, value in {**served.client.headers, **served.fault(fault)}.items()
              if name in {"api-key", "x-emulator-fault", "x-control-key"}]  # fmt: skip
    lines += [f"content-length: {len(PROJECT)}"]
    try:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + PROJECT)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def projects(served: Any) -> int:
    """How many projects there are."""
    return (await served.client.get("/api/projects")).json()["pagination"]["count"]


async def test_reset_cuts_by_rst_and_does_nothing(serving: Serving) -> None:
    """The caller's socket reports a reset, not an end."""
    served = await serving()

    with pytest.raises(ConnectionResetError):
        await exchange(served, "reset")
    assert 0 == await projects(served)


async def test_close_ends_without_an_answer_and_does_nothing(serving: Serving) -> None:
    """An orderly end of the connection, and not a byte before it."""
    served = await serving()

    assert b"" == await exchange(served, "close")
    assert 0 == await projects(served)


async def test_lost_does_the_work_and_answers_nothing(serving: Serving) -> None:
    """When the caller's connection ends, the work is there."""
    served = await serving()

    assert b"" == await exchange(served, "lost")
    assert 1 == await projects(served)


async def test_late_cuts_first_and_does_the_work_afterwards(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller who looks right after the cut finds nothing; a moment later it is there."""
    served = await serving()
    moment, sleep = asyncio.Event(), asyncio.sleep

    async def sleep_or_wait(seconds: float) -> None:
        await (moment.wait() if 30.0 <= seconds <= 40.0 else sleep(seconds))

    monkeypatch.setattr(asyncio, "sleep", sleep_or_wait)
    assert b"" == await exchange(served, "late@30-40s")
    assert 0 == await projects(served)
    moment.set()
    await served.context.idle()
    assert 1 == await projects(served)


async def test_late_commits_uploads_too(serving: Serving) -> None:
    """The file was read whole before the cut."""
    served = await serving()
    folder_id = await served.folder_id()
    served.client.headers.update(served.fault("late@10ms/recordings.create"))

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await served.upload(folder_id, label="take 1")
    await served.context.idle()
    found = (await served.client.get("/api/recordings", params={"folder_id": folder_id})).json()["list"]
    assert [("take 1", "done")] == [(one["label"], one["state"]) for one in found]


async def test_truncate_ends_in_the_middle_of_the_body(serving: Serving) -> None:
    """The announced length is that of the whole body; half of it comes."""
    served = await serving()
    reply = await exchange(served, "truncate")
    head, _, body = reply.partition(b"\r\n\r\n")
    [length] = [int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")]

    assert head.startswith(b"HTTP/1.1 200")
    assert length // 2 == len(body)
    assert 1 == await projects(served)


@pytest.mark.parametrize("fault", ["429", "503@2.5s", "500"])
async def test_statuses_answer_without_doing_anything(serving: Serving, fault: str) -> None:
    """In the API's own shape; Retry-After in whole seconds where there is one."""
    served = await serving()
    reply = await served.client.post("/api/projects", json={"name": "x"}, headers=served.fault(fault))
    expected = {"429": "1", "503@2.5s": "3", "500": None}[fault]

    assert (int(fault[:3]), expected) == (reply.status_code, reply.headers.get("retry-after"))
    assert fault[:3] == reply.headers["x-emulator-fault"]
    assert {"detail"} == set(reply.json())
    assert 0 == await projects(served)


async def test_latency_delays_the_answer(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """By as much as it says, before anything is done; the call itself succeeds."""
    served = await serving(faults="latency:80-90s/projects.create")
    begun, over, waited = asyncio.Event(), asyncio.Event(), list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        begun.set()
        await over.wait()

    monkeypatch.setattr(_fault_layer, "asyncio", types.SimpleNamespace(sleep=sleep))
    creating = asyncio.create_task(served.client.post("/api/projects", json={"name": "x"}))
    await asyncio.wait_for(begun.wait(), 10)

    assert 0 == await projects(served)
    assert not creating.done()
    over.set()
    assert 200 == (await creating).status_code
    assert 1 == await projects(served)
    [wait_s] = waited
    assert 80 <= wait_s <= 90


async def test_a_fault_by_header_needs_the_control_key(serving: Serving) -> None:
    """An API key is none; a fault that is written wrongly says how it is written."""
    served = await serving()
    headers = {"x-emulator-fault": "500"}

    missing = await served.client.get("/api/healtz", headers=headers)
    wrong = await served.client.get(
        "/api/healtz", headers={**headers, "x-control-key": "é".encode("latin-1")}
    )
    unreadable = await served.client.get("/api/healtz", headers=served.fault("boom"))

    assert [403, 403, 400] == [reply.status_code for reply in (missing, wrong, unreadable)]
    assert "missing" in missing.json()["detail"]
    assert "wrong" in wrong.json()["detail"]
    assert "'boom' must be one of" in unreadable.json()["detail"]


@pytest.mark.parametrize("name", ["Script.create", "scripts.create", "apiaudio.scripts.create", "scripts.*"])
async def test_a_fault_is_written_with_the_vendors_name_or_audiokits(serving: Serving, name: str) -> None:
    """For the server and for one call."""
    served = await serving(faults=f"500*1/{name}")
    address = f"{served.facts['apiaudio']['base_url']}/script"
    headers = {"x-api-key": served.client.headers["api-key"]}
    for more in ({}, served.fault(f"500/{name}")):
        reply = await served.client.post(address, json={"scriptText": "Hi"}, headers={**headers, **more})
        assert (500, "500") == (reply.status_code, reply.headers.get("x-emulator-fault"))
    assert 2 == (await served.counts())["faults"]["apiaudio"]["Script.create"]["500"]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("script.create", "did you mean 'Script.create'"),
        ("recordings.crate_tts", "did you mean 'recordings.create_tts'"),
        ("script.*", "did you mean 'Script.create'"),
        ("nope.nope", "none that is served; `audiokit emulator --routes` lists them"),
    ],
)
async def test_a_fault_that_can_happen_to_nothing_is_refused(
    serving: Serving, pattern: str, hint: str
) -> None:
    """At the start, while it runs and for one call; with names that are like it."""
    with pytest.raises(ValueError, match=re.escape(f"operation {pattern!r} of fault 'lost'")) as caught:
        await serving(faults=f"429:0.1,lost/{pattern}")
    served = await serving()
    changed = await served.control.patch("/settings", json={"faults": f"lost/{pattern}"})
    called = await served.client.get("/api/healtz", headers=served.fault(f"lost/{pattern}"))

    assert (422, 400) == (changed.status_code, called.status_code)
    for said in (str(caught.value), changed.json()["detail"], called.json()["detail"]):
        assert hint in said
    assert "" == (await served.control.get("/settings")).json()["faults"]


async def test_faults_of_the_server_follow_its_seed(serving: Serving) -> None:
    """Two servers with one seed refuse the same calls, and count them."""
    seen = []
    for _ in range(2):
        served = await serving(faults="429:0.2,reset:0.2/credits.get", seed=7)
        outcomes = []
        for _ in range(30):
            try:
                outcomes.append((await served.client.get("/api/credits")).status_code)
            except httpx.NetworkError:
                outcomes.append(0)
        seen.append(outcomes)
        counted = (await served.counts())["faults"]["respeecher"]["credits.get"]
        assert {"429": outcomes.count(429), "reset": outcomes.count(0)} == counted

    assert seen[0] == seen[1]
    assert {0, 200, 429} == set(seen[0])


async def test_no_connection_is_used_again_after_a_cut(serving: Serving) -> None:
    """The next call on a new connection works, and nothing is left running."""
    served = await serving()
    for fault in ("reset", "close", "lost", "truncate"):
        with pytest.raises(httpx.TransportError):
            await served.client.get("/api/credits", headers=served.fault(fault))
        assert 200 == (await served.client.get("/api/credits")).status_code
    assert 0 == served.context.busy
