"""Settings: what is refused, and what the environment says."""

from __future__ import annotations

from typing import Any

import pytest

from audiokit import ApiAccess, ApiKey, AudioKit, Limits, Login, RetryPolicy, Timeouts
from audiokit._config import access_from_env
from audiokit.errors import InvalidRequest


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Timeouts, "call_s"),
        (Timeouts, "connect_s"),
        (Timeouts, "stall_s"),
        (Timeouts, "wait_s"),
        (Limits, "idle_s"),
        (RetryPolicy, "backoff_s"),
        (RetryPolicy, "budget_refund"),
        (RetryPolicy, "probe_s"),
        (RetryPolicy, "probe_cap_s"),
    ],
)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_settings_that_make_no_sense_are_refused(kind: type[Any], field: str, value: float) -> None:
    """Spans are above zero and finite; the message names field and value."""
    with pytest.raises(InvalidRequest, match=f"{field} must be a number above 0, got {value}") as caught:
        kind(**{field: value})
    assert field == caught.value.field


@pytest.mark.parametrize(
    "url", ["host.example", "ftp://host.example", "https://", "https://h/?a=b", "https://h/#f"]
)
def test_base_url_must_be_one(url: str) -> None:
    """Scheme and host are needed; a query or fragment has no place."""
    with pytest.raises(InvalidRequest, match="base_url must be an http or https URL"):
        ApiAccess(base_url=url)


def test_base_url_with_half_a_bracket_is_refused_like_any_other() -> None:
    """Malformed hosts get the same message."""
    with pytest.raises(InvalidRequest):
        ApiAccess(base_url="http://[::1")


def test_base_url_loses_its_last_slash_and_keeps_its_path() -> None:
    """Paths are appended as text, so the root ends without a slash."""
    assert "https://proxy.example/v1" == ApiAccess(base_url="https://proxy.example/v1/").base_url


def test_empty_environment_gives_public_hosts_and_no_keys() -> None:
    """Without variables every API is at its vendor's address, and unusable with a clear error."""
    access = access_from_env({})
    assert {
        "apiaudio": ("https://v1.api.audio", None),
        "audiostack": ("https://v2.api.audio", None),
        "respeecher": ("https://gateway.respeecher.com", None),
    } == {api: (one.base_url, one.credentials) for api, one in access.items()}


@pytest.mark.parametrize("name", ["APIAUDIO_API_KEY", "apiaudio_key", "aflr_key"])
def test_keys_are_read_under_the_official_names_too(name: str) -> None:
    """The variables of the official clients work."""
    assert ApiKey("k" * 40) == access_from_env({name: "k" * 40})["apiaudio"].credentials


@pytest.mark.parametrize("value", ["", "  ", "your-key", "APIKEY", "API_KEY"])
def test_placeholders_are_no_keys(value: str) -> None:
    """What examples print in a key's place counts as none."""
    assert access_from_env({"APIAUDIO_API_KEY": value})["apiaudio"].credentials is None


def test_recommended_name_wins() -> None:
    """Our own variable comes before the others."""
    env = {"aflr_key": "old", "APIAUDIO_API_KEY": "new"}
    assert ApiKey("new") == access_from_env(env)["apiaudio"].credentials


def test_login_is_read_when_there_is_no_key() -> None:
    """E-mail and password serve where no key is set, the password as it stands; a key wins."""
    env = {"RESPEECHER_EMAIL": "a@example.com", "RESPEECHER_PASSWORD": " pw "}
    assert Login(email="a@example.com", password=" pw ") == access_from_env(env)["respeecher"].credentials
    env["RESPEECHER_API_KEY"] = "k"
    assert ApiKey("k") == access_from_env(env)["respeecher"].credentials


def test_base_urls_are_read() -> None:
    """Each API can be pointed elsewhere."""
    access = access_from_env({"AUDIOSTACK_BASE_URL": "https://staging-v2.api.audio/"})
    assert "https://staging-v2.api.audio" == access["audiostack"].base_url


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://KEY@127.0.0.1:8900", "http://127.0.0.1:8900"),
        ("http://KEY@127.0.0.1:8900/", "http://127.0.0.1:8900"),
        ("https://KEY@emulator.example", "https://emulator.example"),
        ("http://KEY@[::1]:8900", "http://[::1]:8900"),
        ("http://KEY@host:1/below", "http://host:1/below"),
    ],
)
def test_one_variable_points_all_apis_at_an_emulator(url: str, root: str) -> None:
    """The key is taken out of the URL, and each API lives below it."""
    access = access_from_env({"AUDIOKIT_EMULATOR": url, "RESPEECHER_API_KEY": "real"})
    assert {api: f"{root}/{api}" for api in access} == {api: one.base_url for api, one in access.items()}
    assert {ApiKey("KEY")} == {one.credentials for one in access.values()}


@pytest.mark.parametrize("url", ["127.0.0.1:8900", "http://127.0.0.1:8900", "ftp://K@h", "http://SECRET@"])
def test_emulator_variable_is_explained_without_showing_it(url: str) -> None:
    """The message shows the form and the command that prints it, never the value."""
    with pytest.raises(InvalidRequest, match="must look like http://KEY@127") as caught:
        access_from_env({"AUDIOKIT_EMULATOR": url})
    assert "SECRET" not in str(caught.value)


def test_emulator_variable_with_a_bad_port_is_explained() -> None:
    """A port that is none gets the same message."""
    with pytest.raises(InvalidRequest):
        access_from_env({"AUDIOKIT_EMULATOR": "http://KEY@127.0.0.1:nope"})


async def test_client_is_built_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`from_env` reads the process's environment, or the mapping it is given."""
    monkeypatch.setenv("AUDIOSTACK_API_KEY", "k")
    assert "<AudioKit with credentials for: audiostack>" == repr(AudioKit.from_env())
    assert "<AudioKit with credentials for: nothing>" == repr(AudioKit.from_env({}))


@pytest.mark.parametrize(
    ("kind", "field"),
    [(Limits, "connections"), (Limits, "idle_connections"), (Limits, "uploads"), (RetryPolicy, "attempts")],
)
@pytest.mark.parametrize("value", [0.5, 2.0, 0, -1, float("nan"), float("inf")])
def test_counts_are_whole_numbers(kind: type[Any], field: str, value: float) -> None:
    """Half a connection would be waited for without end."""
    with pytest.raises(InvalidRequest, match=f"{field} must be a whole number of 1 or more, got {value}"):
        kind(**{field: value})


@pytest.mark.parametrize("organisation", ["a\r\nx: y", "Müller", 7])
def test_organisation_that_no_header_can_carry_is_refused(organisation: Any) -> None:
    """As a key is, when it is given."""
    with pytest.raises(InvalidRequest, match="organisation must be printable ASCII"):
        ApiAccess(base_url="https://v1.example", organisation=organisation)
