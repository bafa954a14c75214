"""Equal jobs that are under way at the same time: one runs, and the others get its outcome."""

from __future__ import annotations

import itertools

from audiokit.errors import UsageError
from audiokit.jobs._course import Course, Stop
from audiokit.jobs._identity import key_for
from audiokit.jobs._job import JobState, Outcome
from audiokit.jobs._same_work import refuse_other_work
from audiokit.jobs._steps import LAST


class Equals:
    """The jobs that are under way, by key; whoever comes with a key that is taken follows.

    A job inside another that follows keeps its worker waiting. That is safe, because a job that is followed
    has begun, and one that waits for the follower, in whatever way, is not followed but refused.
    """

    def __init__(self) -> None:
        self.by_key: dict[str, Course] = {}
        self._places = itertools.count(-1, -1)

    async def follows(self, course: Course) -> bool:
        """Have *course* get the outcome of the equal one that is under way; or lead, where there is none.

        Returns:
            Whether it follows.

        Raises:
            UsageError: The other one is other work with the same key; or waits for this one.
        """
        job = course.job
        if job.key is None:
            # Where only its place tells it from others (it is made of functions, or reads a stream), it is
            # equal to none, whatever has the same place among other inputs.
            course.key = await key_for(job, next(self._places))
        while (leader := self.by_key.setdefault(course.key, course)) is not course:
            if job.key is not None:
                await refuse_other_work(course.key, leader.job, job, where="under way")
                if self.by_key.get(course.key) is not leader:
                    continue
            if _waits_for(leader, course):
                raise UsageError(
                    f"{course.name} (key {course.key!r}) is part of the job that has this key, and would "
                    "wait for itself: give it a key of its own, or none"
                )
            leader.followers = [*leader.followers, course]
            course.leader = leader
            return True
        return False

    def leave(self, course: Course) -> None:
        """It has ended."""
        if self.by_key.get(course.key) is course:
            del self.by_key[course.key]


def unfollow(course: Course) -> None:
    """Have it wait no longer for the one it follows."""
    leader, course.leader = course.leader, None
    if leader is not None:
        leader.followers = [one for one in leader.followers if one is not course]


def is_wanted(leader: Course) -> bool:
    """Whether others want its work."""
    return any(follower.stop is None for follower in leader.followers)


def is_wanted_by_it_alone(leader: Course, follower: Course) -> bool:
    """Whether the work of *leader*, which was cancelled itself, goes on for *follower* only."""
    others = (one for one in leader.followers if one is not follower)
    return leader.is_given and all(one.stop is not None for one in others)


def can_take_over(leader: Course, follower: Course, outcome: Outcome[object, object]) -> bool:
    """Whether *follower* goes on where *leader* was stopped, for a reason that is the leader's own.

    A deadline is shared by jobs that are not inside others: each further one would take as long again.
    """
    if (
        outcome.state is JobState.DONE
        or follower.stop is not None
        or (leader.in_doubt and not leader.is_noted)
    ):
        return False
    if leader.stop is Stop.DEADLINE:
        return leader.part_of is not None or follower.part_of is not None
    return leader.stop is Stop.CANCELLED


def take_over(leader: Course, follower: Course) -> None:
    """Give *follower* what was submitted already."""
    follower.steps = dict(leader.steps)
    if leader.remote is not None and not leader.is_cancelled_remotely:
        follower.steps[LAST] = leader.remote
    else:
        follower.steps.pop(LAST, None)


def _waits_for(course: Course, other: Course) -> bool:
    """Whether *course* waits for *other*: it is the job around it, or follows one that is, and so on."""
    return any(host is course or _waits_for(course, host) for host in other.hosts)
