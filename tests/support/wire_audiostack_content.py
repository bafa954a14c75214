"""Rows of AudioStack v2: scripts, generated texts and media."""

from __future__ import annotations

from wire import WAV, Row, Step, first_page
from wire_audiostack_answers import LEVELS, LEVELS_WIRE, enveloped

SCRIPT = {
    "scriptId": "s-1",
    "projectName": "p",
    "moduleName": "m",
    "scriptName": "n",
    "scriptText": "Hello",
}

ROWS = [
    Row(
        operation="Content.Script.create",
        call=lambda kit: kit.audiostack.scripts.create(
            "<as:section>Hi</as:section>",
            project_name="p",
            module_name="m",
            script_name="n",
            metadata={"a": 1},
        ),
        request="POST /content/script",
        json={
            "scriptText": "<as:section>Hi</as:section>",
            "projectName": "p",
            "moduleName": "m",
            "scriptName": "n",
            "metadata": {"a": 1},
        },
        reply=enveloped({"scriptId": "s-1", "scriptName": "n"}),
        result=lambda script: (script.script_id, script.script_name),
        expected=("s-1", "n"),
    ),
    Row(
        operation="Content.Script.create",
        call=lambda kit: kit.audiostack.scripts.create(
            "Hello", project_name="p", module_name="m", script_name="n", metadata={"a": 1}
        ),
        request="POST /content/script",
        json={
            "scriptText": "Hello",
            "projectName": "p",
            "moduleName": "m",
            "scriptName": "n",
            "metadata": {"a": 1},
        },
        reply=enveloped(SCRIPT),
        result=lambda found: (found.script_id, found.script_text, found.meta.credits_used),
        expected=("s-1", "Hello", 2.5),
    ),
    Row(
        operation="Content.Script.get",
        call=lambda kit: kit.audiostack.scripts.get("s-1"),
        request="GET /content/script/s-1",
        reply=enveloped(SCRIPT),
        result=lambda found: found.script_name,
        expected="n",
    ),
    Row(
        operation="Content.Script.get",
        call=lambda kit: kit.audiostack.scripts.get("s-1", version="v 2", preview_with_voice="wren"),
        request="GET /content/script/s-1/v%202",
        query=[("preview", "true"), ("voice", "wren")],
        reply=enveloped(SCRIPT),
        result=lambda found: found.script_id,
        expected="s-1",
    ),
    Row(
        operation="Content.Script.update",
        call=lambda kit: kit.audiostack.scripts.update("s-1", "Bye", version="v1"),
        request="PUT /content/script",
        json={"scriptId": "s-1", "scriptText": "Bye", "version": "v1"},
        reply=enveloped(SCRIPT),
        result=lambda found: found.script_id,
        expected="s-1",
    ),
    Row(
        operation="Content.Script.delete",
        call=lambda kit: kit.audiostack.scripts.delete("s-1"),
        request="DELETE /content/script/s-1",
        reply={"message": "gone"},
    ),
    Row(
        operation="Content.Script.delete",
        call=lambda kit: kit.audiostack.scripts.delete("s-1", version="v1"),
        request="DELETE /content/script/s-1/v1",
        status=204,
    ),
    Row(
        operation="Content.Script.list",
        call=lambda kit: first_page(kit.audiostack.scripts.list(**LEVELS)),
        request="GET /content/scripts",
        query=LEVELS_WIRE,
        reply=enveloped({"scripts": [SCRIPT], "paginationToken": "page3"}),
        result=lambda page: ([one.script_id for one in page.items], page.next_token),
        expected=(["s-1"], "page3"),
    ),
    Row(
        operation="Content.Script.delete_many",
        call=lambda kit: kit.audiostack.scripts.delete_many(
            project_name="p", module_name="m", script_name="n"
        ),
        request="DELETE /content/scripts",
        query=[("projectName", "p"), ("moduleName", "m"), ("scriptName", "n")],
        reply={"message": "gone"},
    ),
    Row(
        operation="Content.Script.generate_advert",
        call=lambda kit: kit.audiostack.scripts.generate_advert(
            "Tea", "hot", mood="happy", tone="warm", third_person=False, ad_length_s=20
        ),
        request="POST /content/generate/advert",
        json={
            "productName": "Tea",
            "productDescription": "hot",
            "mood": "happy",
            "tone": "warm",
            "thirdPerson": False,
            "adLength": 20,
        },
        reply=enveloped({"adText": "Drink tea."}),
        result=lambda found: (found.data, found.meta.request_id),
        expected=({"adText": "Drink tea."}, "q-1"),
    ),
    Row(
        operation="Content.list_projects",
        call=lambda kit: kit.audiostack.content.list_projects(),
        request="GET /content/list_projects",
        reply=["p", "q"],
        result=lambda found: found.data,
        expected=["p", "q"],
    ),
    Row(
        operation="Content.list_modules",
        call=lambda kit: kit.audiostack.content.list_modules("p"),
        request="GET /content/list_modules",
        query=[("projectPrefix", "p")],
        reply=enveloped({"modules": ["m"]}),
        result=lambda found: found.data,
        expected={"modules": ["m"]},
    ),
    Row(
        operation="Content.generate",
        call=lambda kit: kit.audiostack.content.generate("tea", max_length=50),
        request="POST /content/generate",
        json={"prompt": "tea", "max_length": 50},
        reply=enveloped({"text": "Tea."}),
        result=lambda found: found.data,
        expected={"text": "Tea."},
    ),
    Row(
        operation="Content.RecommendTag.create",
        call=lambda kit: kit.audiostack.recommend.tag(
            "x", category="genre", tags=["jazz", "rock"], number_of_results=2
        ),
        request="POST /content/recommend/tag",
        json={"text": "x", "category": "genre", "tags": ["jazz", "rock"], "number_of_results": 2},
        reply=enveloped({"tags": ["rock", "jazz"]}),
        result=lambda found: found.tags,
        expected=["rock", "jazz"],
    ),
    Row(
        operation="Content.RecommendMood.create",
        call=lambda kit: kit.audiostack.recommend.mood("x", number_of_results=2),
        request="POST /content/recommend/mood",
        json={"text": "x", "number_of_results": 2},
        reply=enveloped({"tags": ["happy"]}),
        result=lambda found: found.tags,
        expected=["happy"],
    ),
    Row(
        operation="Content.RecommendTone.create",
        call=lambda kit: kit.audiostack.recommend.tone("x", number_of_results=2),
        request="POST /content/recommend/tone",
        json={"text": "x", "number_of_results": 2},
        reply=enveloped({"tags": ["warm"]}),
        result=lambda found: found.tags,
        expected=["warm"],
    ),
    Row(
        operation="Content.Media.get",
        call=lambda kit: kit.audiostack.media.get("med-1"),
        request="GET /content/media/med-1",
        reply=enveloped({"mediaId": "med-1", "tags": ["a"], "filename": "a.wav"}),
        result=lambda found: (found.media_id, found.tags, found.filename),
        expected=("med-1", ["a"], "a.wav"),
    ),
    Row(
        operation="Content.Media.list",
        call=lambda kit: kit.audiostack.media.list(),
        request="GET /content/media",
        reply=enveloped({"mediaFiles": [{"mediaId": "med-1", "tags": [], "filename": "a.wav"}]}),
        result=lambda found: [one.filename for one in found],
        expected=["a.wav"],
    ),
    Row(
        operation="Content.Media.delete",
        call=lambda kit: kit.audiostack.media.delete("med-1"),
        request="DELETE /content/media/med-1",
        status=204,
    ),
    Row(
        operation="Content.Media.create",
        call=lambda kit: kit.audiostack.media.create(WAV, name="epic.wav"),
        request="POST /content/media/create-upload-url",
        json={"fileName": "epic.wav"},
        reply=enveloped({"mediaId": "med-1", "fileUploadUrl": "https://store.example/put?sig=1"}),
        then=[
            Step(
                operation="Content.Media.create (PUT)",
                request="PUT https://store.example/put",
                query=[("sig", "1")],
                content=WAV,
                has_key=False,
            ),
            Step(
                operation="Content.Media.get",
                request="GET /content/media/med-1",
                reply=enveloped({"mediaId": "med-1", "filename": "epic.wav"}),
            ),
        ],
        result=lambda media: (media.media_id, media.filename),
        expected=("med-1", "epic.wav"),
    ),
]
