"""Rows of Respeecher: recordings and orders."""

from __future__ import annotations

from wire import WAV, Row, items
from wire_respeecher_answers import AWARE, ID, MOMENT, in_list

from audiokit import Conversion
from audiokit.services.respeecher import ModelConversion

RECORDING = {
    "id": "r-1",
    "project_id": "p-1",
    "parent_folder_id": "f-1",
    "type": "original",
    "url": "/api/files/r-1.wav",
    "waveform_url": "/api/files/r-1.png",
    "file_name": "r-1.wav",
    "label": "take",
    "state": "done",
    "original_id": ID,
    "model_id": ID,
    "model_name": "m",
    "calibration_id": ID,
    "calibration_value": 0,
    "calibration_name": "c",
    "microphone": "file",
    "size": 800,
    "duration": 2.5,
    "starred": False,
    "tts": True,
    "tts_voice": "v",
    "tts_voice_id": ID,
    "text": "t",
    "params": {},
    "error": None,
    "active": True,
    "created_at": MOMENT,
    "converted_at": MOMENT,
    "listen_count": 0,
    "process_stage": "",
    "note": {"id": "n-1", "text": "hm", "active": True},
}
ORDER = {
    "id": "o-1",
    "user_id": "u-1",
    "original_id": "r-1",
    "conversion_id": "r-2",
    "tracking_id": ID,
    "transaction_id": ID,
    "moderation_id": None,
    "calibration_id": None,
    "f0": 120,
    "state": "new",
    "created_at": MOMENT,
    "closed_at": None,
    "error": None,
}
CONVERSION = {"id": "r-2", "type": "converted", "state": "processing", "original_id": "r-1"}

