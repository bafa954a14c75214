"""Finding what a call names; what is not there is a 404 that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audiokit.emulator._fields import shown
from audiokit.emulator._http import HttpError

if TYPE_CHECKING:
    from audiokit.emulator._context import Context

_WHERE = {
    "project": "GET /api/projects lists yours",
    "folder": "GET /api/folders lists a project's",
    "recording": "GET /api/recordings lists a folder's or project's",
    "calibration": "GET /api/calibration lists yours",
}


def not_found(field: str, value: object, hint: str) -> HttpError:
    """Make a 404 that names field and value."""
    return HttpError(404, f"{field} {shown(value)} not found; {hint}")


async def find(
    context: Context, account: str, kind: str, id_: str, *, field: str | None = None
) -> dict[str, Any]:
    """Return a document.

    Args:
        context: The emulator.
        account: Tenant.
        kind: ``project``, ``folder``, ``recording`` or ``calibration``.
        id_: Its id.
        field: What the caller calls it; ``<kind>_id`` by default.

    Raises:
        HttpError: 404, the account has none of this id.
    """
    return found_in(kind, id_, await context.store.get(kind, id_, account=account), field=field)


def found_in(
    kind: str, id_: str, found: dict[str, Any] | None, *, field: str | None = None
) -> dict[str, Any]:
    """Return a document that was looked for, as `find` does.

    Raises:
        HttpError: 404, it is None.
    """
    if found is None:
        raise not_found(field or f"{kind}_id", id_, _WHERE[kind])
    return found
