"""The dictionaries that come with the emulator: words that are not said as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen(kw_only=True)
class Dictionary:
    """Words of one language and kind.

    Attributes:
        dict_id: Name of the dictionary.
        lang: Language family, like ``en``.
        type: Kind of words: ``location``, ``name`` or ``abbreviation``.
        words: Word as written -> how it is written for the synthesiser.
    """

    dict_id: str
    lang: str
    type: str
    words: Mapping[str, str]


BUILT_IN = (
    Dictionary(
        dict_id="en_locations",
        lang="en",
        type="location",
        words={
            "Arkansas": "Arkansaw",
            "Edinburgh": "Edinburra",
            "Gloucester": "Gloster",
            "Greenwich": "Grennitch",
            "Illinois": "Illinoy",
            "Leicester": "Lester",
            "Worcester": "Wooster",
        },
    ),
    Dictionary(
        dict_id="en_names",
        lang="en",
        type="name",
        words={"Aoife": "Eefa", "Niamh": "Neev", "Saoirse": "Seersha", "Siobhan": "Shivawn"},
    ),
    Dictionary(
        dict_id="en_abbreviations",
        lang="en",
        type="abbreviation",
        words={"approx": "approximately", "dept": "department", "mgmt": "management"},
    ),
    Dictionary(
        dict_id="de_locations", lang="de", type="location", words={"Itzehoe": "Itzehoh", "Soest": "Sohst"}
    ),
    Dictionary(
        dict_id="de_boy_names", lang="de", type="name", words={"Joaquin": "Choakin", "Sean": "Schoon"}
    ),
    Dictionary(
        dict_id="de_abbreviations",
        lang="de",
        type="abbreviation",
        words={"bzgl": "bezüglich", "ggf": "gegebenenfalls"},
    ),
)
"""All of them."""
