"""Voices of the marketplace: what recordings are converted to."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from datetime import datetime
from typing import Unpack

import attrs

from audiokit._unset import UNSET
from audiokit.errors import InvalidRequest
from audiokit.services._check import between, one_of
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._pages import Pages
from audiokit.services.respeecher._base import RespeecherService
from audiokit.transport import Retry
from audiokit.typing import CallOptions

Choice = str | Iterable[str] | None


@attrs.define
class Named(Model):
    """Something that has a name, e.g. a subscription tier."""

    name: str | None = None


@attrs.define
class AccentInfo(Model):
    """What an accent is called; `locale` like ``en-GB``."""

    name: str | None = None
    short_name: str | None = None
    locale: str | None = None


@attrs.define
class AccentSettings(Model):
    """The caller's settings for an accent."""

    favorite: bool = False
    semitones_correction: float | None = None


@attrs.define
class Accent(Model):
    """An accent of a voice, for speech-to-speech."""

    id: str
    is_default: bool = False
    native: bool = False
    info: AccentInfo | None = None
    tiers: list[Named] = attrs.field(factory=list)
    available: bool = False
    settings: AccentSettings | None = None


@attrs.define
class StyleSettings(Model):
    """The caller's settings for a narration style."""

    favorite: bool = False


@attrs.define
class NarrationStyle(Model):
    """A way of narrating, for text-to-speech."""

    id: str
    is_default: bool = False
    info: Named | None = None
    tags: list[Named] = attrs.field(factory=list)
    settings: StyleSettings | None = None

    @property
    def name(self) -> str:
        """The style's name; newer gateways spell it as tags."""
        if self.info is not None and self.info.name:
            return self.info.name
        return ", ".join(tag.name for tag in self.tags if tag.name)


@attrs.define
class Voice(Model):
    """A voice.

    Attributes:
        pitch_hz: Median pitch in hertz.
        rating: 0 to 100.
        favorite: Marked by the caller.
        available: Within the caller's plan.
        narration_styles: Empty when the voice cannot speak text.
    """

    id: str
    name: str
    owner_id: str | None = None
    slug: str | None = None
    visibility: str | None = None
    species: str | None = None
    artist: str | None = None
    verified_artist: bool | None = None
    gender: str | None = None
    pitch_hz: float | None = wire("pitch", default=None)
    age_group: str | None = None
    pitch_group: str | None = None
    nationality: str | None = None
    image_url: str | None = None
    thumbnail_url: str | None = None
    description: str | None = None
    rating: float | None = None
    active: bool = True
    created_at: datetime | None = None
    favorite: bool = False
    available: bool = False
    accents: list[Accent] = attrs.field(factory=list)
    narration_styles: list[NarrationStyle] = attrs.field(factory=list)
    tiers: list[Named] = attrs.field(factory=list)


_SOURCE = "vendor endpoint reference, Voices"

LIST = get("respeecher.voices.list", "/api/v2/voices", list[Voice], source=_SOURCE)
SEARCH = get("respeecher.voices.search", "/api/v2/voices/search", list[Voice], source=_SOURCE)
FAVORITE = Endpoint(
    name="respeecher.voices.favorite",
    method="POST",
    path="/api/v2/voices/favorite/{voice_id}",
    returns=Voice,
    retry=Retry.SAFE,  # sets a value
    source=_SOURCE,
)
SETTINGS = Endpoint(
    name="respeecher.voices.settings",
    method="POST",
    path="/api/v2/voices/settings",
    returns=Voice,
    retry=Retry.SAFE,
    source=_SOURCE,
)


class Voices(RespeecherService):
    """Calls on the marketplace's voices."""

    def list(
        self,
        *,
        visibility: Choice = None,
        species: Choice = None,
        gender: Choice = None,
        age_group: Choice = None,
        pitch_group: Choice = None,
        nationality: Choice = None,
        sort: str | None = None,
        direction: str | None = None,
        page_size: int = 25,
        offset: int = 0,
        **options: Unpack[CallOptions],
    ) -> Pages[Voice]:
        """List voices. Each filter takes one value or several, any of which may match.

        Args:
            visibility: ``public``, ``paid``, ``private``, ``kids``.
            species: ``human``, ``animal``, ``other``.
            gender: ``male``, ``female``.
            age_group: ``child``, ``young``, ``adult``, ``senior``.
            pitch_group: ``low``, ``mid``, ``high``.
            nationality: Free text.
            sort: ``name``, ``pitch``, ``rating``, ``created_at`` or ``default``.
            direction: ``asc`` or ``desc``.
            page_size: Objects asked for at once, 1 to 100.
            offset: Objects to skip.
            options: See `CallOptions`.
        """
        one_of("sort", sort, {"name", "pitch", "rating", "created_at", "default"})
        one_of("direction", direction, {"asc", "desc"})
        query = {
            "visibility": visibility,
            "species": species,
            "gender": gender,
            "age_group": age_group,
            "pitch_group": pitch_group,
            "nationality": nationality,
            "sort": sort,
            "direction": direction,
        }
        return self._pages(LIST, query, page_size=page_size, offset=offset, largest=100, options=options)

    async def search(
        self, name: str | None = None, *, limit: int | None = None, **options: Unpack[CallOptions]
    ) -> builtins.list[Voice]:
        """Find voices by name.

        Args:
            name: Part of the name, two characters or more.
            limit: Most results, 0 to 10; the API's default is 5.
            options: See `CallOptions`.
        """
        between("limit", limit, 0, 10)
        return await self._call(SEARCH, query={"name": name, "limit": limit}, options=options)

    async def favorite(
        self, voice_id: str, *, favorite: bool = True, **options: Unpack[CallOptions]
    ) -> Voice:
        """Mark a voice as favourite, or with ``favorite=False`` no longer."""
        return await self._call(
            FAVORITE, path={"voice_id": voice_id}, json={"favorite": favorite}, options=options
        )

    async def settings(
        self,
        voice_id: str,
        *,
        narration_style_id: str | None = None,
        accent_id: str | None = None,
        semitones_correction: float | None = None,
        **options: Unpack[CallOptions],
    ) -> Voice:
        """Choose favourites of a voice, and a correction for one of its accents.

        Args:
            voice_id: The voice.
            narration_style_id: Style to mark as favourite.
            accent_id: Accent to mark as favourite.
            semitones_correction: Kept for that accent; needs *accent_id*.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: A correction was given without an accent.
        """
        if semitones_correction is not None and accent_id is None:
            raise InvalidRequest(
                f"semitones_correction={semitones_correction!r} needs accent_id: it is kept for that accent",
                field="semitones_correction",
                value=semitones_correction,
            )
        body = {
            "voice_id": voice_id,
            "narration_style_id": narration_style_id or UNSET,
            "accent_id": accent_id or UNSET,
            "semitones_correction": UNSET if semitones_correction is None else semitones_correction,
        }
        return await self._call(SETTINGS, json=body, options=options)