ROWS = [
    Row(
        operation="recordings.list",
        call=lambda kit: items(kit.respeecher.recordings.list(project_id="p-1", folder_id="f-1")),
        request="GET /api/recordings",
        query=[("project_id", "p-1"), ("folder_id", "f-1"), ("limit", "50"), ("offset", "0")],
        reply=in_list(RECORDING),
        result=lambda found: [
            (one.id, one.size_bytes, one.duration_s, one.note.text, one.is_over, one.created_at)
            for one in found
        ],
        expected=[("r-1", 800, 2.5, "hm", True, AWARE)],
    ),
    Row(
        operation="recordings.list_originals",
        call=lambda kit: items(kit.respeecher.recordings.list_originals("f-1", direction="asc")),
        request="GET /api/recordings/originals",
        query=[("folder_id", "f-1"), ("direction", "asc"), ("limit", "50"), ("offset", "0")],
        reply=in_list(RECORDING),
        result=len,
        expected=1,
    ),
    Row(
        operation="recordings.list_conversions",
        call=lambda kit: items(kit.respeecher.recordings.list_conversions("r-1", page_size=200)),
        request="GET /api/recordings/conversions",
        query=[("original_id", "r-1"), ("limit", "200"), ("offset", "0")],
        reply=in_list(RECORDING),
        result=len,
        expected=1,
    ),
    Row(
        operation="recordings.create",
        call=lambda kit: kit.respeecher.recordings.upload(
            WAV, folder_id="f-1", label="Take 1", microphone="Shure"
        ),
        request="POST /api/recordings",
        form={"parent_folder_id": "f-1", "microphone": "Shure", "label": "Take 1", "data": WAV},
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
    ),
    Row(
        operation="recordings.create",
        call=lambda kit: kit.respeecher.recordings.upload(WAV, folder_id="f-1"),
        request="POST /api/recordings",
        form={"parent_folder_id": "f-1", "microphone": "file", "data": WAV},
        reply=RECORDING,
        result=lambda recording: recording.label,
        expected="take",
    ),
    Row(
        operation="recordings.update",
        call=lambda kit: kit.respeecher.recordings.update("r-1", starred=True),
        request="PATCH /api/recordings/r-1",
        json={"starred": True},
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
    ),
    Row(
        operation="recordings.replace",
        call=lambda kit: kit.respeecher.recordings.replace("r-1", label="l", starred=False),
        request="PUT /api/recordings/r-1",
        json={"label": "l", "starred": False},
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
    ),
    *[
        Row(
            operation="recordings.delete",
            call=lambda kit: kit.respeecher.recordings.delete("r-1"),
            request="DELETE /api/recordings/r-1",
            reply=reply,
            status=status,
            result=list,
            expected=["r-1"],
        )
        for status, reply in [(200, [{"id": "r-1"}]), (204, None)]
    ],
    Row(
        operation="recordings.get",
        call=lambda kit: kit.respeecher.recordings.get("r-1"),
        request="GET /api/recordings/r-1",
        reply=RECORDING,
        result=lambda recording: recording.url,
        expected="/api/files/r-1.wav",
    ),
    Row(
        operation="recordings.create_tts",
        call=lambda kit: kit.respeecher.recordings.create_tts(
            "Hello", folder_id="f-1", text_language="en", label="l", tts_voice_id="tv-1"
        ),
        request="POST /api/v2/recordings/tts",
        json={
            "parent_folder_id": "f-1",
            "text": "Hello",
            "text_language": "en",
            "label": "l",
            "tts_voice_id": "tv-1",
        },
        reply=RECORDING,
        result=lambda recording: recording.tts,
        expected=True,
    ),
    Row(
        operation="recordings.create_tts",
        call=lambda kit: kit.respeecher.recordings.create_tts("Hello", folder_id="f-1"),
        request="POST /api/v2/recordings/tts",
        json={"parent_folder_id": "f-1", "text": "Hello"},
        reply=RECORDING,
        result=lambda recording: recording.state,
        expected="done",
    ),
    Row(
        operation="recordings.conversion_order_v1",
        call=lambda kit: kit.respeecher.recordings.conversion_order_v1(
            "r-1",
            [ModelConversion(id="m-1", name="Anna", params=[{"id": "x", "name": "pitch", "value": 2}])],
            calibration_id="c-1",
        ),
        request="POST /api/recordings/conversion-order",
        json={
            "original_id": "r-1",
            "models": [{"id": "m-1", "name": "Anna", "params": [{"id": "x", "name": "pitch", "value": 2}]}],
            "calibration_id": "c-1",
        },
        reply=[CONVERSION],
        result=lambda found: [(one.id, one.state) for one in found],
        expected=[("r-2", "processing")],
        warns=r"use orders\.create",
    ),
    Row(
        operation="recordings.conversion_redo",
        call=lambda kit: kit.respeecher.recordings.conversion_redo("r-2"),
        request="POST /api/recordings/conversion-redo/r-2",
        reply=CONVERSION,
        result=lambda recording: recording.original_id,
        expected="r-1",
        warns=r"use orders\.retry",
    ),
    Row(
        operation="orders.create",
        call=lambda kit: kit.respeecher.orders.create(
            "r-1",
            [
                Conversion(voice_id="v-1", accent_id="a-1", semitones_correction=-2, label="Anna"),
                Conversion(voice_id="v-2", narration_style_id="s-1"),
            ],
            calibration_id="c-1",
        ),
        request="POST /api/v2/orders",
        json={
            "original_id": "r-1",
            "conversions": [
                {"voice_id": "v-1", "accent_id": "a-1", "semitones_correction": -2, "label": "Anna"},
                {"voice_id": "v-2", "narration_style_id": "s-1"},
            ],
            "use_calibration": True,
            "calibration_id": "c-1",
        },
        reply=[ORDER, {**ORDER, "id": "o-2", "conversion_id": "r-3"}],
        result=lambda orders: [(one.id, one.conversion_id, one.state, one.f0_hz) for one in orders],
        expected=[("o-1", "r-2", "new", 120), ("o-2", "r-3", "new", 120)],
    ),
    Row(
        operation="orders.create",
        call=lambda kit: kit.respeecher.orders.create("r-1", [Conversion(voice_id="v-1")]),
        request="POST /api/v2/orders",
        json={"original_id": "r-1", "conversions": [{"voice_id": "v-1"}], "use_calibration": False},
        reply=[ORDER],
        result=len,
        expected=1,
    ),
    Row(
        operation="orders.retry",
        call=lambda kit: kit.respeecher.orders.retry("r-2"),
        request="POST /api/v2/orders/retry/r-2",
        reply=ORDER,
        result=lambda order: order.id,
        expected="o-1",
    ),
    Row(
        operation="recordings.create_tts_v1",
        call=lambda kit: kit.respeecher.recordings.create_tts_v1(
            "Hello", project_id="p-1", folder_id="f-1", voice_id="tv-1", label="l"
        ),
        request="POST /api/recordings/tts",
        json={
            "project_id": "p-1",
            "parent_folder_id": "f-1",
            "voice_id": "tv-1",
            "text": "Hello",
            "label": "l",
        },
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
        warns=r"use recordings\.create_tts",
    ),
    Row(
        operation="recordings.export",
        call=lambda kit: kit.respeecher.recordings.export("r-1", ".", starred_only=True),
        request="GET /api/recordings/export",
        query=[("original_id", "r-1"), ("starred_only", "true")],
        reply=b"PK\x03\x04",
        reply_headers={"content-disposition": 'attachment; filename="all.zip"'},
        result=lambda path: (path.name, path.read_bytes()),
        expected=("all.zip", b"PK\x03\x04"),
    ),
    Row(
        operation="recordings.download",
        call=lambda kit: kit.respeecher.recordings.download("/api/files/r-1.wav", ".", name="take"),
        request="GET /api/files/r-1.wav",
        reply=WAV,
        result=lambda path: (path.name, path.read_bytes()),
        expected=("take.wav", WAV),
    ),
    Row(
        operation="recordings.list",
        call=lambda kit: items(
            kit.respeecher.recordings.list(folder_id="f-1", direction="desc", page_size=10, offset=20)
        ),
        request="GET /api/recordings",
        query=[("folder_id", "f-1"), ("direction", "desc"), ("limit", "10"), ("offset", "20")],
        reply=[],
        expected=[],
    ),
    Row(
        operation="recordings.list_originals",
        call=lambda kit: items(kit.respeecher.recordings.list_originals("f-1", page_size=10, offset=20)),
        request="GET /api/recordings/originals",
        query=[("folder_id", "f-1"), ("limit", "10"), ("offset", "20")],
        reply=[],
        expected=[],
    ),
    Row(
        operation="recordings.list_conversions",
        call=lambda kit: items(
            kit.respeecher.recordings.list_conversions("r-1", direction="asc", page_size=10, offset=20)
        ),
        request="GET /api/recordings/conversions",
        query=[("original_id", "r-1"), ("direction", "asc"), ("limit", "10"), ("offset", "20")],
        reply=[],
        expected=[],
    ),
    Row(
        operation="recordings.update",
        call=lambda kit: kit.respeecher.recordings.update("r-1", label="Take 2"),
        request="PATCH /api/recordings/r-1",
        json={"label": "Take 2"},
        reply=RECORDING,
        result=lambda recording: recording.id,
        expected="r-1",
    ),
]
