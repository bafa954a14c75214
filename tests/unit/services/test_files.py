"""Operations of several requests: uploads in two steps, and downloads to files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit
from audiokit.errors import AudiokitError, InvalidRequest, NotFound, UnexpectedResponse, UnsupportedAudio
from audiokit.services.respeecher import Recording

V1, V2, GATEWAY = "https://v1.example", "https://v2.example", "https://gateway.example"
PLACE = "https://bucket.example/put?signature=abc"


async def test_v1_media_goes_to_its_place_without_the_key(
    kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Ask for a place with the file's name and tags, then PUT the bytes there as audio/mpeg."""
    ask = respx_mock.get(f"{V1}/file/customaudio/uploadurl").respond(
        json={"mediaId": "m-1", "fileUploadUrl": PLACE}
    )
    put = respx_mock.put(PLACE).respond(200)
    media = await kit.apiaudio.media.upload(wav, name="a b.wav", tags=["x", "y"])
    assert [("filename", "a b.wav"), ("tags", "x,y")] == ask.calls[0].request.url.params.multi_items()
    sent = put.calls[0].request
    assert (wav, "audio/mpeg", str(len(wav))) == (
        sent.content,
        sent.headers["content-type"],
        sent.headers["content-length"],
    )
    assert "x-api-key" not in sent.headers
    assert ("m-1", False) == (media.media_id, "signature" in repr(media))


async def test_v1_media_without_a_place_is_not_sent_anywhere(
    kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """An answer without an upload URL is unexpected; the bytes stay here."""
    route = respx_mock.route().respond(json={"mediaId": "m-1"})
    with pytest.raises(UnexpectedResponse):
        await kit.apiaudio.media.upload(wav)
    assert 1 == route.call_count


async def test_v2_media_is_put_without_key_or_type_and_then_fetched(
    kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """Three steps: a place, the bytes (any status below 400 is success), the item."""
    ask = respx_mock.post(f"{V2}/content/media/create-upload-url").respond(
        json={"data": {"mediaId": "m-1", "fileUploadUrl": PLACE}}
    )
    put = respx_mock.put(PLACE).respond(304)
    respx_mock.get(f"{V2}/content/media/m-1").respond(
        json={"data": {"mediaId": "m-1", "filename": "epic.wav"}}
    )
    media = await kit.audiostack.media.create(wav, name="epic.wav")
    assert b'{"fileName":"epic.wav"}' == ask.calls[0].request.content
    assert not {"x-api-key", "content-type"} & set(put.calls[0].request.headers)
    assert ("m-1", "epic.wav") == (media.media_id, media.filename)


async def test_v2_segment_is_uploaded_and_registered_in_one_step(
    kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """`segments.upload` does what the guide does in two calls."""
    respx_mock.post(f"{V2}/content/media/create-upload-url").respond(
        json={"data": {"mediaId": "m-1", "fileUploadUrl": PLACE}}
    )
    respx_mock.put(PLACE).respond(200)
    respx_mock.get(f"{V2}/content/media/m-1").respond(json={"data": {"mediaId": "m-1"}})
    segment = respx_mock.post(f"{V2}/production/sound/segment").respond(
        json={"data": {"templateName": "epic1", "segments": [{"segmentName": "main"}]}}
    )
    template = await kit.audiostack.segments.upload("epic1", wav, "main")
    expected = b'{"templateName":"epic1","mediaId":"m-1","segmentName":"main"}'
    assert (expected, ["main"]) == (segment.calls[0].request.content, template.segment_names)


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg"])
async def test_v2_segment_must_be_wav_whatever_its_name(
    kind: str, kit: AudioKit, sounds: dict[str, bytes], tmp_path: Path
) -> None:
    """Another format under a wav's name is refused before anything is sent."""
    path = tmp_path / "main.wav"
    path.write_bytes(sounds[kind])
    with pytest.raises(UnsupportedAudio, match=rf"must be wav audio, got {kind} in 'main\.wav'"):
        await kit.audiostack.segments.upload("epic1", path, "main")


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "an empty file"), (b"<html>", "an HTML page"), (b"\x89PNG\r\n\x1a\n", "a PNG picture")],
)
async def test_gateway_upload_of_no_audio_is_refused(data: bytes, said: str, kit: AudioKit) -> None:
    """What is no audio is named before a byte leaves."""
    with pytest.raises(UnsupportedAudio, match=f"must be flac, mp3, ogg, wav audio, got {said}"):
        await kit.respeecher.recordings.upload(data, folder_id="f")
    with pytest.raises(UnsupportedAudio, match=said):
        await kit.respeecher.calibrations.create("mine", data)


