"""HTTP manners shared by the three APIs: errors, replies, access, file replies, names that clients send.

Bodies are read by `audiokit.emulator._body`.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from audiokit.emulator._any_text import taking_any_text
from audiokit.emulator._transaction import MissingDocumentError
from audiokit.emulator._work import WorkError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from audiokit.emulator._context import Context
    from audiokit.emulator._described import Described

    Handler = Callable[[Request], Awaitable[Response]]
    HandlerT = TypeVar("HandlerT", bound=Handler)

_log = logging.getLogger("audiokit.emulator")

Access = Literal["key", "signed", "open"]
_ACCESS = "_emulator_access"

MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "png": "image/png",
    "zip": "application/zip",
    "xml": "application/xml",
    "json": "application/json",
}
"""Content types by extension (without the dot)."""

EMULATOR_FAILED = "the emulator failed; see its log"
"""What a caller is told of a fault that is the emulator's own."""

LABEL_LENGTH = 40
"""Most characters in a label or name."""

_STRICT_LABEL = re.compile(r"[A-Za-z0-9 -]*\Z")
_RANGE = re.compile(r"\s*(\d{0,18})-(\d{0,18})\s*\Z", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._ ()+,=~@-]+")


class HttpError(Exception):
    """A refusal that becomes a reply in the shape of its API.

    Args:
        status: HTTP status, 400 to 599.
        message: What failed, the value, what is allowed, the next step.
        body: The whole reply body, where the API's usual error shape does not do.
        headers: Extra reply headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.body = body
        self.headers = headers


class JSONReply(JSONResponse):
    """A JSON reply of type ``application/json`` exactly (a charset confuses an official client)."""

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


# --- access ----------------------------------------------------------------------------------------------


def open_access(handler: HandlerT) -> HandlerT:
    """Mark a handler that needs no key. Every handler without a mark needs one."""
    setattr(handler, _ACCESS, "open")
    return handler


def signed_access(handler: HandlerT) -> HandlerT:
    """Mark a handler that is reached by a URL of `Context.signed_url` instead of a key."""
    setattr(handler, _ACCESS, "signed")
    return handler


def access_of(handler: Any) -> Access:
    """Return what a handler needs: a key, a signed URL, or nothing."""
    access: Access = getattr(handler, _ACCESS, "key")
    return access


def context_of(request: Request) -> Context:
    """Return the running emulator's context."""
    context: Context = request.app.state.context
    return context


def account_of(request: Request) -> str:
    """Return the tenant whose key came with the request; only in handlers that need a key."""
    account: str = request.state.account
    return account


def required_query(request: Request, name: str) -> str:
    """Return a query parameter that a call cannot do without, as it came.

    Raises:
        HttpError: 400, it is missing or blank.
    """
    value = request.query_params.get(name, "")
    if not value.strip():
        raise HttpError(400, f"query parameter {name} is required")
    return value


def require_key(request: Request) -> str:
    """Check the ``x-api-key`` header of v1 and v2 and return the account.

    Raises:
        HttpError: 403, the key is missing or wrong.
    """
    account = context_of(request).accounts.for_key(request.headers.get("x-api-key"))
    if account is None:
        said = "missing" if "x-api-key" not in request.headers else "not a key of this emulator"
        raise HttpError(
            403, f"Forbidden: header x-api-key is {said}; use the key printed when the emulator started"
        )
    return account


@attrs.frozen(kw_only=True)
class Api:
    """One of the APIs that are served.

    Attributes:
        name: ``apiaudio``, ``audiostack`` or ``respeecher``.
        routes: Its routes, in matching order; paths are relative to ``/<name>``.
        shape: Makes the error body of a refusal.
        authorise: Returns the account of a request or raises `HttpError`.
        admit: Refuses a call, given its operation, that came too soon; only calls with a key.
        described: What operations take and answer, by the name of the route.
    """

    name: str
    routes: tuple[Route, ...]
    shape: Callable[[HttpError], Mapping[str, Any]]
    authorise: Callable[[Request], str]
    admit: Callable[[Request, str], None] | None = None
    described: Mapping[str, Described] = attrs.field(factory=dict)

    def guarded_routes(self) -> list[Route]:
        """Return the routes with access checks and error replies around their handlers."""
        return [
            taking_any_text(
                Route(r.path, self._guarded(r.endpoint, r.name), methods=sorted(r.methods or ()), name=r.name)
            )
            for r in self.routes
        ]

    def error_reply(self, error: HttpError) -> Response:
        """Turn a refusal into a reply."""
        body = error.body if error.body is not None else self.shape(error)
        return JSONReply(dict(body), status_code=error.status, headers=error.headers)

    def http_exception_reply(self, _request: Request, error: Exception) -> Response:
        """Turn the router's own 404 and 405 into this API's shape."""
        if not isinstance(error, HTTPException):
            raise error
        return self.error_reply(HttpError(error.status_code, error.detail, headers=error.headers))

    def _guarded(self, handler: Handler, operation: str) -> Handler:
        access = access_of(handler)

        async def guarded(request: Request) -> Response:
            reply = await answered(request)
            context_of(request).ledger.call(self.name, operation, reply.status_code)
            return reply

        async def answered(request: Request) -> Response:
            try:
                if access == "key":
                    request.state.account = self.authorise(request)
                    if self.admit is not None:
                        self.admit(request, operation)
                elif access == "signed":
                    _check_signature(request)
                return _in_range(request, await handler(request))
            except HttpError as error:
                return self.error_reply(error)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it; only keeps the log clean
            except HTTPException:
                raise
            except WorkError as error:
                return self.error_reply(work_refusal(error))
            except MissingDocumentError:
                return self.error_reply(HttpError(404, "not found: what this call changes was just deleted"))
            except Exception:  # noqa: BLE001  (a bug of ours: the log gets it all, the caller a shaped 500)
                _log.exception("%s %s failed", request.method, request.scope["path"])
                return self.error_reply(HttpError(500, "the emulator failed on this call; its log says why"))

        return guarded


