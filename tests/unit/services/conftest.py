"""One operation at a time against a stub: what went out, and what came of the answer."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
import respx
from wire import Sent


@pytest.fixture
def wire(respx_mock: respx.MockRouter) -> Callable[..., list[Sent]]:
    """Answer every request with the replies given, in turn; gives the list of what was sent."""

    def answer(*replies: httpx.Response) -> list[Sent]:
        sent: list[Sent] = []
        left = list(replies)

        def handle(request: httpx.Request) -> httpx.Response:
            sent.append(Sent.of(request))
            return left.pop(0) if len(left) > 1 else left[0]

        respx_mock.route().mock(side_effect=handle)
        return sent

    return answer
