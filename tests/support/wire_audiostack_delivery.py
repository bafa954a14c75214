"""Rows of AudioStack v2: encodings, files, folders and what makes whole adverts."""

from __future__ import annotations

from wire import WAV, Row, Step, first_page
from wire_audiostack_answers import enveloped

from audiokit.services.audiostack import Encoding, StackFile

MOMENT = "2026-01-02T03:04:05Z"
FILE = {
    "fileId": "f-1",
    "fileName": "a.wav",
    "folderId": "d-1",
    "url": None,
    "createdBy": "me",
    "createdAt": MOMENT,
    "fileType": {"fileTypeId": "ft-1", "name": "audio"},
    "fileCategory": None,
    "size": 100,
    "status": "uploaded",
    "duration": 1.5,
    "accessControl": "private",
}
FOLDER = {"folderId": "d-1", "folderName": "ads", "createdBy": "me", "createdAt": MOMENT}
CONTENTS = {
    "data": {"folders": [FOLDER], "files": [FILE], "currentPathChain": [FOLDER]},
    "pagination": {"limit": 50, "offset": 0},
}
ENCODING = {"encoderId": "e-1", "url": "https://files.example/e.mp3", "format": "mp3"}

ROWS = [
    Row(
        operation="Delivery.Encoder.encode_mix",
        call=lambda kit: kit.audiostack.encoder.encode_mix(
            "m-1",
            preset="custom",
            public=True,
            bit_rate_type="constant",
            bit_rate=128,
            format="mp3",
            bit_depth=16,
            channels=2,
            loudness_preset="podcast",
            loudness_settings="x",
            loudness_target_lufs=-16.5,
            dynamic_range_lu=8,
            true_peak_dbtp=-1,
        ),
        request="POST /delivery/encoder",
        json={
            "productionId": "m-1",
            "preset": "custom",
            "public": True,
            "bitRateType": "constant",
            "bitRate": 128,
            "format": "mp3",
            "bitDepth": 16,
            "channels": 2,
            "loudnessPreset": "podcast",
            "loudnessSettings": "x",
            "loudnessTarget": -16.5,
            "dynamicRange": 8,
            "truePeak": -1,
        },
        reply=enveloped(ENCODING),
        result=lambda found: (found.encoder_id, found.format, found.is_ready),
        expected=("e-1", "mp3", True),
    ),
    Row(
        operation="Delivery.Encoder.encode_mix",
        call=lambda kit: kit.audiostack.encoder.encode_mix("m-1", preset="custom", sample_rate_hz=48000),
        request="POST /delivery/encoder",
        json={"productionId": "m-1", "preset": "custom", "sampleRate": 48000},
        reply=enveloped({"encoderId": "e-1"}),
        status=202,
        result=lambda found: found.is_ready,
        expected=False,
    ),
    Row(
        operation="Delivery.Encoder.get",
        call=lambda kit: kit.audiostack.encoder.get("e-1"),
        request="GET /delivery/encoder/e-1",
        reply=enveloped(ENCODING),
        result=lambda found: found.url,
        expected="https://files.example/e.mp3",
    ),
    Row(
        operation="Delivery.Encoder.list_presets",
        call=lambda kit: kit.audiostack.encoder.list_presets(),
        request="GET /delivery/encoder/presets",
        reply=enveloped({"presets": ["mp3", "wav"]}),
        expected=["mp3", "wav"],
    ),
    Row(
        operation="Files.get",
        call=lambda kit: kit.audiostack.files.get("f-1"),
        request="GET /files/f-1",
        reply=FILE,
        result=lambda found: (found.size_bytes, found.duration_s, found.is_ready, found.file_type.name),
        expected=(100, 1.5, True, "audio"),
    ),
    Row(
        operation="Files.delete",
        call=lambda kit: kit.audiostack.files.delete("f-1"),
        request="DELETE /files/f-1",
        status=204,
    ),
    Row(
        operation="Files.copy",
        call=lambda kit: kit.audiostack.files.copy("f-1", current_folder_id="d-1", new_folder_id="d-2"),
        request="PUT /files/copy",
        json={"file_id": "f-1", "current_folder_id": "d-1", "new_folder_id": "d-2"},
        reply={**FILE, "fileId": "f-2"},
        result=lambda found: found.file_id,
        expected="f-2",
    ),
    Row(
        operation="Files.patch",
        call=lambda kit: kit.audiostack.files.patch(
            "f-1", name="b.wav", category_id="k-1", category_name="k", access_control="public"
        ),
        request="PATCH /files/f-1",
        json={
            "file_name": "b.wav",
            "category_id": "k-1",
            "category_name": "k",
            "access_control": "public",
        },
        reply=FILE,
        result=lambda found: found.file_id,
        expected="f-1",
    ),
    Row(
        operation="Files.get_file_categories",
        call=lambda kit: kit.audiostack.files.categories(),
        request="GET /files/file-categories",
        reply={"fileTypes": [{"fileTypeId": "ft-1", "name": "audio", "fileCategories": []}]},
        result=lambda found: [(one.name, one.extra) for one in found],
        expected=[("audio", {"fileCategories": []})],
    ),
    Row(
        operation="Folders.list",
        call=lambda kit: kit.audiostack.folders.list(path="ads/2026"),
        request="GET /folders",
        query=[("path", "ads/2026")],
        reply=CONTENTS,
        result=lambda found: (
            found.files[0].file_id,
            found.folders[0].folder_name,
            found.limit,
            found.offset,
        ),
        expected=("f-1", "ads", 50, 0),
    ),
    Row(
        operation="Folders.list",
        call=lambda kit: kit.audiostack.folders.root_id(),
        request="GET /folders",
        reply=CONTENTS,
        expected="d-1",
    ),
    Row(
        operation="Folders.create",
        call=lambda kit: kit.audiostack.folders.create("ads", parent_folder_id="d-0"),
        request="POST /folders",
        json={"folder_name": "ads", "parent_folder_id": "d-0"},
        reply=FOLDER,
        result=lambda found: (found.folder_id, found.created_at.year),
        expected=("d-1", 2026),
    ),
    Row(
        operation="Folders.get",
        call=lambda kit: kit.audiostack.folders.get("d-1"),
        request="GET /folders/d-1",
        reply=CONTENTS,
        result=lambda found: found.current_path_chain[-1].folder_id,
        expected="d-1",
    ),
    Row(
        operation="Folders.patch",
        call=lambda kit: kit.audiostack.folders.patch("d-1", name="new"),
        request="PATCH /folders/d-1",
        json={"folder_name": "new"},
        reply=FOLDER,
        result=lambda found: found.folder_id,
        expected="d-1",
    ),
    Row(
        operation="Folders.delete",
        call=lambda kit: kit.audiostack.folders.delete("d-1"),
        request="DELETE /folders/d-1",
        reply={"message": "gone"},
    ),
    Row(
        operation="Folders.list_files",
        call=lambda kit: first_page(
            kit.audiostack.folders.list_files(
                "d-1", filter="size gt 5", order_by="createdAt desc", page_size=10, offset=20
            )
        ),
        request="GET /folders/d-1/files",
        query=[
            ("$filter", "size gt 5"),
            ("$orderBy", "createdAt desc"),
            ("limit", "10"),
            ("offset", "20"),
        ],
        reply={"data": [FILE], "pagination": {"limit": 10, "offset": 20}},
        result=lambda page: ([one.file_id for one in page.items], page.total),
        expected=(["f-1"], 21),
    ),
    Row(
        operation="Audioform.create",
        call=lambda kit: kit.audiostack.audioforms.create({"header": {"version": "2"}, "assets": {}}),
        request="POST /audioforms",
        json={"audioform": {"header": {"version": "2"}, "assets": {}}},
        reply={"data": {"audioformId": "af-1"}, "metadata": {"creditUsed": 3, "requestId": "q-9"}},
        status=202,
        result=lambda found: (found.audioform_id, found.is_ready, found.meta.credits_used),
        expected=("af-1", False, 3),
    ),
    Row(
        operation="Audioform.get",
        call=lambda kit: kit.audiostack.audioforms.get("af-1"),
        request="GET /audioforms/af-1",
        headers={"version": "2"},
        reply={"audioformId": "af-1", "statusCode": 202},
        status=202,
        result=lambda found: (found.audioform_id, found.is_ready),
        expected=("af-1", False),
    ),
    Row(
        operation="Audioform.get",
        call=lambda kit: kit.audiostack.audioforms.get("af-1", version="0.0.1", headers={"x-trace": "1"}),
        request="GET /audioforms/af-1",
        headers={"version": "0.0.1", "x-trace": "1"},
        reply={"data": {"audioformId": "af-1", "audioform": {"a": 1}, "result": {"r": 2}, "errors": []}},
        result=lambda found: (found.is_ready, found.audioform, found.result),
        expected=(True, {"a": 1}, {"r": 2}),
    ),
    Row(
        operation="Creator.Brief.create",
        call=lambda kit: kit.audiostack.briefs.create(
            {"script": {}, "voices": []}, num_ads=2, audioform_version="2"
        ),
        request="POST /creator/brief",
        json={"brief": {"script": {}, "voices": []}, "numAds": 2, "audioformVersion": "2"},
        reply=enveloped(
            {"audioforms": [{"statusCode": 200, "audioformId": "af-1", "audioform": {}}, {"statusCode": 400}]}
        ),
        result=lambda found: [(one.audioform_id, one.has_failed) for one in found.audioforms],
        expected=[("af-1", False), (None, True)],
    ),
    Row(
        operation="Creator.Brief.create",
        call=lambda kit: kit.audiostack.briefs.create(file=StackFile(file_id="f-1")),
        request="POST /creator/brief",
        json={"fileId": "f-1"},
        reply=enveloped({"audioforms": []}),
        result=lambda found: found.audioforms,
        expected=[],
    ),
    Row(
        operation="Creator.Story.create",
        call=lambda kit: kit.audiostack.stories.create({"title": "t", "chapters": []}),
        request="POST /creator/story",
        json={"story": {"title": "t", "chapters": []}},
        reply={"data": {"storyId": "st-1"}, "metadata": {"requestId": "q-2"}},
        result=lambda found: (found.story_id, found.is_ready, found.meta.request_id),
        expected=("st-1", False, "q-2"),
    ),
    Row(
        operation="Creator.Story.get",
        call=lambda kit: kit.audiostack.stories.get("st-1"),
        request="GET /creator/story/st-1",
        reply={"data": {"statusCode": 200, "storyId": "st-1", "storyResult": {"a": 1}, "audioforms": [{}]}},
        result=lambda found: (found.is_ready, found.story_result, found.audioforms),
        expected=(True, {"a": 1}, [{}]),
    ),
    Row(
        operation="Documentation.docs_for_service",
        call=lambda kit: kit.audiostack.documentation.docs_for_service("Mix"),
        request="GET /documentation",
        query=[("route", "mix")],
        reply={"docs": "text"},
        result=lambda found: found.data,
        expected={"docs": "text"},
    ),
    Row(
        operation="Files.create",
        call=lambda kit: kit.audiostack.files.create(WAV, name="a.wav", folder_id="d-1", category_id="k-1"),
        request="POST /files",
        json={"file_name": "a.wav", "folder_id": "d-1", "category_id": "k-1"},
        reply={"fileId": "f-1", "uploadUrl": "https://store.example/put?sig=1", "mimeType": "audio/x-wav"},
        then=[
            Step(
                operation="Files.create (PUT)",
                request="PUT https://store.example/put",
                query=[("sig", "1")],
                headers={"Content-Type": "audio/x-wav"},
                content=WAV,
                has_key=False,
            ),
            Step(operation="Files.get", request="GET /files/f-1", reply=FILE),
        ],
        result=lambda found: (found.file_id, found.is_ready),
        expected=("f-1", True),
    ),
    Row(
        operation=None,  # the contract ends with the URL
        call=lambda kit: kit.audiostack.files.download(
            StackFile(file_id="f-1", url="https://files.example/a.wav", file_name="a.wav"), ".", name="b"
        ),
        request="GET https://files.example/a.wav",
        has_key=False,
        reply=WAV,
        result=lambda path: (path.name, path.read_bytes()),
        expected=("b.wav", WAV),
    ),
    Row(
        operation=None,  # as above
        call=lambda kit: kit.audiostack.encoder.download(
            Encoding(encoder_id="e-1", url="https://files.example/e.wav"), ".", name="ad"
        ),
        request="GET https://files.example/e.wav",
        has_key=False,
        reply=WAV,
        result=lambda path: (path.name, path.read_bytes()),
        expected=("ad.wav", WAV),
    ),
]
