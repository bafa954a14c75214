"""Calibrations: the pitch of one's own voice, measured from a recording."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Unpack

import attrs

from audiokit._config import RateClass
from audiokit._unset import UNSET
from audiokit.errors import RemoteFailure
from audiokit.services._check import audio, text
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Pages
from audiokit.services._poll import Look
from audiokit.services._upload import uploading
from audiokit.services.respeecher._base import AUDIO_FORMATS, LABEL_CHARACTERS, RespeecherService
from audiokit.services.respeecher.session import User
from audiokit.transport import Multipart, Retry
from audiokit.typing import AudioData, CallOptions, ProgressCallback, ReceiptCallback


@attrs.define
class Calibration(Model):
    """A calibration.

    Attributes:
        f0_hz: Median pitch in hertz, once calibrated.
        state: ``processing``, ``calibrated`` or ``error``; others may come.
        error: Why it failed.
        enabled: Whether orders use it by default; at most one is.
    """

    id: str
    name: str
    state: str
    user_id: str | None = None
    f0_hz: float | None = wire("f0", default=None)
    algorithm: str | None = None
    bucket: str | None = None
    key: str | None = None
    error: str | None = None
    created_at: datetime | None = None
    calibrated_at: datetime | None = None
    enabled: bool = False


_SOURCE = "vendor endpoint reference, Calibration"

CREATE = Endpoint(
    name="respeecher.calibrations.create",
    method="POST",
    path="/api/calibration",
    returns=Calibration,
    rate_class=RateClass.SLOW,
    look_up=("name",),
    source=_SOURCE,
)
ENABLE = Endpoint(
    name="respeecher.calibrations.enable",
    method="PUT",
    path="/api/calibration/{calibration_id}/enable",
    returns=Calibration,
    retry=Retry.SAFE,
    source=_SOURCE,
)
AUTO = Endpoint(
    name="respeecher.calibrations.auto",
    method="POST",
    path="/api/calibration/auto",
    returns=User,
    retry=Retry.SAFE,
    source=_SOURCE,
)
RENAME = Endpoint(
    name="respeecher.calibrations.rename",
    method="PATCH",
    path="/api/calibration/{calibration_id}",
    returns=Calibration,
    retry=Retry.SAFE,
    source="gateway openapi 0.6.0",
)
GET = get("respeecher.calibrations.get", "/api/calibration/{calibration_id}", Calibration, source=_SOURCE)
LIST = get("respeecher.calibrations.list", "/api/calibration", list[Calibration], source=_SOURCE)
DELETE = Endpoint(
    name="respeecher.calibrations.delete",
    method="DELETE",
    path="/api/calibration/{calibration_id}",
    returns=Calibration,
    retry=Retry.SAFE,
    source=_SOURCE,
)


class Calibrations(RespeecherService):
    """Calls on the calibrations of the account."""

    async def create(
        self,
        name: str,
        data: AudioData,
        *,
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> Calibration:
        """Upload a recording to be measured; its state is ``processing`` at first.

        Args:
            name: Unique in the account, 1 to 40 characters.
            data: wav, ogg, mp3 or flac; three seconds of speech or more give a good figure.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Raises:
            UnsupportedAudio: The content is no such audio; nothing was sent.
            RequestRefused: The name is taken, or the audio cannot be used.
        """
        text("name", name, shortest=1, longest=LABEL_CHARACTERS)
        fields = [("name", name)]
        budget = self._budget(options, default_s=math.inf)
        async with uploading(
            self._transport, CREATE, data, budget, on_receipt=on_receipt, checksum=checksum
        ) as source:
            audio("data", source, AUDIO_FORMATS)
            body = Multipart(fields=fields, file_field="data", source=source, on_progress=on_progress)
            return await self._call(CREATE, body=body, options=budget.options())

    async def create_and_wait(
        self,
        name: str,
        data: AudioData,
        *,
        on_progress: ProgressCallback | None = None,
        on_receipt: ReceiptCallback | None = None,
        checksum: bool = False,
        **options: Unpack[CallOptions],
    ) -> Calibration:
        """Upload and follow to the end; also raises as `create`.

        Args:
            name: Unique in the account, 1 to 40 characters.
            data: wav, ogg, mp3 or flac; three seconds of speech or more give a good figure.
            on_progress: Called after each chunk sent; begins anew when the upload is repeated.
            on_receipt: Called once the API has taken the file, with what was sent.
            checksum: Put the SHA-256 of what was sent into the receipt; computed off the event loop.
            options: See `CallOptions`.

        Raises:
            RemoteFailure: The pitch could not be told, e.g. there is no voice in it.
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """
        budget = self._budget(options)
        created = await self.create(
            name,
            data,
            on_progress=on_progress,
            on_receipt=on_receipt,
            checksum=checksum,
            **budget.options(),
        )
        return await self.wait(created.id, **budget.options())

    async def wait(self, calibration_id: str, **options: Unpack[CallOptions]) -> Calibration:
        """Follow a calibration until it is calibrated; raises as `create_and_wait`."""

        async def look(each: CallOptions) -> tuple[Calibration, Look]:
            found = await self.get(calibration_id, **each)
            return found, Look(state=found.state, is_over=found.state in {"calibrated", "error"})

        done = await self._follow(look, what="calibration", remote_id=calibration_id, options=options)
        if done.state == "error":
            raise RemoteFailure(
                f"calibration {done.name!r} failed: {done.error or 'no reason given'}",
                operation=CREATE.name,
                status=200,
                api_message=done.error or "",
            )
        return done

    async def enable(self, calibration_id: str, **options: Unpack[CallOptions]) -> Calibration:
        """Make this the calibration that orders use by default."""
        reply = await self._reply(ENABLE, path={"calibration_id": calibration_id}, options=options)
        document = self._document(ENABLE, reply)
        if isinstance(document, list) and len(document) == 1:  # as one of the sources has it
            document = document[0]
        return self._structure_document(ENABLE, reply, document, Calibration)

    async def rename(self, calibration_id: str, name: str, **options: Unpack[CallOptions]) -> Calibration:
        """Give a calibration a new name of 1 to 40 characters, unique in the account."""
        text("name", name, shortest=1, longest=LABEL_CHARACTERS)
        path = {"calibration_id": calibration_id}
        return await self._call(RENAME, path=path, json={"name": name}, options=options)

    async def auto(self, **options: Unpack[CallOptions]) -> User:
        """Make automatic measuring the default; no stored calibration stays enabled."""
        return await self._call(AUTO, options=options)

    async def get(self, calibration_id: str, **options: Unpack[CallOptions]) -> Calibration:
        """Get one calibration.

        Raises:
            NotFound: There is none with this id.
        """
        return await self._call(GET, path={"calibration_id": calibration_id}, options=options)

    def list(
        self,
        *,
        search: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Calibration]:
        """List the account's calibrations.

        Args:
            search: Part of the name.
            page_size: Objects asked for at once, 1 to 200.
            offset: Objects to skip.
            options: See `CallOptions`.
        """
        query = {"search": UNSET if search is None else search}
        return self._pages(LIST, query, page_size=page_size, offset=offset, largest=200, options=options)

    async def delete(self, calibration_id: str, **options: Unpack[CallOptions]) -> Calibration:
        """Delete a calibration and get what it was."""
        return await self._call(DELETE, path={"calibration_id": calibration_id}, options=options)
