"""Every error audiokit raises, as one tree drawn by what the caller can do about it.

::

    AudiokitError
    ├── InvalidRequest (ValueError)      fix the request; refused here, nothing was sent
    │   └── UnsupportedAudio             the content is none of the formats the API takes
    ├── UsageError (RuntimeError)        fix the code: used before opening, after closing, ...
    ├── CredentialsError                 fix the credentials
    │   ├── MissingCredentials           no key or login was given for this API
    │   └── AuthenticationError          the API refused them (401, 403); also an ApiError
    ├── ApiError                         the API answered, and the answer is no
    │   ├── RequestRefused               400, 409, 422 ...: fix the request
    │   │   ├── NotFound                 404: no such object, or not yours
    │   │   ├── Conflict                 409: the name is taken
    │   │   └── PayloadTooLarge          413
    │   ├── CreditsExhausted             402: buy credits
    │   ├── RateLimited                  429: retry later, after `retry_after` seconds
    │   ├── ServerError                  5xx: retry later; after a paid call, look it up first
    │   ├── RemoteFailure                the API took the work and reports that it failed
    │   └── UnexpectedResponse           the answer has not the shape of the contract
    ├── TransportError                   no usable answer arrived
    │   ├── ConnectionFailed             nothing was sent: retry later
    │   ├── ConnectionLost               cut on the way; the call was safe to repeat, retry later
    │   ├── OutcomeUnknown               cut, or given up by a gateway; a repeat could do it twice: look it up
    │   ├── CallTimeout (TimeoutError)   the whole-call `timeout` ran out
    │   ├── UploadInterrupted            the source changed, ended early or cannot be sent twice
    │   └── DownloadFailed               the file arrived incomplete or could not be written
    ├── JobError
    │   ├── JobFailed                    a stage of a job failed; the cause is chained
    │   ├── JobCancelled                 a job was stopped from here; it may go on remotely
    │   ├── JobUncertain                 handed over, unanswered, not found: look it up, then say so
    │   ├── RemoteLost                   the API no longer knows work that it had taken
    │   ├── CreditBudgetReached          the orchestrator's own limit; nothing was submitted
    │   └── JobTimeout (TimeoutError)    a job was not finished in time; it may go on remotely
    ├── JournalError                     the journal of jobs cannot be used or written
    │   ├── JournalInUse                 another process has it open
    │   ├── JournalMismatch              it belongs to another account or base URL
    │   ├── JournalUnreadable            damaged, foreign or newer; left as it was
    │   ├── JournalWriteFailed           disk full or failing: what was to be recorded is not
    │   └── JournalLockTaken             an order that nobody has answered yet holds this lock
    ├── UnpackFailed                     an archive is damaged, unsafe or too large; nothing was unpacked
    ├── WebhookRefused                   what arrived as a webhook is not the API's: answer 400
    └── EmulatorError                    the local emulator did not start or died

All of them pickle, and none of them ever carries a key, a password or a session of the client's, or a
request body; but an API's own words may repeat what it was sent, with ``***`` in the place of those secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

__all__ = [
    "ApiError",
    "AudiokitError",
    "AuthenticationError",
    "CallTimeout",
    "Conflict",
    "ConnectionFailed",
    "ConnectionLost",
    "CredentialsError",
    "CreditBudgetReached",
    "CreditsExhausted",
    "DownloadFailed",
    "EmulatorError",
    "InvalidRequest",
    "JobCancelled",
    "JobError",
    "JobFailed",
    "JobTimeout",
    "JobUncertain",
    "JournalError",
    "JournalInUse",
    "JournalLockTaken",
    "JournalMismatch",
    "JournalUnreadable",
    "JournalWriteFailed",
    "MissingCredentials",
    "NotFound",
    "OutcomeUnknown",
    "PayloadTooLarge",
    "RateLimited",
    "RemoteFailure",
    "RemoteLost",
    "RequestRefused",
    "ServerError",
    "TransportError",
    "UnexpectedResponse",
    "UnpackFailed",
    "UnsupportedAudio",
    "UploadInterrupted",
    "UsageError",
    "WebhookRefused",
]


class AudiokitError(Exception):
    """Base of everything audiokit raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Subclasses take keyword facts; the default would call them with the message alone.
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))


def _rebuild(cls: type[AudiokitError], args: tuple[object, ...], facts: dict[str, Any]) -> AudiokitError:
    error = cls.__new__(cls, *args)
    error.args = args  # an OSError, as TimeoutError is one, keeps none from __new__
    error.__dict__.update(facts)
    return error


class InvalidRequest(AudiokitError, ValueError):
    """A value the contract rules out was refused before anything was sent.

    Attributes:
        field: Our name of the argument at fault.
        value: What was given.
    """

    def __init__(self, message: str, *, field: str, value: object) -> None:
        super().__init__(message)
        self.field = field
        self.value = value

    @classmethod
    def of(cls, field: str, value: object, allowed: str) -> Self:
        """Build the usual message: field, what is allowed, value."""
        return cls(f"{field} must be {allowed}, got {value!r}", field=field, value=value)


