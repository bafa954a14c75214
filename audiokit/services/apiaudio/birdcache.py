"""Birdcache: short personalised texts, produced ahead for every combination of their values."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Final, Unpack

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import one_of, text
from audiokit.services._convert import Model
from audiokit.services._endpoint import Endpoint
from audiokit.services._poll import Look
from audiokit.services._several import several
from audiokit.services._tolerant import flag
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.transport import Retry
from audiokit.transport._secrets import shown_url
from audiokit.typing import CallOptions

KINDS: Final = ("speech", "mastering", "sync_tts")


@attrs.define
class CachedAudio(Model):
    """One combination: its text, and its `url` once it is `ready`."""

    text: str | None = None
    ready: bool = attrs.field(default=False, converter=flag)
    url: str | None = attrs.field(default=None, repr=shown_url)
    hashed: str | None = None


CREATE = Endpoint(
    name="apiaudio.birdcache.create",
    method="POST",
    path="/birdcache",
    returns=list[CachedAudio],
    retry=Retry.SAFE,  # the same call again is how one asks how far it is
    source="official Python client 0.17, Birdcache",
)


class Birdcache(ApiAudioService):
    """Calls on the cache."""

    async def create(
        self,
        template_text: str,
        *,
        kind: str,
        voice: str,
        audience: Mapping[str, str | Sequence[str]] | None = None,
        sound_template: str | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[CachedAudio]:
        """Have a text produced for every combination of the audience's values.

        The same call again asks how far it is: what is there is not made anew.

        Args:
            template_text: Text, with ``{{name}}`` where values go.
            kind: ``speech``, ``mastering`` or ``sync_tts``.
            voice: Alias of a voice.
            audience: Values by parameter name; the first of each is its fallback.
            sound_template: Name of a sound template; needed for ``mastering``.
            options: See `CallOptions`.

        Returns:
            One entry per combination; those not `ready` have no URL yet.

        Raises:
            InvalidRequest: *kind* is unknown, or ``mastering`` came without a sound template.
        """
        one_of("kind", kind, KINDS)
        text("template_text", template_text, shortest=1, longest=1_000_000)
        if kind == "mastering" and sound_template is None:
            raise InvalidRequest(
                "sound_template must be given for kind='mastering', got None",
                field="sound_template",
                value=None,
            )
        body = {
            "type": kind,
            "text": template_text,
            "voice": voice,
            "audience": None
            if audience is None
            else {name: _values(name, values) for name, values in audience.items()},
            "soundTemplate": sound_template,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return await self._call(CREATE, json=given, options=options)

    async def create_and_wait(
        self,
        template_text: str,
        *,
        kind: str,
        voice: str,
        audience: Mapping[str, str | Sequence[str]] | None = None,
        sound_template: str | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[CachedAudio]:
        """Have a text produced and ask until every combination is ready.

        Args:
            template_text: Text, with ``{{name}}`` where values go.
            kind: ``speech``, ``mastering`` or ``sync_tts``.
            voice: Alias of a voice.
            audience: Values by parameter name; the first of each is its fallback.
            sound_template: Name of a sound template; needed for ``mastering``.
            options: See `CallOptions`.

        Returns:
            One entry per combination, all `ready`.

        Raises:
            JobTimeout: Not all were ready within `timeout=` seconds (default `Timeouts.wait_s`).
        """

        async def look(each: CallOptions) -> tuple[builtins.list[CachedAudio], Look]:
            found = await self.create(
                template_text,
                kind=kind,
                voice=voice,
                audience=audience,
                sound_template=sound_template,
                **each,
            )
            ready = sum(item.ready for item in found)
            return found, Look(state=f"{ready} of {len(found)} ready", is_over=ready == len(found))

        return await self._follow(look, what="birdcache", remote_id="", options=options)


def _values(name: str, values: str | Sequence[str]) -> builtins.list[str]:
    if not values:
        raise InvalidRequest.of(f"audience[{name!r}]", values, "one value or more")
    return several(values)
