"""One job for each listener of a list."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio.to_thread
import attrs

from audiokit.errors import InvalidRequest
from audiokit.typing import StrPath

JobT = TypeVar("JobT")
Audience = Iterable[Mapping[str, str]]

_ROWS_AT_ONCE: Final = 500


async def for_each_listener(
    job: JobT, audience: StrPath | Audience, *, name: str | None = None
) -> AsyncIterator[JobT]:
    """Make one job for each listener: a script becomes as many tracks as there are people to hear it.

    ::

        ad = MasteringJob(script_text="Hello {{name|friend}}", sound_template="jakarta", to="ads/")
        async for outcome in jobs.run(for_each_listener(ad, "listeners.csv", name="name")):
            print(outcome.job.audience, outcome.path)

    Args:
        job: What all have in common: a job with an ``audience``.
        audience: Path of a CSV file in UTF-8 whose first row names the values, read in pieces off the
            event loop; or the listeners themselves.
        name: Which value the files are named after, where the job has a ``name``. Equal names are no
            harm: each file name ends in eight characters of its job's own.

    Yields:
        The job with each listener's values, and without a key of its own.

    Raises:
        InvalidRequest: The job takes no audience; the file cannot be read, or is not in UTF-8; or a row has
            fewer or more values than the first.
    """
    kind: Any = type(job)
    fields = {one.name for one in attrs.fields(kind)} if attrs.has(kind) else set[str]()
    if "audience" not in fields:
        raise InvalidRequest.of("job", type(job).__name__, "a job with an audience, e.g. a MasteringJob")
    if name is not None and "name" not in fields:
        raise InvalidRequest.of("name", name, f"left out: a {type(job).__name__} has no name")

    def with_values(values: Mapping[str, str]) -> JobT:
        if name is not None and name not in values:
            raise InvalidRequest.of("name", name, f"one of the listener's values {', '.join(values)}")
        changes: dict[str, Any] = {"audience": dict(values), "key": None}
        if name is not None:
            changes["name"] = values[name]
        record: Any = job
        made: JobT = attrs.evolve(record, **changes)
        return made

    if isinstance(audience, Iterable) and not isinstance(audience, str):
        for values in audience:
            yield with_values(values)
        return
    with await anyio.to_thread.run_sync(_open, Path(audience)) as file:
        rows = _rows(file, str(audience))
        while some := await anyio.to_thread.run_sync(lambda: list(islice(rows, _ROWS_AT_ONCE))):
            for values in some:
                yield with_values(values)


def _open(path: Path) -> Any:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InvalidRequest(
            f"audience must be a CSV file that can be read, got {str(path)!r}: {error.strerror or error}; "
            "check the path, or give the listeners themselves",
            field="audience",
            value=str(path),
        ) from error


def _rows(file: Iterable[str], name: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file by the names in its first."""
    reader = _read(file, name)
    names = next(reader, (0, []))[1]
    if not names or len(set(names)) < len(names):
        raise InvalidRequest.of("audience", name, "a CSV file whose first row names the values, each once")
    for line, row in reader:
        if not row:
            continue  # an empty line
        if len(row) != len(names):
            raise InvalidRequest.of(
                "audience",
                name,
                f"a CSV file with {len(names)} values in each row; line {line} has {len(row)}",
            )
        yield dict(zip(names, row, strict=True))


def _read(file: Iterable[str], name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its line."""
    reader = csv.reader(file)
    try:
        for row in reader:
            yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        wanted = f"a CSV file in UTF-8; what follows line {reader.line_num} cannot be read ({error})"
        raise InvalidRequest.of("audience", name, wanted) from error
