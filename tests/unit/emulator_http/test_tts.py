"""Originals made from text."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from audiokit.emulator._work import WorkError
from audiokit.emulator.respeecher._language import guess_language


async def test_a_text_becomes_an_original(emulator: Any) -> None:
    """Processing first, then done with a file; the language picks the voice."""
    emulator.work.held.add("speak")
    folder = await emulator.folder()
    body = {"parent_folder_id": folder["id"], "text": "Guten Tag", "text_language": "de", "label": "Gruß"}
    first = await emulator.ok("POST", "/api/v2/recordings/tts", json=body)

    assert ("original", True, "processing", "Guten Tag", "Lena", "Gruß") == (
        first["type"], first["tts"], first["state"], first["text"], first["tts_voice"], first["label"],
    )  # fmt: skip
    emulator.work.release()
    done = await emulator.finished(first["id"])
    assert ("done", 0.25) == (done["state"], done["duration"])
    assert 200 == (await emulator.client.get(done["url"])).status_code
    [spoken] = emulator.work.called("speak")
    assert ("Guten Tag", "gmw/de+f3") == (spoken["items"][0]["text"], spoken["items"][0]["voice"])


async def test_the_older_call_takes_a_voice_and_a_project(emulator: Any) -> None:
    """The voice comes from the list of TTS voices, the folder must be the project's."""
    voices = await emulator.ok("GET", "/api/tts-voices")
    assert [{"id", "visibility", "name", "f0", "is_default"}] * len(voices) == [set(v) for v in voices]
    assert 1 == sum(v["is_default"] for v in voices)
    folder = await emulator.folder()
    marco = next(v for v in voices if v["name"] == "Marco")
    body = {
        "project_id": folder["project_id"],
        "parent_folder_id": folder["id"],
        "voice_id": marco["id"],
        "text": "Ciao",
    }

    done = await emulator.finished((await emulator.ok("POST", "/api/recordings/tts", json=body))["id"])
    assert ("done", "Marco", marco["id"]) == (done["state"], done["tts_voice"], done["tts_voice_id"])
    other = await emulator.project()
    wrong = {**body, "project_id": other["id"]}
    assert "is in project" in await emulator.refused(400, "POST", "/api/recordings/tts", json=wrong)
    unknown = {**body, "voice_id": str(uuid.uuid4())}
    assert "GET /api/tts-voices" in await emulator.refused(404, "POST", "/api/recordings/tts", json=unknown)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"text": ""}, 422, "text must have 1 to 1000 characters, got 0"),
        ({"text": "x" * 1001}, 422, "got 1001"),
        ({"text": " \n"}, 422, "something to say"),
        ({"text": 5}, 422, "text must be a string, got 5"),
        ({"text_language": "tlh"}, 422, "language 'tlh' is not spoken here; allowed: ar, bg"),
        ({"label": "x" * 41}, 422, "at most 40 characters"),
        ({"parent_folder_id": str(uuid.UUID(int=7))}, 404, "parent_folder_id"),
        ({"tts_voice_id": str(uuid.UUID(int=7))}, 404, "tts_voice_id"),
    ],
)
async def test_a_text_with_a_wrong_field_is_refused(
    emulator: Any, change: dict[str, Any], status: int, words: str
) -> None:
    """Naming field, value and what is allowed."""
    body = {"parent_folder_id": (await emulator.folder())["id"], "text": "Hello", **change}
    assert words in await emulator.refused(status, "POST", "/api/v2/recordings/tts", json=body)


async def test_speech_that_fails_ends_in_state_error(emulator: Any) -> None:
    """With the reason."""
    emulator.work.failures["speak"] = WorkError("refused", "nothing can be said of '...'")
    body = {"parent_folder_id": (await emulator.folder())["id"], "text": "..."}
    failed = await emulator.finished((await emulator.ok("POST", "/api/v2/recordings/tts", json=body))["id"])

    assert ("error", "nothing can be said of '...'") == (failed["state"], failed["error"])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This is a short test.", "en"),
        ("Xyzzy", "en"),
        ("", "en"),
        ("Guten Tag, das Wetter bleibt heute freundlich und mild.", "de"),
        ("Bonjour à tous, et bienvenue dans le port.", "fr"),
        ("Hola, esta es una prueba muy corta.", "es"),
        ("Привет, как дела?", "ru"),
        ("Привіт, як справи? Її", "uk"),
        ("こんにちは世界", "ja"),
        ("你好世界", "zh"),
        ("Γειά σου", "el"),
    ],
)
def test_the_language_is_guessed(text: str, language: str) -> None:
    """By script or by common words; English when in doubt."""
    assert language == guess_language(text)
