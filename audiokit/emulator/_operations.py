"""Names of operations: the vendors', as the routes have them, and audiokit's, which often differ."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from audiokit.emulator._faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audiokit.emulator._http import Api

_RESOURCES: Final = {
    "apiaudio": {
        "Birdcache": "birdcache",
        "Connector": "connectors",
        "Lexi": "lexi",
        "Mastering": "mastering",
        "Media": "media",
        "Orchestrator": "orchestrator",
        "Organization": "organisation",
        "Pipeline": "pipeline",
        "Script": "scripts",
        "Script.Directory": "directory",
        "Sound": "sound",
        "Speech": "speech",
        "SyncTTS": "sync_tts",
        "Voice": "voices",
    },
    "audiostack": {
        "Audioform": "audioforms",
        "Content": "content",
        "Content.Media": "media",
        "Content.Script": "scripts",
        "Creator.Brief": "briefs",
        "Creator.Story": "stories",
        "Delivery.Encoder": "encoder",
        "Documentation": "documentation",
        "Files": "files",
        "Folders": "folders",
        "Production.Mix": "mixes",
        "Production.Sound.Segment": "segments",
        "Production.Sound.Template": "templates",
        "Production.Suite": "suite",
        "Speech.Diction": "diction",
        "Speech.Diction.Custom": "diction.custom",
        "Speech.Predict": "predict",
        "Speech.STS": "sts",
        "Speech.TTS": "tts",
        "Speech.Voice": "voices",
    },
    "respeecher": {"calibration": "calibrations"},
}
"""audiokit's resource for the vendor's, where each operation has the same last word."""

_OPERATIONS: Final = {
    "apiaudio": {
        "Mastering.vast": (),
        "Mastering.vast_impression": (),
        "Media.upload (PUT)": (),
        "Orchestrator.media_with_sound": ("orchestrator.create_media_with_sound",),
        "Script.retrieve": ("scripts.retrieve", "scripts.preview"),
    },
    "audiostack": {
        "Content.Media.create (PUT)": (),
        "Content.RecommendMood.create": ("recommend.mood",),
        "Content.RecommendTag.create": ("recommend.tag",),
        "Content.RecommendTone.create": ("recommend.tone",),
        "Files.get_file_categories": ("files.categories",),
        "Production.Sound.Parameter.get": ("templates.parameters",),
        "Speech.Predict.list": ("predict.voices",),
        "Speech.Voice.Parameter.get": ("voices.parameters",),
    },
    "respeecher": {
        "auth": ("session.auth",),
        "healthz": ("health.get",),
        "login": ("session.login",),
        "logout": ("session.logout",),
        "recordings.create": ("recordings.upload",),
        "stats.folders": ("stats.folders", "stats.folders_post"),
        "stats.projects": ("stats.projects", "stats.projects_post"),
    },
}
"""Single operations for which that does not hold; what has no method of audiokit's has no name of its."""

_COUNTED: Final = {"audiostack": ("Speech.TTS.edit",)}
"""Submissions that are counted under a name of no single route: all edits of a piece of speech."""

LISTED: Final = "`audiokit emulator --routes` lists them"


def sdk_names(api: str, operation: str) -> tuple[str, ...]:
    """Names that audiokit gives to an operation, without the API's; none where it has no method for it."""
    single: dict[str, tuple[str, ...]] = _OPERATIONS.get(api, {})
    if operation in single:
        return single[operation]
    resource, _, call = operation.rpartition(".")
    ours = _RESOURCES.get(api, {}).get(resource)
    if ours is not None:
        return (f"{ours}.{call}",)
    return (operation,) if api == "respeecher" and operation != "recordings.peaks" else ()


class Operations:
    """What faults can happen to, and what submissions are counted by.

    Args:
        apis: The APIs that are served.
    """

    def __init__(self, apis: Iterable[Api]) -> None:
        self._names = {
            (api.name, route.name): tuple(dict.fromkeys((route.name, *sdk_names(api.name, route.name))))
            for api in apis
            for route in api.routes
        }

    def names_of(self, api: str, operation: str) -> tuple[str, ...]:
        """The operation's own name, then audiokit's where they differ."""
        return self._names.get((api, operation), (operation,))

    def check(self, faults: Iterable[Fault]) -> None:
        """See to it that each fault can happen to something.

        Raises:
            ValueError: The pattern of one fits no operation; the message has names that are like it.
        """
        for fault in faults:
            if not any(fault.fits(api, *names) for (api, _), names in self._names.items()):
                raise ValueError(
                    f"operation {fault.operation!r} of fault {fault.kind!r} is none that is served; "
                    f"{self._hint(fault.operation)}"
                )

    def as_json(self) -> list[dict[str, Any]]:
        """Every operation as ``{api, name, also}``."""
        rows = [{"api": api, "name": names[0], "also": names[1:]} for (api, _), names in self._names.items()]
        return rows + [
            {"api": api, "name": name, "also": ()} for api, names in _COUNTED.items() for name in names
        ]

    def _hint(self, pattern: str) -> str:
        known: dict[str, str] = {}
        for (api, _), names in self._names.items():
            for name in names:
                known.setdefault(name.lower(), name)
                known.setdefault(f"{api}.{name}".lower(), f"{api}.{name}")
        if fnmatchcase(pattern, "*[*?[]*"):  # what is like a pattern fits it but for capitals, or not at all
            close = [name for low, name in known.items() if fnmatchcase(low, pattern.lower())][:3]
        else:
            close = [known[low] for low in difflib.get_close_matches(pattern.lower(), known, cutoff=0.7)]
        return f"did you mean {' or '.join(map(repr, close))}? {LISTED}" if close else LISTED