def _check_signature(request: Request) -> None:
    if not context_of(request).signature_holds(request):
        raise HttpError(403, "Forbidden: this URL's signature is wrong or it has expired; ask for a new one")


def _in_range(request: Request, reply: Response) -> Response:
    """Refuse in the API's shape the ranges of a file that Starlette would refuse in plain text.

    Raises:
        HttpError: 400, the Range header cannot be read; 416, a range begins where the file has ended.
    """
    wanted, condition = request.headers.get("range"), request.headers.get("if-range")
    if wanted is None or not isinstance(reply, FileResponse):
        return reply
    if condition not in {None, reply.headers["etag"], reply.headers["last-modified"]}:
        return reply  # the whole file
    unit, _, listed = wanted.partition("=")
    matches = [_RANGE.match(part) for part in listed.split(",")]
    pairs = [match.groups() for match in matches if match is not None and any(match.groups())]
    has_turned = any(first and last and int(first) > int(last) for first, last in pairs)
    if unit.strip().lower() != "bytes" or len(pairs) < len(matches) or has_turned:
        raise HttpError(400, f"Range {wanted[:60]!r} cannot be read; write it like bytes=0-99 or bytes=100-")
    size_bytes = int(reply.headers["content-length"])
    starts = [int(first) if first else max(size_bytes - int(last), 0) for first, last in pairs]
    if any(start >= size_bytes for start in starts):
        headers = {"Content-Range": f"bytes */{size_bytes}"}
        raise HttpError(416, f"Range {wanted[:60]!r} is outside the {size_bytes} bytes", headers=headers)
    return reply


def work_refusal(error: WorkError) -> HttpError:
    """Make the reply to failed audio work: 400 when the input was refused, else 500.

    What went wrong inside is for the log, where `WorkPool` writes it.
    """
    if error.kind == "refused":
        return HttpError(400, error.message)
    return HttpError(500, EMULATOR_FAILED if error.kind == "crashed" else error.message)


def v1_shape(error: HttpError) -> Mapping[str, Any]:
    """Error body of api.audio v1: ``{message}`` on 403, else ``{errors}``."""
    return {"message": error.message} if error.status == 403 else {"errors": [error.message]}


def v2_shape(error: HttpError) -> Mapping[str, Any]:
    """Error body of AudioStack v2: ``{message}`` on 403, else ``{message, errors}``."""
    if error.status == 403:
        return {"message": error.message}
    return {"message": error.message, "errors": [error.message]}


def detail_shape(error: HttpError) -> Mapping[str, Any]:
    """Error body of Respeecher: ``{detail}``."""
    return {"detail": error.message}


# --- files and names ------------------------------------------------------------------------------------


def safe_name(name: str, default: str = "file") -> str:
    """Reduce a name to a harmless one: no folders, control characters or leading dots, at most 80 characters.

    Only ever shown (in ``Content-Disposition`` and URLs); files themselves are found by their hash.
    """
    base = re.split(r"[/\\]", name)[-1]
    return _UNSAFE.sub("_", base).strip(" ._")[:80].rstrip(" .") or default


def file_reply(path: Path, *, name: str, file_id: str | None = None) -> Response:
    """Send a file to be saved: streamed, with Content-Length, Range, ETag, nosniff and a harmless name.

    Args:
        path: File of the server's own making.
        name: Name to offer; reduced by `safe_name`. Its extension sets the content type.
        file_id: Hash of the content, used as strong ETag.

    Raises:
        HttpError: 404, the file is gone.
    """
    try:
        found = path.stat()
    except OSError:
        raise HttpError(404, "the file of this object is no longer there") from None
    shown = safe_name(name)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
    if file_id is not None:
        headers["ETag"] = f'"{file_id}"'
    return FileResponse(
        path,
        stat_result=found,
        media_type=MEDIA_TYPES.get(shown.rpartition(".")[2].lower(), "application/octet-stream"),
        filename=shown,
        headers=headers,
    )


def label_problem(value: str, *, strict: bool, longest: int = LABEL_LENGTH) -> str | None:
    """Say what is wrong with a label or name, or None.

    Args:
        value: What the client sent.
        strict: Apply the gateway's character set.
        longest: Most characters.
    """
    if len(value) > longest:
        return f"must have at most {longest} characters, got {len(value)}: {value[:60]!r}"
    if strict and not _STRICT_LABEL.match(value):
        return f"may hold letters, digits, space and hyphen only, got {value!r}"
    return None
