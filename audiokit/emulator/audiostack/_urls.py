"""Links of v2: private ones need the key of the account, public ones nothing; neither expires."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from audiokit.emulator._links import absolute_url, public_url

if TYPE_CHECKING:
    from starlette.requests import Request


def file_url(request: Request, file_id: str, name: str, *, is_public: bool) -> str:
    """Return the link of a finished file."""
    if is_public:
        return public_url(request, file_id, name)
    return absolute_url(request, f"/download/{file_id}/{quote(name, safe='~')}")
