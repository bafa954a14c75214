"""What is wrong with a job whatever an API says: told when the job is made."""

from __future__ import annotations

from typing import Any

import attrs

from audiokit._config import positive
from audiokit.transport import names_a_folder
from audiokit.typing import StrPath


def seconds_or_none(job: object, field: attrs.Attribute[Any], value: float | None) -> None:
    """Refuse a time that is no time; None means not given."""
    if value is not None:
        positive(job, field, value)


def place_or_none(_: object, __: attrs.Attribute[Any], value: StrPath | None) -> None:
    """Refuse a place for files that is no path; None means not given."""
    if value is not None:
        names_a_folder(value)
