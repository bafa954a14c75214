"""Calls that the emulator itself makes: webhooks, to this machine and to hosts that were allowed.

An emulator that calls any address a request names would be a way into networks its user can reach and others
cannot. So it calls loopback addresses, and the hosts of `EmulatorSettings.callback_hosts`.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import hmac
import ipaddress
import logging
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import attrs
import h11

from audiokit.emulator._settings import host_name, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._settings import EmulatorSettings

_log = logging.getLogger("audiokit.emulator")

SIGNATURE_HEADER: Final = "X-Aflr-Secret"
_TIMEOUT_S = 4.0
_AGAIN_AFTER_S = (0.0, 1.0, 5.0)  # virtual seconds before each attempt
_READ_BYTES = 16 * 1024
_LOOKUPS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="emulator-names")
"""Names are looked up here: a name server that hangs must not keep files and sound waiting."""


@attrs.frozen(kw_only=True)
class Target:
    """Where a webhook goes."""

    scheme: str
    host: str
    port: int
    path: str
    host_header: str


def target_of(url: str) -> Target:
    """Read the URL of a webhook.

    Raises:
        ValueError: It is no http or https URL with a host, or carries a login.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url[:200]!r} is no URL ({error})") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isascii():
        raise ValueError(f"{url[:200]!r} must be an http or https URL with a host, in ASCII")
    if parts.username is not None or any(ord(character) <= 32 for character in url):
        raise ValueError("the URL of a webhook may hold neither a login nor spaces")
    return Target(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or (443 if parts.scheme == "https" else 80),
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        host_header=parts.netloc,
    )


def why_not(url: str, settings: EmulatorSettings) -> str | None:
    """Say why a webhook's URL will not be called, or None; the URL must be one of `target_of`."""
    host = target_of(url).host
    if is_loopback(host) or host_name(host) in settings.callback_hosts:
        return None
    return f"{host} is not this machine; start the emulator with --allow-callbacks {host} to call it"


def signature(body: bytes, secret: str, moment: int) -> str:
    """Sign a webhook as api.audio v1 does; *moment* in Unix seconds."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


async def call(context: Context, url: str, body: bytes, *, secret: str) -> bool:
    """Send a webhook, at most three times; return whether it was taken (any 2xx).

    Redirects are not followed. Failures are logged, for nobody waits for them.
    """
    reason = why_not(url, context.settings)
    if reason is not None:
        _log.warning("webhook not sent: %s", reason)
        return False
    target = target_of(url)
    for wait_s in _AGAIN_AFTER_S:
        await context.pace.sleep(wait_s)
        try:
            async with context.calls_out:
                headers = {
                    "Content-Type": "application/json",
                    "Host": target.host_header,
                    "Content-Length": str(len(body)),
                    "Connection": "close",
                    SIGNATURE_HEADER: signature(body, secret, int(context.clock())),
                }
                status = await _post(target, body, headers)
        except TimeoutError:
            _log.warning("webhook to %s failed: no answer within %g s", target.host, _TIMEOUT_S)
        except (OSError, UnicodeError, h11.ProtocolError) as error:
            _log.warning("webhook to %s failed: %s", target.host, error)
        else:
            if 200 <= status < 300:
                return True
            _log.warning("webhook to %s was answered with status %d", target.host, status)
    return False


async def _post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send one request and return its status; all of it within `_TIMEOUT_S`.

    Raises:
        OSError: It cannot be called, or does not answer (`TimeoutError`).
        h11.ProtocolError: It does not speak HTTP.
    """
    async with asyncio.timeout(_TIMEOUT_S):
        reader, writer = await _connect(target)
        try:
            wire = h11.Connection(h11.CLIENT)
            request = h11.Request(method="POST", target=target.path, headers=list(headers.items()))
            for sent in (request, h11.Data(data=body), h11.EndOfMessage()):
                writer.write(wire.send(sent) or b"")
            await writer.drain()
            while not isinstance(event := wire.next_event(), h11.Response):
                if event is h11.NEED_DATA:
                    wire.receive_data(await reader.read(_READ_BYTES))
            return event.status_code
        finally:
            writer.transport.abort()  # closing would wait for who does not read


async def _connect(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to an address that was looked up once and checked.

    Raises:
        OSError: No address may be called, or none answers.
    """
    loop = asyncio.get_running_loop()
    tls = await loop.run_in_executor(_LOOKUPS, _tls) if target.scheme == "https" else None
    failure: OSError = ConnectionError(f"{target.host} has no address that may be called")
    for address in await _addresses(target):
        try:
            return await asyncio.open_connection(
                address, target.port, ssl=tls, server_hostname=target.host if tls else None
            )
        except OSError as error:
            failure = error
    raise failure


async def _addresses(target: Target) -> list[str]:
    """Return what a host stands for; a loopback name only what is loopback, whatever it is resolved to."""
    try:
        return [str(ipaddress.ip_address(target.host))]
    except ValueError:
        pass
    look_up = functools.partial(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
    infos = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, look_up)
    found = list(dict.fromkeys(str(info[4][0]) for info in infos))
    return [one for one in found if is_loopback(one)] if is_loopback(target.host) else found


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
