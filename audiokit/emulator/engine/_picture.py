"""A picture of a recording's waveform, as PNG, without an imaging library."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audiokit.emulator.engine._peaks import outline

WIDTH: Final = 1000
HEIGHT: Final = 160

# Red, green, blue of: background, middle line, wave.
_PALETTE: Final = bytes((255, 255, 255, 205, 214, 224, 44, 110, 170))
_INDEXED_COLOUR: Final = 3


def waveform(path: str, out: str) -> dict[str, Any]:
    """Draw a file's waveform as a PNG of 1000 x 160 pixels.

    Returns:
        ``width`` and ``height`` in pixels, ``size_bytes`` of the picture.
    """
    found = outline(path)
    edges = np.linspace(0, len(found.lows), WIDTH + 1)
    first = np.minimum(edges[:-1].astype(int), len(found.lows) - 1)
    last = np.maximum(np.ceil(edges[1:]).astype(int), first + 1)
    lows = np.array([found.lows[a:b].min() for a, b in zip(first, last, strict=True)])
    highs = np.array([found.highs[a:b].max() for a, b in zip(first, last, strict=True)])
    rows = np.arange(HEIGHT)[:, None]
    middle = (HEIGHT - 1) / 2
    top, bottom = middle - np.clip(highs, -1, 1) * middle, middle - np.clip(lows, -1, 1) * middle
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[HEIGHT // 2] = 1
    pixels[(rows >= np.floor(top)) & (rows <= np.ceil(bottom)) & (highs > lows)] = 2
    picture = _png(pixels)
    Path(out).write_bytes(picture)
    return {"width": WIDTH, "height": HEIGHT, "size_bytes": len(picture)}


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Pack palette indexes of shape (height, width)."""
    height, width = pixels.shape
    unfiltered = np.pad(pixels, ((0, 0), (1, 0))).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, _INDEXED_COLOUR, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _PALETTE), (b"IDAT", zlib.compress(unfiltered, 9)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)
