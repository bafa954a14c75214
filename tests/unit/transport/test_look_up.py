"""A call that may have done its work says by what to look for it."""

from __future__ import annotations

import pickle
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit, Conversion
from audiokit.errors import CallTimeout, OutcomeUnknown

PAID: dict[str, tuple[Callable[[AudioKit, bytes, dict[str, Any]], Awaitable[object]], dict[str, str]]] = {
    "respeecher.orders.create": (
        lambda kit, _, options: kit.respeecher.orders.create("o-1", [Conversion(voice_id="v")], **options),
        {"original_id": "o-1"},
    ),
    "respeecher.orders.retry": (
        lambda kit, _, options: kit.respeecher.orders.retry("r-1", **options),
        {"recording_id": "r-1"},
    ),
    "respeecher.recordings.create_tts": (
        lambda kit, _, options: kit.respeecher.recordings.create_tts(
            "Hello", folder_id="f-1", label="take 1", **options
        ),
        {"parent_folder_id": "f-1", "label": "take 1"},
    ),
    "respeecher.recordings.upload": (
        lambda kit, wav, options: kit.respeecher.recordings.upload(
            wav, folder_id="f-1", label="take 1", microphone="desk", **options
        ),
        {"parent_folder_id": "f-1", "label": "take 1", "microphone": "desk"},
    ),
    "respeecher.calibrations.create": (
        lambda kit, wav, options: kit.respeecher.calibrations.create("mine", wav, **options),
        {"name": "mine"},
    ),
    "apiaudio.speech.create": (
        lambda kit, _, options: kit.apiaudio.speech.create("s-1", voice="Joanna", **options),
        {"scriptId": "s-1"},
    ),
    "apiaudio.mastering.create": (
        lambda kit, _, options: kit.apiaudio.mastering.create("s-1", **options),
        {"scriptId": "s-1"},
    ),
    "audiostack.tts.create": (
        lambda kit, _, options: kit.audiostack.tts.create("s-1", **options),
        {"scriptId": "s-1"},
    ),
    "audiostack.mixes.create": (
        lambda kit, _, options: kit.audiostack.mixes.create(speech="sp-1", **options),
        {"speechId": "sp-1"},
    ),
}


@pytest.mark.parametrize("operation", PAID)
async def test_cut_call_has_what_is_needed_to_look_it_up(
    operation: str, kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Operation, verb, path, time and the ids or labels that were sent, in attributes and in the message."""
    make, facts = PAID[operation]
    respx_mock.route(url__startswith="https://").mock(side_effect=httpx.ReadError("cut"))
    before = datetime.now(UTC)
    with pytest.raises(OutcomeUnknown) as caught:
        await make(kit, wav, {})
    error = pickle.loads(pickle.dumps(caught.value))
    assert (operation, "POST", None, facts) == (error.operation, error.method, error.status, error.look_up)
    assert error.path.startswith("/")
    assert before <= error.sent_at <= datetime.now(UTC)
    assert all(f"{name} {value!r}" in str(error) for name, value in facts.items())
    assert f"({error.method} {error.path}, begun at {error.sent_at:%Y-%m-%d %H:%M:%S} UTC)" in str(error)


async def test_answer_that_was_cut_tells_its_status(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """A 200 whose body broke off was most likely a success: worth knowing when looking."""

    class Cut(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            yield b"[{"
            raise httpx.ReadError("cut")

    respx_mock.post("https://gateway.example/api/v2/orders").mock(
        return_value=httpx.Response(200, stream=Cut())
    )
    with pytest.raises(OutcomeUnknown) as caught:
        await kit.respeecher.orders.create("o-1", [Conversion(voice_id="v")])
    assert (200, {"original_id": "o-1"}) == (caught.value.status, caught.value.look_up)


async def test_call_that_ran_out_of_time_tells_it_too(kit: AudioKit, respx_mock: respx.MockRouter) -> None:
    """A deadline leaves the same question open as a cut, where the request may have arrived."""

    async def never(_: httpx.Request) -> httpx.Response:
        import asyncio

        await asyncio.Event().wait()
        raise AssertionError

    respx_mock.post("https://gateway.example/api/v2/orders").mock(side_effect=never)
    with pytest.raises(CallTimeout, match="after looking up what it made") as caught:
        await kit.respeecher.orders.create("o-1", [Conversion(voice_id="v")], timeout=0.05)
    assert (True, {"original_id": "o-1"}) == (caught.value.maybe_sent, caught.value.look_up)
    assert caught.value.sent_at is not None


async def test_texts_and_keys_are_no_facts(
    kit: AudioKit, keys: dict[str, str], respx_mock: respx.MockRouter
) -> None:
    """Only ids and labels are told: neither what is to be spoken nor the key."""
    respx_mock.post("https://gateway.example/api/v2/recordings/tts").mock(side_effect=httpx.ReadError("cut"))
    with pytest.raises(OutcomeUnknown) as caught:
        await kit.respeecher.recordings.create_tts("Private words", folder_id="f-1")
    shown = str(caught.value) + repr(vars(caught.value)) + str(pickle.dumps(caught.value))
    assert "Private" not in shown
    assert not any(key in shown for key in keys.values())
