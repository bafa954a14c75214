"""What all jobs of one orchestrator use together."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from audiokit.jobs._course import Course
from audiokit.jobs._events import Events, JobEvent
from audiokit.jobs._job import Outcome, Services
from audiokit.jobs._once import Once
from audiokit.jobs._pollers import Pollers
from audiokit.jobs._recorder import Recorder
from audiokit.jobs._spending import Spending
from audiokit.jobs._steps import Steps
from audiokit.services._poll import PollSchedule
from audiokit.transport import Gate
from audiokit.typing import Clock


@attrs.frozen(kw_only=True)
class Shared:
    """What all jobs of one orchestrator use together; *sharing*: who waits for each shared work."""

    services: Services
    transfer: Gate
    submit: Gate
    once: Once
    clock: Clock
    schedule: PollSchedule | None
    pollers: Pollers
    run_part: Callable[[Course, Any, str], Awaitable[Outcome[Any, Any]]]
    timeout_s: float
    events: Events
    steps: Steps
    spending: Spending
    recorder: Recorder | None
    callback_url: str | None = None
    namespace: str = attrs.field(factory=lambda: secrets.token_hex(8))
    sharing: dict[str, list[Course]] = attrs.field(init=False, factory=dict[str, "list[Course]"])

    def tell(self, kind: type[JobEvent], course: Course, **facts: Any) -> None:
        """Tell the readers of events; costs next to nothing when there are none."""
        if self.events.streams:
            event = kind(
                key=course.key,
                index=course.index,
                kind=course.kind,
                at_s=self.clock.monotonic(),
                part_of=course.part_of,
                **facts,
            )
            self.events.put(id(course), event)
