"""One typed sentinel for "use the client's default", so that None can mean "none"."""

from __future__ import annotations

import enum
from typing import Final, TypeAlias


class Unset(enum.Enum):
    """Type of `UNSET`; an enum, so that type checkers can narrow it away."""

    UNSET = enum.auto()

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET
"""Passed, or left as the default, where the client's own setting applies."""

UnsetType: TypeAlias = Unset
