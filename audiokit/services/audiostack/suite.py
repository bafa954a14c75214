"""Suite: work on uploaded files, such as taking the noise off or writing down what is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look
from audiokit.services._several import several
from audiokit.services.audiostack._base import AudioStackService, StackModel, given
from audiokit.services.audiostack._pipeline import Pipeline
from audiokit.services.audiostack.files import StackFile
from audiokit.transport import Reply, Retry
from audiokit.typing import CallOptions


@attrs.define
class Evaluation(StackModel):
    """What was found out about a file; the vendor does not publish its shape, so it is in `extra`.

    Attributes:
        is_ready: False while the API is still working.
    """

    is_ready: bool = attrs.field(default=False, init=False)


_SOURCE = "official SDK 4.0, Production.Suite"
_TAKEN = frozenset({200, 202})

EVALUATE = Endpoint(
    name="audiostack.suite.evaluate",
    method="POST",
    path="/production/suite/evaluate",
    returns=Evaluation,
    expects=frozenset(range(200, 300)),  # all but 200 means "still working"
    retry=Retry.SAFE,  # the same call again is how the API is asked whether it is finished
    source=_SOURCE,
)
SEPARATE = Endpoint(
    name="audiostack.suite.separate",
    method="POST",
    path="/production/suite/separate",
    returns=Pipeline,
    expects=_TAKEN,
    source=_SOURCE,
)
DENOISE = Endpoint(
    name="audiostack.suite.denoise",
    method="POST",
    path="/production/suite/denoise",
    returns=Pipeline,
    expects=_TAKEN,
    source=_SOURCE,
)
TRANSCRIBE = Endpoint(
    name="audiostack.suite.transcribe",
    method="POST",
    path="/production/suite/transcribe",
    returns=Pipeline,
    expects=_TAKEN,
    source=_SOURCE,
)
GET = get(
    "audiostack.suite.get",
    "/production/suite/pipeline/{pipeline_id}",
    Pipeline,
    expects=_TAKEN,
    source=_SOURCE,
)


class Suite(AudioStackService):
    """Calls that work on files. Each begins a pipeline; ``..._and_wait`` follows it to the end."""

    async def evaluate(
        self,
        file: StackFile | str,
        *,
        preset: str | None = None,
        processes: str | Sequence[str] | None = None,
        language: str | None = None,
        text: str | None = None,
        script_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Evaluation:
        """Have a file judged. The same call again asks whether it is finished.

        Args:
            file: The file, or its id.
            preset: Named set of checks.
            processes: Checks to run.
            language: Language code; the API's default is ``en-US``.
            text: What is said in it. At most one of *text* and *script_id*.
            script_id: The script that is said in it.
            options: See `CallOptions`.

        Returns:
            The judgement; `is_ready` tells whether it is finished.
        """
        if text is not None and script_id is not None:
            raise InvalidRequest(
                f"at most one of text and script_id may be given, got {text!r} and {script_id!r}",
                field="text",
                value=text,
            )
        body = {
            "fileId": _id_of(file),
            "preset": preset,
            "processes": None if processes is None else several(processes),
            "language": language,
            "text": text,
            "scriptId": script_id,
        }
        reply = await self._reply(EVALUATE, json=given(body), options=options)
        found = Evaluation()
        if reply.status == 200:
            found = self._structure(EVALUATE, reply, Evaluation)
            found.is_ready = True
        return found

    async def evaluate_and_wait(
        self,
        file: StackFile | str,
        *,
        preset: str | None = None,
        processes: str | Sequence[str] | None = None,
        language: str | None = None,
        text: str | None = None,
        script_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Evaluation:
        """Have a file judged to the end, by asking again until then.

        Args:
            file: The file, or its id.
            preset: Named set of checks.
            processes: Checks to run.
            language: Language code; the API's default is ``en-US``.
            text: What is said in it. At most one of *text* and *script_id*.
            script_id: The script that is said in it.
            options: See `CallOptions`.

        Raises:
            NotFound: There is no such file.
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def look(each: CallOptions) -> tuple[Evaluation, Look]:
            found = await self.evaluate(
                file,
                preset=preset,
                processes=processes,
                language=language,
                text=text,
                script_id=script_id,
                **each,
            )
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="evaluation", remote_id=_id_of(file), options=options)

    async def separate(self, file: StackFile | str, **options: Unpack[CallOptions]) -> Pipeline:
        """Begin to separate a file into its sources."""
        return await self._begin(SEPARATE, {"fileId": _id_of(file)}, options)

    async def separate_and_wait(self, file: StackFile | str, **options: Unpack[CallOptions]) -> Pipeline:
        """Separate a file into its sources and follow it to the end; raises as `wait`."""
        return await self._finish(SEPARATE, {"fileId": _id_of(file)}, options)

    async def denoise(
        self, file: StackFile | str, *, level: int | None = None, **options: Unpack[CallOptions]
    ) -> Pipeline:
        """Begin to take the noise off a file.

        Args:
            file: The file, or its id.
            level: Strength, a whole number; the vendor tells neither unit nor range. The API's own when
                not given.
            options: See `CallOptions`.
        """
        return await self._begin(DENOISE, {"fileId": _id_of(file), "level": level}, options)

    async def denoise_and_wait(
        self, file: StackFile | str, *, level: int | None = None, **options: Unpack[CallOptions]
    ) -> Pipeline:
        """Take the noise off a file and follow it to the end; raises as `wait`.

        Args:
            file: The file, or its id.
            level: Strength, a whole number; the vendor tells neither unit nor range. The API's own when
                not given.
            options: See `CallOptions`.
        """
        return await self._finish(DENOISE, {"fileId": _id_of(file), "level": level}, options)

    async def transcribe(
        self, file: StackFile | str, *, language: str, **options: Unpack[CallOptions]
    ) -> Pipeline:
        """Begin to write down what is said.

        Args:
            file: The file, or its id.
            language: Language code, e.g. ``en-US``.
            options: See `CallOptions`.
        """
        return await self._begin(TRANSCRIBE, {"fileId": _id_of(file), "language": language}, options)

    async def transcribe_and_wait(
        self, file: StackFile | str, *, language: str, **options: Unpack[CallOptions]
    ) -> Pipeline:
        """Write down what is said and follow it to the end; raises as `wait`.

        Args:
            file: The file, or its id.
            language: Language code, e.g. ``en-US``.
            options: See `CallOptions`.
        """
        return await self._finish(TRANSCRIBE, {"fileId": _id_of(file), "language": language}, options)

    async def get(self, pipeline_id: str, **options: Unpack[CallOptions]) -> Pipeline:
        """Look at a pipeline; `is_ready` tells whether it is finished.

        Raises:
            RemoteFailure: It failed.
        """
        reply = await self._reply(GET, path={"pipeline_id": pipeline_id}, options=options)
        return self._pipeline(GET, reply)

    async def wait(self, pipeline_id: str, **options: Unpack[CallOptions]) -> Pipeline:
        """Follow a pipeline until it is finished.

        Raises:
            RemoteFailure: It failed.
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def look(each: CallOptions) -> tuple[Pipeline, Look]:
            found = await self.get(pipeline_id, **each)
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="pipeline", remote_id=pipeline_id, options=options)

    async def _begin(
        self, endpoint: Endpoint[Pipeline], body: dict[str, Any], options: CallOptions
    ) -> Pipeline:
        return self._pipeline(endpoint, await self._reply(endpoint, json=given(body), options=options))

    async def _finish(
        self, endpoint: Endpoint[Pipeline], body: dict[str, Any], options: CallOptions
    ) -> Pipeline:
        budget = self._budget(options)
        pipeline = await self._begin(endpoint, body, budget.options())
        return pipeline if pipeline.is_ready else await self.wait(pipeline.pipeline_id, **budget.options())

    def _pipeline(self, endpoint: Endpoint[Pipeline], reply: Reply) -> Pipeline:
        pipeline = self._structure(endpoint, reply, Pipeline)
        if reply.status == 200 and pipeline.has_failed:
            raise self._failure(endpoint, reply, f"pipeline {pipeline.pipeline_id}", pipeline.reasons)
        pipeline.is_ready = reply.status == 200
        return pipeline


def _id_of(file: StackFile | str) -> str:
    return file.file_id if isinstance(file, StackFile) else file