class UnsupportedAudio(InvalidRequest):
    """The content (not the name) of a file is no audio the API takes."""


class UsageError(AudiokitError, RuntimeError):
    """The client was used in a way that cannot work; the message says which."""


class CredentialsError(AudiokitError):
    """The credentials are missing, wrong, or not allowed to do this."""


class MissingCredentials(CredentialsError):
    """An API was touched without credentials; the message names the variable to set."""


def _placed(message: str, method: str, path: str) -> str:
    """The message with its path, which tells the object; an operation alone does not."""
    if not path or path in message:
        return message
    return f"{message} ({method} {path if path.isprintable() else repr(path)[1:-1]})"


class ApiError(AudiokitError):
    """The API answered with an error.

    Attributes:
        operation: Name of the operation, e.g. ``respeecher.voices.list``.
        status: HTTP status of the answer.
        method: HTTP verb; empty where the error was not made from one call.
        path: Below the base URL, ids filled in, without query; empty for a URL that the API had given.
        api_message: What the API said, joined to one line.
        request_id: The API's id of the request, where it gives one.
        retry_after: Seconds the API asks to wait, where it does.
        body: The decoded JSON of the answer, or its text.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int,
        api_message: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        body: object = None,
        method: str = "",
        path: str = "",
    ) -> None:
        super().__init__(_placed(message, method, path))
        self.operation = operation
        self.status = status
        self.method = method
        self.path = path
        self.api_message = api_message
        self.request_id = request_id
        self.retry_after = retry_after
        self.body = body


class RequestRefused(ApiError):
    """The request is at fault (400, 409, 422 and other 4xx): change it."""


class NotFound(RequestRefused):
    """There is no such object, or it belongs to another account (404)."""


class Conflict(RequestRefused):
    """The request collides with what exists, e.g. a name is taken (409)."""


class PayloadTooLarge(RequestRefused):
    """The upload is larger than the API takes (413)."""


class AuthenticationError(ApiError, CredentialsError):
    """The API refused the credentials (401, 403)."""


class CreditsExhausted(ApiError):
    """The account has no credits left for this (402)."""


class RateLimited(ApiError):
    """Too many requests (429); `retry_after` is in seconds where the API says."""


class ServerError(ApiError):
    """The API failed on its side (5xx); retry later.

    The API itself says that it failed, yet not how far it had come: after a call that costs credits,
    look for what it would have made. (When a gateway answers in its place, with 502 or 504, such a call
    ends as `OutcomeUnknown`.)
    """


class RemoteFailure(ApiError):
    """The API took the work and reports, perhaps inside a 200, that it failed."""


class UnexpectedResponse(ApiError):
    """The answer cannot be decoded as the contract says; `body` has what came."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    402: CreditsExhausted,
    403: AuthenticationError,
    404: NotFound,
    409: Conflict,
    413: PayloadTooLarge,
    429: RateLimited,
}


def error_for_status(status: int) -> type[ApiError]:
    """The class of error an HTTP status means; `UnexpectedResponse` below 400."""
    if status < 400:
        return UnexpectedResponse
    return _BY_STATUS.get(status) or (ServerError if status >= 500 else RequestRefused)


class TransportError(AudiokitError):
    """No usable answer arrived.

    Attributes:
        operation: Name of the operation, e.g. ``respeecher.orders.create``.
        attempts: How many times the request was started.
        method: HTTP verb; empty where the error was not made from one call.
        path: Below the base URL, ids filled in, without query; empty for a URL that the API had given.
    """

    def __init__(
        self, message: str, *, operation: str, attempts: int = 1, method: str = "", path: str = ""
    ) -> None:
        super().__init__(_placed(message, method, path))
        self.operation = operation
        self.attempts = attempts
        self.method = method
        self.path = path


class ConnectionFailed(TransportError):
    """No connection could be made, so nothing was sent."""


class ConnectionLost(TransportError):
    """The connection broke during a call that is safe to repeat."""


class OutcomeUnknown(TransportError):
    """The request may have arrived, nobody told what became of it, and a repeat could do the work twice.

    The connection broke, or a gateway gave up (502, 504). Look for what the call would have made before
    calling again. Not finding it right away is no proof: the work may show a little later.

    Attributes:
        status: Of the answer that was cut, or of the gateway; None when nothing arrived.
        sent_at: When the attempt began, in UTC: what it made is not older.
        look_up: What to look for: fields of the objects it would have made, by name, e.g.
            ``{"original_id": "...", "label": "..."}``. Empty where the call has none.
        retry_after: Seconds that the gateway asks to wait, where it does.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        attempts: int = 1,
        method: str = "",
        path: str = "",
        status: int | None = None,
        sent_at: datetime | None = None,
        look_up: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, operation=operation, attempts=attempts, method=method, path=path)
        self.status = status
        self.sent_at = sent_at
        self.look_up = dict(look_up or {})
        self.retry_after = retry_after


class CallTimeout(TransportError, TimeoutError):
    """The time for the whole call ran out.

    Attributes:
        timeout_s: The limit in seconds.
        maybe_sent: Whether the API may have received the request.
        sent_at: When the last attempt began, in UTC; None when there was none.
        look_up: As in `OutcomeUnknown`, for a call that was maybe sent and is not safe to repeat.
        waiting_for: What it could not go on for, e.g. the rate limit; None when it was the answer.
        retry_after: Seconds until there would have been room under a rate limit; at least.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        timeout_s: float,
        attempts: int = 1,
        maybe_sent: bool = True,
        sent_at: datetime | None = None,
        look_up: Mapping[str, str] | None = None,
        waiting_for: str | None = None,
        retry_after: float | None = None,
        method: str = "",
        path: str = "",
    ) -> None:
        super().__init__(message, operation=operation, attempts=attempts, method=method, path=path)
        self.timeout_s = timeout_s
        self.maybe_sent = maybe_sent
        self.sent_at = sent_at
        self.look_up = dict(look_up or {})
        self.waiting_for = waiting_for
        self.retry_after = retry_after


