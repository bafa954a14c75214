"""Links end with what stands behind them, and nothing is shown in a browser."""

from __future__ import annotations

from typing import Any

TEXT = "<as:section name='main'>Secret words.</as:section>"


async def status(emulator: Any, url: str) -> int:
    """What somebody without a key gets."""
    reply = await emulator.client.get(url, headers={"x-api-key": ""})
    return int(reply.status_code)


async def speech(emulator: Any, *, public: bool) -> tuple[str, str]:
    """Id of a speech and the link of its only part."""
    _, speech_id = await emulator.spoken_v2(TEXT, public=public)
    read = await emulator.v2("GET", f"/speech/tts/{speech_id}")
    return speech_id, read.json()["data"]["sections"][0]["url"]


async def test_a_public_link_ends_with_the_last_public_speech(emulator: Any) -> None:
    """A private one of the same words does not keep it; another public one does."""
    first, url = await speech(emulator, public=True)
    second, same = await speech(emulator, public=True)
    private, own = await speech(emulator, public=False)
    assert (url, own.split("/")[-2]) == (same, url.split("/")[-2])
    assert 200 == (await emulator.v2("DELETE", f"/speech/tts/{first}")).status_code
    assert 200 == await status(emulator, url)
    assert 200 == (await emulator.v2("DELETE", f"/speech/tts/{second}")).status_code
    assert 404 == await status(emulator, url)
    assert (200, 200) == (
        (await emulator.client.get(own)).status_code,
        (await emulator.v2("GET", f"/speech/tts/{private}")).status_code,
    )


async def test_a_public_mix_is_not_kept_public_by_a_private_one(emulator: Any) -> None:
    """Nor by the work that an encoding does with it."""
    _, speech_id = await emulator.spoken_v2(TEXT)
    made = []
    for public in (True, False):
        reply = await emulator.v2("POST", "/production/mix", json={"speechId": speech_id, "public": public})
        made.append(reply.json()["data"])
    url, own = (data["files"][0]["url"] for data in made)
    assert 200 == await status(emulator, url)
    assert 200 == (await emulator.v2("DELETE", f"/production/mix/{made[0]['productionId']}")).status_code

    assert (404, 200) == (await status(emulator, url), (await emulator.client.get(own)).status_code)


async def test_a_vast_document_is_offered_to_be_saved(emulator: Any) -> None:
    """Like every file."""
    script_id = await emulator.spoken("Hello.")
    body = {"scriptId": script_id, "public": True, "vast": True}
    assert 200 == (await emulator.v1("POST", "/mastering", json=body)).status_code
    params = {"scriptId": script_id, "public": "true", "vast": "true"}
    url = (await emulator.v1("GET", "/mastering", params=params)).json()["url"]
    reply = await emulator.client.get(url, headers={"x-api-key": ""})

    assert (200, "application/xml") == (reply.status_code, reply.headers["content-type"])
    assert 'attachment; filename="vast.xml"' == reply.headers["content-disposition"]
