"""Values the contract rules out are refused here: the message names field, allowed and given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import httpx
import pytest

from audiokit import AudioKit, Conversion, MixJob, MixSection, SectionTiming, SectionVoice, SpeechJob
from audiokit.errors import AudiokitError, InvalidRequest

LONG = "x" * 41


def _refused(call: Callable[[AudioKit], Any], field: str, message: str) -> Any:
    return pytest.param(call, field, message, id=f"{field}: {message[:40]}")


@pytest.mark.parametrize(
    ("call", "field", "message"),
    [
        _refused(
            lambda kit: kit.apiaudio.scripts.create(""),
            "script_text",
            r"script_text must have 1 to 1000000 characters, got 0: ''",
        ),
        _refused(
            lambda kit: kit.apiaudio.scripts.create("x", project_name="_p"),
            "project_name",
            r"project_name must be a name that does not start with '_', got '_p'",
        ),
        _refused(
            lambda kit: kit.apiaudio.scripts.create("x", script_name="n" * 61),
            "script_name",
            r"script_name must have 1 to 60 characters, got 61: 'n{57}\.\.\.'",
        ),
        _refused(lambda kit: kit.apiaudio.speech.create("s", speed=0.4), "speed", r"0\.5 to 300, got 0\.4"),
        _refused(lambda kit: kit.apiaudio.speech.create("s", speed=True), "speed", r"got True"),
        _refused(
            lambda kit: kit.apiaudio.speech.create("s", silence_padding_s=-1),
            "silence_padding_s",
            r"silence_padding_s must be 0 to 60 seconds, got -1",
        ),
        _refused(
            lambda kit: kit.apiaudio.speech.create("s", silence_padding_s=float("nan")),
            "silence_padding_s",
            r"got nan",
        ),
        _refused(
            lambda kit: kit.apiaudio.speech.create(
                "s", sections={"a": SectionVoice(silence_padding_s=float("inf"))}
            ),
            "silence_padding_s",
            r"0 to 60 seconds, got inf",
        ),
        _refused(
            lambda kit: kit.apiaudio.speech.create("s", audience=["linda"]),  # type: ignore[list-item]
            "audience",
            r"audience must be a mapping of names to values, or a list of such, got 'linda'",
        ),
        _refused(
            lambda kit: kit.apiaudio.speech.retrieve("s", audience={"scriptId": "x"}),
            "audience",
            r"'scriptId' collides with a parameter of the retrieval",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create("s", vast=True),
            "vast",
            r"vast=True needs public=True",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create("s", channels=3),
            "channels",
            r"channels must be 1 \(mono\) or 2 \(stereo\), got 3",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create("s", end_format="m4a"),
            "end_format",
            r"end_format must be one of flac, mp3, mp3_alexa, .*, got 'm4a'",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create("s", end_format=[]), "end_format", r"at least one"
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create("s", media_volume_trim_db=12.1),
            "media_volume_trim_db",
            r"-12 to 12 dB, got 12\.1",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create("s", media_volume_trim_db=float("nan")),
            "media_volume_trim_db",
            r"got nan",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create("s", force_length_s=0),
            "force_length_s",
            r"0\.001 to 86400 seconds, got 0",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create(
                "s", section_properties={"a": SectionTiming(end_at_s=1, justify="middle")}
            ),
            "justify",
            r"justify must be one of centre, flex-end, flex-start, got 'middle'",
        ),
        _refused(
            lambda kit: kit.apiaudio.mastering.create(
                "s", section_properties={"a": SectionTiming(justify="centre")}
            ),
            "justify",
            r"justify='centre' needs end_at_s",
        ),
        _refused(lambda kit: kit.audiostack.tts.create("s", speed=3.1), "speed", r"0\.5 to 3, got 3\.1"),
        _refused(
            lambda kit: kit.audiostack.tts.create("s", silence_padding_s=-0.5),
            "silence_padding_s",
            r"silence_padding_s must be 0 or more seconds, got -0\.5",
        ),
        _refused(
            lambda kit: kit.audiostack.tts.create("s", silence_padding_s=float("inf")),
            "silence_padding_s",
            r"0 or more seconds, got inf",
        ),
        _refused(
            lambda kit: kit.audiostack.tts.create("s", silence_padding_s="5000"),  # type: ignore[arg-type]
            "silence_padding_s",
            r"0 or more seconds, got '5000'",
        ),
        _refused(
            lambda kit: kit.audiostack.mixes.create(),
            "speech",
            r"exactly one of speech and script_id must be given, got None and None",
        ),
        _refused(
            lambda kit: kit.audiostack.mixes.create(
                speech="t", section_properties={"a": MixSection(start_at_s=-1)}
            ),
            "start_at_s",
            r"start_at_s must be 0 or more seconds, got -1",
        ),
        _refused(
            lambda kit: kit.audiostack.mixes.create(
                speech="t", section_properties={"a": MixSection(fade_in_s=float("inf"))}
            ),
            "fade_in_s",
            r"fade_in_s must be 0 or more seconds, got inf",
        ),
        _refused(
            lambda kit: kit.audiostack.mixes.create(
                speech="t", section_properties={"a": MixSection(alignment="center")}
            ),
            "alignment",
            r"one of centre, left, right, got 'center'",
        ),
        _refused(
            lambda kit: kit.audiostack.templates.create(""), "template_name", r"1 to 1000 characters, got 0"
        ),
        _refused(
            lambda kit: kit.respeecher.calibrations.create(LONG, b""), "name", r"1 to 40 characters, got 41"
        ),
        _refused(
            lambda kit: kit.respeecher.calibrations.rename("c", ""),
            "name",
            r"name must have 1 to 40 characters, got 0",
        ),
        _refused(
            lambda kit: kit.respeecher.calibrations.rename("c", LONG),
            "name",
            r"name must have 1 to 40 characters, got 41",
        ),
        _refused(lambda kit: kit.respeecher.projects.create(""), "name", r"1 to 40 characters, got 0: ''"),
        _refused(lambda kit: kit.respeecher.projects.rename("p", LONG), "name", r"got 41"),
        _refused(
            lambda kit: kit.respeecher.folders.create("p", cast("str", 5)),
            "name",
            r"name must be a string, got 5",
        ),
        _refused(
            lambda kit: kit.respeecher.recordings.create_tts("", folder_id="f"),
            "text_to_speak",
            r"1 to 1000 characters, got 0",
        ),
        _refused(
            lambda kit: kit.respeecher.recordings.create_tts("x" * 1001, folder_id="f"),
            "text_to_speak",
            r"got 1001",
        ),
        _refused(lambda kit: kit.respeecher.recordings.update("r", label=LONG), "label", r"0 to 40"),
        _refused(lambda kit: kit.respeecher.notes.create("r", "x" * 2001), "text", r"0 to 2000"),
        _refused(
            lambda kit: kit.respeecher.orders.create("r", []),
            "conversions",
            r"conversions must be at least one conversion, got \[\]",
        ),
        _refused(
            lambda kit: kit.respeecher.orders.create("r", [Conversion(voice_id="v", label=LONG)]),
            "label",
            r"got 41",
        ),
        _refused(lambda kit: kit.respeecher.voices.search(limit=11), "limit", r"0 to 10, got 11"),
        _refused(
            lambda kit: kit.respeecher.voices.settings("v", semitones_correction=1),
            "semitones_correction",
            r"semitones_correction=1 needs accent_id",
        ),
        _refused(
            lambda kit: kit.respeecher.stats.projects([]),
            "project_ids",
            r"project_ids must be 1 to 200 ids, got 0",
        ),
        _refused(
            lambda kit: kit.respeecher.stats.folders(["f"] * 201), "folder_ids", r"1 to 200 ids, got 201"
        ),
    ],
)
async def test_value_outside_the_contract_is_refused(
    call: Callable[[AudioKit], Any], field: str, message: str, kit: AudioKit
) -> None:
    """Nothing is sent; the error is a `ValueError` with the field as an attribute."""
    with pytest.raises(InvalidRequest, match=message) as caught:
        await call(kit)
    assert field == caught.value.field
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("call", "field", "message"),
    [
        _refused(lambda kit: kit.respeecher.voices.list(sort="size"), "sort", r"one of created_at, default"),
        _refused(lambda kit: kit.respeecher.voices.list(direction="up"), "direction", r"one of asc, desc"),
        _refused(lambda kit: kit.respeecher.voices.list(page_size=101), "page_size", r"1 to 100, got 101"),
        _refused(lambda kit: kit.respeecher.folders.list("p", page_size=0), "page_size", r"1 to 200, got 0"),
        _refused(
            lambda kit: kit.respeecher.models.list(sort="rating"),
            "sort",
            r"sort must be one of date_created, name, owner",
        ),
        _refused(
            lambda kit: kit.respeecher.models.list(page_size=101),
            "page_size",
            r"page_size must be 1 to 100, got 101",
        ),
        _refused(lambda kit: kit.respeecher.projects.list(offset=-1), "offset", r"got -1"),
        _refused(
            lambda kit: kit.respeecher.recordings.list(),
            "folder_id",
            r"project_id or folder_id must be given, got neither",
        ),
        _refused(
            lambda kit: SpeechJob(),
            "script_text",
            r"exactly one of script_text and script_id must be given, got None and None",
        ),
        _refused(
            lambda kit: MixJob(script_text="a", speech_id="b"),
            "script_text",
            r"exactly one of script_text, script_id and speech_id",
        ),
    ],
)
def test_value_is_refused_before_anything_is_awaited(
    call: Callable[[AudioKit], Any], field: str, message: str, make_kit: Callable[..., AudioKit]
) -> None:
    """Lists and jobs check when they are made, where the mistake is."""
    with pytest.raises(InvalidRequest, match=message) as caught:
        call(make_kit())
    assert field == caught.value.field


async def test_deprecated_call_warns_where_it_is_called(
    kit: AudioKit, wire: Callable[..., list[Any]]
) -> None:
    """The old text-to-speech call still works, and says what replaces it."""
    sent = wire(httpx.Response(200, json={"id": "r-1", "state": "processing"}))
    with pytest.warns(DeprecationWarning, match=r"use recordings\.create_tts") as caught:
        await kit.respeecher.recordings.create_tts_v1(
            "Hello", project_id="p", folder_id="f", voice_id="v", label="l"
        )
    assert __file__ == caught[0].filename
    expected = {"project_id": "p", "parent_folder_id": "f", "voice_id": "v", "text": "Hello", "label": "l"}
    assert (f"{'https://gateway.example'}/api/recordings/tts", expected) == (sent[0].url, sent[0].json)


async def test_empty_superseded_order_is_refused(kit: AudioKit) -> None:
    """An order of nothing is a mistake."""
    with (
        pytest.warns(DeprecationWarning, match=r"orders\.create"),
        pytest.raises(InvalidRequest, match="models must be at least one model"),
    ):
        await kit.respeecher.recordings.conversion_order_v1("r-1", [])


@pytest.mark.parametrize("identifier", ["", ".", ".."])
async def test_identifier_that_would_change_the_path_is_refused(identifier: str, kit: AudioKit) -> None:
    """Empty ids and dot segments would call something else."""
    with pytest.raises(InvalidRequest, match="recording_id must be an identifier, not empty") as caught:
        await kit.respeecher.recordings.delete(identifier)
    assert ("recording_id", identifier) == (caught.value.field, caught.value.value)


async def test_none_is_no_identifier(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """A missing id is a mistake of the caller, not an object called None."""
    sent = wire(httpx.Response(404))
    with pytest.raises(InvalidRequest):
        await kit.respeecher.recordings.get(None)  # type: ignore[arg-type]
    assert [] == sent


@pytest.mark.parametrize(
    ("identifier", "encoded"),
    [
        ("a/b", "a%2Fb"),
        ("a%2fb", "a%252fb"),
        ("../x", "..%2Fx"),
        ("a b", "a%20b"),
        ("a?b#c", "a%3Fb%23c"),
        ("grüße", "gr%C3%BC%C3%9Fe"),
        ("...", "..."),
        ("a\nb", "a%0Ab"),
        ("名", "%E5%90%8D"),
    ],
)
async def test_identifier_stays_one_part_of_the_path(
    identifier: str, encoded: str, kit: AudioKit, wire: Callable[..., list[Any]]
) -> None:
    """Whatever an id contains, the server sees it as one segment."""
    sent = wire(httpx.Response(200, json={"id": "r", "state": "done"}))
    await kit.respeecher.recordings.get(identifier)
    assert f"https://gateway.example/api/recordings/{encoded}" == sent[0].url


async def test_expiry_needs_a_zone(kit: AudioKit, wire: Callable[..., list[Any]]) -> None:
    """A naive moment would end the key at another hour than meant."""
    wire(httpx.Response(200, json={"api_key": "k"}))
    with pytest.raises(InvalidRequest):
        await kit.respeecher.api_key.create(expires_at=datetime(2030, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "metadata", [{"a": {1, 2}}, {"a": 2**70}, {"a": "\ud800"}], ids=["set", "int", "text"]
)
async def test_value_json_cannot_hold_is_refused(
    metadata: dict[str, Any], kit: AudioKit, wire: Callable[..., list[Any]]
) -> None:
    """What cannot be sent is our error, and names the request."""
    wire(httpx.Response(200, json={"scriptId": "s"}))
    with pytest.raises(AudiokitError):
        await kit.apiaudio.scripts.create("x", metadata=metadata)
