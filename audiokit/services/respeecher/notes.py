"""Notes on recordings; a recording has at most one, found by the recording's id."""

from __future__ import annotations

import builtins
from typing import Unpack

import attrs

from audiokit.services._check import text as check_text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint, get
from audiokit.services.respeecher._base import RespeecherService
from audiokit.transport import Retry
from audiokit.typing import CallOptions

TEXT_CHARACTERS = 2000


@attrs.define
class Note(Model):
    """A note."""

    id: str | None = None
    recording_id: str | None = None
    text: str | None = None
    active: bool = True


_SOURCE = "vendor endpoint reference, Notes; bodies from gateway openapi 0.6.0"

CREATE = Endpoint(
    name="respeecher.notes.create", method="POST", path="/api/notes", returns=Note, source=_SOURCE
)
UPDATE = Endpoint(
    name="respeecher.notes.update",
    method="PUT",
    path="/api/notes",
    returns=Note,
    retry=Retry.SAFE,
    source=_SOURCE,
)
DELETE = Endpoint(
    name="respeecher.notes.delete",
    method="DELETE",
    path="/api/notes",
    returns=Note,
    retry=Retry.SAFE,
    source=_SOURCE,
)
LIST = get("respeecher.notes.list", "/api/notes", list[Note], source="gateway openapi 0.6.0")


class Notes(RespeecherService):
    """Calls on notes."""

    async def create(self, recording_id: str, text: str, **options: Unpack[CallOptions]) -> Note:
        """Put a note of up to 2000 characters on a recording."""
        check_text("text", text, longest=TEXT_CHARACTERS)
        return await self._call(CREATE, json={"recording_id": recording_id, "text": text}, options=options)

    async def update(self, recording_id: str, text: str, **options: Unpack[CallOptions]) -> Note:
        """Change the note of a recording."""
        check_text("text", text, longest=TEXT_CHARACTERS)
        return await self._call(UPDATE, json={"recording_id": recording_id, "text": text}, options=options)

    async def delete(self, recording_id: str, **options: Unpack[CallOptions]) -> Note:
        """Delete the note of a recording and get what it was."""
        return await self._call(DELETE, json={"recording_id": recording_id}, options=options)

    async def list(self, folder_id: str, **options: Unpack[CallOptions]) -> builtins.list[Note]:
        """List the notes on the recordings of a folder; one answer holds them all."""
        return await self._call(LIST, query={"folder_id": folder_id}, options=options)
