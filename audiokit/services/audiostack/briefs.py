"""Briefs: adverts made from a description of what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import attrs

from audiokit.services._check import between
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services._tolerant import number
from audiokit.services.audiostack._base import (
    AudioStackService,
    StackModel,
    exactly_one,
    given,
    reasons_of,
)
from audiokit.services.audiostack.files import StackFile
from audiokit.transport._secrets import shown_document
from audiokit.typing import CallOptions


@attrs.define
class BriefAudioform(Model):
    """One advert of a brief; `status_code` is the API's number for how it went, like an HTTP status."""

    audioform_id: str | None = None
    status_code: int | None = attrs.field(default=None, converter=number)
    audioform: dict[str, Any] | None = attrs.field(default=None, repr=shown_document)

    @property
    def has_failed(self) -> bool:
        """Whether this one could not be made."""
        return self.status_code is not None and self.status_code >= 400


@attrs.define
class Brief(StackModel):
    """What was made of a brief, one audioform for each advert."""

    audioforms: list[BriefAudioform] = attrs.field(factory=list)


CREATE = Endpoint(
    name="audiostack.briefs.create",
    method="POST",
    path="/creator/brief",
    returns=Brief,
    source="official SDK 4.0, Creator.Brief",
)


class Briefs(AudioStackService):
    """Calls on briefs."""

    async def create(
        self,
        brief: Mapping[str, Any] | None = None,
        *,
        file: StackFile | str | None = None,
        num_ads: int | None = None,
        audioform_version: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Brief:
        """Have adverts made.

        Args:
            brief: ``{"script": ..., "voices": [...], "sounds": ..., "production": ..., "delivery": ...}``,
                under the API's own names. Exactly one of *brief* and *file*.
            file: An uploaded file with the brief, or its id.
            num_ads: How many adverts, 1 to 5; the API's default is 3.
            audioform_version: Version of the audioforms; the API's default is ``1``.
            options: See `CallOptions`.

        Returns:
            The adverts, of which some may have failed; follow the others with `Audioforms.wait`.

        Raises:
            RemoteFailure: The API took the brief and made nothing of it.
        """
        exactly_one(brief=brief, file=file)
        between("num_ads", num_ads, 1, 5)
        body = {
            "brief": None if brief is None else dict(brief),
            "fileId": file.file_id if isinstance(file, StackFile) else file,
            "numAds": num_ads,
            "audioformVersion": audioform_version,
        }
        reply = await self._reply(CREATE, json=given(body), options=options)
        document = self._document(CREATE, reply)
        # The official client takes errors beside the data of a success for a failure of the whole.
        if isinstance(document, dict) and document.get("errors"):
            raise self._failure(CREATE, reply, "brief", reasons_of(document["errors"]))
        return self._structure_document(CREATE, reply, document, Brief)
