"""What the emulator is told at start: where it listens, what it keeps, how long it waits."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import validators

from audiokit.emulator._faults import Fault, parse_faults
from audiokit.emulator._pace import check_speed
from audiokit.emulator._processing_time import ProcessingTime, parse_processing
from audiokit.emulator._rates import RateLimits
from audiokit.emulator._switches import check_labels

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""Host names that always mean this machine."""

KEY_LENGTH = 32
"""Least number of characters in an API key."""

_KEY = re.compile(r"[!-~]+\Z")


def check_key(what: str, key: str) -> None:
    """Check a key that somebody chose; the message never repeats it.

    Raises:
        ValueError: It is too short, or holds what no header can carry.
    """
    if len(key) < KEY_LENGTH:
        raise ValueError(f"{what} needs at least {KEY_LENGTH} characters, got {len(key)}")
    if not _KEY.match(key):
        raise ValueError(
            f"{what} may hold printable ASCII characters only, and no spaces: it travels in a header"
        )


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


def host_name(host: str) -> str:
    """Write the name of a host as it is compared: without case, and without the dot that ends a full name."""
    return host.casefold().removesuffix(".")


def _callback_hosts(value: Iterable[str]) -> frozenset[str]:
    return frozenset(_callback_host(host) for host in value)


def _callback_host(host: str) -> str:
    """Read one host: a name, or an address, which if it is one of IPv6 may stand in brackets."""
    bare = host.strip()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    if not bare or (":" in bare and not _is_address(bare)) or set(bare) & set("/@[]"):
        raise ValueError(
            f"a host that may be called back is a name or address without scheme, port or path, got {host!r}"
        )
    return host_name(bare)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _faults(value: str | tuple[Fault, ...]) -> tuple[Fault, ...]:
    return parse_faults(value) if isinstance(value, str) else value


def _processing(value: str | Mapping[str, ProcessingTime]) -> Mapping[str, ProcessingTime]:
    return parse_processing(value) if isinstance(value, str) else value


def _rate_limits(value: str | RateLimits | None) -> RateLimits | None:
    return RateLimits.parse(value) if isinstance(value, str) else value


def _speed(_settings: object, _field: Any, value: float) -> None:
    check_speed(value)


def _labels(_settings: object, _field: Any, value: object) -> None:
    check_labels(value)


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
        keys: Further tenants by name, each with a key of at least 32 characters.
        control_key: Key of the control endpoints and of faults by header; None makes a random one.
        faults: Faults that happen to calls, as `audiokit.emulator._faults` writes them, or read already.
        seed: Number that faults are drawn from.
        speed: Virtual seconds per second, 0.01 to 100,000, see `audiokit.emulator._pace`.
        processing: How long work pretends to take, see `audiokit.emulator._processing_time`.
        labels: ``echo`` shows the label of an ordered conversion, ``drop`` leaves it out.
        rate_limits: Respeecher's limits, like ``500/100/300s``; None for none.
        callback_hosts: Hosts besides this machine that webhooks may be sent to, without scheme and port.

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
    keys: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    control_key: str | None = attrs.field(default=None, repr=False)
    faults: tuple[Fault, ...] = attrs.field(default=(), converter=_faults)
    seed: int = attrs.field(default=0, validator=validators.instance_of(int))
    speed: float = attrs.field(default=1.0, validator=_speed)
    processing: Mapping[str, ProcessingTime] = attrs.field(factory=dict, converter=_processing)
    labels: str = attrs.field(default="echo", validator=_labels)
    rate_limits: RateLimits | None = attrs.field(default=None, converter=_rate_limits)
    callback_hosts: frozenset[str] = attrs.field(factory=frozenset, converter=_callback_hosts)

    def __attrs_post_init__(self) -> None:
        if not self.allow_remote and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} can be reached by other machines; only loopback is served "
                f"({', '.join(sorted(LOOPBACK_NAMES))}); a program that wants other machines to reach the "
                "emulator can say --allow-remote, or pass allow_remote=True to EmulatorSettings"
            )
        for name in ("api_key", "control_key"):
            key: str | None = getattr(self, name)
            if key is not None:
                check_key(name, key)
