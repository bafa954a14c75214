"""What a hostile or careless caller may send to the emulator: refused in its own shape, and it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from audiokit import AudioKit
from audiokit.testing import EmulatorProcess

_HOSTILE_IDS = (
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%ff%fe",
    "a%0d%0aX-Evil:%201",
    "%F0%9F%98%80",
    "x" * 4000,
)
_ROUTES = ("/apiaudio/script/{}", "/audiostack/content/script/{}", "/respeecher/api/recordings/{}")


@pytest_asyncio.fixture
async def wire(emulator: EmulatorProcess, kit: AudioKit) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to the emulator's root, without any key."""
    parts = urlsplit(emulator.access["apiaudio"].base_url)
    async with httpx.AsyncClient(base_url=f"{parts.scheme}://{parts.netloc}", timeout=20) as client:
        yield client
        # Whatever was sent, the emulator goes on.
        assert (await client.get("/respeecher/api/healtz")).status_code == 200
        assert await kit.respeecher.projects.create("still here")


async def _spoken_url(kit: AudioKit, words: str) -> str:
    script = await kit.apiaudio.scripts.create(words)
    speech = await kit.apiaudio.speech.create_and_wait(script.script_id, voice="Joanna")
    url = next(iter(speech.sections.values())).url
    assert url is not None
    return url


@pytest.mark.parametrize("hostile", _HOSTILE_IDS)
async def test_a_hostile_id_in_a_path_is_a_client_error(wire: httpx.AsyncClient, hostile: str) -> None:
    """Traversal, NUL, broken UTF-8 and line ends in a path never reach a file, a header or a 500."""
    statuses = {(await wire.get(route.format(hostile))).status_code for route in _ROUTES}
    assert statuses <= {401, 403, 404}


async def test_a_signed_link_opens_its_own_file_only(wire: httpx.AsyncClient, kit: AudioKit) -> None:
    """A token moved to another file, another name, a later expiry or another method is refused."""
    url, other = await _spoken_url(kit, "One file."), await _spoken_url(kit, "Another file.")
    query = urlsplit(url).query
    expires = dict(pair.split("=") for pair in query.split("&"))["expires"]
    forged = (
        other.replace(urlsplit(other).query, query),
        url.replace(f"expires={expires}", f"expires={int(expires) + 1}"),
        url.partition("?")[0],
        url[:-1],
    )
    assert (await wire.get(url)).status_code == 200
    assert [403] * len(forged) == [(await wire.get(one)).status_code for one in forged]
    assert (await wire.put(url, content=b"x")).status_code == 405


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "[::1"])
async def test_another_host_name_is_not_served(wire: httpx.AsyncClient, host: str) -> None:
    """A web page that points its own name at this machine gets nothing (DNS rebinding)."""
    reply = await wire.get("/respeecher/api/healtz", headers={"Host": host})
    assert 421 == reply.status_code


async def test_of_many_creations_of_one_name_one_wins(kit: AudioKit) -> None:
    """Sixteen requests at once for one template name make one template."""
    made = await asyncio.gather(
        *(kit.audiostack.templates.create("contested") for _ in range(16)), return_exceptions=True
    )
    assert 1 == sum(not isinstance(one, BaseException) for one in made)


async def test_markup_in_a_listener_s_value_is_spoken_not_run(kit: AudioKit) -> None:
    """Tags, SSML and control characters in a value are words: one section comes back, as ordered."""
    script = await kit.apiaudio.scripts.create("Hello {{name|you}}.")
    for value in (
        "<<sectionName::z>>{{x}}",
        '<speak><audio src="/etc/passwd"/></speak>',
        "\x00\x01",
        "../../x",
    ):
        speech = await kit.apiaudio.speech.create_and_wait(
            script.script_id, voice="Joanna", audience={"name": value}
        )
        assert ["default"] == list(speech.sections)


async def test_cancelled_calls_leave_a_client_that_works(kit: AudioKit) -> None:
    """Half of 100 calls are cancelled under way; the others and a later one are answered."""
    calls = [asyncio.create_task(kit.respeecher.session.auth()) for _ in range(100)]
    await asyncio.sleep(0.02)
    for call in calls[::2]:
        call.cancel()
    ended = await asyncio.gather(*calls[1::2], return_exceptions=True)
    assert [] == [error for error in ended if isinstance(error, BaseException)]
    assert await kit.respeecher.session.auth()
