"""Writes the table of ``README.md`` from the rows: ``python tests/faults/faults_readme.py``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from faults_expect import ATTEMPTS, Mode
from faults_kinds import KINDS, Kind
from faults_list import CELLS, FAULTS
from faults_model import Fault

README: Final = Path(__file__).parent / "README.md"
_BEGIN: Final = "<!-- table: begin -->\n"
_END: Final = "<!-- table: end -->\n"


def _cell(fault: Fault, kind: Kind) -> str:
    if not fault.applies_to(kind):
        return "·"
    ends = [str(fault.rules_for(kind).expected(kind, mode)) for mode in fault.modes]
    return " / ".join(dict.fromkeys(ends))


def _rows(faults: Iterable[Fault]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Rows, those of one status with the same cells joined."""
    cells: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for fault in faults:
        status, comma, form = fault.name.partition(", ")
        is_status = bool(comma) and status.isdecimal()
        key = (status if is_status else fault.name, tuple(_cell(fault, kind) for kind in KINDS))
        cells.setdefault(key, []).append(form)
    for (name, ends), forms in cells.items():
        yield (f"{name}; {', '.join(forms)}" if forms[0] and name.isdecimal() else name), ends


def table() -> str:
    """All sections of the table, and how many cells there are."""
    lines: list[str] = []
    for group, faults in itertools.groupby(FAULTS, key=lambda fault: fault.group):
        lines += [f"### {group}", "", f"| fault | {' | '.join(kind.name for kind in KINDS)} |"]
        lines.append("|---|" + "---|" * len(KINDS))
        lines += [f"| {name} | {' | '.join(ends)} |" for name, ends in _rows(faults)]
        lines.append("")
    plain = sum(not fault.is_heavy(kind) for fault, kind, _ in CELLS)
    lines += ["### Counts", ""]
    lines.append(
        f"{len(FAULTS)} faults, {len(KINDS)} kinds of call, {len(CELLS)} cells ({Mode.ONCE.value} and "
        f"{Mode.ALWAYS.value} counted apart), {ATTEMPTS} attempts at most. {plain} cells run each time, "
        f"{len(CELLS) - plain} are `heavy`. There are no exceptions."
    )
    return "\n".join(lines) + "\n"


def current(text: str) -> str:
    """The README with its table as it should be."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + "\n" + table() + "\n" + _END + after


if __name__ == "__main__":
    README.write_text(current(README.read_text("utf-8")), "utf-8")
