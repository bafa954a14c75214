"""Keeps secrets out of the debug logs of what httpx stands on."""

from __future__ import annotations

import functools
import logging
from typing import Final

_TALKATIVE: Final = (
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "hpack.hpack",
    "hpack.table",
)
"""They print headers of requests and answers, session cookies too, and the password of a SOCKS proxy."""


@functools.cache
def hush() -> None:
    """Cut what they log to the names of events."""

    def cut(record: logging.LogRecord) -> bool:
        record.msg, record.args = str(record.msg).partition(" ")[0], None
        return True

    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(cut)
