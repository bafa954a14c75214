"""Mouth shapes of phonemes, numbered as in MPEG-4 face animation (ISO/IEC 14496-2): 0 to 14.

Which numbers the service itself uses is not published.
"""

from __future__ import annotations

import unicodedata
from typing import Final

SILENCE: Final = 0

_SHAPES: Final = {
    1: "p b m ɸ β",
    2: "f v ʋ ɱ",
    3: "θ ð",
    4: "t d ʈ ɖ",
    5: "k ɡ g ŋ x ɣ q χ h ħ ɦ ʔ c ɟ ç ʝ ɰ ʕ",
    6: "tʃ dʒ ʃ ʒ ʂ ʐ ɕ ʑ tɕ dʑ tʂ dʐ",
    7: "s z ts dz",
    8: "n l ɲ ɳ ɬ ɭ ʎ ɫ",
    9: "r ɹ ɾ ʁ ʀ ɻ ɽ",
    10: "a ɑ ɐ æ ʌ",
    11: "e ɛ ε ə ɜ ɚ ɝ œ ø ɘ",
    12: "i ɪ ɨ y ʏ j",
    13: "o ɔ ɒ ɤ",
    14: "u ʊ w ʉ ɯ ɥ ɵ",
}
_BY_PHONEME: Final = {phoneme: shape for shape, names in _SHAPES.items() for phoneme in names.split()}


def viseme(phoneme: str) -> int:
    """Return the mouth shape of a phoneme in IPA: by its first sound, without stress and length."""
    plain = "".join(
        one for one in unicodedata.normalize("NFD", phoneme) if unicodedata.category(one) in {"Ll", "Lo"}
    )
    for length in (2, 1):
        if plain[:length] in _BY_PHONEME:
            return _BY_PHONEME[plain[:length]]
    return SILENCE
