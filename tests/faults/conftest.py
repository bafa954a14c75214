"""The modules beside the tests can be imported, and TLS trusts the authority of these tests."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients' sockets hold 128 kB: else the kernel takes in an upload whole, whatever the server does."""
    connect = socket.socket.connect

    def connect_small(self: socket.socket, address: object) -> None:
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        connect(self, address)  # type: ignore[arg-type]  # whatever asyncio passes

    monkeypatch.setattr(socket.socket, "connect", connect_small)


@pytest.fixture(autouse=True)
def _trusted_authority(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clients trust the authority in ``tls`` and nobody else, as `SSL_CERT_FILE` promises."""
    from audiokit.transport._connection import default_tls

    monkeypatch.setenv("SSL_CERT_FILE", str(Path(__file__).parent / "tls" / "ca.pem"))
    default_tls.cache_clear()
    yield
    default_tls.cache_clear()
