"""Guessing the language of a text: by its script, else by its commonest words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_SCRIPTS = {
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
}
_WORDS = {
    "en": "the and is are of to in that it you this for with was have not be we my your hello",
    "de": "der die das und ist nicht ein eine ich sie wir mit auf für von den dem zu auch guten",
    "fr": "le la les et est un une des je vous nous pas que pour dans avec sur ce bonjour du",
    "es": "el la los las y es un una que de en no por para con su se está hola del muy",
    "it": "il lo la gli e è un una che di non per con sono si ma questo della ciao nel",
    "pt": "o a os as e é um uma que de não por para com se está você olá do da em",
    "nl": "de het een en is niet van ik je dat op te zijn met voor wij aan er maar hallo",
    "pl": "i w na z nie się to jest do że o jak dla po co dzień dobry",
    "sv": "och att det är en ett som på inte för med av jag du vi har hej",
}
_KNOWN = {language: frozenset(words.split()) for language, words in _WORDS.items()}


def guess_language(text: str) -> str:
    """Return an ISO 639-1 code; English when nothing speaks for another language."""
    scripts = Counter(unicodedata.name(c, "?").split()[0] for c in text if c.isalpha())
    if scripts["HIRAGANA"] or scripts["KATAKANA"]:
        return "ja"  # Japanese is written with Chinese characters too
    if scripts and (script := scripts.most_common(1)[0][0]) in _SCRIPTS:
        return "uk" if script == "CYRILLIC" and re.search("[іїєґ]", text.lower()) else _SCRIPTS[script]
    words = re.findall(r"[^\W\d_]+", text.lower())
    score = {language: sum(word in known for word in words) for language, known in _KNOWN.items()}
    best = max(score, key=lambda language: score[language])
    return best if score[best] > score["en"] else "en"
