"""Rendering in the formats of v1: those of every production, and the mp3 that Alexa plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from audiokit.emulator._alexa import ALEXA_SETTINGS
from audiokit.emulator._order import OUTPUT_FORMATS
from audiokit.emulator._production import Output, level

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from audiokit.emulator._context import Context

ALEXA: Final = "mp3_alexa"
FORMATS: Final = (*OUTPUT_FORMATS, ALEXA)
"""Formats that ``endFormat`` may name."""


async def rendered(
    context: Context, formats: Sequence[str], render: Callable[[list[str]], Awaitable[list[Output]]]
) -> list[Output]:
    """Render in several formats and return them in order; *render* makes those of `OUTPUT_FORMATS`."""
    usual = [name for name in formats if name != ALEXA]
    made = {output.format: output for output in await render(usual or ["wav"])}
    if ALEXA in formats:
        source = made.get("wav") or made.get("flac") or next(iter(made.values()))
        made[ALEXA] = await _for_alexa(context, source)
        if not usual:
            await context.store.forget_files(source.file)
    return [made[name] for name in formats]


async def _for_alexa(context: Context, source: Output) -> Output:
    channels = ALEXA_SETTINGS["channels"]
    with context.files.temporary(".wav") as levelled, context.files.temporary(".mp3") as path:
        stereo = context.files.path(source.file)
        lufs = await level(context, stereo, levelled, seconds=source.seconds, channels=channels)
        facts = await context.work.run("transcode", path=str(levelled), out=str(path), **ALEXA_SETTINGS)
        file_id = await context.files.keep(path)
    return Output(
        format=ALEXA,
        file=file_id,
        seconds=source.seconds,
        size_bytes=facts["size_bytes"],
        lufs=lufs,
    )
