"""Unpack the zip archives that exports give, without trusting them."""

from __future__ import annotations

from audiokit.transport import ArchiveLimits, extract

__all__ = ["ArchiveLimits", "extract"]
