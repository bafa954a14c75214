"""What the three APIs' own objects share: a way to call what audiokit does not know yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, Unpack, overload

from audiokit.errors import InvalidRequest
from audiokit.services._endpoint import Endpoint
from audiokit.services._service import QueryValue, Service
from audiokit.transport import JsonBody, Retry
from audiokit.typing import CallOptions

T = TypeVar("T")


class Api(Service):
    """Base of `ApiAudio`, `AudioStack` and `Respeecher`."""

    @overload
    async def request(
        self,
        method: str,
        path: str,
        *,
        returns: type[T],
        query: Mapping[str, QueryValue] | None = None,
        json: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> T: ...

    @overload
    async def request(
        self,
        method: str,
        path: str,
        *,
        returns: None = None,
        query: Mapping[str, QueryValue] | None = None,
        json: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Any: ...

    async def request(
        self,
        method: str,
        path: str,
        *,
        returns: type[Any] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        json: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Call an endpoint that audiokit does not know, with the same auth, retries and errors.

        ::

            models = await kit.respeecher.request("GET", "/api/models", query={"limit": 5})

        Args:
            method: HTTP verb. A GET is repeated after temporary failures, others only when
                the server certainly did nothing; ``is_repeatable=`` overrides that.
            path: Below the base URL, starting with a slash; encoded by the caller.
            returns: What to structure the answer into, e.g. a `Model` class or ``list[...]`` of
                one; the decoded JSON as it is when not given, None for an empty answer.
            query: Query parameters; None is left out, lists become repeated keys.
            json: JSON body.
            **options: See `CallOptions`.

        Raises:
            InvalidRequest: *path* does not start with a single slash, or has dot segments.
            ApiError: As any call.
        """
        if (
            not isinstance(path, str)
            or not path.startswith("/")
            or path.startswith("//")  # which in a URL is a host
            or {".", ".."} & set(path.split("/"))
        ):
            raise InvalidRequest.of(
                "path", path, "a path that starts with '/', not '//', and has no dot segments"
            )
        if not isinstance(method, str) or not method.isalpha() or not method.isascii():
            raise InvalidRequest.of("method", method, "an HTTP verb, e.g. 'GET'")
        endpoint: Endpoint[Any] = Endpoint(
            name=f"{self.dialect.api}.request",
            method=method.upper(),
            path=path,
            returns=returns,
            expects=frozenset(range(200, 300)),
            retry=Retry.SAFE if method.upper() in {"GET", "HEAD"} else Retry.IF_REFUSED,
        )
        call = self._at(
            endpoint, path, body=None if json is None else JsonBody(json), query=query, options=options
        )
        reply = await self._send(endpoint, call, options)
        if not reply.content:
            return None
        document = self._document(endpoint, reply)
        return document if returns is None else self._structure_document(endpoint, reply, document, returns)
