"""Bytes in, bytes out: the only layer that knows httpx. It knows hosts, not resources."""

from __future__ import annotations

from audiokit.transport._call import Body, Call, JsonBody, Reply, Retry, StreamBody
from audiokit.transport._download import Target, names_a_folder, safe_file_name
from audiokit.transport._multipart import Multipart
from audiokit.transport._source import Source, as_source
from audiokit.transport._transport import StreamReply, Transport

__all__ = [
    "Body",
    "Call",
    "JsonBody",
    "Multipart",
    "Reply",
    "Retry",
    "Source",
    "StreamBody",
    "StreamReply",
    "Target",
    "Transport",
    "as_source",
    "names_a_folder",
    "safe_file_name",
]
