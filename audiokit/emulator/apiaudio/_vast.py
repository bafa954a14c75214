"""VAST 3.0: the document by which ad servers find an audio ad."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from audiokit.emulator._http import MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence


def vast_xml(
    *, title: str, track_id: str, impression: str, files: Sequence[tuple[str, str, float, int]]
) -> bytes:
    """Write the document of one inline, linear ad.

    Args:
        title: Shown as AdTitle.
        track_id: Identifies ad and creative.
        impression: URL that players call when the ad begins.
        files: Per rendering its URL, extension, length in seconds and size in bytes.
    """
    root = ET.Element("VAST", version="3.0")
    inline = ET.SubElement(ET.SubElement(root, "Ad", id=track_id), "InLine")
    ET.SubElement(inline, "AdSystem").text = "audiokit emulator"
    ET.SubElement(inline, "AdTitle").text = _printable(title)
    ET.SubElement(inline, "Impression").text = impression
    creative = ET.SubElement(ET.SubElement(inline, "Creatives"), "Creative", id=track_id)
    linear = ET.SubElement(creative, "Linear")
    ET.SubElement(linear, "Duration").text = clock_time(files[0][2])
    media_files = ET.SubElement(linear, "MediaFiles")
    for url, extension, seconds, size_bytes in files:
        media = ET.SubElement(
            media_files,
            "MediaFile",
            delivery="progressive",
            type=MEDIA_TYPES[extension],
            bitrate=str(round(size_bytes * 8 / 1000 / max(seconds, 0.001))),
            width="0",
            height="0",
        )
        media.text = url
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def clock_time(seconds: float) -> str:
    """Write seconds as ``HH:MM:SS.mmm``."""
    millis = round(seconds * 1000)
    return (
        f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"
    )


def _printable(text: str) -> str:
    """Drop control characters, which XML cannot hold."""
    return "".join(char for char in text if char.isprintable())
