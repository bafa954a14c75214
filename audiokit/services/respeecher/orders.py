"""Orders: have an original converted to one or more voices."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Unpack

import attrs

from audiokit._config import RateClass
from audiokit.errors import InvalidRequest
from audiokit.services._check import finite, text
from audiokit.services._convert import Model, wire
from audiokit.services._endpoint import Endpoint
from audiokit.services.respeecher._base import LABEL_CHARACTERS, RespeecherService
from audiokit.services.respeecher.recordings import Recording, Recordings
from audiokit.transport import Retry, Transport
from audiokit.typing import CallOptions


@attrs.frozen(kw_only=True)
class Conversion:
    """One wanted conversion of an order.

    Attributes:
        voice_id: Target, from `Voices.list`.
        narration_style_id: Required when the original was spoken from text, unused otherwise.
        accent_id: For recorded originals; the voice's default when not given.
        semitones_correction: For recorded originals: semitones on top of the voice's own shift.
        label: Up to 40 characters.
    """

    voice_id: str
    narration_style_id: str | None = None
    accent_id: str | None = None
    semitones_correction: float | None = None
    label: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """The entry as the API takes it, without what was not given."""
        text("label", self.label, longest=LABEL_CHARACTERS)
        finite("semitones_correction", self.semitones_correction, "semitones")
        return attrs.asdict(self, filter=lambda _, value: value is not None)


@attrs.define
class Order(Model):
    """One conversion ordered; follow it by its `conversion_id`, a recording.

    Attributes:
        state: ``new``, ``pre_processing``, ``processing``, ``post_processing``, ``done`` or ``error``.
        f0_hz: Pitch of the calibration used, in hertz.
    """

    id: str
    original_id: str
    conversion_id: str
    state: str | None = None
    user_id: str | None = None
    tracking_id: str | None = None
    transaction_id: str | None = None
    moderation_id: str | None = None
    calibration_id: str | None = None
    f0_hz: float | None = wire("f0", default=None)
    created_at: datetime | None = None
    closed_at: datetime | None = None
    error: str | None = None


_SOURCE = "vendor endpoint reference, Orders"

CREATE = Endpoint(
    name="respeecher.orders.create",
    method="POST",
    path="/api/v2/orders",
    returns=list[Order],
    retry=Retry.IF_REFUSED,  # a blind repeat would be billed twice
    rate_class=RateClass.SLOW,
    look_up=("original_id",),
    source=_SOURCE,
)
RETRY = Endpoint(
    name="respeecher.orders.retry",
    method="POST",
    path="/api/v2/orders/retry/{recording_id}",
    returns=Order,
    retry=Retry.IF_REFUSED,
    rate_class=RateClass.SLOW,
    look_up=("recording_id",),
    source=_SOURCE,
)


class Orders(RespeecherService):
    """Calls on orders."""

    def __init__(self, transport: Transport, recordings: Recordings) -> None:
        super().__init__(transport)
        self._recordings = recordings

    async def create(
        self,
        original_id: str,
        conversions: Sequence[Conversion],
        *,
        calibration_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[Order]:
        """Order conversions; costs credits.

        Args:
            original_id: The recording to convert.
            conversions: One entry per wanted voice.
            calibration_id: Use this calibration; the enabled one when not given.
            options: See `CallOptions`.

        Returns:
            One order per conversion, in the same sequence.

        Raises:
            CreditsExhausted: The account has none left.
            RequestRefused: A voice, style or accent is unknown, or a TTS original has no style.
            OutcomeUnknown: The connection broke; look with `Recordings.list_conversions` before repeating.
            UnexpectedResponse: Not one order came for each conversion; the message names those that came.
        """
        wanted = [conversion.to_wire() for conversion in conversions]
        if not wanted:
            raise InvalidRequest.of("conversions", wanted, "at least one conversion")
        body: dict[str, Any] = {
            "original_id": original_id,
            "conversions": wanted,
            "use_calibration": calibration_id is not None,
        }
        if calibration_id is not None:
            body["calibration_id"] = calibration_id
        reply = await self._reply(CREATE, json=body, options=options)
        orders = self._structure(CREATE, reply, builtins.list[Order])
        if len(orders) != len(wanted):
            came = ", ".join(repr(order.conversion_id) for order in orders) or "none"
            raise self._unexpected(
                CREATE,
                reply,
                f"has {len(orders)} orders for {len(wanted)} conversions: {came}; what came is paid for, so "
                "look with Recordings.list_conversions before ordering again",
            )
        return orders

    async def create_and_wait(
        self,
        original_id: str,
        conversions: Sequence[Conversion],
        *,
        calibration_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> builtins.list[Recording]:
        """Order, and follow all conversions to their end; costs credits.

        Args:
            original_id: The recording to convert.
            conversions: One entry per wanted voice.
            calibration_id: Use this calibration; the enabled one when not given.
            options: See `CallOptions`.

        Returns:
            The converted recordings, in the sequence of *conversions*.

        Raises:
            RemoteFailure: One of them failed; the others go on remotely.
            JobTimeout: One was not done within `timeout=` seconds (default `Timeouts.wait_s`).
            ApiError: As `create`; once the order was taken, any error has the ids of all its conversions in
                a note (``__notes__``).
        """
        budget = self._budget(options)
        orders = await self.create(
            original_id, conversions, calibration_id=calibration_id, **budget.options()
        )
        try:
            return [await self._recordings.wait(order.conversion_id, **budget.options()) for order in orders]
        except Exception as error:
            ids = ", ".join(repr(order.conversion_id) for order in orders)
            error.add_note(
                f"conversions of this order, all paid for: {ids}; wait for each with Recordings.wait"
            )
            raise

    async def retry(self, recording_id: str, **options: Unpack[CallOptions]) -> Order:
        """Try a failed conversion again.

        Args:
            recording_id: The conversion, or the original meaning its latest failed conversion.
            options: See `CallOptions`.

        Raises:
            RequestRefused: There is nothing to retry.
        """
        return await self._call(RETRY, path={"recording_id": recording_id}, options=options)
