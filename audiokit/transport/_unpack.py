"""Unpacks compressed answers piece by piece: no piece explodes, and a cut stream is told from a whole one."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import httpx

_PIECE_BYTES: Final = 1 << 18
_TURN_BYTES: Final = 1 << 22
"""Unpacked before the loop has a turn: a MiB may hold a hundred."""
_FREE_BYTES: Final = 1 << 20
_MOST_RATIO: Final = 100
"""Text packs to a tenth; what packs to a thousandth, as silence does, is asked for unpacked."""

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_GZIP: Final = 16 + zlib.MAX_WBITS
_BARE: Final = -zlib.MAX_WBITS


async def unpacked(chunks: AsyncIterator[bytes], encoding: str) -> AsyncGenerator[bytes]:
    """The bytes behind *encoding*, the value of a Content-Encoding header; of gzip all members.

    Raises:
        httpx.DecodingError: It is none that was asked for, the bytes are not what it says, they grow
            more than a hundredfold, or something else follows their end.
        httpx.RemoteProtocolError: They end before their end.
    """
    name = encoding.strip().lower()
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise httpx.DecodingError(f"the answer is packed with {encoding!r}, which was not asked for")
    unpacker = None
    taken = given = in_turn = 0
    async for packed in chunks:
        if not packed:
            continue
        if unpacker is None:
            # Some send bare deflate under that name; a zlib header's first byte ends in 8.
            is_bare = name == "deflate" and packed[0] & 0x0F != 8
            unpacker = zlib.decompressobj(_BARE if is_bare else _GZIP_OR_ZLIB)
        taken += len(packed)
        left, has_more = packed, False
        while left or has_more:
            if unpacker.eof:
                if name == "deflate":
                    raise httpx.DecodingError(f"the answer goes on behind the end of its {name} stream")
                unpacker = zlib.decompressobj(_GZIP)
            try:
                piece = unpacker.decompress(left, _PIECE_BYTES)
            except zlib.error as error:
                raise httpx.DecodingError(f"the answer is no {name}: {error}") from error
            given += len(piece)
            if given > _FREE_BYTES + _MOST_RATIO * taken:
                raise httpx.DecodingError(
                    f"the answer unpacks to over {_MOST_RATIO} times its size; left after {given} bytes"
                )
            left = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            has_more = not unpacker.eof and len(piece) == _PIECE_BYTES  # of bytes it has taken in
            in_turn += len(piece)
            if in_turn >= _TURN_BYTES:
                in_turn = 0
                await asyncio.sleep(0)
            if piece:
                yield piece
    if unpacker is not None and not unpacker.eof:
        raise httpx.RemoteProtocolError(f"the {name} stream of the answer ends before its end")
