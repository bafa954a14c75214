"""Pipelines: many scripts in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Unpack

from audiokit.errors import InvalidRequest
from audiokit.services._check import one_of
from audiokit.services._endpoint import Endpoint
from audiokit.services._several import several
from audiokit.services.apiaudio._base import OPEN, ApiAudioService
from audiokit.typing import CallOptions

KINDS: Final = ("mastering", "speech")

CREATE: Endpoint[Any] = Endpoint(
    name="apiaudio.pipeline.create",
    method="POST",
    path="/pipeline",
    returns=OPEN,
    source="official npm client 0.9, Pipeline",
)


class Pipelines(ApiAudioService):
    """Calls on pipelines. Only the official npm client has them; `AudioKit.orchestrator` does more."""

    async def create(
        self,
        script_ids: str | Sequence[str],
        *,
        kind: str,
        voice: str | Sequence[str],
        sound_template: str | Sequence[str] | None = None,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Have several scripts spoken or mastered.

        Args:
            script_ids: The scripts.
            kind: ``mastering`` or ``speech``.
            voice: Alias of a voice, or several.
            sound_template: Name of a sound template, or several; needed for ``mastering``.
            options: See `CallOptions`.

        Returns:
            The decoded answer; its shape is not published.

        Raises:
            InvalidRequest: *kind* is unknown, no script was given, or ``mastering`` came without a template.
        """
        one_of("kind", kind, KINDS)
        ids = several(script_ids)
        if not ids:
            raise InvalidRequest.of("script_ids", ids, "one script id or more")
        if kind == "mastering" and sound_template is None:
            raise InvalidRequest(
                "sound_template must be given for kind='mastering', got None",
                field="sound_template",
                value=None,
            )
        body = {
            "type": kind,
            "scripts": ids,
            "voice": _one_or_list(voice),
            "soundTemplate": _one_or_list(sound_template),
        }
        given = {name: value for name, value in body.items() if value is not None}
        return await self._call(CREATE, json=given, options=options)


def _one_or_list(value: str | Sequence[str] | None) -> str | list[str] | None:
    return value if value is None or isinstance(value, str) else list(value)
