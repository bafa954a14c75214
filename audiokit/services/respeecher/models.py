"""Models: what voices were before they had accents and styles; old recordings still name them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Unpack

import attrs

from audiokit.services._check import one_of
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import get
from audiokit.services._pages import Pages
from audiokit.services.respeecher._base import RespeecherService
from audiokit.typing import CallOptions


@attrs.define
class VoiceModel(Model):
    """A model, as `Recording.model_id` names it.

    Attributes:
        is_many_to_one: Takes any source voice (``m2o``).
        is_default: Chosen where none was named.
        is_usable: Within the caller's rights.
        pipeline: Open; the API publishes no shape. So are the entries of *params*.
    """

    id: str
    name: str | None = None
    owner: str | None = None
    visibility: str | None = None
    is_many_to_one: bool | None = wire("m2o", default=None)
    is_default: bool | None = wire("default_model", default=None)
    is_usable: bool | None = wire("user_can_use_model", default=None)
    created_at: datetime | None = wire("date_created", default=None)
    pipeline: Any = None
    params: Any = None


LIST = get("respeecher.models.list", "/api/models", list[VoiceModel], source="gateway openapi 0.6.0, Models")


class Models(RespeecherService):
    """Calls on models. They are retired: new conversions name a voice, see `Voices`."""

    def list(
        self,
        *,
        search: str | None = None,
        sort: str | None = None,
        direction: str | None = None,
        page_size: int = 50,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[VoiceModel]:
        """List models.

        Args:
            search: Part of the name.
            sort: ``name``, ``owner`` or ``date_created``.
            direction: ``asc`` or ``desc``.
            page_size: Objects asked for at once, 1 to 100.
            offset: Objects to skip.
            options: See `CallOptions`.
        """
        one_of("sort", sort, {"name", "owner", "date_created"})
        one_of("direction", direction, {"asc", "desc"})
        query = {"search": search, "sort": sort, "direction": direction}
        return self._pages(LIST, query, page_size=page_size, offset=offset, largest=100, options=options)
