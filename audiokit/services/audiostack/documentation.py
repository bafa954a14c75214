"""Documentation: what the API says about its own services."""

from __future__ import annotations

from typing import Unpack

from audiokit.services._endpoint import get
from audiokit.services.audiostack._base import AudioStackService, StackAnswer
from audiokit.typing import CallOptions

DOCS_FOR_SERVICE = get(
    "audiostack.documentation.docs_for_service",
    "/documentation",
    StackAnswer,
    source="official SDK 4.0, Documentation",
)


class Documentation(AudioStackService):
    """Calls on the documentation."""

    async def docs_for_service(self, service: str, **options: Unpack[CallOptions]) -> StackAnswer:
        """Get the documentation of a service.

        Args:
            service: Name of a resource in the official client, e.g. ``mix`` or ``script``, in any case.
            options: See `CallOptions`.

        Returns:
            The documentation, in a shape the vendor does not publish.
        """
        return await self._answer(DOCS_FOR_SERVICE, query={"route": service.lower()}, options=options)
