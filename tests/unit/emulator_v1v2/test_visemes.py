"""Mouth shapes of phonemes."""

from __future__ import annotations

import pytest

from audiokit.emulator.apiaudio._visemes import SILENCE, viseme


@pytest.mark.parametrize(
    ("phoneme", "shape"),
    [("p", 1), ("v", 2), ("θ", 3), ("t", 4), ("k", 5), ("dʒ", 6), ("z", 7), ("l", 8), ("ɹ", 9), ("ˈoʊ", 13)],
)
def test_a_phoneme_has_its_mpeg_4_number(phoneme: str, shape: int) -> None:
    """Affricates are not their plosives, and diphthongs begin with their first vowel."""
    assert shape == viseme(phoneme)


@pytest.mark.parametrize(
    ("marked", "plain"), [("ˌɜː", "ɜ"), ("ɔ̃", "ɔ"), ("ç", "ç"), ("tˈ", "t"), ("eɪ", "e")]
)
def test_stress_length_and_nasality_change_nothing(marked: str, plain: str) -> None:
    """They are no mouth shapes."""
    assert viseme(plain) == viseme(marked) > SILENCE


@pytest.mark.parametrize("phoneme", ["", "ˈ", "7", "ʲ"])
def test_what_is_no_sound_of_its_own_has_a_closed_mouth(phoneme: str) -> None:
    """Number 0."""
    assert SILENCE == viseme(phoneme)
