"""Speech to speech: a recording said again by another voice."""

from __future__ import annotations

from typing import Unpack

import attrs

from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look
from audiokit.services.audiostack._base import AudioStackService, StackModel, given
from audiokit.services.audiostack._pipeline import Pipeline
from audiokit.services.audiostack.files import StackFile
from audiokit.transport import Reply
from audiokit.typing import CallOptions


@attrs.define
class STSVoice(StackModel):
    """A voice that can say a recording again."""

    alias: str
    provider: str | None = None
    language: str | None = None
    language_code: str | None = None


@attrs.define
class _Voices(StackModel):
    voices: list[STSVoice] = attrs.field(factory=list)


_SOURCE = "official SDK 4.0, Speech.STS"
_TAKEN = frozenset({200, 202})

VOICES = get("audiostack.sts.voices", "/speech/sts/voices", _Voices, source=_SOURCE)
CREATE = Endpoint(
    name="audiostack.sts.create",
    method="POST",
    path="/speech/sts",
    returns=Pipeline,
    expects=_TAKEN,
    source=_SOURCE,
)
GET = get("audiostack.sts.get", "/speech/sts/{pipeline_id}", Pipeline, expects=_TAKEN, source=_SOURCE)


class STS(AudioStackService):
    """Calls on speech to speech."""

    async def voices(self, **options: Unpack[CallOptions]) -> list[STSVoice]:
        """List the voices that can say a recording again."""
        return (await self._call(VOICES, options=options)).voices

    async def create(
        self,
        file: StackFile | str,
        *,
        alias: str,
        new_file_path: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Pipeline:
        """Begin to have a recording said again.

        Args:
            file: The recording, or its file id.
            alias: Alias of the voice, one of `voices`.
            new_file_path: Where to put the result among the account's files.
            options: See `CallOptions`.
        """
        file_id = file.file_id if isinstance(file, StackFile) else file
        body = {"alias": alias, "fileId": file_id, "newFilePath": new_file_path}
        return self._pipeline(CREATE, await self._reply(CREATE, json=given(body), options=options))

    async def create_and_wait(
        self,
        file: StackFile | str,
        *,
        alias: str,
        new_file_path: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Pipeline:
        """Have a recording said again and follow it to the end; raises as `wait`.

        Args:
            file: The recording, or its file id.
            alias: Alias of the voice, one of `voices`.
            new_file_path: Where to put the result among the account's files.
            options: See `CallOptions`.
        """
        budget = self._budget(options)
        pipeline = await self.create(file, alias=alias, new_file_path=new_file_path, **budget.options())
        return pipeline if pipeline.is_ready else await self.wait(pipeline.pipeline_id, **budget.options())

    async def get(self, pipeline_id: str, **options: Unpack[CallOptions]) -> Pipeline:
        """Look at the work; `is_ready` tells whether it is finished.

        Raises:
            RemoteFailure: It failed.
        """
        return self._pipeline(GET, await self._reply(GET, path={"pipeline_id": pipeline_id}, options=options))

    async def wait(self, pipeline_id: str, **options: Unpack[CallOptions]) -> Pipeline:
        """Follow the work until it is finished.

        Raises:
            RemoteFailure: It failed.
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def look(each: CallOptions) -> tuple[Pipeline, Look]:
            found = await self.get(pipeline_id, **each)
            return found, Look(state=f"status {found.status}", is_over=found.is_ready)

        return await self._follow(look, what="speech to speech", remote_id=pipeline_id, options=options)

    def _pipeline(self, endpoint: Endpoint[Pipeline], reply: Reply) -> Pipeline:
        # Here the status inside the answer counts, whatever HTTP says.
        pipeline = self._structure(endpoint, reply, Pipeline)
        if pipeline.has_failed:
            raise self._failure(endpoint, reply, f"speech to speech {pipeline.pipeline_id}", pipeline.reasons)
        pipeline.is_ready = pipeline.status == 200
        return pipeline
