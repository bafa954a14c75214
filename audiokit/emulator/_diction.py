"""How words are spoken: a tenant's own replacements and a few built-in dictionaries. Shared by v1 and v2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from audiokit.emulator._dictionaries import BUILT_IN
from audiokit.emulator._http import HttpError
from audiokit.emulator._script import Say, SpeechPart, fill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audiokit.emulator._catalogue import SpeechVoice
    from audiokit.emulator._context import Context
    from audiokit.emulator._fields import Fields
    from audiokit.emulator._transaction import Transaction

GLOBAL = "global"
DEFAULT = "default"
PROVIDER = "espeak-ng"
CONTENT_TYPES = ("basic", "ipa")
MOST_WORDS = 2000
"""Most words of its own that a tenant keeps."""

_KIND = "diction_word"
_WORD_LENGTH, _REPLACEMENT_LENGTH, _LANG_LENGTH = 100, 500, 20
_MARKUP = re.compile(r"(<<[^<>\n]*>>|\{\{[^{}]*\}\}|<(?!!)[^<>]*>)")
_FLAGGED = re.compile(r"<!([^<>\n]+)>")


async def register(context: Context, account: str, fields: Fields, *, lang: str) -> dict[str, Any]:
    """Keep what is to be said for a word; *lang* is taken where the call gives none.

    Raises:
        HttpError: 400, a wrong field, or too many words; 501, a replacement in phonetic writing.
    """
    content_type = fields.choice("contentType", allowed=CONTENT_TYPES, default="basic")
    word = fields.required_text("word", longest=_WORD_LENGTH).strip()
    doc = {
        "word": word,
        "replacement": fields.required_text("replacement", longest=_REPLACEMENT_LENGTH).strip(),
        "lang": (fields.text("lang", longest=_LANG_LENGTH).strip() or lang).lower(),
        "specialization": fields.text("specialization", longest=_WORD_LENGTH).strip() or DEFAULT,
        "contentType": content_type,
    }
    if content_type == "ipa":
        raise HttpError(
            501, "contentType 'ipa' is not emulated: the emulator speaks written words only; use 'basic'"
        )
    if not doc["lang"]:
        raise HttpError(400, f"lang is required: a language family like 'en', or {GLOBAL!r}")
    doc["id"] = _id(word, doc["lang"], doc["specialization"])

    def keep(step: Transaction) -> bool:
        is_known = step.get(_KIND, doc["id"]) is not None
        if is_known or count < MOST_WORDS:
            step.put(_KIND, doc["id"], doc, parent=doc["lang"])
            return True
        return False

    count = await context.store.count(_KIND, account=account)
    if not await context.store.transact(keep, account=account):
        raise HttpError(400, f"there are {count} words already; at most {MOST_WORDS} are kept, delete some")
    return doc


async def delete(context: Context, account: str, word: str, lang: str, specialization: str | None) -> int:
    """Forget a word, or one specialisation of it; return how many entries went.

    Raises:
        HttpError: 404, there is no such word.
    """
    found = [
        doc
        for doc in await own_words(context, account, lang=lang)
        if doc["word"].casefold() == word.strip().casefold()
        and (not specialization or doc["specialization"].casefold() == specialization.strip().casefold())
    ]
    if not found:
        which = f" with specialization {specialization!r}" if specialization else ""
        raise HttpError(404, f"word {word!r} of lang {lang!r}{which} not found")
    return await context.store.delete_all([(_KIND, doc["id"]) for doc in found], account=account)


async def own_words(context: Context, account: str, *, lang: str | None = None) -> list[dict[str, Any]]:
    """Return a tenant's words, oldest first, of one language where it is given."""
    parent = lang.strip().lower() if lang is not None else None
    return await context.store.find(_KIND, account=account, parent=parent)


@attrs.frozen
class Lexicon:
    """What one voice says in place of words."""

    _replacements: Mapping[str, str]

    def respell(self, text: str) -> str:
        """Replace whole words, compared without case, the longest first."""
        if not self._replacements or not text:
            return text
        words = sorted(self._replacements, key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
        return pattern.sub(lambda match: self._replacements.get(match[0].casefold(), match[0]), text)

    def respell_part(self, part: SpeechPart, values: Mapping[str, str]) -> SpeechPart:
        """Fill a part with a listener's values and replace words in all of it.

        Raises:
            ScriptError: A parameter has neither a value nor a fallback.
        """
        items = tuple(
            attrs.evolve(item, text=self.respell(item.text)) if isinstance(item, Say) else item
            for item in fill(part, values).items
        )
        return attrs.evolve(part, items=items)

    def respell_script(self, text: str) -> tuple[str, list[str]]:
        """Replace words of a script of v1, but not in its markup; return flagged words that are not known."""
        unknown = [
            word for word in _FLAGGED.findall(text) if word.strip().casefold() not in self._replacements
        ]
        pieces = _MARKUP.split(_FLAGGED.sub(r"\1", text))
        spoken = [piece if place % 2 else self.respell(piece) for place, piece in enumerate(pieces)]
        return "".join(spoken), list(dict.fromkeys(unknown))


async def lexicon(context: Context, account: str, voice: SpeechVoice) -> Lexicon:
    """Return the words that a voice replaces.

    Own words win over built-in ones; among them one for the voice over one for its dialect, its provider, and
    the default; and one of its language over a global one.
    """
    return _lexicon(await own_words(context, account), voice)


def _lexicon(words: Sequence[Mapping[str, Any]], voice: SpeechVoice) -> Lexicon:
    family = voice.language_code.partition("-")[0].lower()
    ranks = {
        voice.alias.casefold(): 3,
        voice.voice_id.casefold(): 3,
        voice.language_code.casefold(): 2,
        PROVIDER: 1,
        DEFAULT: 0,
    }
    chosen = {
        word.casefold(): ((-1, 0), spoken)
        for dictionary in BUILT_IN
        if dictionary.lang == family
        for word, spoken in dictionary.words.items()
    }
    for doc in words:
        rank = ranks.get(doc["specialization"].casefold())
        if rank is None or doc["lang"] not in {family, GLOBAL, voice.language_code.lower()}:
            continue
        key, weight = doc["word"].casefold(), (rank, int(doc["lang"] != GLOBAL))
        if key not in chosen or weight >= chosen[key][0]:
            chosen[key] = (weight, doc["replacement"])
    return Lexicon({key: spoken for key, (_, spoken) in chosen.items()})


def _id(word: str, lang: str, specialization: str) -> str:
    return f"{lang}|{specialization.casefold()}|{word.casefold()}"
