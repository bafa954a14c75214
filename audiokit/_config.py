"""Frozen settings, and reading them from the environment."""

from __future__ import annotations

import enum
import math
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeAlias
from urllib.parse import urlsplit

import attrs

from audiokit.errors import InvalidRequest

__all__ = [
    "ApiAccess",
    "ApiKey",
    "Limits",
    "Login",
    "Rate",
    "RateClass",
    "RateLimits",
    "RetryPolicy",
    "Timeouts",
]


class Secret:
    """A string that shows itself only when asked, and refuses to be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; for building a request, nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not pickled; read them again where they are needed")


def _key(value: str | Secret) -> Secret:
    """Blanks around a key come from copying; around a password they are part of it."""
    return Secret(value.strip()) if isinstance(value, str) else value


def _password(value: str | Secret) -> Secret:
    return Secret(value) if isinstance(value, str) else value


def _fits_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _usable_key(_: object, __: attrs.Attribute[Any], value: Secret) -> None:
    text = value.reveal() if isinstance(value, Secret) else ""
    if not text or not _fits_header(text):
        # The value stays out of the message: it is a secret, if a bad one.
        raise InvalidRequest("an API key must be printable ASCII and not empty", field="key", value=None)


@attrs.frozen
class ApiKey:
    """An API key."""

    key: Secret = attrs.field(converter=_key, validator=_usable_key)


def _usable_email(_: object, __: attrs.Attribute[Any], value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest("the e-mail of a login must be text and not empty", field="email", value=None)


def _usable_password(_: object, __: attrs.Attribute[Any], value: Secret) -> None:
    if not isinstance(value, Secret) or not value.reveal():
        raise InvalidRequest(
            "the password of a login must be text and not empty", field="password", value=None
        )


@attrs.frozen(kw_only=True)
class Login:
    """E-mail and password of a Respeecher account; audiokit logs in when first needed."""

    email: str = attrs.field(validator=_usable_email)
    password: Secret = attrs.field(converter=_password, validator=_usable_password)


Credentials: TypeAlias = ApiKey | Login

DEFAULT_BASE_URLS: Final = {
    "apiaudio": "https://v1.api.audio",
    "audiostack": "https://v2.api.audio",
    "respeecher": "https://gateway.respeecher.com",
}

ENVIRONMENT_KEYS: Final = {
    # The first is the one to recommend; the others are what the official clients read.
    "apiaudio": ("APIAUDIO_API_KEY", "apiaudio_key", "aflr_key"),
    "audiostack": ("AUDIOSTACK_API_KEY",),
    "respeecher": ("RESPEECHER_API_KEY",),
}

NEVER_PROXIED: Final[set[str]] = set()
"""``host:port`` of emulators that run as children of this process: no proxy of the environment gets there."""

_PLACEHOLDERS: Final = {"your-key", "apikey", "api_key"}


def _base_url(value: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequest.of("base_url", type(value).__name__, "an http or https URL as text")
    if "@" in value:  # first, so that no other message can show it
        raise InvalidRequest(
            "base_url must not carry a key or password; pass it as the key", field="base_url", value=None
        )
    if not _is_plain_url(value):
        shown = value.partition("?")[0].partition("#")[0]  # what is behind may be a key
        raise InvalidRequest.of("base_url", shown, "an http or https URL without query")
    return value.rstrip("/")


def _is_plain_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        has_place = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_place and not parts.query and not parts.fragment


def _credentials(value: str | Credentials | None) -> Credentials | None:
    """A key as text becomes an `ApiKey` at once: as text it would be shown."""
    return ApiKey(value) if isinstance(value, str) else value


def _usable_credentials(_: object, __: attrs.Attribute[Any], value: Credentials | None) -> None:
    if value is not None and not isinstance(value, ApiKey | Login):
        raise InvalidRequest(
            f"credentials must be a key, an ApiKey or a Login, got {type(value).__name__}",
            field="credentials",
            value=None,
        )


def _usable_organisation(_: object, __: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not (isinstance(value, str) and _fits_header(value)):
        raise InvalidRequest.of("organisation", value, "printable ASCII, or None")


@attrs.frozen(kw_only=True)
class ApiAccess:
    """Where an API is, and as whom to call it.

    Attributes:
        base_url: Root of the API, e.g. ``https://v1.api.audio``; may have a path.
        credentials: Key (as text, too) or login; None leaves the API unusable with a clear error.
        organisation: Child organisation to act for (api.audio and AudioStack).
    """

    base_url: str = attrs.field(converter=_base_url)
    credentials: Credentials | None = attrs.field(
        default=None, converter=_credentials, validator=_usable_credentials
    )
    organisation: str | None = attrs.field(default=None, validator=_usable_organisation)


def positive(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and value > 0 and math.isfinite(value)):
        raise InvalidRequest.of(attribute.name, value, "a number above 0")


@attrs.frozen(kw_only=True)
class Timeouts:
    """How long to wait, in seconds.

    Attributes:
        call_s: Whole call that moves no file: queue, retries, body. `timeout=` of a call overrides it.
        connect_s: Making one connection.
        stall_s: Longest silence while sending or receiving, of the source of an upload too; what ends a
            transfer that hangs. The head of an answer must be complete within it.
        least_bytes_per_s: Slowest transfer, over any `stall_s` seconds of waiting; what ends one that drips.
        wait_s: Default for `create_and_wait` and for a job, from start to result.
    """

    call_s: float = attrs.field(default=60.0, validator=positive)
    connect_s: float = attrs.field(default=10.0, validator=positive)
    stall_s: float = attrs.field(default=60.0, validator=positive)
    least_bytes_per_s: float = attrs.field(default=1000.0, validator=positive)
    wait_s: float = attrs.field(default=600.0, validator=positive)


class RateClass(enum.Enum):
    """Which of an account's limits on calls over time a call counts against."""

    FAST = "fast"
    """Calls that answer at once; the rule."""

    SLOW = "slow"
    """Calls that make the vendor work: uploads, speech from text, calibrations, orders."""

    FREE = "free"
    """None of them: files."""


