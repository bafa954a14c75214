"""espeak-ng by ctypes: plain text in, samples and times of words and phonemes out.

One library per process, with global state: call it from one thread. Markup is never switched on: with SSML it
reads local files (``<audio src>``) and can be made to abort. Control characters are removed, because 0x01
starts inline commands and NUL ends the text.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import shutil
import tempfile
import unicodedata
from pathlib import Path
from typing import Any, ClassVar, Final

import attrs
import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from audiokit.emulator.engine._base import Refused

_MAX_DATA_PATH: Final = 140  # espeak-ng's own buffer holds 160 characters
_SYNCHRONOUS: Final = 2
_PHONEME_EVENTS: Final = 0x0001
_PHONEMES_IN_IPA: Final = 0x0002
_DO_NOT_EXIT: Final = 0x8000
_UTF8: Final = 1
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7
_WORD_EVENT, _PHONEME_EVENT = 1, 7
_CALLBACK_BUFFER_MS: Final = 200


class _EventId(ctypes.Union):
    _fields_: ClassVar[Any] = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@attrs.frozen(kw_only=True)
class Utterance:
    """What was spoken.

    Attributes:
        samples: 16-bit mono, shape (frames,).
        words: Each word with the second at which it starts.
        phonemes: Each phoneme in IPA, stress marks included, with the second at which it starts; empty text
            is a pause.
    """

    samples: NDArray[np.int16]
    words: tuple[tuple[str, float], ...]
    phonemes: tuple[tuple[str, float], ...]


class Espeak:
    """The library, opened.

    Attributes:
        sample_rate_hz: Of everything it speaks (22050).
    """

    def __init__(self) -> None:
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = _short_data_path()
        self.sample_rate_hz = int(
            self._library.espeak_Initialize(
                _SYNCHRONOUS,
                _CALLBACK_BUFFER_MS,
                os.fsencode(data),
                _DO_NOT_EXIT | _PHONEME_EVENTS | _PHONEMES_IN_IPA,
            )
        )
        if self.sample_rate_hz <= 0:
            raise RuntimeError("espeak-ng found no voice data")
        self._blocks: list[NDArray[np.int16]] = []
        self._words: list[tuple[int, int, int]] = []
        self._phonemes: list[tuple[str, float]] = []
        self._frames_left = 0
        self._callback = _Callback(self._take)  # must outlive every call
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(
        self,
        text: str,
        *,
        voice: str,
        rate_wpm: int,
        pitch: int,
        pitch_range: int,
        word_gap: int,
        max_seconds: float,
    ) -> Utterance:
        """Speak plain text.

        Args:
            text: Any text; control characters are removed.
            voice: espeak-ng identifier with an optional variant, e.g. ``gmw/en-US+f3``.
            rate_wpm: Words a minute, 80 to 450.
            pitch: 0 to 99.
            pitch_range: 0 (monotone) to 99.
            word_gap: Extra pause between words, in units of 10 ms at normal speed, 0 to 100.
            max_seconds: Stop with `Refused` beyond this length.

        Raises:
            Refused: The voice is unknown, or the text speaks for too long.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise Refused(f"the speech engine has no voice {voice!r}")
        for parameter, value in (
            (_RATE, rate_wpm),
            (_PITCH, pitch),
            (_RANGE, pitch_range),
            (_WORD_GAP, word_gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        plain = plain_text(text)
        self._blocks, self._words, self._phonemes = [], [], []
        self._frames_left = round(max_seconds * self.sample_rate_hz)
        encoded = plain.encode()
        if plain.strip():
            self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _UTF8, None, None)
        if self._frames_left < 0:
            raise Refused(f"the text speaks for more than {max_seconds:g} seconds; send less text")
        samples = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)
        return Utterance(samples=samples, words=self._read_words(plain), phonemes=tuple(self._phonemes))

    def _take(self, samples: Any, count: int, events: Any) -> int:
        """Take one buffer from the library; a result of 1 makes it stop."""
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            self._frames_left -= count
        index = 0
        while events[index].type != 0:
            event = events[index]
            if event.type == _WORD_EVENT:
                self._words.append((event.text_position, event.length, event.audio_position_ms))
            elif event.type == _PHONEME_EVENT:
                name = bytes(event.id.string).decode(errors="ignore")  # cut at 8 bytes
                self._phonemes.append((name, event.audio_position_ms / 1000))
            index += 1
        return int(self._frames_left < 0)

    def _read_words(self, text: str) -> tuple[tuple[str, float], ...]:
        """Cut the words out of the text; positions are characters from 1, and some come twice."""
        words: list[tuple[str, float]] = []
        seen: set[int] = set()
        for position, length, start_ms in self._words:
            word = text[position - 1 : position - 1 + length].strip()
            if word and position not in seen:
                seen.add(position)
                words.append((word, start_ms / 1000))
        return tuple(words)


@functools.cache
def library() -> Espeak:
    """Open the library once per process."""
    return Espeak()


def plain_text(text: str) -> str:
    """Replace control, format and unassigned characters by spaces, keeping every position."""
    return "".join(" " if unicodedata.category(character)[0] == "C" else character for character in text)


def _short_data_path() -> Path:
    """Return the folder that holds the voices, by a short link where its own path is too long."""
    data = Path(espeakng_loader.get_data_path())
    if len(os.fsencode(data)) <= _MAX_DATA_PATH:
        return data
    folder = Path(tempfile.mkdtemp(prefix="ak-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # takes the link, not what it points to
    link = folder / "d"
    link.symlink_to(data, target_is_directory=True)
    return link
