"""Settings, keys and logins."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from audiokit.emulator._keys import ACCOUNT, Accounts
from audiokit.emulator._settings import EmulatorSettings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"host": "0.0.0.0"}, "can be reached by other machines"),
        ({"host": "example.org"}, "allow_remote"),
        ({"port": 70_000}, "port"),
        ({"hold_s": -1.0}, "hold_s"),
        ({"workers": 0}, "workers"),
        ({"api_key": "short"}, "at least 32 characters, got 5"),
    ],
)
def test_settings_out_of_range_are_refused(values: dict[str, Any], message: str) -> None:
    """Each wrong setting is named, and the key itself is not repeated."""
    with pytest.raises(ValueError, match=message):
        EmulatorSettings(**values)


def test_other_hosts_need_allow_remote() -> None:
    """The remedy that the refusal names works."""
    assert "0.0.0.0" == EmulatorSettings(host="0.0.0.0", allow_remote=True).host


def test_no_repr_shows_a_secret() -> None:
    """Settings can be logged."""
    assert "k" * 32 not in repr(EmulatorSettings(api_key="k" * 32))


def accounts(file: Path | None = None, now: float = 0.0, api_key: str | None = None) -> Accounts:
    """Accounts whose clock stands still."""
    return Accounts(api_key=api_key, file=file, clock=lambda: now)


def test_keys_have_at_least_32_characters() -> None:
    """Made keys are long, and one key serves all APIs."""
    made = accounts()

    assert len(made.api_key) >= 32
    assert made.api_key == made.respeecher_key
    assert ACCOUNT == made.for_key(made.api_key)
    assert ACCOUNT == made.for_respeecher_key(made.respeecher_key)


@pytest.mark.parametrize("key", [None, "", "x" * 40, "ключ"])
def test_a_wrong_key_opens_nothing(key: str | None) -> None:
    """Missing, wrong and non-ASCII keys are all refused."""
    made = accounts()

    assert None is made.for_key(key)
    assert None is made.for_respeecher_key(key)


def test_keys_and_login_survive_a_restart(tmp_path: Path) -> None:
    """The file keeps them, readable by its owner only."""
    file = tmp_path / "login.json"
    first = accounts(file)
    replaced = first.new_respeecher_key()
    second = accounts(file)

    assert (first.api_key, first.email, first.password) == (second.api_key, second.email, second.password)
    assert (first.user_id, first.url_secret) == (second.user_id, second.url_secret)
    assert replaced == second.respeecher_key
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_a_key_given_at_start_wins_over_the_kept_one(tmp_path: Path) -> None:
    """The new key is kept in turn."""
    file = tmp_path / "login.json"
    accounts(file)
    accounts(file, api_key="n" * 40)

    assert "n" * 40 == accounts(file).api_key


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"{", ""),
        (b"\xff", ""),
        (b"[1]", ""),
        (b'{"unknown": 1}', "unexpected keyword argument 'unknown'"),
        (b'{"api_key": 5}', "api_key must be a string of at least 32 characters, got int"),
        (b'{"api_key": "short"}', "api_key must be a string of at least 32 characters, got 5 characters"),
        (b'{"api_key": null}', "api_key must be a string"),
        (b'{"respeecher_key": "short"}', "respeecher_key must be a string of at least 32"),
        (b'{"url_secret": ""}', "url_secret must be a string of at least 32"),
        (b'{"password": ["x"]}', "password must be a string of at least 1"),
        (b'{"respeecher_key_expires_at": "soon"}', "respeecher_key_expires_at must be null or seconds"),
    ],
)
def test_a_damaged_login_file_says_what_to_do(tmp_path: Path, content: bytes, rule: str) -> None:
    """The message names the file, the rule and the remedy, and repeats no secret."""
    file = tmp_path / "login.json"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=r"login\.json is damaged; delete it") as caught:
        accounts(file)

    assert rule in str(caught.value)
    assert "short" not in str(caught.value)


def test_sessions_end_by_time_and_by_logout() -> None:
    """A session works until its span is over or it is logged out."""
    now = [100.0]
    made = Accounts(api_key=None, file=None, clock=lambda: now[0])
    session = made.log_in(made.email.upper(), made.password, seconds=10)
    assert session is not None
    known = (session.session_id, session.csrf_token)

    assert ACCOUNT == made.for_session(*known)
    assert None is made.for_session(session.session_id, "wrong")
    assert None is made.for_session(session.session_id, None)
    now[0] = 110.0
    assert None is made.for_session(*known)
    now[0] = 105.0
    made.log_out(session.session_id)
    assert None is made.for_session(*known)


def test_an_expired_key_is_refused() -> None:
    """A Respeecher key with an end works before it and not after."""
    now = [100.0]
    made = Accounts(api_key=None, file=None, clock=lambda: now[0])
    key = made.new_respeecher_key(expires_at=200.0)

    assert ACCOUNT == made.for_respeecher_key(key)
    now[0] = 200.0
    assert None is made.for_respeecher_key(key)
