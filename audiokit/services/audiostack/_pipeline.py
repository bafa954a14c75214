"""Pipelines: work on files that the suite and speech-to-speech share."""

from __future__ import annotations

from typing import Any, Final

import attrs

from audiokit.services._tolerant import number, several
from audiokit.services.audiostack._base import StackModel, reasons_of
from audiokit.transport._secrets import shown_document

FAILED: Final = 400
"""From this on, the status inside an answer means that the work failed."""


@attrs.define
class PipelineFile(StackModel):
    """A file that a pipeline read, made or replaced."""

    file_id: str


@attrs.define
class PipelineResults(StackModel):
    """The files of a finished pipeline."""

    new_file_ids: list[PipelineFile] = attrs.field(factory=list)
    input_file_ids: list[PipelineFile] = attrs.field(factory=list)
    replaced_file_ids: list[PipelineFile] = attrs.field(factory=list)


@attrs.define
class Pipeline(StackModel):
    """Work on a file.

    Attributes:
        pipeline_id: Its id.
        status: The API's number for its state, like an HTTP status: 202 running, 200 finished.
        results: The files, once finished; `extra` has what else the work found, e.g. a transcript.
        message: Its remark, or why it failed.
        errors: Why it failed, in detail; a list, empty for nothing.
        is_ready: Whether it is finished.
    """

    pipeline_id: str
    status: int | None = attrs.field(default=None, converter=number)
    results: PipelineResults | None = None
    message: str | None = None
    errors: Any = attrs.field(factory=list, converter=several, repr=shown_document)
    body: Any = attrs.field(default=None, repr=shown_document)
    is_ready: bool = attrs.field(default=False, init=False)

    @property
    def new_file_ids(self) -> list[str]:
        """Ids of the files that were made."""
        return [file.file_id for file in self.results.new_file_ids] if self.results else []

    @property
    def has_failed(self) -> bool:
        """Whether the API says, inside a success, that the work failed."""
        return self.status is not None and self.status >= FAILED

    @property
    def reasons(self) -> list[str]:
        """Why it failed; some answers hold the reason in `body` alone."""
        return reasons_of(self.message, self.errors) or reasons_of(self.body)
