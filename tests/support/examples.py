"""How many examples of a property are tried: a third in the plain run, double with the profile `thorough`.

``pytest --hypothesis-profile=thorough -m "hypothesis and not heavy"`` is what `nox -s heavy` adds.
"""

from __future__ import annotations

from hypothesis import settings

THOROUGH = "thorough"
FEWEST = 5


def examples(usual: int) -> int:
    """As many as the run asks for, where *usual* would be a fair number."""
    if settings.get_current_profile_name() == THOROUGH:
        return 2 * usual
    return max(FEWEST, usual // 3)
