"""What every upload does around its call: look at the source in time, close it, hand out the receipt."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from audiokit.errors import CallTimeout
from audiokit.services._endpoint import Endpoint
from audiokit.services._poll import Budget
from audiokit.transport import Source, Tally, Transport, as_source
from audiokit.typing import AudioData, ReceiptCallback


@asynccontextmanager
async def uploading(
    transport: Transport,
    endpoint: Endpoint[Any],
    data: AudioData,
    budget: Budget,
    *,
    name: str | None = None,
    on_receipt: ReceiptCallback | None,
    checksum: bool,
) -> AsyncGenerator[Source]:
    """A source of *data* for one upload; leaving the block without an error means that it was taken.

    Raises:
        CallTimeout: Nothing came from the source in time.
        UploadInterrupted: Nothing came from it for `Timeouts.stall_s`.
    """
    limit_s = budget.left()
    source: Source | None = None
    with anyio.move_on_after(limit_s):
        source = await as_source(data, name=name, stall_s=transport.timeouts.stall_s)
    if source is None:
        raise CallTimeout(
            f"{endpoint.name}: the source gave too little to tell its format within {limit_s:g} s; "
            "nothing was sent",
            operation=endpoint.name,
            timeout_s=limit_s,
            attempts=0,
            maybe_sent=False,
        )
    try:
        if on_receipt is None and not checksum:
            yield source
            return
        tally = Tally(source, checksum=checksum)
        yield tally
        if on_receipt is not None:
            on_receipt(tally.receipt)
    finally:
        with anyio.CancelScope(shield=True):
            await source.aclose()
