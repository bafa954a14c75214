"""Checksums that answers announce: which are believed, and what becomes of a file that has another."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from audiokit import ApiAccess, RetryPolicy
from audiokit.errors import DownloadFailed
from audiokit.testing import FakeClock
from audiokit.transport import Call, Retry, Target, Transport
from audiokit.transport._digest import Digest

URL = "https://gateway.example/api/files/take.wav"
CALL = Call(
    api="respeecher", operation="x.download", method="GET", url="/api/files/take.wav", retry=Retry.SAFE
)
DATA = b"what is sent"


def _of(algorithm: str, data: bytes = DATA) -> str:
    return base64.b64encode(hashlib.new(algorithm, data).digest()).decode()


@pytest.mark.parametrize(
    ("headers", "algorithm"),
    [
        ({"repr-digest": f"sha-256=:{_of('sha256')}:"}, "sha256"),
        ({"content-digest": f"sha-512=:{_of('sha512')}:"}, "sha512"),
        ({"repr-digest": f"unixsum=:AAAA:, sha-512=:{_of('sha512')}:"}, "sha512"),
        ({"digest": f"SHA-256={_of('sha256')}"}, "sha256"),
        ({"digest": f"md5={_of('md5')},sha-512={_of('sha512')};q=1"}, "sha512"),
        ({"content-md5": _of("md5")}, "md5"),
        ({"x-goog-hash": f"crc32c=AAAAAA==,md5={_of('md5')}"}, "md5"),
        ({"x-amz-checksum-sha256": _of("sha256")}, "sha256"),
        ({"content-md5": _of("md5"), "x-amz-checksum-sha256": _of("sha256")}, "sha256"),
        ({"content-md5": _of("md5"), "content-encoding": "identity"}, "md5"),
    ],
)
def test_announced_digest_is_told_from_the_bytes(headers: Mapping[str, str], algorithm: str) -> None:
    """Each header is read in its own spelling; the bytes fit it, and any other bytes do not."""
    right, wrong = Digest.announced(headers), Digest.announced(headers)
    assert right is not None
    assert wrong is not None
    right.update(DATA)
    wrong.update(DATA[:-1])
    assert (algorithm, True, False) == (right.algorithm, right.fits, wrong.fits)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"etag": f'"{hashlib.md5(DATA).hexdigest()}"', "x-amz-request-id": "1"},
        {"x-amz-checksum-sha256": f"{_of('sha256')}-3"},
        {"x-goog-hash": "crc32c=AAAAAA=="},
        {"x-goog-hash": f"md5={_of('md5')}", "x-goog-stored-content-encoding": "gzip"},
        {"content-md5": _of("md5"), "content-encoding": "gzip"},
        {"content-md5": "too short"},
        {"content-md5": _of("sha256")},
        {"repr-digest": f"sha-256={_of('sha256')}"},
        {"repr-digest": "sha-256=:no base64!:"},
        {"digest": "adler32=00"},
    ],
)
def test_what_may_mean_something_else_is_not_checked(headers: Mapping[str, str]) -> None:
    """ETags, digests of parts or of packed bytes, and what cannot be read make no download fail."""
    assert Digest.announced(headers) is None


@pytest.fixture
def save(transport: Transport, tmp_path: Path) -> Callable[..., Any]:
    """Download the call above into the test's folder."""

    async def check(_: object) -> None:
        pass

    async def run(by: Transport = transport) -> Path:
        return await by.download(CALL, Target.of(tmp_path / "out.bin", must_be_audio=False), check=check)

    return run


async def test_file_with_its_checksum_is_saved(
    save: Callable[..., Any], respx_mock: respx.MockRouter
) -> None:
    """What fits costs no second request."""
    route = respx_mock.get(URL).respond(200, content=DATA, headers={"content-md5": _of("md5")})
    assert (DATA, 1) == ((await save()).read_bytes(), route.call_count)


async def test_damaged_file_is_fetched_once_more(
    save: Callable[..., Any], clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    """Damage on the way is mended by a second download of the whole."""
    headers = {"repr-digest": f"sha-256=:{_of('sha256')}:", "etag": '"one"'}
    route = respx_mock.get(URL).mock(
        side_effect=[
            httpx.Response(200, content=DATA.upper(), headers=headers),
            httpx.Response(200, content=DATA, headers=headers),
        ]
    )
    assert DATA == (await save()).read_bytes()
    assert (2, 1) == (route.call_count, len(clock.slept))
    assert "range" not in route.calls[1].request.headers


async def test_file_that_stays_damaged_is_refused_with_both_values(
    save: Callable[..., Any], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """Two downloads with the wrong bytes end it: the message has both digests, and nothing is saved."""
    (tmp_path / "out.bin").write_bytes(b"before")
    route = respx_mock.get(URL).respond(200, content=b"bad", headers={"content-md5": _of("md5")})
    with pytest.raises(DownloadFailed) as caught:
        await save()
    wanted, got = hashlib.md5(DATA).hexdigest(), hashlib.md5(b"bad").hexdigest()
    said = f"Content-MD5 announces md5 {wanted}, the bytes have {got}"
    assert f"the file arrived damaged: {said}; nothing was saved" == str(caught.value)
    assert 2 == route.call_count
    assert [b"before"] == [path.read_bytes() for path in tmp_path.iterdir()]


async def test_damaged_file_without_another_attempt_is_refused_too(
    save: Callable[..., Any], access: dict[str, ApiAccess], tmp_path: Path, respx_mock: respx.MockRouter
) -> None:
    """One attempt allowed: one made, and the same error."""
    respx_mock.get(URL).respond(200, content=b"bad", headers={"content-md5": _of("md5")})
    async with Transport(access, retry=RetryPolicy(attempts=1)) as single:
        with pytest.raises(DownloadFailed, match="arrived damaged") as caught:
            await save(single)
    assert (1, [], DownloadFailed) == (caught.value.attempts, list(tmp_path.iterdir()), type(caught.value))
