"""Calls that the emulator itself makes: webhooks, to this machine and to hosts that were allowed.

An emulator that calls any address a request names would be a way into networks its user can reach and others
cannot. So it calls loopback addresses, and the hosts of `EmulatorSettings.callback_hosts`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import logging
import socket
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import attrs

from audiokit.emulator._settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audiokit.emulator._context import Context
    from audiokit.emulator._settings import EmulatorSettings

_log = logging.getLogger("audiokit.emulator")

SIGNATURE_HEADER: Final = "X-Aflr-Secret"
_TIMEOUT_S = 4.0
_AGAIN_AFTER_S = (0.0, 1.0, 5.0)  # virtual seconds before each attempt


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
    if is_loopback(host) or host in settings.callback_hosts:
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
        headers = {
            "Content-Type": "application/json",
            "Host": target.host_header,
            SIGNATURE_HEADER: signature(body, secret, int(context.clock())),
        }
        try:
            status = await asyncio.to_thread(_post, target, body, headers)
        except (OSError, http.client.HTTPException) as error:
            _log.warning("webhook to %s failed: %s", target.host, error)
            continue
        if 200 <= status < 300:
            return True
        _log.warning("webhook to %s was answered with status %d", target.host, status)
    return False


def _post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send one request and return its status."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=_TIMEOUT_S)
    try:
        connection.sock = _connect(target)
        connection.request("POST", target.path, body=body, headers=dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def _connect(target: Target) -> socket.socket:
    """Connect; a loopback name must lead to a loopback address, whatever the system resolves it to."""
    infos = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    if is_loopback(target.host):
        infos = [info for info in infos if is_loopback(str(info[4][0]))]
    failure: OSError = ConnectionError(f"{target.host} has no address that may be called")
    for *_, address in infos:
        try:
            sock = socket.create_connection((str(address[0]), target.port), timeout=_TIMEOUT_S)
        except OSError as error:
            failure = error
            continue
        if target.scheme == "http":
            return sock
        return ssl.create_default_context().wrap_socket(sock, server_hostname=target.host)
    raise failure
