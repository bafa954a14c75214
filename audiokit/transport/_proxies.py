"""Which proxy leads to a URL, as the environment has it; httpx leaves that to its client."""

from __future__ import annotations

import ipaddress
import urllib.request
from typing import Final

import httpx

from audiokit._config import NEVER_PROXIED
from audiokit.errors import InvalidRequest
from audiokit.transport._origin import port_of

_SCHEMES: Final = frozenset({"http", "https", "socks5", "socks5h"})


def proxy_for(url: httpx.URL) -> str | None:
    """By ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.

    ``NO_PROXY`` takes hosts and domains, each with a port or for all ports, networks such as ``10.0.0.0/8``
    for hosts that are given as addresses, and ``*`` for everything.

    Raises:
        InvalidRequest: The proxy is none.
    """
    host = f"[{url.host}]" if ":" in url.host else url.host
    address = f"{host}:{port_of(url)}"
    if address in NEVER_PROXIED:
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(address) or _is_exempt(url.host, proxies.get("no", "")):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    return checked(proxy, where="HTTP_PROXY, HTTPS_PROXY or ALL_PROXY")


def _is_exempt(host: str, no_proxy: str) -> bool:
    """What Python's own reading of ``NO_PROXY`` leaves out."""
    names = [name.strip() for name in no_proxy.split(",")]
    if "*" in names:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in map(_network, names) if network is not None)


def _network(name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        return None


def checked(proxy: str, *, where: str) -> str:
    """A proxy's URL that can be used.

    Raises:
        InvalidRequest: It is none; the message names *where* it is from, and not the value, because
            proxies' URLs carry passwords.
    """
    try:
        parsed = httpx.URL(proxy)
        is_usable = parsed.scheme in _SCHEMES and bool(parsed.host)
    except (httpx.InvalidURL, ValueError):
        is_usable = False
    if is_usable:
        return proxy
    raise InvalidRequest(  # outside the handler: what it has caught shows the value
        f"{where}: a proxy must be a URL with http, https, socks5 or socks5h, e.g. http://127.0.0.1:3128; "
        "special characters of its password are written %40 and alike",
        field="proxy",
        value=None,
    )
