"""A server on loopback that answers what it is told to and keeps every request it got."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

HEADERS = (
    "accept",
    "cache-control",
    "content-type",
    "version",
    "x-api-key",
    "x-assume-org",
    "x-python-sdk-version",
)
"""The headers that the APIs give a meaning to; the others differ between any two HTTP clients."""


@attrs.frozen
class Request:
    """A request as it arrived; `body` is decoded JSON, or the bytes."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: Any


@attrs.frozen
class Answer:
    """What the recorder answers: JSON, in which ``{base}`` becomes its own address, or bytes."""

    document: Any = None
    status: int = 200
    content: bytes | None = None


class Recorder:
    """Keeps requests, and answers each with the next of its answers; the last is repeated."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: list[Answer] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name: str) -> Callable[[], None]:
                # The base class looks for do_GET, do_POST and so on; here all methods are one.
                if not name.startswith("do_"):
                    raise AttributeError(name)
                return lambda: recorder._take(self)

            def log_message(self, *_: object) -> None:
                """Keep the terminal for the result."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Recorder]:
        """Answer until left."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def expect(self, answers: tuple[Answer, ...]) -> None:
        """Forget what came, and answer with these from now on."""
        self.requests = []
        self._answers = list(answers)

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        content = _read(handler)
        kind = handler.headers.get("content-type", "")
        self.requests.append(
            Request(
                method=handler.command,
                path=parts.path,
                query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name: handler.headers[name] for name in HEADERS if name in handler.headers},
                body=json.loads(content) if content and kind.startswith("application/json") else content,
            )
        )
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        body, kind = answer.content, "audio/wav"
        if body is None:
            body = json.dumps(answer.document).replace("{base}", self.base_url).encode()
            kind = "application/json"
        if answer.status == 204:
            body = b""
        handler.send_response(answer.status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def _read(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("transfer-encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("content-length", 0)))
    content = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        content += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return content