def whole(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidRequest.of(attribute.name, value, "a whole number of 1 or more")


def _whole_or_none(instance: object, attribute: attrs.Attribute[Any], value: int | None) -> None:
    if value is not None:
        whole(instance, attribute, value)


def _record_or_none(kind: type) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """Refuse what is no record of *kind*, e.g. a bare number."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value is not None and not isinstance(value, kind):
            raise InvalidRequest.of(attribute.name, value, f"a {kind.__name__}(...) or None")

    return check


@attrs.frozen(kw_only=True)
class Rate:
    """At most so many calls in any span of so many seconds, wherever the span begins."""

    times: int = attrs.field(validator=whole)
    seconds: float = attrs.field(validator=positive)


@attrs.frozen(kw_only=True)
class RateLimits:
    """How many calls an account may begin in any span of time; more wait for their turn.

    All clients of this process that use the same credentials at the same address share one count.
    Other processes are not seen: give each its `share`. A wait counts within the call's `timeout=`.

    Attributes:
        respeecher_fast: Respeecher's ordinary calls, as the vendor's published plans have it.
        respeecher_slow: Respeecher's uploads, speech from text, calibrations and orders.
        apiaudio: All calls of api.audio v1; the vendor publishes no figure.
        audiostack: All calls of AudioStack v2; the vendor publishes no figure.
        share: This process's part of each limit, above 0 and at most 1; e.g. 1/4 for four workers.
        everywhere: Hold them at any base URL (an emulator, a proxy). False holds them at the vendors'
            own hosts only, which is what `Limits` does unless it is given a `RateLimits`.

    Raises:
        InvalidRequest: The share leaves less than one call of a limit.
    """

    respeecher_fast: Rate | None = attrs.field(
        default=Rate(times=500, seconds=300.0), validator=_record_or_none(Rate)
    )
    respeecher_slow: Rate | None = attrs.field(
        default=Rate(times=100, seconds=300.0), validator=_record_or_none(Rate)
    )
    apiaudio: Rate | None = attrs.field(default=None, validator=_record_or_none(Rate))
    audiostack: Rate | None = attrs.field(default=None, validator=_record_or_none(Rate))
    share: float = attrs.field(default=1.0, validator=positive)
    everywhere: bool = True

    def __attrs_post_init__(self) -> None:
        if self.share > 1:
            raise InvalidRequest.of("share", self.share, "a part above 0 and at most 1")
        given = (self.respeecher_fast, self.respeecher_slow, self.apiaudio, self.audiostack)
        smallest = min((rate.times for rate in given if rate is not None), default=None)
        if smallest is not None and smallest * self.share < 1:
            raise InvalidRequest.of(
                "share", self.share, f"at least 1/{smallest}, so that one call is left of each limit"
            )

    def of(self, api: str, rate_class: RateClass) -> tuple[str, Rate] | None:
        """The name of the limit for such calls, and this process's part of it; None where there is none."""
        if rate_class is RateClass.FREE:
            return None
        name = f"{api}_{rate_class.value}" if api == "respeecher" else api
        rate: Rate | None = getattr(self, name)
        return None if rate is None else (name, attrs.evolve(rate, times=int(rate.times * self.share)))


@attrs.frozen(kw_only=True)
class Limits:
    """How much at once, and how much over time.

    Attributes:
        connections: Open connections to all hosts together.
        idle_connections: Of these, how many may wait for reuse.
        idle_s: Seconds an idle connection is kept.
        uploads: Uploads under way at once; more wait for their turn, first come, first served.
        upload_bytes: Memory in bytes that uploads under way may use for buffers together; more of them
            wait. A file takes 2 MiB (less if it is smaller), a stream 2 MiB, bytes none.
        answer_bytes: Longest answer that is read into memory, in bytes, unpacked; a longer one ends the call.
            Files are not meant: downloads and streams may have any length.
        rates: Calls over time. By default what the vendors publish, at their own hosts only; a
            `RateLimits` given here holds at any base URL, and None switches them off.
    """

    connections: int = attrs.field(default=100, validator=whole)
    idle_connections: int = attrs.field(default=100, validator=whole)
    idle_s: float = attrs.field(default=5.0, validator=positive)
    uploads: int = attrs.field(default=8, validator=whole)
    upload_bytes: int = attrs.field(default=32 << 20, validator=whole)
    answer_bytes: int = attrs.field(default=64 << 20, validator=whole)
    rates: RateLimits | None = attrs.field(
        default=RateLimits(everywhere=False), validator=_record_or_none(RateLimits)
    )


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """When and how often to repeat a request that may be repeated.

    Attributes:
        attempts: Tries in all; 1 switches retries off.
        backoff_s: Upper end of the first random wait, in seconds; doubled each time.
        backoff_cap_s: Longest random wait, in seconds.
        retry_after_cap_s: Longest wait asked for by the server that is honoured, in seconds;
            beyond it the error is raised, with `retry_after` set.
        budget_retries: Retries that the calls of one client to one API may make in advance of
            successes. When they are spent, a failing call ends with its own error at once: a server
            that is down is not asked four times as often as one that is up. None for no budget.
        budget_refund: What a call that succeeds at its first attempt gives back, in retries. One that
            succeeds at a later attempt gives back its last retry, so that single failures cost nothing.
        probe_s: Longest wait before the first call that looks whether a spent budget can be opened
            again, in seconds; doubled after each that fails.
        probe_cap_s: Longest of these waits, in seconds.
    """

    attempts: int = attrs.field(default=4, validator=whole)
    backoff_s: float = attrs.field(default=0.5, validator=positive)
    backoff_cap_s: float = attrs.field(default=20.0, validator=positive)
    retry_after_cap_s: float = attrs.field(default=60.0, validator=positive)
    budget_retries: int | None = attrs.field(default=100, validator=_whole_or_none)
    budget_refund: float = attrs.field(default=0.2, validator=positive)
    probe_s: float = attrs.field(default=1.0, validator=positive)
    probe_cap_s: float = attrs.field(default=30.0, validator=positive)


def access_from_env(env: Mapping[str, str] | None = None) -> dict[str, ApiAccess]:
    """Read where the three APIs are, and the keys, from environment variables.

    ``AUDIOKIT_EMULATOR=http://KEY@127.0.0.1:8900`` points all three at a running emulator.
    Otherwise each API has its key variable (`ENVIRONMENT_KEYS`) and, optionally,
    ``APIAUDIO_BASE_URL``, ``AUDIOSTACK_BASE_URL`` and ``RESPEECHER_BASE_URL``. Respeecher
    also takes ``RESPEECHER_EMAIL`` with ``RESPEECHER_PASSWORD``.
    """
    env = os.environ if env is None else env
    emulator = env.get("AUDIOKIT_EMULATOR", "").strip()
    if emulator:
        return _emulator_access(emulator)
    return {
        api: ApiAccess(
            base_url=env.get(f"{api.upper()}_BASE_URL", "").strip() or default,
            credentials=_credentials_from_env(api, env),
        )
        for api, default in DEFAULT_BASE_URLS.items()
    }


def _credentials_from_env(api: str, env: Mapping[str, str]) -> Credentials | None:
    for name in ENVIRONMENT_KEYS[api]:
        value = env.get(name, "").strip()
        if value and value.lower() not in _PLACEHOLDERS:
            try:
                return ApiKey(value)
            except InvalidRequest as error:
                raise InvalidRequest(f"{name}: {error}", field=name, value=None) from None
    return _login_from_env(env) if api == "respeecher" else None


def _login_from_env(env: Mapping[str, str]) -> Login | None:
    email, password = env.get("RESPEECHER_EMAIL", "").strip(), env.get("RESPEECHER_PASSWORD", "")
    if not email and not password:
        return None
    if not email or not password:
        missing = "RESPEECHER_PASSWORD" if email else "RESPEECHER_EMAIL"
        raise InvalidRequest(f"{missing} is missing: a login needs both", field=missing, value=None)
    return Login(email=email, password=password)


def _emulator_access(url: str) -> dict[str, ApiAccess]:
    try:
        parts = urlsplit(url)
        host, port, key = parts.hostname, parts.port, parts.username
    except ValueError:
        parts, host, port, key = None, None, None, None
    if parts is None or parts.scheme not in {"http", "https"} or not host or not key:
        raise InvalidRequest(
            "AUDIOKIT_EMULATOR must look like http://KEY@127.0.0.1:8900; "
            "`audiokit emulator --print-env` prints the line",
            field="AUDIOKIT_EMULATOR",
            value=None,
        )
    shown = f"[{host}]" if ":" in host else host
    root = f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
    return {
        api: ApiAccess(base_url=f"{root}{parts.path.rstrip('/')}/{api}", credentials=ApiKey(key))
        for api in DEFAULT_BASE_URLS
    }
