"""The structure that the IAB's schema of VAST 3.0 asks of an inline, linear ad."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

ORDERED = {
    "VAST": ("Ad", "Error"),
    "Ad": ("InLine", "Wrapper"),
    "InLine": (
        "AdSystem",
        "AdTitle",
        "Description",
        "Advertiser",
        "Pricing",
        "Survey",
        "Error",
        "Impression",
        "Creatives",
        "Extensions",
    ),
    "Creatives": ("Creative",),
    "Creative": ("Linear", "CompanionAds", "NonLinearAds"),
    "Linear": (
        "Icons",
        "CreativeExtensions",
        "Duration",
        "TrackingEvents",
        "AdParameters",
        "VideoClicks",
        "MediaFiles",
    ),
    "MediaFiles": ("MediaFile",),
}
"""Children that an element may have, in the order in which the schema lists them."""

REQUIRED = {
    "InLine": ("AdSystem", "AdTitle", "Impression", "Creatives"),
    "Creatives": ("Creative",),
    "Linear": ("Duration", "MediaFiles"),
    "MediaFiles": ("MediaFile",),
}
ATTRIBUTES = {"VAST": ("version",), "MediaFile": ("delivery", "type", "width", "height")}
_DURATION = re.compile(r"\d{2}:[0-5]\d:[0-5]\d(\.\d{3})?\Z")


def problems(document: bytes) -> list[str]:
    """Return what the schema would refuse; empty for a valid document."""
    root = ET.fromstring(document)
    found = [] if root.tag == "VAST" and root.get("version") == "3.0" else ["root is not VAST 3.0"]
    for element in root.iter():
        found += _structure(element) + _attributes(element) + _content(element)
    return found


def _structure(element: ET.Element) -> list[str]:
    names = [child.tag for child in element]
    allowed = ORDERED.get(element.tag, ())
    found = [f"{element.tag} may not hold {name}" for name in names if name not in allowed]
    if not found:
        places = [allowed.index(name) for name in names]
        found += [f"children of {element.tag} are out of order"] if places != sorted(places) else []
    missing = [name for name in REQUIRED.get(element.tag, ()) if name not in names]
    return found + [f"{element.tag} lacks {name}" for name in missing]


def _attributes(element: ET.Element) -> list[str]:
    return [
        f"{element.tag} lacks {name}="
        for name in ATTRIBUTES.get(element.tag, ())
        if element.get(name) is None
    ]


def _content(element: ET.Element) -> list[str]:
    text = (element.text or "").strip()
    found: list[str] = []
    if element.tag in {"Impression", "MediaFile"} and urlsplit(text).scheme not in {"http", "https"}:
        found.append(f"{element.tag} is no URL: {text!r}")
    if element.tag in {"AdSystem", "AdTitle"} and not text:
        found.append(f"{element.tag} is empty")
    if element.tag == "Duration" and not _DURATION.match(text):
        found.append(f"Duration {text!r} is not HH:MM:SS.mmm")
    if element.tag == "MediaFile":
        numbers = {name: element.get(name, "0") for name in ("width", "height", "bitrate")}
        found += [f"MediaFile {name}={value!r}" for name, value in numbers.items() if not value.isdigit()]
        if element.get("delivery") not in {"progressive", "streaming"}:
            found.append(f"MediaFile delivery={element.get('delivery')!r}")
    return found
