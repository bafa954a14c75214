"""Statistics over the conversions that exist now; times in seconds."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._fields import shown
from audiokit.emulator._http import JSONReply, account_of, context_of
from audiokit.emulator.respeecher._fields import Fields, body_fields, query_fields
from audiokit.emulator.respeecher._lookup import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

MOST_IDS = 200
"""Most projects or folders in one call."""


async def account_stats(request: Request) -> Response:
    """Return the account's figures."""
    context, account = context_of(request), account_of(request)
    found = await context.store.find("recording", account=account, where={"type": "converted"})
    this_month = context.now()[:7]
    months: defaultdict[str, float] = defaultdict(float)
    for doc in _done(found):
        months[doc["converted_at"][:7]] += doc["duration"]
    previous = [
        {"month": f"{month}-01", "duration": round(seconds, 3)}
        for month, seconds in sorted(months.items(), reverse=True)
        if month != this_month
    ]
    return JSONReply(
        {
            "time_converted": {**_time_converted(found, this_month), "previous_monthes": previous},
            "conversions": _counts(found),
            "models": _by_voice(found),
        }
    )


async def project_stats(request: Request) -> Response:
    """Return figures for some projects, in the order asked for."""
    context, account = context_of(request), account_of(request)
    reply = []
    for id_ in await _ids(request, "project_ids"):
        await find(context, account, "project", id_, field="project_ids")
        where = {"project_id": id_, "type": "converted"}
        found = await context.store.find("recording", account=account, where=where)
        reply.append(
            {
                "project_id": id_,
                "time_converted": _time_converted(found, context.now()[:7]),
                "conversions": _counts(found),
            }
        )
    return JSONReply(reply)


async def folder_stats(request: Request) -> Response:
    """Return figures for some folders, in the order asked for."""
    context, account = context_of(request), account_of(request)
    reply = []
    for id_ in await _ids(request, "folder_ids"):
        await find(context, account, "folder", id_, field="folder_ids")
        where = {"type": "converted"}
        found = await context.store.find("recording", account=account, parent=id_, where=where)
        reply.append({"folder_id": id_, "stats": _counts(found)})
    return JSONReply(reply)


async def _ids(request: Request, name: str) -> list[str]:
    """Read ids from repeated keys, a comma list or a JSON body: the sources disagree on which it is."""
    values: list[Any] = [v for part in request.query_params.getlist(name) for v in part.split(",") if v]
    fields: Fields = query_fields(request)
    if not values and name not in request.query_params:
        fields = await body_fields(request, optional=True)
        raw = fields.raw(name)
        if raw is None:
            fields.wrong(name, f"{name} is required: 0 to {MOST_IDS} ids", "value_error.missing")
        elif not isinstance(raw, list):
            fields.wrong(name, f"{name} must be a list of UUIDs, got {shown(raw)}", "type_error.list")
        else:
            values = raw
    ids = fields.uuids(name, values, most=MOST_IDS)
    fields.check()
    return ids


def _done(conversions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [doc for doc in conversions if doc["state"] == "done"]


def _time_converted(conversions: Sequence[dict[str, Any]], this_month: str) -> dict[str, int]:
    done = _done(conversions)
    return {
        "total": round(sum(doc["duration"] for doc in done)),
        "current_month": round(sum(d["duration"] for d in done if d["converted_at"].startswith(this_month))),
    }


def _counts(conversions: Sequence[dict[str, Any]]) -> dict[str, int]:
    states = Counter(doc["state"] for doc in conversions)
    return {
        "total": len(conversions),
        "completed": states["done"],
        "in_progress": states["processing"],
        "failed": states["error"],
    }


def _by_voice(conversions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    voices: dict[str, dict[str, Any]] = {}
    for doc in conversions:
        empty = {
            "id": doc["voice_id"],
            "name": doc["voice_name"],
            "conversions_count": 0,
            "converted_time": 0.0,
        }
        entry = voices.setdefault(doc["voice_id"], empty)
        entry["conversions_count"] += 1
        if doc["state"] == "done":
            entry["converted_time"] = round(entry["converted_time"] + doc["duration"], 3)
    return list(voices.values())


routes = [
    Route("/api/stats", account_stats, methods=["GET"], name="stats.get"),
    Route("/api/stats/projects", project_stats, methods=["GET", "POST"], name="stats.projects"),
    Route("/api/stats/folders", folder_stats, methods=["GET", "POST"], name="stats.folders"),
]
