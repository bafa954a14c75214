"""While both workers are busy with sound, small calls are answered (times: `benchmarks/emulator.py`)."""

from __future__ import annotations

import asyncio
import http.client
import time
from urllib.parse import urlsplit

import httpx
import pytest

from audiokit import ApiAccess, ApiKey
from audiokit.testing import EmulatorControl, EmulatorProcess

MASTERINGS = 50
ASKED_FOR_S = 10.0
WORDS = "This is a sentence of an ordinary length, spoken at an ordinary pace. " * 8


def key_of(access: ApiAccess) -> str:
    """The key of an API."""
    assert isinstance(access.credentials, ApiKey)
    return access.credentials.key.reveal()


def latencies_ms(access: ApiAccess, seconds: float) -> list[float]:
    """How long each of many small calls took, on one connection, in milliseconds, sorted."""
    base = urlsplit(access.base_url)
    connection = http.client.HTTPConnection(str(base.hostname), base.port or 80, timeout=30)
    found: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.perf_counter()
        connection.request("GET", f"{base.path}/api/credits", headers={"api-key": key_of(access)})
        reply = connection.getresponse()
        assert (200, True) == (reply.status, bool(reply.read()))
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.01)
    connection.close()
    return sorted(found)


@pytest.mark.heavy
@pytest.mark.timeout(180)
async def test_fifty_masterings_at_once_do_not_keep_small_calls_waiting() -> None:
    """One after the other, 200 and more in ten seconds, with masters still being rendered at their end."""
    async with EmulatorProcess() as process:
        access, control = process.access, EmulatorControl.of(process)
        headers = {"x-api-key": key_of(access["apiaudio"])}
        async with httpx.AsyncClient(
            base_url=access["apiaudio"].base_url, headers=headers, timeout=120
        ) as client:

            async def order(number: int) -> None:
                script = {"scriptText": f"Number {number}. {WORDS}", "scriptId": f"s{number}"}
                (await client.post("/script", json=script)).raise_for_status()
                (await client.post("/speech", json={"scriptId": f"s{number}"})).raise_for_status()
                query = {"scriptId": f"s{number}"}
                while (await client.get("/speech", params=query)).status_code == 202:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
                master = {"scriptId": f"s{number}", "soundTemplate": "lofi", "endFormat": ["wav", "mp3"]}
                (await client.post("/mastering", json=master)).raise_for_status()

            await asyncio.gather(*(order(number) for number in range(MASTERINGS)))
            found = await asyncio.to_thread(latencies_ms, access["respeecher"], ASKED_FOR_S)
            still_busy = (await control.counts())["background_tasks"]
    assert still_busy > 0
    assert len(found) >= 200
