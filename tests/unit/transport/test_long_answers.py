"""An answer that does not end is not gathered in memory until there is none left."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import respx

from audiokit import ApiAccess, ApiKey, Limits, RetryPolicy
from audiokit.errors import ConnectionLost, InvalidRequest, OutcomeUnknown
from audiokit.transport import Call, JsonBody, Retry, Transport

URL = "https://gateway.example/api/things"
LIMIT = 10_000


class _Endless(httpx.AsyncByteStream):
    """A thousand bytes at a time, as long as anybody reads."""

    def __init__(self) -> None:
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.given += 1000
            yield b"[1, 2, 3, " * 100


def _transport(answer_bytes: int = LIMIT) -> Transport:
    access = ApiAccess(base_url="https://gateway.example", credentials=ApiKey("key"))
    return Transport(
        {"respeecher": access}, limits=Limits(answer_bytes=answer_bytes), retry=RetryPolicy(attempts=1)
    )


@pytest.mark.parametrize(
    ("method", "retry", "expected"),
    [("GET", Retry.SAFE, ConnectionLost), ("POST", Retry.NEVER, OutcomeUnknown)],
)
async def test_reading_ends_at_the_limit(
    respx_mock: respx.MockRouter, method: str, retry: Retry, expected: type[Exception]
) -> None:
    """The error says which setting it is; what may have been done is not forgotten."""
    body = _Endless()
    respx_mock.route(method=method, url=URL).mock(return_value=httpx.Response(200, stream=body))
    call = Call(api="respeecher", operation="x.do", method=method, url=URL, retry=retry, authorise=False)
    async with _transport() as transport:
        with pytest.raises(expected, match=r"longer than 10000 bytes.*Limits\.answer_bytes"):
            await transport.fetch(call)
    assert LIMIT < body.given <= LIMIT + 2000


async def test_an_answer_as_long_as_the_limit_is_read(respx_mock: respx.MockRouter) -> None:
    """To the byte."""
    respx_mock.get(URL).respond(200, content=bytes(LIMIT))
    call = Call(api="respeecher", operation="x.do", method="GET", url=URL, retry=Retry.SAFE)
    async with _transport() as transport:
        assert LIMIT == len((await transport.fetch(call)).content)


async def test_a_long_no_is_a_no(respx_mock: respx.MockRouter) -> None:
    """An error status counts, however long its reason."""
    respx_mock.post(URL).mock(return_value=httpx.Response(400, stream=_Endless()))
    call = Call(
        api="respeecher", operation="x.do", method="POST", url=URL, retry=Retry.NEVER, body=JsonBody({})
    )
    async with _transport() as transport:
        assert 400 == (await transport.fetch(call)).status


@pytest.mark.parametrize("value", [0, -1, True, 1.5])
def test_the_limit_is_a_whole_number(value: int) -> None:
    """As the other limits."""
    with pytest.raises(InvalidRequest, match="answer_bytes"):
        Limits(answer_bytes=value)
