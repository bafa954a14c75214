"""Keys of ``audiokit emulator``: by option, file or environment; ``ps`` shows only the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.cli._output import WrongValueError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

KEYS_VARIABLE = "AUDIOKIT_EMULATOR_KEYS"
"""Environment variable with NAME=KEY pairs, parted by spaces or commas."""

CONTROL_KEY_VARIABLE = "AUDIOKIT_EMULATOR_CONTROL_KEY"
"""Environment variable with the key of the control endpoints."""


def tenants(options: Iterable[str], file: Path | None, env: Mapping[str, str]) -> dict[str, str]:
    """Collect the keys of tenants.

    Options and the file together name each tenant once; both win over the environment.

    Args:
        options: ``NAME=KEY`` each.
        file: Lines of ``NAME=KEY``; empty ones and those that begin with ``#`` are skipped.
        env: Environment variables.

    Raises:
        WrongValueError: A pair is not written NAME=KEY, a name comes twice, a key cannot be one, or the
            file cannot be read. The message has file and line, and never a key.
    """
    given = [(f"--key number {number}", pair) for number, pair in enumerate(options, start=1)]
    if file is not None:
        given += _lines(file)
    words = env.get(KEYS_VARIABLE, "").replace(",", " ").split()
    ambient = [(f"{KEYS_VARIABLE} entry {number}", pair) for number, pair in enumerate(words, start=1)]
    found: dict[str, str] = {}
    for name, (where, key) in {**_pairs(ambient), **_pairs(given)}.items():
        if key in found.values():
            raise WrongValueError(f"{where}: the key of {name!r} is another tenant's; give each one its own")
        found[name] = key
    return found


def _lines(file: Path) -> list[tuple[str, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not text in UTF-8"
        raise WrongValueError(f"--key-file {str(file)!r} cannot be read: {reason}") from None
    numbered = [
        (f"--key-file {str(file)!r}: line {n}", line.strip()) for n, line in enumerate(lines, start=1)
    ]
    return [(where, line) for where, line in numbered if line and not line.startswith("#")]


def _pairs(given: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Read NAME=KEY pairs, each with where it was written: that and the key by name."""
    from audiokit.emulator._keys import check_tenant  # noqa: PLC0415 - an extra

    found: dict[str, tuple[str, str]] = {}
    for where, pair in given:
        name, equals, key = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            raise WrongValueError(f"{where} must be written NAME=KEY")  # the value is a secret
        if name in found:
            raise WrongValueError(f"{where} names {name!r} twice; give each tenant one key")
        try:
            check_tenant(name, key)
        except ValueError as error:
            raise WrongValueError(f"{where}: {error}") from None
        found[name] = (where, key)
    return found
