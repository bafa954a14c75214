"""Operations that need what an emulator cannot have, like a language model: they answer 501 and say why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from audiokit.emulator._http import HandlerT

_WRITING = "it needs a language model that writes texts"
_READING = "it needs a language model that judges texts"
_HEARING = "it needs a model that understands speech"

_DESCRIBING = "it needs the language of audioforms, of which the vendor's pages give only the four headings"

_AUDIOSTACK = (
    ("POST", "/audioforms", "Audioform.create", _DESCRIBING),
    ("GET", "/audioforms/{audioform_id}", "Audioform.get", _DESCRIBING),
    ("POST", "/content/generate", "Content.generate", _WRITING),
    ("POST", "/content/generate/advert", "Content.Script.generate_advert", _WRITING),
    ("POST", "/content/recommend/mood", "Content.RecommendMood.create", _READING),
    ("POST", "/content/recommend/tag", "Content.RecommendTag.create", _READING),
    ("POST", "/content/recommend/tone", "Content.RecommendTone.create", _READING),
    ("POST", "/creator/brief", "Creator.Brief.create", _WRITING),
    ("POST", "/creator/story", "Creator.Story.create", _WRITING),
    ("GET", "/creator/story/{story_id}", "Creator.Story.get", _WRITING),
    (
        "POST",
        "/production/suite/separate",
        "Production.Suite.separate",
        "it needs a model that parts sources",
    ),
    ("POST", "/production/suite/transcribe", "Production.Suite.transcribe", _HEARING),
)

_MARK = "_emulator_unavailable"
_PARTLY = "_emulator_partly"


def is_available(route: Route) -> bool:
    """Say whether an operation does what it is for."""
    return not hasattr(route.endpoint, _MARK)


def partly(handler: HandlerT) -> HandlerT:
    """Mark a handler that works, but for fields that need what is missing here: those answer 501."""
    setattr(handler, _PARTLY, True)
    return handler


def is_partly_available(route: Route) -> bool:
    """Say whether some of an operation's fields are not emulated."""
    return hasattr(route.endpoint, _PARTLY)


def _refusing(name: str, reason: str) -> Callable[[Request], Awaitable[Response]]:
    async def handler(_request: Request) -> Response:
        raise HttpError(501, f"{name} is not emulated: {reason}; use the service itself for it")

    marked: Any = handler
    setattr(marked, _MARK, reason)
    return handler


audiostack_routes = [
    Route(path, _refusing(name, reason), methods=[method], name=name)
    for method, path, name, reason in _AUDIOSTACK
]
"""AudioStack v2."""
