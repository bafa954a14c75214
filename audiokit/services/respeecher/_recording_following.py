"""Looking at one recording, once or until it is done; the ground of the other calls on recordings."""

from __future__ import annotations

from typing import Unpack

from audiokit._unset import UNSET, UnsetType
from audiokit.services._endpoint import get
from audiokit.services._poll import Look, PollSchedule
from audiokit.services.respeecher._base import RespeecherService
from audiokit.services.respeecher._recording import RETRIEVAL, Recording
from audiokit.typing import CallOptions

GET = get(
    RETRIEVAL,
    "/api/recordings/{recording_id}",
    Recording,
    source="vendor endpoint reference, Recordings",
)


class FollowedRecordings(RespeecherService):
    """Calls on one recording by its id."""

    async def get(self, recording_id: str, **options: Unpack[CallOptions]) -> Recording:
        """Get one recording.

        Raises:
            NotFound: There is none with this id.
        """
        return await self._call(GET, path={"recording_id": recording_id}, options=options)

    async def wait(
        self, recording_id: str, *, schedule: PollSchedule | None = None, **options: Unpack[CallOptions]
    ) -> Recording:
        """Follow a recording (upload, TTS or conversion) until it is done.

        Raises:
            RemoteFailure: Its state became ``error``.
            JobTimeout: Not done within `timeout=` seconds (default `Timeouts.wait_s`). An API that is down
                or busy meanwhile is asked again until then; if it is so to the end, that is the cause.
        """

        async def look(each: CallOptions) -> tuple[Recording, Look]:
            found = await self.get(recording_id, **each)
            return found, Look(state=found.state, is_over=found.is_over)

        done = await self._follow(
            look, what="recording", remote_id=recording_id, options=options, schedule=schedule
        )
        return done.raise_for_error()


def given(value: str | None) -> str | UnsetType:
    """None is left out of a body."""
    return UNSET if value is None else value
