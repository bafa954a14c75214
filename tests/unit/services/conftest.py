"""One operation at a time against a stub: what went out, and what came of the answer."""

from __future__ import annotations

from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import attrs
import httpx
import orjson
import pytest
import respx


@attrs.frozen
class Sent:
    """A request as a server would read it."""

    method: str
    url: str
    query: list[tuple[str, str]]
    json: Any
    form: dict[str, Any]
    headers: httpx.Headers
    content: bytes


def _sent(request: httpx.Request) -> Sent:
    kind = request.headers.get("content-type", "")
    form: dict[str, Any] = {}
    if kind.startswith("multipart/form-data"):
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        parts: Any = BytesParser(policy=HTTP).parsebytes(head + request.content).get_payload()
        for part in parts:
            data = part.get_payload(decode=True)
            name = str(part.get_param("name", header="content-disposition"))
            form[name] = data if part.get_filename() else data.decode()
    return Sent(
        method=request.method,
        url=str(request.url.copy_with(query=None)),
        query=list(request.url.params.multi_items()),
        json=orjson.loads(request.content) if kind == "application/json" else None,
        form=form,
        headers=request.headers,
        content=request.content,
    )


@pytest.fixture
def wire(respx_mock: respx.MockRouter) -> Callable[..., list[Sent]]:
    """Answer every request with the replies given, in turn; gives the list of what was sent."""

    def answer(*replies: httpx.Response) -> list[Sent]:
        sent: list[Sent] = []
        left = list(replies)

        def handle(request: httpx.Request) -> httpx.Response:
            sent.append(_sent(request))
            return left.pop(0) if len(left) > 1 else left[0]

        respx_mock.route().mock(side_effect=handle)
        return sent

    return answer
