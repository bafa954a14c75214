"""The tree that scripts hang in: projects, their modules, the scripts' names."""

from __future__ import annotations

from typing import Unpack

from audiokit.services._endpoint import get
from audiokit.services.apiaudio._base import ApiAudioService
from audiokit.typing import CallOptions

_SOURCE = "official Python client 0.17, Script.Directory"

PROJECTS = get("apiaudio.directory.list_projects", "/script/list_projects", list[str], source=_SOURCE)
MODULES = get("apiaudio.directory.list_modules", "/script/list_modules", list[str], source=_SOURCE)
NAMES = get("apiaudio.directory.list_script_names", "/script/list_script_names", list[str], source=_SOURCE)


class Directory(ApiAudioService):
    """Calls on the tree, at `Scripts.directory`."""

    async def list_projects(self, **options: Unpack[CallOptions]) -> list[str]:
        """List the names of the projects."""
        return await self._call(PROJECTS, options=options)

    async def list_modules(self, project_prefix: str, **options: Unpack[CallOptions]) -> list[str]:
        """List modules, as ``project/module``, of projects whose name begins with *project_prefix*."""
        return await self._call(MODULES, query={"projectPrefix": project_prefix}, options=options)

    async def list_script_names(
        self, project_prefix: str, module_prefix: str, **options: Unpack[CallOptions]
    ) -> list[str]:
        """List scripts, as ``project/module/script``, by the beginnings of the other two names."""
        query = {"projectPrefix": project_prefix, "modulePrefix": module_prefix}
        return await self._call(NAMES, query=query, options=options)
