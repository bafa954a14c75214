"""Waveform pictures and exports as the market serves them, and peaks against samples read by libsndfile."""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from hearing import AUDIO

from audiokit import ApiKey
from audiokit.testing import EmulatorProcess

Op = Callable[..., dict[str, Any]]
Studio = Any
INK = 2


def picture(data: bytes) -> np.ndarray:
    """Decode the palette PNG; every checksum is looked at."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    body, at, width, height = b"", 8, 0, 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + content) == struct.unpack_from(">I", data, at + 8 + size)[0]
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", content)
        if kind == b"IDAT":
            body += content
        at += 12 + size
    return np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, width + 1)[:, 1:]


@pytest.mark.parametrize("name", ["speech_male_en.wav", "speech_female_de.flac", "music_main_loop.ogg"])
def test_peaks_are_the_extremes_of_the_samples(op: Op, name: str) -> None:
    """Each pair holds the lowest and highest sample of its span, to one step of 8 bits."""
    samples, rate_hz = soundfile.read(AUDIO / name, always_2d=True)
    found = op("peaks", path=AUDIO / name)
    span = found["samples_per_pixel"]
    pairs = np.array(found["data"]).reshape(found["length"], found["channels"], 2)
    assert (2, 8, rate_hz) == (found["version"], found["bits"], found["sample_rate"])
    assert found["channels"] in {1, samples.shape[1]}
    folded = samples if found["channels"] == samples.shape[1] else samples.mean(axis=1, keepdims=True)
    for place in range(len(folded) // span):
        part = folded[place * span : (place + 1) * span] * 128
        assert np.abs(pairs[place, :, 0] - part.min(axis=0)).max() <= 1.0, place
        assert np.abs(pairs[place, :, 1] - part.max(axis=0)).max() <= 1.0, place


@pytest.mark.heavy
@pytest.mark.timeout(90)
async def test_a_served_picture_shows_where_the_recording_is_loud_and_an_export_holds_it(
    studio: Studio, emulator: EmulatorProcess
) -> None:
    """Ink follows the level of the recording; the zip is whole and holds the bytes that were uploaded."""
    api = studio.kit.respeecher
    voice, rate_hz = soundfile.read(AUDIO / "speech_male_en.wav")
    pieces = [voice, np.zeros(2 * rate_hz), 0.2 * voice, np.zeros(rate_hz)]
    path = studio.folder / "take.wav"
    soundfile.write(path, np.concatenate(pieces), rate_hz)
    project = await api.projects.create("pictures")
    folder = await api.folders.create(project.id, "takes")
    take = await api.recordings.upload_and_wait(path, folder_id=folder.id)
    access = emulator.access["respeecher"]
    assert isinstance(access.credentials, ApiKey)
    headers = {"api-key": access.credentials.key.reveal()}
    async with httpx.AsyncClient(base_url=access.base_url, headers=headers, timeout=30) as client:
        facts = (await client.get(f"/api/recordings/{take.id}")).raise_for_status().json()
        reply = (await client.get(facts["waveform_url"])).raise_for_status()
        peaks_url = facts["waveform_url"].replace("waveform.png", "peaks.json")
        peaks = (await client.get(peaks_url)).raise_for_status().json()
    assert "image/png" == reply.headers["content-type"]
    pixels = picture(reply.content)
    ink = (pixels == INK).sum(axis=0)
    edges = np.cumsum([0, *map(len, pieces)]) / sum(map(len, pieces)) * pixels.shape[1]
    loud, pause, soft, end = (
        ink[round(start) + 3 : round(stop) - 3].mean() for start, stop in itertools.pairwise(edges)
    )
    assert loud > 2.5 * soft > 2.5 * pause
    assert pause == end
    span, highest = peaks["samples_per_pixel"], np.array(peaks["data"]).reshape(-1, 2)[:, 1]
    samples = np.concatenate(pieces)
    assert (2, rate_hz, -(-len(samples) // span)) == (peaks["version"], peaks["sample_rate"], peaks["length"])
    heard = [samples[place * span : (place + 1) * span].max() for place in range(len(highest))]
    assert 0.0 == pytest.approx(np.abs(highest / 128 - heard).max(), abs=1.5 / 128)
    archive = await api.projects.export(project.id, studio.folder / "export.zip")
    with zipfile.ZipFile(io.BytesIO(Path(archive).read_bytes())) as opened:
        assert None is opened.testzip()
        contents = [opened.read(name) for name in opened.namelist()]
    assert path.read_bytes() in contents
