"""Which proxy the environment names for a URL, and which it exempts."""

from __future__ import annotations

import sys

import httpx
import pytest

from audiokit import Network
from audiokit.errors import InvalidRequest, UsageError
from audiokit.transport._connection import Connector
from audiokit.transport._proxies import proxy_for

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No proxies but those of the test."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def _is_direct(url: str) -> bool:
    return proxy_for(httpx.URL(url)) is None


@pytest.mark.parametrize(
    ("no_proxy", "url"),
    [
        ("127.0.0.1:8900", "http://127.0.0.1:8900/a"),
        ("other.example, api.example:443", "https://api.example/a"),
        ("api.example", "https://api.example:8443/a"),
        (".example", "https://api.example/a"),
        ("*", "https://api.example/a"),
        ("other.example, *", "https://api.example/a"),
        ("10.0.0.0/8", "http://10.1.2.3/a"),
        ("10.0.0.1/8", "http://10.1.2.3:8900/a"),
        ("::1", "http://[::1]:8900/a"),
        ("[::1]:8900", "http://[::1]:8900/a"),
        ("fd00::/8", "http://[fd00::7]/a"),
    ],
)
def test_exempt_hosts_are_reached_directly(no_proxy: str, url: str, environment: pytest.MonkeyPatch) -> None:
    """Hosts, domains, ports, networks and the star, anywhere in the list."""
    environment.setenv("ALL_PROXY", PROXY)
    environment.setenv("NO_PROXY", no_proxy)
    assert _is_direct(url)


@pytest.mark.parametrize(
    ("no_proxy", "url"),
    [
        ("", "http://127.0.0.1:8900/a"),
        ("127.0.0.1:8901", "http://127.0.0.1:8900/a"),
        ("10.0.0.0/8", "http://11.1.2.3/a"),
        ("10.0.0.0/8", "http://ten.example/a"),
        ("10.0.0.0/99, no/network", "http://10.1.2.3/a"),
        ("fd00::/8", "http://10.1.2.3/a"),
        ("api.example", "https://other.example/a"),
    ],
)
def test_other_hosts_are_reached_by_the_proxy(
    no_proxy: str, url: str, environment: pytest.MonkeyPatch
) -> None:
    """What the list does not name is not exempt."""
    environment.setenv("ALL_PROXY", PROXY)
    environment.setenv("NO_PROXY", no_proxy)
    assert PROXY == proxy_for(httpx.URL(url))


def test_proxy_without_a_scheme_is_one_for_http(environment: pytest.MonkeyPatch) -> None:
    """As curl takes it."""
    environment.setenv("HTTPS_PROXY", "proxy.example:3128")
    assert PROXY == proxy_for(httpx.URL("https://api.example"))
    assert _is_direct("http://api.example")


BROKEN = [
    "http://me:hunter/2@127.0.0.1:9",
    "http://me:hunter#2@127.0.0.1:9",
    "http://me:hunter2@127.0.0.1:xx",
    "ftp://me:hunter2@127.0.0.1:9",
    "me:hunter2@",
]


def _everything_of(error: BaseException | None) -> str:
    """What any report of an error could print of it and what it came from."""
    text = ""
    while error is not None:
        text += f"{error}{vars(error)}"
        error = error.__cause__ or error.__context__
    return text


@pytest.mark.parametrize("proxy", BROKEN)
def test_proxy_that_is_none_is_refused_without_showing_it(
    proxy: str, environment: pytest.MonkeyPatch
) -> None:
    """Whether the environment or an argument names it; neither message nor cause repeats its password."""
    environment.setenv("HTTP_PROXY", proxy)
    with pytest.raises(InvalidRequest, match="HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: a proxy must be") as told:
        proxy_for(httpx.URL("http://api.example"))
    with pytest.raises(InvalidRequest, match=r"Network\(proxy=...\): a proxy must be") as given:
        Network(proxy=proxy)
    assert "hunter" not in _everything_of(told.value) + _everything_of(given.value)


async def test_socks_without_its_package_says_what_to_install(environment: pytest.MonkeyPatch) -> None:
    """SOCKS is spoken by a package that httpx does not bring along."""
    environment.setitem(sys.modules, "socksio", None)  # as if it were not installed
    environment.setenv("HTTP_PROXY", "socks5://me:hunter2@127.0.0.1:9")
    with pytest.raises(UsageError, match=r"pip install 'httpx\[socks\]'") as caught:
        await Connector().make(httpx.URL("http://api.example"))
    assert "hunter" not in _everything_of(caught.value)
