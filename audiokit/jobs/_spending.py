"""A limit to the credits that one orchestrator spends."""

from __future__ import annotations

from audiokit.errors import CreditBudgetReached
from audiokit.jobs._course import Course


class Spending:
    """Counts credits, and refuses what would go over the limit.

    Args:
        limit: Credits at most, or None for any number.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.spent = 0.0

    def reserve(self, course: Course, credits_: float) -> None:
        """Count *credits_* for a submission about to be made.

        Raises:
            CreditBudgetReached: It would go over the limit, or the limit is reached already.
        """
        if self.limit is not None and (self.spent + credits_ > self.limit or self.spent >= self.limit):
            price = f"it costs {credits_:g} credits, and " if credits_ else ""
            raise CreditBudgetReached(
                f"{course.name} was not submitted: {price}{self.spent:g} of the {self.limit:g} credits of "
                "credit_budget are spent; raise credit_budget to go on",
                job=course.name,
                stage=course.stage,
            )
        self.count(course, credits_)

    def count(self, course: Course, credits_: float) -> None:
        """Count *credits_* that were spent."""
        self.spent += credits_
        course.credits += credits_

    def release(self, course: Course, credits_: float) -> None:
        """Take back what was reserved for a submission that was not taken."""
        self.count(course, -credits_)
