"""Stories: long productions in chapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

import attrs

from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look, PollSchedule
from audiokit.services._tolerant import number
from audiokit.services.audiostack._base import AudioStackService, StackModel, reasons_of
from audiokit.transport import Reply
from audiokit.transport._secrets import shown_document
from audiokit.typing import CallOptions

WAIT_S: Final = 900.0
"""Seconds to wait for a story when the call does not say; they take minutes."""

_RUNNING: Final = 202
_SCHEDULE: Final = PollSchedule(first_s=1.0, longest_s=7.0)


@attrs.define
class Story(StackModel):
    """A production in chapters.

    Attributes:
        status_code: The API's number for how it went, like an HTTP status.
        story_result: What was made, as the API writes it.
        audioforms: The productions it consists of, as the API writes them.
        message: Its remark, or why it failed.
        is_ready: Whether it is finished.
    """

    story_id: str = ""
    status_code: int | None = attrs.field(default=None, converter=number)
    story_result: Any = attrs.field(default=None, repr=shown_document)
    audioforms: list[Any] | None = attrs.field(default=None, repr=shown_document)
    message: str | None = None
    is_ready: bool = attrs.field(default=False, init=False)


_SOURCE = "official SDK 4.0, Creator.Story"
_TAKEN = frozenset({200, 202})

CREATE = Endpoint(
    name="audiostack.stories.create",
    method="POST",
    path="/creator/story",
    returns=Story,
    expects=_TAKEN,
    source=_SOURCE,
)
GET = get("audiostack.stories.get", "/creator/story/{story_id}", Story, expects=_TAKEN, source=_SOURCE)


class Stories(AudioStackService):
    """Calls on stories."""

    async def create(self, story: Mapping[str, Any], **options: Unpack[CallOptions]) -> Story:
        """Begin to make a story.

        Args:
            story: ``{"title": ..., "textSettings": ..., "voices": [...], "sounds": ..., "production": ...,
                "delivery": ..., "chapters": [...]}``, under the API's own names.
            options: See `CallOptions`.

        Returns:
            Its id; `wait` for the result.

        Raises:
            RemoteFailure: The API took it and reports, inside a success, that it failed.
        """
        reply = await self._reply(CREATE, json={"story": dict(story)}, options=options)
        found = self._story(CREATE, reply)
        if not found.story_id:
            raise self._unexpected(CREATE, reply, "has no storyId")
        # A 200 here means that the work was taken, not that it is done.
        found.is_ready = False
        return found

    async def create_and_wait(self, story: Mapping[str, Any], **options: Unpack[CallOptions]) -> Story:
        """Make a story and follow it to the end; arguments as `create`, raises as `wait`."""
        budget = self._budget(options, default_s=WAIT_S)
        begun = await self.create(story, **budget.options())
        return await self.wait(begun.story_id, **budget.options())

    async def get(self, story_id: str, **options: Unpack[CallOptions]) -> Story:
        """Look at a story; `is_ready` tells whether it is finished.

        Raises:
            RemoteFailure: It could not be made.
        """
        found = self._story(GET, await self._reply(GET, path={"story_id": story_id}, options=options))
        found.story_id = found.story_id or story_id
        return found

    async def wait(self, story_id: str, **options: Unpack[CallOptions]) -> Story:
        """Follow a story until it is finished.

        Raises:
            RemoteFailure: It could not be made.
            JobTimeout: Not finished within `timeout=` seconds (default 900).
        """

        async def look(each: CallOptions) -> tuple[Story, Look]:
            found = await self.get(story_id, **each)
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        budget = self._budget(options, default_s=WAIT_S)
        return await self._follow(
            look, what="story", remote_id=story_id, options=budget.options(), schedule=_SCHEDULE
        )

    def _story(self, endpoint: Endpoint[Story], reply: Reply) -> Story:
        found = self._structure(endpoint, reply, Story)
        if reply.status == 200 and found.status_code not in {None, 200, _RUNNING}:
            raise self._failure(endpoint, reply, f"story {found.story_id}", reasons_of(found.message))
        found.is_ready = reply.status == 200 and found.status_code != _RUNNING
        return found
