"""Cells that the transport does not keep yet, each with its reason; the tests fail when one is mended."""

from __future__ import annotations

from typing import Final

import attrs
from faults_expect import Mode
from faults_kinds import DOWNLOAD, UPLOAD, UPLOAD_STREAM, Kind
from faults_model import Fault

_BOMB: Final = (
    "an answer is unpacked without a limit: httpx asks for gzip, and fetch and save take all that comes"
)
_DRIP: Final = (
    "a transfer has no minimum rate and no total time: an answer that drips is waited for without end"
)


@attrs.frozen
class Known:
    reason: str
    kinds: tuple[Kind, ...] | None = None
    modes: tuple[Mode, ...] = tuple(Mode)


KNOWN: Final = {
    "gzip cut short": Known(
        "httpx does not tell the end of a gzip stream from its middle: the short file is saved as complete",
        kinds=(DOWNLOAD,),
    ),
    "gzip bomb, 32 kB that unpack to 32 MiB": Known(_BOMB),
    "upload taken in slowly and steadily": Known(
        "stall_s limits the sending of a whole chunk of 1 MiB, not the silence: an upload that is slower "
        "than 1 MiB per stall_s is cut however steadily it flows",
        kinds=(UPLOAD,),
    ),
    "head drips": Known(_DRIP, kinds=(UPLOAD, UPLOAD_STREAM, DOWNLOAD)),
    "body drips": Known(_DRIP, kinds=(UPLOAD, UPLOAD_STREAM, DOWNLOAD)),
    "413 before the body was read, then reads nothing": Known(
        "nothing is read before the whole body was sent: an early refusal shows as OutcomeUnknown "
        "after stall_s"
    ),
}


def known_bug(fault: Fault, kind: Kind, mode: Mode) -> str | None:
    """Why this cell fails for now, or None."""
    known = KNOWN.get(fault.name)
    if known is None or mode not in known.modes or not (known.kinds is None or kind in known.kinds):
        return None
    return known.reason
