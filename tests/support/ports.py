"""Ports for servers that must come back at the address they had."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
