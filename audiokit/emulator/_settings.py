"""What the emulator is told at start: where it listens, what it keeps, how long it waits."""

from __future__ import annotations

import ipaddress
import secrets
from pathlib import Path

import attrs
from attrs import validators

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""Host names that always mean this machine."""

KEY_LENGTH = 32
"""Least number of characters in an API key."""


def new_key() -> str:
    """Make a random API key of 40 hexadecimal characters."""
    return secrets.token_hex(20)


def is_loopback(host: str) -> bool:
    """Say whether *host* can be reached from this machine only."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@attrs.frozen(kw_only=True)
class EmulatorSettings:
    """Everything that can be set about one emulator.

    Attributes:
        host: Address to listen on; only loopback unless `allow_remote`.
        port: TCP port, 0 to 65535; 0 picks a free one.
        data: Folder that keeps projects, files and keys; None means a temporary folder removed at the end.
        strict: Apply the gateway's character set to labels (letters, digits, space, hyphen).
        api_key: Key for all three APIs, at least 32 characters; None means the kept one, else a random one.
        hold_s: Seconds a POST waits for its result before it answers 202.
        max_upload_bytes: Largest accepted upload in bytes.
        max_audio_s: Longest accepted audio in seconds, by decoding.
        workers: Number of worker processes for audio.
        initial_credits: Credits of a fresh account; 1 credit is 60 s of conversion or 4000 TTS characters.
        allow_remote: Permit `host` to be an address that other machines can reach.

    Raises:
        ValueError: A value is out of its range, or `host` is not loopback without `allow_remote`.
    """

    host: str = attrs.field(default="127.0.0.1", validator=validators.instance_of(str))
    port: int = attrs.field(default=8900, validator=[validators.ge(0), validators.le(65535)])
    data: Path | None = None
    strict: bool = False
    api_key: str | None = attrs.field(default=None, repr=False)
    hold_s: float = attrs.field(default=2.0, validator=validators.ge(0.0))
    max_upload_bytes: int = attrs.field(default=512 * 1024 * 1024, validator=validators.gt(0))
    max_audio_s: float = attrs.field(default=1800.0, validator=validators.gt(0))
    workers: int = attrs.field(default=2, validator=validators.gt(0))
    initial_credits: float = attrs.field(default=1000.0, validator=validators.ge(0.0))
    allow_remote: bool = False

    def __attrs_post_init__(self) -> None:
        if not self.allow_remote and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} can be reached by other machines; only loopback is served "
                f"({', '.join(sorted(LOOPBACK_NAMES))}); a program that wants other machines to reach the "
                "emulator can pass allow_remote=True to EmulatorSettings"
            )
        if self.api_key is not None and len(self.api_key) < KEY_LENGTH:
            raise ValueError(f"api_key needs at least {KEY_LENGTH} characters, got {len(self.api_key)}")
