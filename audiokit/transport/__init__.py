"""Bytes in, bytes out: the only layer that knows httpx. It knows hosts, not resources."""

from __future__ import annotations

from audiokit.transport._archive import ArchiveLimits, extract, fetch_and_extract
from audiokit.transport._budget import RetryBudget
from audiokit.transport._call import Body, Call, JsonBody, Reply, Retry, StreamBody
from audiokit.transport._gate import Gate
from audiokit.transport._multipart import Multipart
from audiokit.transport._network import HttpClient, Network
from audiokit.transport._rate import RateLimiter, polling
from audiokit.transport._source import Source, as_source
from audiokit.transport._tally import Tally
from audiokit.transport._target import Target, names_a_folder, safe_file_name
from audiokit.transport._transport import StreamReply, Transport
from audiokit.transport._window import Priority

__all__ = [
    "ArchiveLimits",
    "Body",
    "Call",
    "Gate",
    "HttpClient",
    "JsonBody",
    "Multipart",
    "Network",
    "Priority",
    "RateLimiter",
    "Reply",
    "Retry",
    "RetryBudget",
    "Source",
    "StreamBody",
    "StreamReply",
    "Tally",
    "Target",
    "Transport",
    "as_source",
    "extract",
    "fetch_and_extract",
    "names_a_folder",
    "polling",
    "safe_file_name",
]
