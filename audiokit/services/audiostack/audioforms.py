"""Audioforms: a whole production described in one document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

import attrs

from audiokit.services._check import one_of
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._options import with_headers
from audiokit.services._poll import Look
from audiokit.services._tolerant import several
from audiokit.services.audiostack._base import AudioStackService, StackModel, reasons_of
from audiokit.transport import Reply
from audiokit.transport._secrets import shown_document
from audiokit.typing import CallOptions

VERSIONS: Final = ("3", "2", "1", "0.0.1")


@attrs.define
class Audioform(StackModel):
    """A production described in one document.

    Attributes:
        audioform: The document, in the version that was asked for.
        result: What was made, as the API writes it.
        errors: Why it failed; a list, empty for nothing.
        is_ready: False after a 202: the API is still working.
    """

    audioform_id: str = ""
    audioform: dict[str, Any] | None = attrs.field(default=None, repr=shown_document)
    result: Any = attrs.field(default=None, repr=shown_document)
    errors: Any = attrs.field(factory=list, converter=several, repr=shown_document)
    is_ready: bool = attrs.field(default=False, init=False)


_SOURCE = "official SDK 4.0, Audioform; openapi"
_TAKEN = frozenset({200, 202})

CREATE = Endpoint(
    name="audiostack.audioforms.create",
    method="POST",
    path="/audioforms",
    returns=Audioform,
    expects=_TAKEN,
    source=_SOURCE,
)
GET = get(
    "audiostack.audioforms.get", "/audioforms/{audioform_id}", Audioform, expects=_TAKEN, source=_SOURCE
)


class Audioforms(AudioStackService):
    """Calls on audioforms."""

    async def create(self, audioform: Mapping[str, Any], **options: Unpack[CallOptions]) -> Audioform:
        """Begin to build an audioform.

        Args:
            audioform: ``{"header": ..., "assets": ..., "production": ..., "delivery": ...}``, under the
                API's own names.
            options: See `CallOptions`.

        Returns:
            Its id; `wait` for the result.
        """
        reply = await self._reply(CREATE, json={"audioform": dict(audioform)}, options=options)
        found = self._audioform(CREATE, reply)
        if not found.audioform_id:
            raise self._unexpected(CREATE, reply, "has no audioformId")
        return found

    async def create_and_wait(
        self, audioform: Mapping[str, Any], *, version: str = "2", **options: Unpack[CallOptions]
    ) -> Audioform:
        """Build an audioform and follow it to the end; arguments as `create` and `get`, raises as `wait`."""
        one_of("version", version, VERSIONS)
        budget = self._budget(options)
        begun = await self.create(audioform, **budget.options())
        return await self.wait(begun.audioform_id, version=version, **budget.options())

    async def get(
        self, audioform_id: str, *, version: str = "2", **options: Unpack[CallOptions]
    ) -> Audioform:
        """Get an audioform; `is_ready` tells whether it is finished.

        Args:
            audioform_id: The audioform.
            version: Version of the format to get it in: ``3``, ``2``, ``1`` or ``0.0.1``.
            options: See `CallOptions`.

        Raises:
            RemoteFailure: It could not be built.
        """
        one_of("version", version, VERSIONS)
        # A header of the request, not a query parameter.
        own = with_headers(options, {"version": version}, wins=True)
        reply = await self._reply(GET, path={"audioform_id": audioform_id}, options=own)
        found = self._audioform(GET, reply)
        found.audioform_id = found.audioform_id or audioform_id
        return found

    async def wait(
        self, audioform_id: str, *, version: str = "2", **options: Unpack[CallOptions]
    ) -> Audioform:
        """Follow an audioform until it is finished.

        Raises:
            RemoteFailure: It could not be built.
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def look(each: CallOptions) -> tuple[Audioform, Look]:
            found = await self.get(audioform_id, version=version, **each)
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="audioform", remote_id=audioform_id, options=options)

    def _audioform(self, endpoint: Endpoint[Audioform], reply: Reply) -> Audioform:
        found = self._structure(endpoint, reply, Audioform)
        if reply.status == 200 and found.errors:
            raise self._failure(endpoint, reply, f"audioform {found.audioform_id}", reasons_of(found.errors))
        found.is_ready = reply.status == 200
        return found
