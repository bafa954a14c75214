"""Content: scripts and uploaded media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator import _diction, _media
from audiokit.emulator._body import read_json
from audiokit.emulator._fields import Fields, query_flag
from audiokit.emulator._http import HttpError, account_of, context_of
from audiokit.emulator._off_loop import off_loop
from audiokit.emulator._voicing import voice_named
from audiokit.emulator._warnings import unknown_fields
from audiokit.emulator.audiostack import _scripts
from audiokit.emulator.audiostack._envelope import envelope
from audiokit.emulator.audiostack._pages import LEVELS, fits, page_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def create_script(request: Request) -> Response:
    """Make a script."""
    fields = Fields(await read_json(request))
    doc, warnings = await _scripts.create(context_of(request), account_of(request), fields)
    return await envelope(
        request,
        _scripts.as_json(doc),
        message="script created",
        warnings=[*warnings, *unknown_fields(fields)],
    )


async def get_script(request: Request) -> Response:
    """Read one version of a script; a preview has the words that a voice would say instead."""
    context, account, query = context_of(request), account_of(request), request.query_params
    version = request.path_params.get("version", _scripts.BASE_VERSION)
    doc = await _scripts.require(context, account, request.path_params["scriptId"])
    data = _scripts.as_json(doc, version)
    if query_flag(query.get("preview"), name="preview"):
        words = await _diction.lexicon(context, account, voice_named(query.get("voice") or None))
        text = data["scriptText"]
        data["scriptText"], _ = await off_loop(lambda: words.respell_script(text), characters=len(text))
    return await envelope(request, data, message="script found")


async def update_script(request: Request) -> Response:
    """Write or add a version of a script."""
    fields = Fields(await read_json(request))
    doc, version, warnings = await _scripts.update(context_of(request), account_of(request), fields)
    data = _scripts.as_json(doc, version)
    return await envelope(
        request, data, message="script updated", warnings=[*warnings, *unknown_fields(fields)]
    )


async def delete_script(request: Request) -> Response:
    """Delete a script, or one version of it."""
    context, account = context_of(request), account_of(request)
    doc = await _scripts.require(context, account, request.path_params["scriptId"])
    script_id, version = doc["scriptId"], request.path_params.get("version")
    if version is None:
        await context.store.delete(_scripts.KIND, script_id, account=account)
    else:
        _scripts.text_of(doc, version)
        if version == _scripts.BASE_VERSION:
            raise HttpError(400, f"version {version!r} is the script itself; delete the whole script instead")

        def without(old: dict[str, Any]) -> dict[str, Any]:
            return {**old, "versions": {k: v for k, v in old["versions"].items() if k != version}}

        await context.store.modify(_scripts.KIND, script_id, without, account=account)
    return await envelope(request, {}, message="script deleted")


async def list_scripts(request: Request) -> Response:
    """List scripts, narrowed by the three names and the id."""
    query = request.query_params
    wanted = {
        key: query[key] for key in ("projectName", "moduleName", "scriptName", "scriptId") if query.get(key)
    }
    docs = await context_of(request).store.find(_scripts.KIND, account=account_of(request))
    docs, more = page_of(request, [doc for doc in docs if fits(doc, wanted)])
    found = [_scripts.as_json(doc) for doc in docs]
    if not query_flag(query.get("verbose", "true"), name="verbose"):
        found = [{key: value for key, value in item.items() if key != "scriptText"} for item in found]
    return await envelope(request, {"scripts": found, **more}, message=f"{len(found)} scripts")


async def delete_scripts(request: Request) -> Response:
    """Delete all scripts with some names; without any name none, lest a slip takes them all."""
    context, account, query = context_of(request), account_of(request), request.query_params
    wanted = {name: query[name] for name in LEVELS if query.get(name)}
    if not wanted:
        raise HttpError(400, f"give at least one of {', '.join(LEVELS)}")
    docs = await context.store.find(_scripts.KIND, account=account)
    found = [(_scripts.KIND, doc["scriptId"]) for doc in docs if fits(doc, wanted)]
    count = await context.store.delete_all(found, account=account)
    return await envelope(
        request, {"scriptIds": [id_ for _, id_ in found]}, message=f"deleted {count} scripts"
    )


async def list_projects(request: Request) -> Response:
    """List the projects that scripts are in; given a name its modules, for a client asks so by a slip."""
    if name := request.query_params.get("projectName"):
        return await _list_modules(request, name)
    docs = await context_of(request).store.find(_scripts.KIND, account=account_of(request))
    names = list(dict.fromkeys(doc["projectName"] for doc in docs))
    return await envelope(request, {"projects": names}, message=f"{len(names)} projects")


async def list_modules(request: Request) -> Response:
    """List modules, as ``project/module``, by the beginning of the project's name."""
    prefix = request.query_params.get("projectPrefix")
    if not prefix:
        raise HttpError(400, "query parameter projectPrefix is required")
    return await _list_modules(request, prefix)


async def _list_modules(request: Request, prefix: str) -> Response:
    docs = await context_of(request).store.find(_scripts.KIND, account=account_of(request))
    paths = [
        f"{doc['projectName']}/{doc['moduleName']}" for doc in docs if doc["projectName"].startswith(prefix)
    ]
    names = list(dict.fromkeys(paths))
    return await envelope(request, {"modules": names}, message=f"{len(names)} modules")


async def create_upload_url(request: Request) -> Response:
    """Announce a recording: give its id and the URL for its bytes."""
    fields = Fields(await read_json(request))
    data = await _media.announce(request, account_of(request), file_name=fields.required_text("fileName"))
    return await envelope(
        request, dict(data), message="PUT the file to fileUploadUrl", warnings=unknown_fields(fields)
    )


async def get_media(request: Request) -> Response:
    """Read what is known of a recording; damage found at the upload is told as a warning."""
    doc = await _require_media(request)
    warnings = [doc["note"]] if doc.get("note") else []
    return await envelope(request, _media_json(doc), message="media found", warnings=warnings)


async def list_media(request: Request) -> Response:
    """List recordings."""
    docs = await _media.find_all(context_of(request), account_of(request))
    return await envelope(
        request, {"mediaFiles": [_media_json(doc) for doc in docs]}, message=f"{len(docs)} files"
    )


async def delete_media(request: Request) -> Response:
    """Forget a recording; templates made from it keep their segments."""
    doc = await _require_media(request)
    await _media.delete(context_of(request), account_of(request), doc["id"])
    return await envelope(request, {}, message="media deleted")


async def _require_media(request: Request) -> dict[str, Any]:
    media_id = request.path_params["mediaId"]
    doc = await _media.find(context_of(request), account_of(request), media_id)
    if doc is None:
        raise HttpError(404, f"mediaId {media_id!r} not found")
    return doc


def _media_json(doc: dict[str, Any]) -> dict[str, Any]:
    return {"mediaId": doc["id"], "filename": doc["filename"], "tags": doc["tags"]}