async def test_gateway_upload_streams_an_iterable(
    kit: AudioKit,
    wav: bytes,
    chunks_of: Callable[..., AsyncIterator[bytes]],
    wire: Callable[..., list[Any]],
) -> None:
    """A stream of unknown length goes out chunked, as the same form."""
    sent = wire(httpx.Response(200, json={"id": "r-1", "state": "processing"}))
    await kit.respeecher.recordings.upload(chunks_of(wav[:10], wav[10:]), folder_id="f")
    assert wav == sent[0].form["data"]
    assert ("chunked", False) == (
        sent[0].headers.get("transfer-encoding"),
        "content-length" in sent[0].headers,
    )


async def test_recording_is_saved_under_its_label(
    kit: AudioKit, wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """The url is a gateway path fetched with the key; the label names the file."""
    route = respx_mock.get(f"{GATEWAY}/api/files/r-1").respond(200, content=wav)
    recording = Recording(id="r-1", state="done", url="/api/files/r-1", label="Take 1")
    assert tmp_path / "Take 1.wav" == await kit.respeecher.recordings.download(recording, tmp_path)
    assert "gateway-key-SECRET" == route.calls[0].request.headers["api-key"]


async def test_base_url_with_a_path_keeps_it_for_files(
    make_kit: Callable[..., AudioKit], wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A file's path goes below the base URL, as it does for an emulator."""
    from audiokit import ApiAccess, ApiKey

    access = ApiAccess(base_url="http://127.0.0.1:8900/respeecher", credentials=ApiKey("k"))
    respx_mock.get("http://127.0.0.1:8900/respeecher/api/files/r-1").respond(200, content=wav)
    async with make_kit(respeecher=access) as kit:
        await kit.respeecher.recordings.download("/api/files/r-1", tmp_path)


async def test_recording_without_audio_cannot_be_saved(kit: AudioKit, tmp_path: Path) -> None:
    """The message names the state and what to do."""
    with pytest.raises(InvalidRequest, match=r"no audio yet .state 'processing'.*wait for it first"):
        await kit.respeecher.recordings.download(Recording(id="r", state="processing"), tmp_path)


async def test_refused_download_leaves_nothing(
    kit: AudioKit, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """An error answer is our error, and no file."""
    respx_mock.get(f"{GATEWAY}/api/files/r-1").respond(404, json={"detail": "gone"})
    with pytest.raises(NotFound, match=r"respeecher\.recordings\.download: HTTP 404: gone"):
        await kit.respeecher.recordings.download("/api/files/r-1", tmp_path)
    assert [] == list(tmp_path.iterdir())


async def test_picture_of_a_recording_is_saved_as_one(
    kit: AudioKit, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A waveform url gives a picture, which is no audio and needs not be."""
    respx_mock.get(f"{GATEWAY}/api/files/r-1.png").respond(200, content=b"\x89PNG\r\n\x1a\n")
    path = await kit.respeecher.recordings.download("/api/files/r-1.png", tmp_path)
    assert "r-1.png" == path.name


async def test_audio_can_be_streamed_without_a_file(
    kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter
) -> None:
    """The chunks of a stream are the file."""
    respx_mock.get(f"{GATEWAY}/api/files/r-1").respond(200, content=wav)
    async with kit.respeecher.recordings.stream("/api/files/r-1") as chunks:
        assert wav == b"".join([chunk async for chunk in chunks])


async def test_stream_can_be_left_early(kit: AudioKit, wav: bytes, respx_mock: respx.MockRouter) -> None:
    """Breaking out of a stream inside a deadline of one's own leaves both in order."""
    import anyio

    respx_mock.get(f"{GATEWAY}/api/files/r-1").respond(200, content=wav)
    with anyio.fail_after(5):
        async with kit.respeecher.recordings.stream("/api/files/r-1") as chunks:
            async for _ in chunks:
                break


@pytest.mark.parametrize("flag", ["true", "false"])
async def test_exports_are_zips_with_the_servers_name(
    flag: str, kit: AudioKit, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Both exports take the filter and keep the name of the answer."""
    reply: dict[str, Any] = {
        "content": b"PK\x03\x04",
        "headers": {
            "content-disposition": 'attachment; filename="all.zip"',
            "content-type": "application/zip",
        },
    }
    starred = flag == "true"
    respx_mock.get(f"{GATEWAY}/api/projects/p-1/export?starred_only={flag}").respond(200, **reply)
    respx_mock.get(f"{GATEWAY}/api/recordings/export?original_id=r-1&starred_only={flag}").respond(
        200, **reply
    )
    assert "all.zip" == (await kit.respeecher.projects.export("p-1", tmp_path, starred_only=starred)).name
    (tmp_path / "all.zip").unlink()
    path = await kit.respeecher.recordings.export("r-1", tmp_path, starred_only=starred)
    assert b"PK\x03\x04" == path.read_bytes()


async def test_v1_track_is_saved_without_the_key(
    kit: AudioKit, wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """`mastering.download` waits for the track and saves it under the URL's name."""
    respx_mock.get(f"{V1}/mastering").mock(
        side_effect=[
            httpx.Response(202, json={"message": "working"}),
            httpx.Response(200, json={"url": "https://files.example/my%20ad.wav?sig=1"}),
        ]
    )
    file = respx_mock.get("https://files.example/my%20ad.wav?sig=1").respond(200, content=wav)
    assert tmp_path / "my ad.wav" == await kit.apiaudio.mastering.download("s-1", tmp_path)
    assert "x-api-key" not in file.calls[0].request.headers


async def test_v1_section_is_saved_under_its_name(
    kit: AudioKit, wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A section's wav is named after the section; a failed section has none to save."""
    respx_mock.post(f"{V1}/speech").respond(
        json={
            "intro": {"status_code": "201", "url": "https://files.example/x.wav"},
            "main": {"status_code": "422", "message": "bad voice"},
        }
    )
    respx_mock.get("https://files.example/x.wav").respond(200, content=wav)
    speech = await kit.apiaudio.speech.create("s-1")
    assert tmp_path / "intro.wav" == await kit.apiaudio.speech.save(speech.sections["intro"], tmp_path)
    with pytest.raises(InvalidRequest, match="section 'main' has no audio: bad voice"):
        await kit.apiaudio.speech.save(speech.sections["main"], tmp_path)


async def test_v2_mix_files_are_numbered(
    kit: AudioKit, wav: bytes, tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Several files of one mix get the name with a number, in order."""
    files = [{"url": f"https://files.example/{n}.wav", "filename": f"f{n}"} for n in range(2)]
    respx_mock.get(f"{V2}/production/mix/m-1").respond(json={"data": {"productionId": "m-1", "files": files}})
    respx_mock.get(url__regex=r"https://files\.example/\d\.wav").respond(200, content=wav)
    mix = await kit.audiostack.mixes.get("m-1")
    paths = await kit.audiostack.mixes.download(mix, tmp_path, name="ad")
    assert ["ad_0.wav", "ad_1.wav"] == [path.name for path in paths]


async def test_download_of_a_broken_url_is_an_error_of_ours(kit: AudioKit, tmp_path: Path) -> None:
    """A URL without a host is explained, not crashed on."""
    with pytest.raises(AudiokitError):
        await kit.respeecher.recordings.download("https://", tmp_path)
