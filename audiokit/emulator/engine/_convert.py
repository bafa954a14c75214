"""Voice conversion: the same words in another pitch and colour."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np
from attrs import validators
from python_stretch import Signalsmith

from audiokit.emulator.engine._base import Refused, Samples, Signal, amplitude
from audiokit.emulator.engine._decode import AudioReader
from audiokit.emulator.engine._encode import open_writer
from audiokit.emulator.engine._formants import transplant_envelope
from audiokit.emulator.engine._graph import FilterChain
from audiokit.emulator.engine._meter import Meter
from audiokit.emulator.engine._pitch import measure_pitch, read_mono, read_pitch
from audiokit.emulator.engine._source import Excerpt, ExcerptStream

if TYPE_CHECKING:
    from collections.abc import Iterator

_RATES_HZ: Final = (24_000, 48_000)
_BLOCK_S: Final = 0.080  # with 45 ms, low voices lost their pitch (ADR 0002)
_MAX_TOTAL_SEMITONES: Final = 36
_PIECE_S: Final = 10.0
_CUT_WINDOW_S: Final = 4.0
_OVERLAP_S: Final = 0.25
_CEILING: Final = 0.89  # -1 dBFS


@attrs.frozen(kw_only=True)
class Timbre:
    """How a target voice differs beyond its pitch.

    Attributes:
        formant_ratio: 0.7 (large speaker) to 1.4 (small one); None follows the pitch shift.
        tilt_db_per_octave: -6 (dull) to 6 (bright).
        first_formant_ratio: How far the first formant moves besides, 0.8 (closer vowels) to 1.25 (more open).
        second_formant_ratio: The same of the second one, 0.8 (further back) to 1.25 (further front).
    """

    formant_ratio: float | None = attrs.field(
        default=None, validator=validators.optional([validators.ge(0.7), validators.le(1.4)])
    )
    tilt_db_per_octave: float = attrs.field(default=0.0, validator=[validators.ge(-6.0), validators.le(6.0)])
    first_formant_ratio: float = attrs.field(default=1.0, validator=[validators.ge(0.8), validators.le(1.25)])
    second_formant_ratio: float = attrs.field(
        default=1.0, validator=[validators.ge(0.8), validators.le(1.25)]
    )

    def ratio_for(self, semitones: float) -> float:
        """Formant ratio for a shift: by default a little along with the pitch, as with real speakers."""
        if self.formant_ratio is not None:
            return self.formant_ratio
        return 1.12 if semitones > 0 else 0.9 if semitones < 0 else 1.0


def convert(
    source: str,
    out: str,
    target_pitch_hz: float,
    format: str = "wav",  # noqa: A002
    source_f0_hz: float | None = None,
    semitones_correction: float = 0.0,
    formant_ratio: float | None = None,
    timbre: dict[str, float] | None = None,
) -> dict[str, Any]:
    """Speak a recording in another voice; duration is kept to the sample.

    The shift is the whole number of semitones that comes nearest from the source's pitch to the target's,
    plus the correction: the result's pitch is the source's times 2 to the power of (total / 12).

    Args:
        source: Recording of one voice.
        out: Mono file to make, 24 or 48 kHz.
        target_pitch_hz: Median pitch of the target voice, 40 to 600 Hz.
        format: One of `audiokit.emulator.engine._encode.FORMATS`.
        source_f0_hz: Median pitch of the speaker by calibration; None measures the recording.
        semitones_correction: On top of the shift; need not be whole.
        formant_ratio: Overrides the timbre's.
        timbre: Arguments of `Timbre`.

    Returns:
        ``seconds``, ``source_f0_hz``, ``shift_semitones`` (without the correction), ``expected_f0_hz``.

    Raises:
        Refused: Too little voice, or a value out of range.
    """
    colour = _timbre(timbre, formant_ratio)
    if not 40.0 <= target_pitch_hz <= 600.0:
        raise Refused(f"target_pitch_hz must be 40 to 600 Hz, got {target_pitch_hz!r}")
    if source_f0_hz is not None and not 40.0 <= source_f0_hz <= 600.0:
        raise Refused(f"source_f0_hz must be 40 to 600 Hz, got {source_f0_hz!r}")
    measured = _check_voice(source, calibrated=source_f0_hz is not None)
    from_hz = source_f0_hz or measured
    shift = round(12 * math.log2(target_pitch_hz / from_hz))
    total = shift + semitones_correction
    if abs(total) > _MAX_TOTAL_SEMITONES:
        raise Refused(
            f"a shift of {shift} semitones with semitones_correction {semitones_correction!r} is too far; "
            f"at most {_MAX_TOTAL_SEMITONES} semitones in all"
        )
    shifter = _Shifter(semitones=total, timbre=colour, f0_hz=measured, rate_hz=_rate_for(source))
    frames = _write(source, out, format, shifter)
    return {
        "seconds": frames / shifter.rate_hz,
        "source_f0_hz": from_hz,
        "shift_semitones": shift,
        "expected_f0_hz": from_hz * 2 ** (total / 12),
    }


def _timbre(timbre: dict[str, float] | None, formant_ratio: float | None) -> Timbre:
    changes = {} if formant_ratio is None else {"formant_ratio": formant_ratio}
    try:
        return Timbre(**{**(timbre or {}), **changes})
    except (TypeError, ValueError) as error:
        raise Refused(f"the timbre cannot be used: {error.args[0]}") from error


def _check_voice(source: str, *, calibrated: bool) -> float:
    """Pitch of the source; a calibrated one may be hoarse, but not silent."""
    if not calibrated:
        return read_pitch(source).f0_hz
    pitch = measure_pitch(read_mono(source))
    if pitch is None:
        raise Refused("there is no voice in the recording to convert")
    return pitch.f0_hz


def _rate_for(source: str) -> int:
    with AudioReader(source) as reader:
        return next((rate for rate in _RATES_HZ if rate >= reader.sample_rate_hz), _RATES_HZ[-1])


@attrs.frozen(kw_only=True)
class _Shifter:
    """Shifts a piece of speech."""

    semitones: float
    timbre: Timbre
    f0_hz: float
    rate_hz: int

    def shift(self, signal: Signal) -> Signal:
        """Return the piece in its new pitch and colour, as long as before."""
        stretch = Signalsmith.Stretch()
        block = round(_BLOCK_S * self.rate_hz)
        stretch.configure(1, block, block // 4)
        stretch.setTransposeSemitones(self.semitones)
        shifted: Samples = np.asarray(stretch.process(signal[None, :].astype(np.float32)), np.float32)
        moved = shifted[0].astype(np.float64)
        return transplant_envelope(
            moved,
            signal,
            rate_hz=self.rate_hz,
            f0_hz=(self.f0_hz * 2 ** (self.semitones / 12), self.f0_hz),
            formant_ratio=self.timbre.ratio_for(self.semitones),
            vowel_ratios=(self.timbre.first_formant_ratio, self.timbre.second_formant_ratio),
            tilt_db_per_octave=self.timbre.tilt_db_per_octave,
        )


def _write(source: str, out: str, audio_format: str, shifter: _Shifter) -> int:
    """Convert piece by piece, as loud as the source was, and return the number of frames."""
    rate_hz = shifter.rate_hz
    draft = Path(f"{out}.draft")
    before, after = Meter(rate_hz, 1, true_peak=False), Meter(rate_hz, 1, true_peak=False)
    frames = 0
    try:
        with draft.open("wb") as file:
            for original, piece in _converted_pieces(source, shifter):
                before.push(original)
                after.push(piece)
                file.write(piece.tobytes())
                frames += len(piece)
        was, became = before.finish().lufs, after.finish().lufs
        gain_db = 0.0 if was is None or became is None else was - became
        _write_levelled(draft, out, audio_format, rate_hz=rate_hz, gain_db=gain_db)
    finally:
        draft.unlink(missing_ok=True)
    return frames


def _write_levelled(draft: Path, out: str, audio_format: str, *, rate_hz: int, gain_db: float) -> None:
    limiter = FilterChain(
        ("alimiter", f"limit={_CEILING}:attack=3:release=40:level=0:latency=1"), rate_hz=rate_hz, channels=1
    )
    gain = np.float32(amplitude(gain_db))
    with draft.open("rb") as file, open_writer(out, audio_format, rate_hz=rate_hz, channels=1) as writer:
        while data := file.read(rate_hz * 4):
            writer.write(limiter.push(np.frombuffer(data, np.float32)[:, None] * gain))
        writer.write(limiter.finish())


def _converted_pieces(source: str, shifter: _Shifter) -> Iterator[tuple[Samples, Samples]]:
    """Convert about 10 seconds at a time, cut where it is quietest, so that memory stays small.

    Neighbouring pieces overlap, and the next one fades in over the last of the one before. Gives each piece
    of the original with what became of it.
    """
    rate_hz = shifter.rate_hz
    stream = ExcerptStream(Excerpt(path=source), rate_hz=rate_hz, channels=1)
    overlap = round(_OVERLAP_S * rate_hz)
    rise = np.sin(0.5 * np.pi * np.arange(overlap) / overlap) ** 2
    waiting = np.zeros(0)
    tail: Signal | None = None
    while True:
        block = stream.read(round((_PIECE_S + _CUT_WINDOW_S) * rate_hz) - len(waiting))[:, 0]
        have = np.concatenate([waiting, block]).astype(np.float64)
        is_last = len(have) < round((_PIECE_S + _CUT_WINDOW_S) * rate_hz)
        cut = len(have) if is_last else _quietest(have, round(_PIECE_S * rate_hz), overlap)
        shifted = shifter.shift(have[: cut + overlap] if not is_last else have)
        if tail is not None:
            faded = min(overlap, len(shifted))
            shifted[:faded] = shifted[:faded] * rise[:faded] + tail[:faded] * (1 - rise[:faded])
        yield have[:cut, None].astype(np.float32), shifted[:cut, None].astype(np.float32)
        if is_last:
            break
        tail, waiting = shifted[cut : cut + overlap], have[cut:]
    stream.close()


def _quietest(signal: Signal, earliest: int, overlap: int) -> int:
    """First frame of the quietest stretch of *overlap* frames after *earliest*."""
    power = np.cumsum(np.pad(signal[earliest:] ** 2, (1, 0)))
    return (
        earliest + int(np.argmin(power[overlap:] - power[:-overlap])) if len(power) > overlap else len(signal)
    )
