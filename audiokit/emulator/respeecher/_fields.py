"""Reading what a call brings, with FastAPI-style 422 replies that name every field at fault."""

from __future__ import annotations

import math
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from audiokit.emulator._body import read_json
from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError, label_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

T = TypeVar("T")

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def invalid(location: Sequence[str | int], message: str, kind: str = "value_error") -> HttpError:
    """Make a 422 about one field."""
    return problems_error([problem(location, message, kind)])


def problem(location: Sequence[str | int], message: str, kind: str) -> dict[str, Any]:
    """Make one entry of a 422's list."""
    return {"loc": list(location), "msg": message, "type": kind}


def problems_error(problems: Sequence[Mapping[str, Any]]) -> HttpError:
    """Make a 422 of several entries."""
    return HttpError(422, "; ".join(str(p["msg"]) for p in problems), body={"detail": list(problems)})


class Fields:
    """Reads typed values out of a body, form or query, and gathers everything that is wrong with them.

    Getters return a harmless stand-in for a wrong value; call `check` before using any.

    Args:
        values: What the client sent; strings are converted where it is a form or query.
        location: Where that was, e.g. ``("body",)``.
    """

    def __init__(self, values: Mapping[str, Any], *location: str | int) -> None:
        self._values = values
        self._location = location
        self._texts = location[:1] != ("body",)
        self.problems: list[dict[str, Any]] = []

    def check(self) -> None:
        """Raise a 422 if anything was wrong."""
        if self.problems:
            raise problems_error(self.problems)

    def has(self, name: str) -> bool:
        """Say whether the field was sent with a value other than null."""
        return self._values.get(name) is not None

    def wrong(self, name: str, message: str, kind: str = "value_error") -> None:
        """Note a problem with one field."""
        self.problems.append(problem((*self._location, name), message, kind))

    def raw(self, name: str) -> Any:
        """Return the value as it came, or None."""
        return self._values.get(name)

    def opt_text(self, name: str, *, shortest: int = 0, longest: int | None = None) -> str | None:
        """Read a string, or None when it was not sent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong(name, f"{name} must be a string, got {shown(value)}", "type_error.str")
            return None
        if len(value) < shortest or (longest is not None and len(value) > longest):
            wanted = f"{shortest} to {longest}" if longest is not None else f"at least {shortest}"
            self.wrong(
                name, f"{name} must have {wanted} characters, got {len(value)}", "value_error.any_str.length"
            )
            return None
        return value

    def text(self, name: str, *, shortest: int = 1, longest: int | None = None) -> str:
        """Read a string that must be there."""
        return self._required(name, self.opt_text(name, shortest=shortest, longest=longest)) or ""

    def opt_label(self, name: str, *, strict: bool) -> str | None:
        """Read a label of at most 40 characters, or None when it was not sent."""
        value = self.opt_text(name)
        if value is not None and (wrong := label_problem(value, strict=strict)) is not None:
            self.wrong(name, f"{name} {wrong}", "value_error.label")
            return None
        return value

    def label(self, name: str, *, strict: bool) -> str:
        """Read a name of 1 to 40 characters."""
        value = self._required(name, self.opt_label(name, strict=strict))
        if value is not None and not value.strip():
            self.wrong(name, f"{name} must not be blank, got {shown(value)}", "value_error.label")
        return value or ""

    def opt_uuid(self, name: str) -> str | None:
        """Read an id, in its canonical lower-case form, or None when it was not sent."""
        value = self._values.get(name)
        if value is None:
            return None
        found = canonical_uuid(value)
        if found is None:
            self.wrong(name, f"{name} must be a UUID, got {shown(value)}", "type_error.uuid")
        return found

    def uuid(self, name: str) -> str:
        """Read an id that must be there."""
        return self._required(name, self.opt_uuid(name)) or ""

    def uuids(self, name: str, values: Sequence[Any], *, most: int) -> list[str]:
        """Read a list of ids that was found under *name*."""
        if len(values) > most:
            self.wrong(
                name, f"{name} takes at most {most} ids, got {len(values)}", "value_error.list.max_items"
            )
            return []
        found = [(value, canonical_uuid(value)) for value in values]
        for value, known in found:
            if known is None:
                self.wrong(name, f"{name} must hold UUIDs, got {shown(value)}", "type_error.uuid")
        return [known for _, known in found if known is not None]

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read a boolean; forms and queries say true, True, 1, false, False or 0."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if self._texts and isinstance(value, str) and value.casefold() in _TRUE | _FALSE:
            return value.casefold() in _TRUE
        self.wrong(name, f"{name} must be true or false, got {shown(value)}", "type_error.bool")
        return default

    def integer(self, name: str, *, default: int, least: int = 0, most: int | None = None) -> int:
        """Read a whole number between two bounds."""
        value = self._values.get(name)
        if value is None:
            return default
        if (
            self._texts
            and isinstance(value, str)
            and value.strip().lstrip("+-").isdecimal()
            and len(value) < 19
        ):
            value = int(value)
        wanted = f"{least} to {most}" if most is not None else f"at least {least}"
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(
                name, f"{name} must be a whole number, {wanted}, got {shown(value)}", "type_error.integer"
            )
            return default
        if value < least or (most is not None and value > most):
            self.wrong(name, f"{name} must be {wanted}, got {value}", "value_error.number.range")
            return default
        return value

    def opt_number(self, name: str, *, least: float, most: float) -> float | None:
        """Read a number between two bounds, or None when it was not sent."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.wrong(
                name, f"{name} must be a number, {least} to {most}, got {shown(value)}", "type_error.float"
            )
            return None
        if not least <= value <= most:
            self.wrong(name, f"{name} must be {least} to {most}, got {value}", "value_error.number.range")
            return None
        return float(value)

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """Read one of a few words, or None when it was not sent."""
        value = self._values.get(name)
        if value is None:
            return None
        if value not in allowed:
            self.wrong(
                name, f"{name} must be one of {', '.join(allowed)}; got {shown(value)}", "type_error.enum"
            )
            return None
        return str(value)

    def opt_moment(self, name: str) -> datetime | None:
        """Read an ISO 8601 date and time with its zone, or None when it was not sent."""
        text = self.opt_text(name)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.wrong(
                name, f"{name} must be ISO 8601 with a time zone, got {shown(text)}", "value_error.datetime"
            )
            return None
        return moment

    def _required(self, name: str, value: T | None) -> T | None:
        if not self.has(name):
            self.wrong(name, f"{name} is required", "value_error.missing")
        return value


def canonical_uuid(value: object) -> str | None:
    """Return a UUID in its canonical form, or None when *value* is none."""
    if not isinstance(value, str) or len(value) not in {32, 36}:
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return None


def path_id(request: Request, name: str) -> str:
    """Read an id from the path.

    Raises:
        HttpError: 422, it is no UUID.
    """
    value = request.path_params[name]
    found = canonical_uuid(value)
    if found is None:
        raise invalid(("path", name), f"{name} must be a UUID, got {shown(value)}", "type_error.uuid")
    return found


async def body_fields(request: Request, *, optional: bool = False) -> Fields:
    """Read a JSON body; anything but an object is a 422 here.

    Raises:
        HttpError: 413 or 422.
    """
    try:
        return Fields(await read_json(request, optional=optional), "body")
    except HttpError as error:
        if error.status == 413:
            raise
        raise invalid(("body",), error.message, "value_error.jsondecode") from None


def query_fields(request: Request) -> Fields:
    """Read the query."""
    return Fields(request.query_params, "query")
