"""Compare the requests of the vendors' own clients with ours: ``nox -s official``.

Every difference must be in `differences.KNOWN_DIFFERENCES`, and every entry there must occur.
Every call the official clients have must be compared, or be named with its reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apiaudio
import audiostack
import pairs_v1
import pairs_v2
from differences import ABSENT, KNOWN_DIFFERENCES, Difference
from pair import Pair
from recorder import Recorder, Request

import audiokit
from audiokit import ApiAccess, ApiKey, AudioKit

KEY = "k" * 40  # the official clients refuse shorter ones
ORGANISATION = "org-1"


def main() -> int:
    """Compare everything; 1 when something was not expected."""
    problems: list[str] = []
    recorder = Recorder()
    with recorder.running(), tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _point_official_clients_at(recorder.base_url)
        all_pairs = [*pairs_v1.pairs(Path(folder)), *pairs_v2.pairs(Path(folder))]
        differences, requests = _compare_all(recorder, all_pairs, problems)
    calls: set[str] = set()
    for module in (pairs_v1, pairs_v2):
        names, known = {pair.name for pair in all_pairs}, set(module.NOT_COMPARED)
        calls |= module.operations()
        problems.extend(f"not compared: {name}" for name in sorted(module.operations() - names - known))
        problems.extend(f"stale in NOT_COMPARED: {name}" for name in sorted(known - module.operations()))
    used, unlisted = set[int](), list[Difference]()
    for found in differences:
        covering = [index for index, known in enumerate(KNOWN_DIFFERENCES) if known.covers(found)]
        used.update(covering)
        if not covering:
            unlisted.append(found)
    problems.extend(f"unlisted difference: {found}" for found in unlisted)
    stale = [known for index, known in enumerate(KNOWN_DIFFERENCES) if index not in used]
    problems.extend(f"stale entry: {known}" for known in stale)
    problems.extend(_unused_operations(differences))
    _say(*problems)
    _say(
        f"apiaudio {apiaudio.sdk_version} and audiostack {audiostack.sdk_version} against audiokit"
        f" {audiokit.__version__}: {len({pair.name for pair in all_pairs} & calls)} of {len(calls)} calls in"
        f" {len(all_pairs)} pairs, {requests} requests of the official clients,"
        f" {len(differences) - len(unlisted)} known differences under {len(KNOWN_DIFFERENCES)} entries,"
        f" {len(unlisted)} unlisted, {len(stale)} stale, {len(problems)} problems"
    )
    return 1 if problems else 0


def _compare_all(
    recorder: Recorder, all_pairs: list[Pair], problems: list[str]
) -> tuple[list[Difference], int]:
    differences: list[Difference] = []
    count = 0
    for pair in all_pairs:
        sides: list[list[Request]] = []
        for side, call in (("official", pair.official), ("audiokit", partial(_ours, recorder, pair))):
            recorder.expect(pair.answers)
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # the official client talks
                    call()
            except Exception as error:  # noqa: BLE001 - any client's any error is a finding
                problems.append(f"{pair.title}: {side} raised {type(error).__name__}: {error}")
            sides.append(recorder.requests)
        count += len(sides[0])
        differences.extend(_between(pair.title, *sides))
    return differences, count


def _ours(recorder: Recorder, pair: Pair) -> None:
    def access() -> ApiAccess:
        return ApiAccess(base_url=recorder.base_url, credentials=ApiKey(KEY), organisation=ORGANISATION)

    async def call() -> None:
        async with AudioKit(apiaudio=access(), audiostack=access()) as kit:
            await pair.ours(kit)

    asyncio.run(call())


def _point_official_clients_at(base_url: str) -> None:
    for client in (apiaudio, audiostack):
        client.api_base = base_url
        client.api_key = KEY
        client.assume_org_id = ORGANISATION


def _between(title: str, official: list[Request], ours: list[Request]) -> Iterator[Difference]:
    if len(official) != len(ours):
        shown = [f"{one.method} {one.path}" for one in official], [f"{one.method} {one.path}" for one in ours]
        yield Difference(title, "request", "number", *shown)
    for index, (theirs, own) in enumerate(zip(official, ours, strict=False), start=1):
        number = "" if index == 1 else f" of request {index}"
        for name in ("method", "path"):
            if getattr(theirs, name) != getattr(own, name):
                yield Difference(title, f"{name}{number}", name, getattr(theirs, name), getattr(own, name))
        fields: list[tuple[str, Any, Any]] = [
            ("query", _by_name(theirs), _by_name(own)),
            ("header", theirs.headers, own.headers),
            ("body", _fields(theirs.body), _fields(own.body)),
        ]
        for where, left, right in fields:
            for name in sorted({*left, *right}):
                values = left.get(name, ABSENT), right.get(name, ABSENT)
                if values[0] != values[1]:
                    yield Difference(title, f"{where}{number}", name, *values)


def _by_name(request: Request) -> dict[str, Any]:
    """Values by name; a list where the name is repeated, whose order is kept."""
    found: dict[str, Any] = {}
    for name, value in request.query:
        found[name] = [*_listed(found[name]), value] if name in found else value
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fields(body: Any) -> dict[str, Any]:
    """The fields of a JSON object; anything else as one field."""
    if isinstance(body, dict):
        return body
    return {} if body == b"" else {"(whole)": body}


def _unused_operations(differences: list[Difference]) -> Iterator[str]:
    """Operations that an entry names although they do not differ so any more."""
    for known in KNOWN_DIFFERENCES:
        seen = {found.operation for found in differences if known.covers(found)}
        if seen:
            yield from (
                f"stale operation {name!r} in: {known}" for name in known.operations if name not in seen
            )


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}{os.linesep}" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
