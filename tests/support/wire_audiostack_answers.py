"""Answers that rows of several modules share."""

from __future__ import annotations

from typing import Any

from audiokit.services.audiostack import StackScript

PIPELINE = {
    "pipelineId": "pipe-1",
    "status": 200,
    "results": {
        "newFileIds": [{"fileId": "f-2"}],
        "inputFileIds": [{"fileId": "f-1"}],
        "replacedFileIds": [],
    },
}
LEVELS: dict[str, Any] = {
    "project_name": "p",
    "module_name": "m",
    "script_name": "n",
    "script_id": "s-1",
    "verbose": False,
    "pagination_token": "page2",
}
LEVELS_WIRE = [
    ("projectName", "p"),
    ("moduleName", "m"),
    ("scriptName", "n"),
    ("scriptId", "s-1"),
    ("verbose", "false"),
    ("paginationToken", "page2"),
]


def enveloped(data: Any) -> dict[str, Any]:
    """The usual envelope around a result."""
    return {
        "data": data,
        "message": "ok",
        "meta": {"version": "1", "requestId": "q-1", "creditsUsed": 2.5, "creditsRemaining": 97},
        "warnings": [],
    }


def scripted() -> StackScript:
    """A script object, as `create` gives it."""
    return StackScript(script_id="s-1")