class UploadInterrupted(TransportError):
    """The source changed, ended early, or cannot be read a second time."""


class DownloadFailed(TransportError):
    """A file arrived incomplete or could not be written; nothing partial was left behind."""


class JobError(AudiokitError):
    """A job did not reach its result.

    Attributes:
        job: Description of the job.
        stage: The stage it was in: ``prepare``, ``submit``, ``poll`` or ``collect``.
        remote_id: The API's id of the work, once it was submitted.
    """

    def __init__(self, message: str, *, job: str, stage: str, remote_id: str | None = None) -> None:
        super().__init__(message)
        self.job = job
        self.stage = stage
        self.remote_id = remote_id


class JobFailed(JobError):
    """A stage of the job failed; `__cause__` has the reason."""


class JobCancelled(JobError):
    """The job was stopped from here. Where it has a `remote_id` it may go on remotely."""


class JobUncertain(JobError):
    """The job was handed over, no answer came, and the API does not show it.

    Submitting it again could do and bill it twice. Look at the account, then tell the orchestrator
    what you found: `Orchestrator.settle`.
    """


class RemoteLost(JobError):
    """The API no longer knows work that it had taken (404): it was deleted, or made on another server."""


class CreditBudgetReached(JobError):
    """The credits this orchestrator may spend are spent; the job was not submitted."""


class JobTimeout(JobError, TimeoutError):
    """The job was not finished in time. It may still go on remotely.

    Where the API could not be asked at the end, e.g. because it was down, the last failure is chained.

    Attributes:
        last_state: The last state the API reported, or None before the first answer.
        elapsed_s: Seconds since the job, or the waiting for it, began.
    """

    def __init__(
        self,
        message: str,
        *,
        job: str,
        stage: str,
        elapsed_s: float,
        last_state: str | None = None,
        remote_id: str | None = None,
    ) -> None:
        super().__init__(message, job=job, stage=stage, remote_id=remote_id)
        self.last_state = last_state
        self.elapsed_s = elapsed_s


class EmulatorError(AudiokitError):
    """The local emulator did not start, or ended before its time."""


class UnpackFailed(AudiokitError):
    """An archive was not unpacked; nothing of it is on the disk.

    Attributes:
        path: The archive's file.
        reason: ``damaged``, ``encrypted``, ``unsupported`` (a way of packing), ``unsafe`` (names that lead
            elsewhere or collide, links, devices), ``limit`` (see `audiokit.archives.ArchiveLimits`), or
            ``disk`` (it could not be written).
        entry: Name of the entry that is to blame, as the archive has it; None for the archive as a whole.
    """

    def __init__(self, message: str, *, path: str, reason: str, entry: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.reason = reason
        self.entry = entry


class WebhookRefused(AudiokitError):
    """What arrived as a webhook was not signed by the API, or too long ago.

    Attributes:
        reason: ``header`` (missing or unreadable), ``no_signature``, ``mismatch``, ``too_old``, or
            ``body`` (signed, yet no JSON object).
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class JournalError(AudiokitError):
    """The journal of jobs cannot be used.

    Attributes:
        path: The journal's file.
    """

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class JournalInUse(JournalError):
    """Another process, or another orchestrator of this one, has the journal open.

    Attributes:
        pid: The process that has it, where known.
    """

    def __init__(self, message: str, *, path: str, pid: int | None = None) -> None:
        super().__init__(message, path=path)
        self.pid = pid


class JournalMismatch(JournalError):
    """The journal was begun with another account or another base URL."""


class JournalUnreadable(JournalError):
    """The file is no journal, is damaged, or was written by a newer audiokit; it was left as it was.

    Attributes:
        reason: ``foreign``, ``damaged`` or ``newer``.
    """

    def __init__(self, message: str, *, path: str, reason: str) -> None:
        super().__init__(message, path=path)
        self.reason = reason


class JournalWriteFailed(JournalError):
    """A record could not be made durable; take it as not written."""


class JournalLockTaken(JournalError):
    """A lock is held by a job whose order nobody has answered yet.

    Attributes:
        lock: Name of the lock.
        holder: Key of the job that holds it.
    """

    def __init__(self, message: str, *, path: str, lock: str, holder: str) -> None:
        super().__init__(message, path=path)
        self.lock = lock
        self.holder = holder
