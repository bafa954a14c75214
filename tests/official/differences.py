"""Where our requests differ from the official clients', each with its reason."""

from __future__ import annotations

from typing import Any, Final

import attrs


class _Any:
    def __repr__(self) -> str:
        return "anything"


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ANYTHING: Final = _Any()
ABSENT: Final = _Absent()


@attrs.frozen
class Difference:
    """One difference in one operation.

    Attributes:
        operation: Title of the pair.
        where: ``request``, ``path``, ``query``, ``header`` or ``body``; from the second request
            on with its number.
        name: Of the parameter, header or field.
        official: What the official client sent.
        ours: What audiokit sent.
    """

    operation: str
    where: str
    name: str
    official: Any
    ours: Any

    def __str__(self) -> str:
        return (
            f"{self.operation}: {self.where} {self.name}: official {self.official!r}, audiokit {self.ours!r}"
        )


@attrs.frozen(kw_only=True)
class Known:
    """A difference that is meant; `operations` are titles of pairs, or empty for all."""

    where: str
    name: str
    reason: str
    operations: tuple[str, ...] = ()
    official: Any = ANYTHING
    ours: Any = ANYTHING

    def covers(self, found: Difference) -> bool:
        """Whether *found* is this one."""
        return (
            (not self.operations or found.operation in self.operations)
            and found.where.startswith(self.where)
            and self.name == found.name
            and _fits(self.official, found.official)
            and _fits(self.ours, found.ours)
        )


def _fits(wanted: Any, value: Any) -> bool:
    return wanted is ANYTHING or (wanted == value and type(wanted) is type(value))


_BOOLEANS = "booleans in queries are written as JSON writes them; the servers read them without case"
_DEFAULTS = (
    "the official client writes its defaults out; audiokit leaves them to the server, which has the same,"
    " so that a changed default of the server's is followed"
)
_FOLLOWED = (
    "the official client sends the whole body of the POST as the query of each look, lists flattened to"
    " their keys; audiokit sends what identifies the work, as the vendor's pages say"
)


def _booleans(name: str, *operations: str) -> tuple[Known, ...]:
    return (
        Known(
            where="query", name=name, official="True", ours="true", reason=_BOOLEANS, operations=operations
        ),
    )


def _defaults(operation: str, **values: Any) -> tuple[Known, ...]:
    return tuple(
        Known(where="body", name=name, official=value, ours=ABSENT, reason=_DEFAULTS, operations=(operation,))
        for name, value in values.items()
    )


KNOWN_DIFFERENCES: tuple[Known, ...] = (
    Known(
        where="header",
        name="x-python-sdk-version",
        ours=ABSENT,
        reason="names the vendor's own client; audiokit names itself in User-Agent",
    ),
    *_booleans("preview", "Script.preview", "Content.Script.get (version, preview)"),
    *_booleans("public", "Mastering.retrieve", "Media.list", "Speech.TTS.get"),
    *_booleans("public", "Speech.TTS.create (followed)", "Speech.TTS.Section.create (followed)"),
    *_booleans("vast", "Mastering.retrieve"),
    Known(
        where="query",
        name="public",
        official="False",
        ours="false",
        reason=_BOOLEANS,
        operations=("Speech.TTS.download",),
    ),
    Known(
        where="query",
        name="scriptId",
        official="s-1",
        ours=ABSENT,
        reason="the id is in the path already",
        operations=("Script.retrieve (version)",),
    ),
    Known(
        where="query of request 2",
        name="audience",
        official="name",
        ours=ABSENT,
        reason=_FOLLOWED,
        operations=("Speech.create (followed)", "Mastering.create (followed)"),
    ),
    Known(
        where="query of request 2",
        name="name",
        official=ABSENT,
        ours="Ann",
        reason=_FOLLOWED,
        operations=("Speech.create (followed)", "Mastering.create (followed)"),
    ),
    Known(
        where="query of request 2",
        name="voice",
        official="Joanna",
        ours=ABSENT,
        reason=_FOLLOWED,
        operations=("Speech.create (followed)",),
    ),
    Known(
        where="query of request 2",
        name="soundTemplate",
        official="jazz",
        ours=ABSENT,
        reason=_FOLLOWED,
        operations=("Mastering.create (followed)",),
    ),
    Known(
        where="path",
        name="path",
        official="/content/list_projects",
        ours="/content/list_modules",
        reason="a slip of the official client's, which lists projects; the first reference has our route",
        operations=("Content.list_modules",),
    ),
    Known(
        where="query",
        name="projectName",
        official="p",
        ours=ABSENT,
        reason="belongs to the slip above",
        operations=("Content.list_modules",),
    ),
    Known(
        where="query",
        name="projectPrefix",
        official=ABSENT,
        ours="p",
        reason="belongs to the slip above",
        operations=("Content.list_modules",),
    ),
    Known(
        where="path of request 2",
        name="path",
        official="/speech/tts/section/t-1",
        ours="/speech/tts/t-1",
        reason="a slip of the official client's: what it posted to /speech/tts is to be found there",
        operations=("Speech.TTS.Section.create (followed)",),
    ),
    Known(
        where="header",
        name="accept",
        official="audio/wav",
        ours="*/*",
        reason=_DEFAULTS,
        operations=("SyncTTS.create",),
    ),
    *_defaults(
        "Speech.TTS.create (bare)",
        public=False,
        speed=1.0,
        sync=True,
        useAutofix=False,
        useCache=True,
        useDenoiser=False,
        voiceIntelligence=False,
    ),
    *_defaults("Speech.Voice.query (bare)", forceApplyFilters=True, minimumNumberOfResults=3),
    *_defaults(
        "Speech.Diction.Custom.create_word (bare)",
        contentType="basic",
        lang="global",
        specialization="default",
    ),
    *_defaults("Production.Mix.create (bare)", public=False, soundLayer="default", strictValidation=True),
    Known(
        where="body",
        name="audioform",
        reason=(
            "the official client drops empty texts, lists and objects at every depth, also out of documents"
            " the caller wrote; audiokit sends the document as it is given"
        ),
        operations=("Audioform.Audioform.create",),
    ),
)
