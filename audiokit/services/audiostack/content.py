"""The script tree, and texts written by the API."""

from __future__ import annotations

from typing import Unpack

from audiokit.services._endpoint import Endpoint, get
from audiokit.services.audiostack._base import AudioStackService, StackAnswer, given
from audiokit.typing import CallOptions

_SOURCE = "official SDK 4.0, Content"

LIST_PROJECTS = get("audiostack.content.list_projects", "/content/list_projects", StackAnswer, source=_SOURCE)
LIST_MODULES = get(
    "audiostack.content.list_modules",
    "/content/list_modules",
    StackAnswer,
    # SDK 4.0 asks list_projects here, by mistake.
    source="reference of the first official SDK, Content",
)
GENERATE = Endpoint(
    name="audiostack.content.generate",
    method="POST",
    path="/content/generate",
    returns=StackAnswer,
    source=_SOURCE,
)


class Content(AudioStackService):
    """Calls on the script tree, and writing."""

    async def list_projects(self, **options: Unpack[CallOptions]) -> StackAnswer:
        """List the projects that scripts belong to, in a shape the vendor does not publish."""
        return await self._answer(LIST_PROJECTS, options=options)

    async def list_modules(self, project_prefix: str, **options: Unpack[CallOptions]) -> StackAnswer:
        """List the modules of the projects whose names begin with *project_prefix*."""
        return await self._answer(LIST_MODULES, query={"projectPrefix": project_prefix}, options=options)

    async def generate(
        self, prompt: str, *, max_length: int | None = None, **options: Unpack[CallOptions]
    ) -> StackAnswer:
        """Have a text written.

        Args:
            prompt: What to write about.
            max_length: Longest text; the API's default is 100, in a unit it does not name.
            options: See `CallOptions`.

        Returns:
            The text, in a shape the vendor does not publish.
        """
        # snake_case on the wire, unlike its neighbours.
        body = {"prompt": prompt, "max_length": max_length}
        return await self._answer(GENERATE, json=given(body), options=options)
