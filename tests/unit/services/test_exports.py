"""Exports unpacked: the zip is fetched, opened and removed, and every failure leaves the place as it was."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from audiokit import AudioKit
from audiokit.errors import ConnectionLost, InvalidRequest, NotFound, UnpackFailed

GATEWAY = "https://gateway.example"
PROJECT, RECORDING = f"{GATEWAY}/api/projects/p-1/export", f"{GATEWAY}/api/recordings/export"


def _zip(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/") + ".wav", data)
    return out.getvalue()


@pytest.fixture(params=["project", "recording"])
def export(request: pytest.FixtureRequest, kit: AudioKit) -> tuple[str, Callable[..., Any]]:
    """URL and call of each of the two exports."""
    if request.param == "project":
        return PROJECT, lambda to, **given: kit.respeecher.projects.export("p-1", to, extract=True, **given)
    return RECORDING, lambda to, **given: kit.respeecher.recordings.export("r-1", to, extract=True, **given)


async def test_export_is_unpacked(
    export: tuple[str, Callable[..., Any]], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """The folder is given back and holds the files; nothing is left of the zip, whose progress is told."""
    url, call = export
    content, seen = _zip(a=b"1", folder__b=b"2"), []
    respx_mock.get(url__startswith=url).respond(200, content=content)
    out = await call(tmp_path / "new" / "out", on_progress=seen.append)
    assert tmp_path / "new" / "out" == out
    assert [(out / "a.wav", b"1"), (out / "folder" / "b.wav", b"2")] == [
        (path, path.read_bytes()) for path in sorted(out.rglob("*.wav"))
    ]
    assert [out] == list((tmp_path / "new").iterdir())
    assert len(content) == seen[-1].done_bytes


async def test_place_that_is_taken_costs_no_download(
    export: tuple[str, Callable[..., Any]], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """A folder with something in it is refused before anything is sent."""
    url, call = export
    route = respx_mock.get(url__startswith=url).respond(200, content=_zip())
    (tmp_path / "kept").write_bytes(b"")
    with pytest.raises(InvalidRequest, match="a folder that does not exist yet, or an empty one"):
        await call(tmp_path)
    assert (0, ["kept"]) == (route.call_count, [path.name for path in tmp_path.iterdir()])


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"status_code": 404, "json": {"detail": "none"}}, NotFound),
        ({"status_code": 200, "content": b"<html>"}, UnpackFailed),
        ({"status_code": 200, "content": _zip(a=b"1", __b=b"2")}, UnpackFailed),
    ],
    ids=["no such project", "no zip", "a name that leads elsewhere"],
)
async def test_failed_export_leaves_nothing(
    reply: dict[str, Any],
    error: type[Exception],
    export: tuple[str, Callable[..., Any]],
    tmp_path: Path,
    respx_mock: respx.MockRouter,
) -> None:
    """Neither the zip nor a part of the folder."""
    url, call = export
    respx_mock.get(url__startswith=url).respond(**reply)
    with pytest.raises(error):
        await call(tmp_path / "out")
    assert [] == list(tmp_path.iterdir())


async def test_export_that_breaks_off_each_time_leaves_nothing(
    export: tuple[str, Callable[..., Any]], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """As for any download."""
    url, call = export
    respx_mock.get(url__startswith=url).mock(side_effect=httpx.ReadError("cut"))
    with pytest.raises(ConnectionLost):
        await call(tmp_path / "out")
    assert [] == list(tmp_path.iterdir())
