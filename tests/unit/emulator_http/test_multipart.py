"""Forms, read as they arrive."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from audiokit.emulator._http import HttpError
from audiokit.emulator._multipart import (
    MAX_EPILOGUE_BYTES,
    MAX_FIELD_BYTES,
    MAX_HEADER_BYTES,
    MAX_PARTS,
    Upload,
    _Collector,
    read_upload,
)

BOUNDARY = "b0undary"


def part(name: str, value: bytes, file_name: str | None = None) -> bytes:
    """One part of a form."""
    extra = "" if file_name is None else f'; filename="{file_name}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
    return head.encode() + value + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


async def read(body: bytes, path: Path, *, step: int = 7, limit_bytes: int = 10**7, kind: str = "") -> Upload:
    """Feed a form in small steps."""
    pieces = [body[i : i + step] for i in range(0, len(body), step)]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    content_type = kind or f"multipart/form-data; boundary={BOUNDARY}"
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [(b"content-type", content_type.encode())],
    }
    return await read_upload(Request(scope, receive), file_field="data", path=path, limit_bytes=limit_bytes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file part goes."""
    return tmp_path / "upload"


@pytest.mark.parametrize("step", [1, 7, 64, 10**6])
async def test_fields_and_file_arrive_whole_in_any_steps(path: Path, step: int) -> None:
    """Also when the file holds what looks like a boundary."""
    data = b"\r\n--b0undar\r\n--" * 50 + bytes(range(256))
    body = part("label", "Żółw".encode()) + part("data", data, "../x.wav") + part("label", b"last") + END
    upload = await read(body, path, step=step)

    assert Upload(fields={"label": "last"}, path=path, file_name="../x.wav", size_bytes=len(data)) == upload
    assert data == path.read_bytes()


async def test_a_large_file_never_lies_in_memory(path: Path) -> None:
    """24 MiB pass with a peak of less than 8 MiB."""
    mib = b"x" * 2**20
    pieces = [part("data", b"", "a")[:-2], *[mib] * 24, b"\r\n" + END]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    headers = [(b"content-type", f"multipart/form-data; boundary={BOUNDARY}".encode())]
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)
    tracemalloc.start()
    try:
        upload = await read_upload(request, file_field="data", path=path, limit_bytes=2**30)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert 24 * 2**20 == upload.size_bytes == path.stat().st_size
    assert peak_bytes < 8 * 2**20


async def test_a_form_without_its_file_leaves_no_file(path: Path) -> None:
    """Other files are read past."""
    upload = await read(part("other", b"x", "a.wav") + END, path)

    assert None is upload.path
    assert not path.exists()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (part("data", b"abc", "a")[:-5], 400, "breaks off"),
        (b"", 400, "breaks off"),
        (b"nonsense", 400, "malformed"),
        (b"--b0undary\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END, 400, "no name"),
        (part("data", b"x" * 101, "a") + END, 413, "at most 100 bytes"),
        (part("label", b"x" * (MAX_FIELD_BYTES + 1)) + END, 413, f"at most {MAX_FIELD_BYTES} bytes"),
        (part("a", b"x") * (MAX_PARTS + 1) + END, 400, "too many parts"),
    ],
)
async def test_a_bad_form_is_refused_and_leaves_no_file(
    path: Path, body: bytes, status: int, words: str
) -> None:
    """With the reason."""
    with pytest.raises(HttpError, match=words) as caught:
        await read(body, path, limit_bytes=100, step=4096)

    assert status == caught.value.status
    assert not path.exists()


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/mixed; boundary=b"])
async def test_another_content_type_is_refused(path: Path, kind: str) -> None:
    """Also a form without a boundary."""
    with pytest.raises(HttpError, match="multipart"):
        await read(END, path, kind=kind)


async def test_a_client_that_goes_away_leaves_no_file(path: Path) -> None:
    """Nor any error but the disconnect."""
    from starlette.requests import ClientDisconnect

    async def messages() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "http.request", "body": part("data", b"x" * 100, "a")[:90], "more_body": True}
        yield {"type": "http.disconnect"}

    source = messages()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [(b"content-type", f"multipart/form-data; boundary={BOUNDARY}".encode())],
    }
    request = Request(scope, source.__anext__)  # type: ignore[arg-type]  # close enough to ASGI's receive
    with pytest.raises(ClientDisconnect):
        await read_upload(request, file_field="data", path=path, limit_bytes=1000)

    assert not path.exists()


@pytest.mark.parametrize("second", [b"two", b""])
async def test_a_second_file_is_refused(path: Path, second: bytes) -> None:
    """Two files are never joined into one, and nothing is left behind."""
    with pytest.raises(HttpError, match="more than one part named 'data'") as caught:
        await read(part("data", b"one", "a.wav") + part("data", second, "b.wav") + END, path)

    assert (400, False) == (caught.value.status, path.exists())


@pytest.mark.parametrize("step", [1000, 10**6])
@pytest.mark.parametrize(
    "head",
    [
        b"x-long: " + b"v" * (MAX_HEADER_BYTES + 1),
        b"x-" + b"n" * (MAX_HEADER_BYTES + 1) + b": v",
        b"a: b\r\n" * (MAX_HEADER_BYTES // 5),
    ],
    ids=["value", "name", "many"],
)
async def test_headers_of_a_part_have_an_end(path: Path, head: bytes, step: int) -> None:
    """A long one, and many short ones, whichever parser is installed."""
    body = f"--{BOUNDARY}\r\n".encode() + head + b"\r\n" + part("label", b"x")[len(BOUNDARY) + 4 :] + END

    with pytest.raises(HttpError) as refused:
        await read(body, path, step=step)
    assert 400 == refused.value.status


def test_headers_are_counted_without_help_of_the_parser() -> None:
    """Some versions that may be installed hand a header over in pieces without end."""
    collector = _Collector()
    collector._begin()
    for _ in range(4):
        collector._header_value(b"v" * 4096, 0, 4096)
    with pytest.raises(HttpError, match="16384 bytes of headers"):
        collector._header_value(b"v", 0, 1)
    assert len(collector._value) <= MAX_HEADER_BYTES


async def test_what_follows_the_form_is_ignored_but_not_for_ever(path: Path) -> None:
    """A little of it is nothing unusual."""
    form = part("label", b"x") + END
    upload = await read(form + b"\r\nbye", path)
    with pytest.raises(HttpError, match="goes on and on after the form's closing boundary"):
        await read(form + bytes(2 * MAX_EPILOGUE_BYTES), path, step=4096)

    assert {"label": "x"} == upload.fields
