"""Encoder: a mix in another format or loudness."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any, Final, Unpack

import attrs

from audiokit.errors import InvalidRequest
from audiokit.services._check import between, one_of
from audiokit.services._endpoint import Endpoint, get
from audiokit.services._poll import Look
from audiokit.services.audiostack._base import AudioStackService, StackModel, given
from audiokit.services.audiostack.mixes import Mix
from audiokit.transport import Reply, Target
from audiokit.transport._secrets import shown_url
from audiokit.typing import CallOptions, ProgressCallback, StrPath

PRESETS: Final = (
    "custom",
    "mp3",
    "wav",
    "ogg",
    "flac",
    "mp3_very_low",
    "mp3_low",
    "mp3_medium",
    "mp3_high",
    "mp3_very_high",
    "mp3_alexa",
)

_BIT_RATES: Final = {"constant": (32, 320, "kbit/s"), "variable": (0, 9, "(quality)")}


@attrs.define
class Encoding(StackModel):
    """A mix in another format.

    Attributes:
        is_ready: False after a 202: the API is still working.
    """

    encoder_id: str | None = None
    url: str | None = attrs.field(default=None, repr=shown_url)
    format: str | None = None
    is_ready: bool = attrs.field(default=True, init=False)


@attrs.define
class _Presets(StackModel):
    presets: list[Any] = attrs.field(factory=list)


_SOURCE = "official SDK 4.0, Delivery.Encoder; encoder presets guide"
_TAKEN = frozenset({200, 202})

ENCODE_MIX = Endpoint(
    name="audiostack.encoder.encode_mix",
    method="POST",
    path="/delivery/encoder",
    returns=Encoding,
    expects=_TAKEN,
    source=_SOURCE,
)
LIST_PRESETS = get("audiostack.encoder.list_presets", "/delivery/encoder/presets", _Presets, source=_SOURCE)
GET = get(
    "audiostack.encoder.get", "/delivery/encoder/{encoder_id}", Encoding, expects=_TAKEN, source=_SOURCE
)
FILE: Endpoint[None] = get("audiostack.encoder.file", "{url}", None, source=_SOURCE)


class Encoder(AudioStackService):
    """Calls on encoding."""

    async def encode_mix(
        self,
        mix: Mix | str,
        *,
        preset: str,
        public: bool | None = None,
        bit_rate_type: str | None = None,
        bit_rate: int | None = None,
        sample_rate_hz: int | None = None,
        format: str | None = None,  # noqa: A002 - the field's own word
        bit_depth: int | None = None,
        channels: int | None = None,
        loudness_preset: str | None = None,
        loudness_settings: str | None = None,
        loudness_target_lufs: float | None = None,
        dynamic_range_lu: float | None = None,
        true_peak_dbtp: float | None = None,
        **options: Unpack[CallOptions],
    ) -> Encoding:
        """Encode a mix.

        Args:
            mix: The mix, or its production id.
            preset: ``mp3``, ``wav``, ``flac``, ``ogg``, ``mp3_very_low`` to ``mp3_very_high``,
                ``mp3_alexa``; ``custom`` for the settings below.
            public: URL open to all; the API's default is False.
            bit_rate_type: ``constant`` or ``variable``; not together with *sample_rate_hz*.
            bit_rate: 32 to 320 kbit/s when constant; quality 0 to 9 when variable.
            sample_rate_hz: 24000 to 96000.
            format: ``wav``, ``mp3``, ``flac`` or ``ogg``.
            bit_depth: 16, 24 or 32.
            channels: 1 or 2.
            loudness_preset: E.g. ``podcast``, ``spotify``, ``radio``, ``streaming``.
            loudness_settings: Settings of its own, as the vendor describes them.
            loudness_target_lufs: Loudness to reach. The vendor names no units for this and the next
                two; those in the names are the customary ones.
            dynamic_range_lu: Loudness range to reach.
            true_peak_dbtp: Ceiling for peaks.
            options: See `CallOptions`.

        Returns:
            The encoding; `is_ready` tells whether it is finished.
        """
        check_preset(preset)
        one_of("bit_rate_type", bit_rate_type, _BIT_RATES)
        one_of("format", format, {"wav", "mp3", "flac", "ogg"})
        between("sample_rate_hz", sample_rate_hz, 24_000, 96_000, "Hz")
        between("channels", channels, 1, 2)
        low, high, unit = _BIT_RATES.get(bit_rate_type or "", (0, 320, ""))
        between("bit_rate", bit_rate, low, high, unit)
        if bit_depth is not None and bit_depth not in {16, 24, 32}:
            raise InvalidRequest.of("bit_depth", bit_depth, "16, 24 or 32")
        if bit_rate_type is not None and sample_rate_hz is not None:
            raise InvalidRequest.of("sample_rate_hz", sample_rate_hz, "left out where bit_rate_type is given")
        body = {
            "productionId": mix.production_id if isinstance(mix, Mix) else mix,
            "preset": preset,
            "public": public,
            "bitRateType": bit_rate_type,
            "bitRate": bit_rate,
            "sampleRate": sample_rate_hz,
            "format": format,
            "bitDepth": bit_depth,
            "channels": channels,
            "loudnessPreset": loudness_preset,
            "loudnessSettings": loudness_settings,
            "loudnessTarget": loudness_target_lufs,
            "dynamicRange": dynamic_range_lu,
            "truePeak": true_peak_dbtp,
        }
        return self._encoding(ENCODE_MIX, await self._reply(ENCODE_MIX, json=given(body), options=options))

    async def encode_mix_and_wait(
        self,
        mix: Mix | str,
        *,
        preset: str,
        public: bool | None = None,
        bit_rate_type: str | None = None,
        bit_rate: int | None = None,
        sample_rate_hz: int | None = None,
        format: str | None = None,  # noqa: A002 - the field's own word
        bit_depth: int | None = None,
        channels: int | None = None,
        loudness_preset: str | None = None,
        loudness_settings: str | None = None,
        loudness_target_lufs: float | None = None,
        dynamic_range_lu: float | None = None,
        true_peak_dbtp: float | None = None,
        **options: Unpack[CallOptions],
    ) -> Encoding:
        """Encode a mix and follow it to the end.

        Args:
            mix: The mix, or its production id.
            preset: ``mp3``, ``wav``, ``flac``, ``ogg``, ``mp3_very_low`` to ``mp3_very_high``,
                ``mp3_alexa``; ``custom`` for the settings below.
            public: URL open to all; the API's default is False.
            bit_rate_type: ``constant`` or ``variable``; not together with *sample_rate_hz*.
            bit_rate: 32 to 320 kbit/s when constant; quality 0 to 9 when variable.
            sample_rate_hz: 24000 to 96000.
            format: ``wav``, ``mp3``, ``flac`` or ``ogg``.
            bit_depth: 16, 24 or 32.
            channels: 1 or 2.
            loudness_preset: E.g. ``podcast``, ``spotify``, ``radio``, ``streaming``.
            loudness_settings: Settings of its own, as the vendor describes them.
            loudness_target_lufs: Loudness to reach. The vendor names no units for this and the next
                two; those in the names are the customary ones.
            dynamic_range_lu: Loudness range to reach.
            true_peak_dbtp: Ceiling for peaks.
            options: See `CallOptions`.

        Raises:
            JobTimeout: Not finished within `timeout=` seconds (default `Timeouts.wait_s`).
        """
        budget = self._budget(options)
        found = await self.encode_mix(
            mix,
            preset=preset,
            public=public,
            bit_rate_type=bit_rate_type,
            bit_rate=bit_rate,
            sample_rate_hz=sample_rate_hz,
            format=format,
            bit_depth=bit_depth,
            channels=channels,
            loudness_preset=loudness_preset,
            loudness_settings=loudness_settings,
            loudness_target_lufs=loudness_target_lufs,
            dynamic_range_lu=dynamic_range_lu,
            true_peak_dbtp=true_peak_dbtp,
            **budget.options(),
        )
        if found.is_ready or found.encoder_id is None:  # one that is not ready has its id
            return found
        return await self.wait(found.encoder_id, **budget.options())

    async def get(self, encoder_id: str, **options: Unpack[CallOptions]) -> Encoding:
        """Get an encoding; `is_ready` tells whether it is finished."""
        reply = await self._reply(GET, path={"encoder_id": encoder_id}, options=options)
        return self._encoding(GET, reply)

    async def wait(self, encoder_id: str, **options: Unpack[CallOptions]) -> Encoding:
        """Follow an encoding until it is finished."""

        async def look(each: CallOptions) -> tuple[Encoding, Look]:
            found = await self.get(encoder_id, **each)
            return found, Look(state="ready" if found.is_ready else "processing", is_over=found.is_ready)

        return await self._follow(look, what="encoding", remote_id=encoder_id, options=options)

    async def list_presets(self, **options: Unpack[CallOptions]) -> builtins.list[Any]:
        """List the presets for format and loudness, as the API writes them."""
        return (await self._call(LIST_PRESETS, options=options)).presets

    async def download(
        self,
        encoding: Encoding,
        to: StrPath,
        *,
        name: str | None = None,
        on_progress: ProgressCallback | None = None,
        **options: Unpack[CallOptions],
    ) -> Path:
        """Save a finished encoding.

        Args:
            encoding: The encoding.
            to: An existing folder, or the file's own path.
            name: Name in the folder, without extension; the server's when not given.
            on_progress: Called after each chunk.
            options: See `CallOptions`.

        Raises:
            InvalidRequest: It is not finished.
        """
        if not encoding.url:
            raise InvalidRequest(
                f"encoding {encoding.encoder_id} is not finished; wait for it first",
                field="encoding",
                value=encoding.encoder_id,
            )
        call = self._at(FILE, encoding.url, options=options)
        return await self._save(
            FILE, call, Target.of(to, name=name), on_progress=on_progress, options=options
        )

    def _encoding(self, endpoint: Endpoint[Encoding], reply: Reply) -> Encoding:
        found = self._structure(endpoint, reply, Encoding)
        found.is_ready = reply.status == 200
        if not found.is_ready and found.encoder_id is None:
            raise self._unexpected(endpoint, reply, "has no encoderId to look again with")
        return found


def check_preset(preset: str) -> None:
    """Refuse a preset for the format that the API has not."""
    one_of("preset", preset, PRESETS)
