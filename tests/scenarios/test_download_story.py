"""Downloads from the emulator: over a network that breaks them off, and as a project unpacked to a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest

from audiokit import ApiAccess, AudioKit
from audiokit.archives import extract
from audiokit.errors import InvalidRequest, NotFound
from audiokit.testing import EmulatorProcess, FakeClock

SPEECH = Path(__file__).parents[1] / "data" / "audio" / "speech_male_en.wav"


@attrs.define
class BadNetwork:
    """Passes connections on, and cuts the first of them after some bytes of what the server sends.

    Attributes:
        cuts: Bytes after which each connection is cut, in turn; later ones are left alone.
        asked: What was asked, one head after the other.
    """

    to: tuple[str, int]
    cuts: list[int]
    asked: list[str] = attrs.field(factory=list)
    passed_bytes: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the client."""
        try:
            inner_reader, inner_writer = await asyncio.open_connection(*self.to)
        except BaseException:
            writer.close()
            raise
        forth = asyncio.create_task(self._forth(reader, inner_writer))
        left = self.cuts.pop(0) if self.cuts else None
        try:
            while data := await inner_reader.read(4096 if left is None else min(4096, left)):
                writer.write(data)
                await writer.drain()
                self.passed_bytes += len(data)
                left = None if left is None else left - len(data)
                if left == 0:
                    break
        except OSError:
            pass  # the client has left
        finally:
            forth.cancel()
            writer.close()
            inner_writer.close()

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            self.asked.append(data.decode("latin-1").lower())
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def _over(network: BadNetwork, access: ApiAccess) -> AsyncIterator[AudioKit]:
    """A client that reaches the emulator over *network*, and waits for nothing."""
    server = await asyncio.start_server(network.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    base_url = urlsplit(access.base_url)._replace(netloc=f"127.0.0.1:{port}").geturl()
    async with server:
        async with AudioKit(respeecher=attrs.evolve(access, base_url=base_url), clock=FakeClock()) as kit:
            yield kit


async def test_recording_arrives_whole_over_a_network_that_breaks_off(
    kit: AudioKit, emulator: EmulatorProcess, folder_id: str, tmp_path: Path
) -> None:
    """Two cuts, and the emulator sends each byte once: the rest is asked for by Range and If-Range."""
    recording = await kit.respeecher.recordings.upload_and_wait(SPEECH, folder_id=folder_id)
    whole = (await kit.respeecher.recordings.download(recording, tmp_path / "whole.wav")).read_bytes()
    access = emulator.access["respeecher"]
    parts = urlsplit(access.base_url)
    assert parts.hostname is not None
    assert parts.port is not None
    network = BadNetwork((parts.hostname, parts.port), cuts=[len(whole) // 3, len(whole) // 3])
    async with _over(network, access) as far:
        path = await far.respeecher.recordings.download(recording, tmp_path / "got.wav")
    assert whole == path.read_bytes()
    assert [False, True, True] == ["range: bytes=" in one and "if-range:" in one for one in network.asked]
    heads_bytes = 3 * 1024
    assert len(whole) < network.passed_bytes < len(whole) + heads_bytes
    assert {"whole.wav", "got.wav"} == {one.name for one in tmp_path.iterdir()}


async def test_project_is_unpacked_to_a_folder(kit: AudioKit, tmp_path: Path) -> None:
    """`extract=True` gives the recordings as a download gives them, in their folders; no zip stays."""
    api = kit.respeecher
    project = await api.projects.create("export")
    folder = await api.folders.create(project.id, "takes")
    for label in ("one", "two"):
        await api.recordings.upload_and_wait(SPEECH, folder_id=folder.id, label=label)
    out = await api.projects.export(project.id, tmp_path / "out", extract=True)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    assert [tmp_path / "out"] == [out] == list(tmp_path.iterdir())
    assert ["takes", "takes"] == [path.parent.name for path in files]
    assert ["speech_male_en"] * 2 == [path.name.partition("-")[0] for path in files]
    assert {SPEECH.read_bytes()} == {path.read_bytes() for path in files}
    zipped = await api.projects.export(project.id, tmp_path / "export.zip")
    assert sorted(await extract(zipped, tmp_path / "again")) == sorted(
        tmp_path / "again" / path.relative_to(out) for path in files
    )


async def test_export_that_fails_leaves_no_folder(kit: AudioKit, tmp_path: Path) -> None:
    """Unknown project, or a place that is taken: an error, and nothing new on the disk."""
    (tmp_path / "full" / "kept").mkdir(parents=True)
    with pytest.raises(NotFound):
        await kit.respeecher.projects.export(
            "00000000-0000-0000-0000-000000000000", tmp_path / "out", extract=True
        )
    with pytest.raises(InvalidRequest, match="does not exist yet, or an empty one"):
        await kit.respeecher.recordings.export("any", tmp_path / "full", extract=True)
    assert [tmp_path / "full"] == list(tmp_path.iterdir())
