"""Where memory for reads begins."""

from __future__ import annotations

import ctypes
import mmap

import pytest

from audiokit.transport._memory import page_memory


@pytest.mark.parametrize("size_bytes", [1, 44, 4096, 1 << 20])
def test_memory_begins_with_a_page(size_bytes: int) -> None:
    """It has the size asked for, can be written, and its first byte is the first of a page."""
    memory = page_memory(size_bytes)
    assert (size_bytes, False) == (len(memory), memory.readonly)
    assert 0 == ctypes.addressof(ctypes.c_char.from_buffer(memory)) % mmap.PAGESIZE


def test_no_memory_is_memory_too() -> None:
    """An empty file needs none."""
    assert b"" == bytes(page_memory(0))
