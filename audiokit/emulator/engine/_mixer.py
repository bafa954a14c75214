"""Placing clips on a track and adding them up, block by block."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
import numpy as np

from audiokit.emulator._overlap import MOST_AT_ONCE, most_at_once
from audiokit.emulator.engine._base import RENDER_HZ, Refused, Samples, Signal, amplitude
from audiokit.emulator.engine._duck import DuckCurve, active_intervals
from audiokit.emulator.engine._matching import matched
from audiokit.emulator.engine._source import Excerpt, ExcerptStream
from audiokit.emulator.engine._survey import Survey, surveyor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from audiokit.emulator.engine._score import ClipEntry, MusicEntry, Score

BLOCK_FRAMES: Final = 16384

_SEAM_S: Final = 0.02
_MIN_LOOP_S: Final = 0.25
_END_FADE_S: Final = 0.005
_TAIL_S: Final = 0.3  # after the last clip, when nothing says how long the track is


@attrs.frozen(kw_only=True)
class Envelope:
    """Rise and fall over a span of frames; equal power, so two that overlap make a cross-fade."""

    start: int
    end: int
    fade_in: int = 0
    fade_out: int = 0

    def gain(self, first: int, frames: int) -> Signal | None:
        """Amplitudes of some frames of the track; None where all are 1."""
        last = first + frames
        if first >= self.start + self.fade_in and last <= self.end - self.fade_out:
            return None
        at = np.arange(first, last)
        rise = (at - self.start + 0.5) / self.fade_in if self.fade_in else at >= self.start
        fall = (self.end - at - 0.5) / self.fade_out if self.fade_out else at < self.end
        result: Signal = np.sin(0.5 * np.pi * np.clip(np.minimum(rise, fall), 0.0, 1.0))
        return result


@attrs.frozen(kw_only=True)
class Part:
    """One playing of one excerpt.

    Attributes:
        excerpt: What is played.
        start: First frame on the track.
        end: Frame after the last.
        gain: Amplitude.
        envelopes: Fades, multiplied.
        is_music: Goes down under speech.
    """

    excerpt: Excerpt
    start: int
    end: int
    gain: float
    envelopes: tuple[Envelope, ...]
    is_music: bool


_Playing: TypeAlias = tuple[Part, ExcerptStream]


@attrs.frozen(kw_only=True)
class Mix:
    """A track ready to be added up, as often as wanted.

    Attributes:
        frames: Its exact length.
        channels: 1 or 2.
        parts: What plays, by start.
        duck: Gain of the music.
    """

    frames: int
    channels: int
    parts: tuple[Part, ...]
    duck: DuckCurve

    def blocks(self) -> Iterator[Samples]:
        """Add everything up, in short blocks."""
        waiting = list(reversed(self.parts))
        playing: list[_Playing] = []
        end_fade = Envelope(
            start=0, end=self.frames, fade_out=min(self.frames, round(_END_FADE_S * RENDER_HZ))
        )
        try:
            for first in range(0, self.frames, BLOCK_FRAMES):
                size = min(BLOCK_FRAMES, self.frames - first)
                mixed = self._add(self._sounding(waiting, playing, first + size), first, size)
                fade = end_fade.gain(first, size)
                yield mixed if fade is None else (mixed * fade[:, None]).astype(np.float32)
        finally:
            for _, stream in playing:
                stream.close()

    def _add(self, sounding: Iterable[_Playing], first: int, size: int) -> Samples:
        content: Samples = np.zeros((size, self.channels), np.float32)
        music: Samples = np.zeros_like(content)
        for part, stream in sounding:
            start = max(part.start, first)
            block = stream.read(min(part.end, first + size) - start)
            bus = music if part.is_music else content
            bus[start - first : start - first + len(block)] += _shaped(block, part, start)
        duck = self.duck.gain(first, size, RENDER_HZ)
        return np.add(content, music * duck[:, None].astype(np.float32), dtype=np.float32)

    def _sounding(self, waiting: list[Part], playing: list[_Playing], until: int) -> Iterator[_Playing]:
        """Give what plays before a frame; a file is open only from where it begins to where it ends."""
        for pair in itertools.chain(tuple(playing), self._begun(waiting, playing, until)):
            yield pair
            part, stream = pair
            if part.end <= until:
                stream.close()
                playing.remove(pair)

    def _begun(self, waiting: list[Part], playing: list[_Playing], until: int) -> Iterator[_Playing]:
        while waiting and waiting[-1].start < until:
            part = waiting.pop()
            playing.append((part, ExcerptStream(part.excerpt, rate_hz=RENDER_HZ, channels=self.channels)))
            yield playing[-1]


def build_mix(score: Score) -> Mix:
    """Look at every clip and place it.

    Raises:
        Refused: A file cannot be read, music is too short to loop, too much sounds at once, or there is
            nothing to render.
    """
    clips = (*score.voice, *score.media)
    is_levelled = score.match_voice or any(clip.level_lufs is not None for clip in clips)
    survey = surveyor(score.channels, with_loudness=is_levelled)
    parts: list[Part] = []
    speech: list[tuple[float, float]] = []
    voice = matched(score.voice, score.media, survey) if score.match_voice else score.voice
    for clip in (*voice, *score.media):
        seen = survey(clip.excerpt)
        parts.append(_clip_part(clip, seen))
        if clip.ducks:
            speech += active_intervals(seen.levels, clip.start_s)
    content_end = max((part.end for part in parts), default=0)
    for entry in score.music:
        parts += _music_parts(entry, survey)
    music_end = max((part.end for part in parts if part.is_music), default=0)
    if score.seconds is not None:
        frames = round(score.seconds * RENDER_HZ)
    else:
        frames = max(music_end, content_end + round(_TAIL_S * RENDER_HZ) if content_end else 0)
    if not frames:
        raise Refused("the timeline has neither a length nor anything to play")
    inside = [attrs.evolve(part, end=min(part.end, frames)) for part in parts if part.start < frames]
    most, when_s = most_at_once((part.start / RENDER_HZ, part.end / RENDER_HZ) for part in inside)
    if most > MOST_AT_ONCE:
        raise Refused(f"{most} clips sound at once at {when_s:.2f} s; at most {MOST_AT_ONCE} are mixed")
    return Mix(
        frames=frames,
        channels=score.channels,
        parts=tuple(sorted(inside, key=lambda part: part.start)),
        duck=DuckCurve.under(speech, score.duck_db),
    )


def _clip_part(clip: ClipEntry, seen: Survey) -> Part:
    start = round(clip.start_s * RENDER_HZ)
    end = start + seen.frames
    level_db = 0.0 if clip.level_lufs is None or seen.lufs is None else clip.level_lufs - seen.lufs
    return Part(
        excerpt=clip.excerpt,
        start=start,
        end=end,
        gain=amplitude(level_db + clip.gain_db),
        envelopes=(_envelope(start, end, clip.fade_in_s, clip.fade_out_s),),
        is_music=False,
    )


def _music_parts(entry: MusicEntry, survey: Callable[[Excerpt], Survey]) -> Iterator[Part]:
    """Play a segment once, or again and again with each playing faded into the next."""
    excerpt = Excerpt(path=entry.path)
    seen = survey(excerpt)
    start, stop = round(entry.start_s * RENDER_HZ), round(entry.end_s * RENDER_HZ)
    seam = 0 if seen.loops else round(_SEAM_S * RENDER_HZ)
    if entry.loop and seen.frames < stop - start and seen.frames < _MIN_LOOP_S * RENDER_HZ:
        raise Refused(
            f"a music segment lasts {seen.frames / RENDER_HZ:.3f} s; "
            f"at least {_MIN_LOOP_S:g} s are needed to loop it"
        )
    end = stop if entry.loop else min(stop, start + seen.frames)
    whole = _envelope(start, end, entry.fade_in_s, entry.fade_out_s)
    at = start
    while at < end:
        until = at + seen.frames
        fades = Envelope(
            start=at, end=until, fade_in=seam if at > start else 0, fade_out=seam if until < end else 0
        )
        yield Part(
            excerpt=excerpt,
            start=at,
            end=min(until, end),
            gain=amplitude(entry.gain_db),
            envelopes=(whole, fades),
            is_music=True,
        )
        at = until - seam


def _envelope(start: int, end: int, fade_in_s: float, fade_out_s: float) -> Envelope:
    fade_in, fade_out = round(fade_in_s * RENDER_HZ), round(fade_out_s * RENDER_HZ)
    if fade_in + fade_out > end - start > 0:  # too long for the clip: shorten both alike
        share = (end - start) / (fade_in + fade_out)
        fade_in, fade_out = int(fade_in * share), int(fade_out * share)
    return Envelope(start=start, end=end, fade_in=fade_in, fade_out=fade_out)


def _shaped(block: Samples, part: Part, first: int) -> Samples:
    shaped = block * np.float32(part.gain)
    for envelope in part.envelopes:
        gain = envelope.gain(first, len(block))
        if gain is not None:
            shaped *= gain[:, None].astype(np.float32)
    return shaped
