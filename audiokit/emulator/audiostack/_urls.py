"""Links of v2: private ones need the key of the account, public ones nothing; neither expires."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from audiokit.emulator._links import FILE_KIND, absolute_url, public_url, publish

if TYPE_CHECKING:
    from starlette.requests import Request

    from audiokit.emulator._context import Context


def file_url(request: Request, file_id: str, name: str, *, is_public: bool) -> str:
    """Return the link of a finished file."""
    if is_public:
        return public_url(request, file_id, name)
    return absolute_url(request, f"/download/{file_id}/{quote(name, safe='~')}")


async def keep_file(context: Context, account: str, file_id: str, *, is_public: bool) -> None:
    """Let the account, or everybody, fetch a file."""
    await context.store.put(FILE_KIND, file_id, {"file": file_id}, account=account)
    if is_public:
        await publish(context, file_id)
