"""Recordings: uploaded, spoken from text, or converted.

Listing, changing and deleting them is here; the rest of `Recordings` is in the modules beside this one:
``_recording_following``, ``_recording_files``, ``_recording_speech`` and ``_recording_superseded``.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Unpack

from audiokit._unset import UNSET, UnsetType
from audiokit.errors import InvalidRequest
from audiokit.services._check import one_of, text
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Pages
from audiokit.services.respeecher._base import LABEL_CHARACTERS
from audiokit.services.respeecher._deleted import deleted_ids
from audiokit.services.respeecher._recording import Recording, RecordingNote
from audiokit.services.respeecher._recording_files import RecordingFiles
from audiokit.services.respeecher._recording_speech import SpokenRecordings
from audiokit.services.respeecher._recording_superseded import ModelConversion, SupersededRecordings
from audiokit.transport import Retry
from audiokit.typing import CallOptions

__all__ = ["ModelConversion", "Recording", "RecordingNote", "Recordings"]

_SOURCE = "vendor endpoint reference, Recordings"

LIST = get("respeecher.recordings.list", "/api/recordings", list[Recording], source=_SOURCE)
LIST_ORIGINALS = get(
    "respeecher.recordings.list_originals", "/api/recordings/originals", list[Recording], source=_SOURCE
)
LIST_CONVERSIONS = get(
    "respeecher.recordings.list_conversions", "/api/recordings/conversions", list[Recording], source=_SOURCE
)
UPDATE = Endpoint(
    name="respeecher.recordings.update",
    method="PATCH",
    path="/api/recordings/{recording_id}",
    returns=Recording,
    retry=Retry.SAFE,
    source=_SOURCE,
)
REPLACE = Endpoint(
    name="respeecher.recordings.replace",
    method="PUT",
    path="/api/recordings/{recording_id}",
    returns=Recording,
    retry=Retry.SAFE,
    source=_SOURCE,
)
DELETE: Endpoint[None] = Endpoint(
    name="respeecher.recordings.delete",
    method="DELETE",
    path="/api/recordings/{recording_id}",
    returns=None,
    expects=frozenset({200, 204}),
    retry=Retry.SAFE,
    source=_SOURCE,
)


class Recordings(RecordingFiles, SpokenRecordings, SupersededRecordings):
    """Calls on recordings."""

    def list(
        self,
        *,
        project_id: str | None = None,
        folder_id: str | None = None,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Recording]:
        """List recordings of a project or of a folder; one of the two ids is needed.

        Args:
            project_id: All recordings of this project.
            folder_id: All recordings of this folder.
            direction: ``asc`` or ``desc``; the API's own order when not given.
            page_size: Objects asked for at once, 1 to 200.
            offset: Objects to skip, 0 or more.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: Neither id was given.
        """
        if project_id is None and folder_id is None:
            raise InvalidRequest(
                "project_id or folder_id must be given, got neither", field="folder_id", value=None
            )
        query = {"project_id": project_id, "folder_id": folder_id}
        return self._list(LIST, query, direction, page_size, offset, options)

    def list_originals(
        self,
        folder_id: str,
        *,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Recording]:
        """List the original recordings of a folder.

        Args:
            folder_id: The folder.
            direction: ``asc`` or ``desc``; the API's own order when not given.
            page_size: Objects asked for at once, 1 to 200.
            offset: Objects to skip, 0 or more.
            options: See `CallOptions`.
        """
        return self._list(LIST_ORIGINALS, {"folder_id": folder_id}, direction, page_size, offset, options)

    def list_conversions(
        self,
        original_id: str,
        *,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Recording]:
        """List what was converted from one original.

        Args:
            original_id: The original recording.
            direction: ``asc`` or ``desc``; the API's own order when not given.
            page_size: Objects asked for at once, 1 to 200.
            offset: Objects to skip, 0 or more.
            options: See `CallOptions`.
        """
        query = {"original_id": original_id}
        return self._list(LIST_CONVERSIONS, query, direction, page_size, offset, options)

    def _list(
        self,
        endpoint: Endpoint[builtins.list[Recording]],
        query: Mapping[str, str | None],
        direction: str | None,
        page_size: int,
        offset: int,
        options: CallOptions,
    ) -> Pages[Recording]:
        one_of("direction", direction, {"asc", "desc"})
        return self._pages(
            endpoint,
            {**query, "direction": direction},
            page_size=page_size,
            offset=offset,
            largest=200,
            options=options,
        )

    async def update(
        self,
        recording_id: str,
        *,
        label: str | UnsetType = UNSET,
        starred: bool | UnsetType = UNSET,
        **options: Unpack[CallOptions],
    ) -> Recording:
        """Change label, star, or both; what is not given stays.

        Args:
            recording_id: The recording.
            label: Up to 40 characters.
            starred: Whether it is starred.
            options: See `CallOptions`.
        """
        if not isinstance(label, UnsetType):
            text("label", label, longest=LABEL_CHARACTERS)
        body = {"label": label, "starred": starred}
        return await self._call(UPDATE, path={"recording_id": recording_id}, json=body, options=options)

    async def replace(
        self, recording_id: str, *, label: str, starred: bool, **options: Unpack[CallOptions]
    ) -> Recording:
        """Set label and star, both required (PUT).

        Args:
            recording_id: The recording.
            label: Up to 40 characters.
            starred: Whether it is starred.
            options: See `CallOptions`.
        """
        text("label", label, longest=LABEL_CHARACTERS)
        body = {"label": label, "starred": starred}
        return await self._call(REPLACE, path={"recording_id": recording_id}, json=body, options=options)

    async def delete(self, recording_id: str, **options: Unpack[CallOptions]) -> Sequence[str]:
        """Delete a recording and what hangs on it.

        Returns:
            Ids of the recordings that are gone, as far as the API tells.
        """
        reply = await self._reply(DELETE, path={"recording_id": recording_id}, options=options)
        return deleted_ids(reply, recording_id)
