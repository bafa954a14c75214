"""Every error survives a pickle, with its message, facts and place in the tree."""

from __future__ import annotations

import pickle

import pytest

from audiokit import errors
from audiokit.errors import AudiokitError


def _examples() -> list[AudiokitError]:
    made: list[AudiokitError] = []
    journal_facts = {
        "JournalInUse": {"pid": 7},
        "JournalUnreadable": {"reason": "damaged"},
        "JournalLockTaken": {"lock": "original:r-1", "holder": "conversion-1"},
    }
    for name in errors.__all__:
        kind = getattr(errors, name)
        if issubclass(kind, errors.ApiError):
            facts = {"operation": "a.b.c", "status": 418, "retry_after": 3.0, "body": {"detail": ["x"]}}
        elif kind is errors.CallTimeout:
            facts = {"operation": "a.b.c", "timeout_s": 1.5, "attempts": 2, "maybe_sent": False}
        elif issubclass(kind, errors.TransportError):
            facts = {"operation": "a.b.c", "attempts": 3}
        elif kind is errors.JobTimeout:
            facts = {"job": "j", "stage": "poll", "elapsed_s": 2.5, "last_state": "new", "remote_id": "r"}
        elif kind is errors.JobError or issubclass(kind, errors.JobError):
            facts = {"job": "j", "stage": "submit", "remote_id": "r"}
        elif kind is errors.UnpackFailed:
            facts = {"path": "a.zip", "reason": "unsafe", "entry": "../a"}
        elif issubclass(kind, errors.JournalError):
            facts = {"path": "jobs.journal", **journal_facts.get(name, {})}
        elif kind is errors.WebhookRefused:
            facts = {"reason": "mismatch"}
        elif issubclass(kind, errors.InvalidRequest):
            facts = {"field": "speed", "value": 9}
        else:
            facts = {}
        made.append(kind(f"{name} happened", **facts))
    return made


@pytest.mark.parametrize("error", _examples(), ids=lambda error: type(error).__name__)
def test_error_round_trips(error: AudiokitError) -> None:
    """Type, message and facts come back from a pickle as they went in."""
    back = pickle.loads(pickle.dumps(error))
    assert type(error) is type(back)
    assert (str(error), vars(error)) == (str(back), vars(back))


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("InvalidRequest", ValueError),
        ("UnsupportedAudio", ValueError),
        ("UsageError", RuntimeError),
        ("CallTimeout", TimeoutError),
        ("JobTimeout", TimeoutError),
    ],
)
def test_errors_are_also_what_python_calls_them(name: str, builtin: type[Exception]) -> None:
    """Where Python has a name for the mistake, `except` with that name works."""
    assert issubclass(getattr(errors, name), builtin)


def test_refused_credentials_are_caught_both_ways() -> None:
    """A 401 is an answer of the API and a matter of credentials."""
    assert issubclass(errors.AuthenticationError, errors.ApiError)
    assert issubclass(errors.AuthenticationError, errors.CredentialsError)


def test_docstring_draws_every_error() -> None:
    """The tree in the module's docstring names each exported error, and no other."""
    drawn = {
        word
        for line in (errors.__doc__ or "").splitlines()
        if "─" in line or line.strip() == "AudiokitError"
        for word in line.replace("─", " ").replace("├", " ").replace("└", " ").replace("│", " ").split()[:1]
    }
    assert set(errors.__all__) == drawn
