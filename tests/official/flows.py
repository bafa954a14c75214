"""Run flows of the vendors' own clients against the emulator: ``nox -s official``.

The clients were not written here; that they work unchanged but for base URL and key is the proof. An emulator
is started, or the one of ``AUDIOKIT_EMULATOR=http://KEY@HOST:PORT`` is used.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import apiaudio
import audiostack
import flows_v1
import flows_v2


def main() -> int:
    """Run every flow in a folder of its own; 1 when one fails."""
    failed: list[str] = []
    with emulator() as (base_url, key):
        for client, mount in ((apiaudio, "apiaudio"), (audiostack, "audiostack")):
            client.api_base, client.api_key = f"{base_url}/{mount}", key
        for flow in FLOWS:
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                try:
                    flow()
                except Exception as error:  # noqa: BLE001 - the other flows are still worth seeing
                    failed.append(f"{flow.__module__}.{flow.__name__}: {type(error).__name__}: {error}")
    for line in failed:
        print(line)  # noqa: T201 - this is a program
    print(f"{len(FLOWS) - len(failed)} of {len(FLOWS)} flows of the official clients work")  # noqa: T201
    return 1 if failed else 0


@contextlib.contextmanager
def emulator() -> Iterator[tuple[str, str]]:
    """Base URL and key of a running emulator."""
    given = os.environ.get("AUDIOKIT_EMULATOR")
    command = [sys.executable, "-m", "audiokit", "emulator", "--port", "0", "--print-env", "--watch-stdin"]
    with contextlib.ExitStack() as stack:
        if given is None:
            pipe = subprocess.PIPE
            child = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            assert child.stdin is not None
            assert child.stdout is not None
            stack.callback(child.stdin.close)
            given = next(line for line in child.stdout if "AUDIOKIT_EMULATOR=" in line).partition("=")[2]
        parts = urlsplit(given.strip().strip("'\""))
        assert parts.username is not None
        yield f"{parts.scheme}://{parts.hostname}:{parts.port}", parts.username


FLOWS: tuple[Callable[[], None], ...] = (*flows_v1.FLOWS, *flows_v2.FLOWS)

if __name__ == "__main__":
    sys.exit(main())
