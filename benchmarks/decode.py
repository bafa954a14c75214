"""CPU of decoding a page of 100 recordings into models, against pydantic v2 with extra="allow".

Both start from the same bytes and end with typed objects that keep the one unknown field of
each recording. Rounds alternate; medians; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson
import pydantic
from _report import bar, finish, machine, versions

from audiokit.services._dialect import RESPEECHER
from audiokit.services.respeecher import Recording

ID = "00000000-0000-0000-0000-000000000001"
# Field by field as the vendor's endpoint reference shows it, plus one field nobody knows.
SHAPE: dict[str, Any] = {
    "id": ID,
    "project_id": ID,
    "parent_folder_id": ID,
    "type": "original",
    "url": "/api/recordings/x.wav",
    "waveform_url": "/api/recordings/x.png",
    "file_name": "x.wav",
    "label": "take",
    "state": "done",
    "original_id": ID,
    "model_id": ID,
    "model_name": "voice",
    "calibration_id": ID,
    "calibration_value": 0,
    "calibration_name": "mine",
    "microphone": "file",
    "size": 1234567,
    "duration": 12.5,
    "starred": False,
    "tts": True,
    "tts_voice": "voice",
    "tts_voice_id": ID,
    "text": "Hello.",
    "params": {},
    "error": None,
    "active": True,
    "created_at": "2023-10-08T16:12:55.753Z",
    "converted_at": "2023-10-08T16:12:55.753Z",
    "listen_count": 0,
    "process_stage": "done",
    "note": {"id": ID, "text": "good", "active": True},
    "added_by_the_vendor_next_year": "kept",
}


class PydanticNote(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    id: str | None = None
    text: str | None = None
    active: bool | None = None


class PydanticRecording(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", protected_namespaces=())
    id: str
    state: str
    type: str | None = None
    project_id: str | None = None
    parent_folder_id: str | None = None
    url: str | None = None
    waveform_url: str | None = None
    file_name: str | None = None
    label: str | None = None
    original_id: str | None = None
    model_id: str | None = None
    model_name: str | None = None
    calibration_id: str | None = None
    calibration_value: float | str | None = None
    calibration_name: str | None = None
    microphone: str | None = None
    size: int | None = None
    duration: float | None = None
    starred: bool = False
    tts: bool = False
    tts_voice: str | None = None
    tts_voice_id: str | None = None
    text: str | None = None
    params: Any = None
    error: str | None = None
    active: bool = True
    created_at: dt.datetime | None = None
    converted_at: dt.datetime | None = None
    listen_count: int | None = None
    process_stage: str | None = None
    note: PydanticNote | str | None = None


class PydanticPage(pydantic.BaseModel):
    list: list[PydanticRecording]


def ours(data: bytes) -> object:
    page = RESPEECHER.converter.structure(RESPEECHER.unwrap(orjson.loads(data)), list[Recording])
    assert page[-1].extra == {"added_by_the_vendor_next_year": "kept"}
    return page


def theirs(data: bytes) -> object:
    page = PydanticPage.model_validate_json(data)
    assert page.list[-1].model_extra == {"added_by_the_vendor_next_year": "kept"}
    return page


def cpu_us(decode: Callable[[bytes], object], data: bytes, times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        decode(data)
    return (time.process_time() - start) / times * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(machine())
    print(versions("audiokit", "attrs", "cattrs", "orjson", "pydantic"))
    pagination = {"count": 100, "limit": 100, "offset": 0}
    data = orjson.dumps({"list": [SHAPE] * 100, "pagination": pagination})
    contenders = {"audiokit": ours, "pydantic": theirs}
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for round_number in range(options.rounds + 1):
        for name, decode in contenders.items():
            figure = cpu_us(decode, data, options.times)
            if round_number:
                figures[name].append(figure)
    medians = {name: statistics.median(values) for name, values in figures.items()}
    for name, median in medians.items():
        print(f"{name:<10} {median:8.0f} us CPU for 100 recordings, median of {options.rounds}")
    ratio = medians["audiokit"] / medians["pydantic"]
    return finish("decode", [bar("decode 100 recordings / pydantic", ratio, 1.5)], as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
