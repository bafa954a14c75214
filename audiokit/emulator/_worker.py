"""Worker processes for sound: the child's side, `python -m audiokit.emulator._worker`.

Reads requests from standard input and writes replies to what was standard output, each as four bytes of
length and a JSON object. Ends when its input closes, however its parent ended.
"""

from __future__ import annotations

import argparse
import math
import os
import queue
import re
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

_HEADER: Final = struct.Struct(">I")
_NICENESS: Final = 5

Operation = Callable[..., dict[str, Any]]
_Inbox = queue.SimpleQueue[dict[str, Any] | None]


def main(arguments: list[str]) -> int:
    """Serve requests until standard input closes; return the exit code."""
    parser = argparse.ArgumentParser(prog="audiokit.emulator._worker")
    parser.add_argument("--memory-limit-bytes", type=int, default=0)
    parser.add_argument("--cpu-limit-s", type=int, default=0)
    parser.add_argument("--test-operations", action="store_true")
    options = parser.parse_args(arguments)
    requests, replies = _take_over_pipes()
    _limit(options.memory_limit_bytes)
    try:
        operations = _load_operations(with_tests=options.test_operations)
    except ImportError as error:
        message = f"the emulator's sound needs {error.name!r}: pip install 'audiokit[emulator]'"
        _send(replies, {"kind": "unavailable", "message": message})
        return 1
    except OSError as error:  # a wheel without its shared library
        _send(
            replies,
            {"kind": "unavailable", "message": f"a library of the emulator's sound does not load: {error}"},
        )
        return 1
    inbox: _Inbox = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_listen, args=(requests, inbox, busy), daemon=True).start()
    _send(replies, {"ready": True})
    while (request := inbox.get()) is not None:
        busy.set()
        _limit_cpu(options.cpu_limit_s)
        _send(replies, _answer(operations, request))
        busy.clear()
    return 0


def _listen(requests: BinaryIO, inbox: _Inbox, busy: threading.Event) -> None:
    """Pass requests on; when the parent is gone, end the process even in the middle of its work."""
    while (request := _receive(requests)) is not None:
        inbox.put(request)
    if busy.is_set():
        os._exit(0)
    inbox.put(None)


def _load_operations(*, with_tests: bool) -> dict[str, Operation]:
    """Import the engine, which is heavy and exists only here."""
    from audiokit.emulator.engine import OPERATIONS  # noqa: PLC0415  (after limits are set)

    return {**OPERATIONS, **_TEST_OPERATIONS} if with_tests else dict(OPERATIONS)


def _answer(operations: dict[str, Operation], request: dict[str, Any]) -> dict[str, Any]:
    """Do one request; whatever goes wrong becomes a reply."""
    from audiokit.emulator.engine import Refused  # noqa: PLC0415

    name = request["op"]
    if name not in operations:
        return {
            "kind": "refused",
            "message": f"no audio operation {name!r}; there are {', '.join(operations)}",
        }
    try:
        return {"result": operations[name](**request["params"])}
    except Refused as error:
        return {"kind": "refused", "message": str(error)}
    except MemoryError:
        return {"kind": "refused", "message": f"audio operation {name!r} needs more memory than it may use"}
    except Exception as error:  # noqa: BLE001  (the process must outlive a bug in one operation)
        message = f"audio operation {name!r} failed inside ({type(error).__name__})"
        return {"kind": "crashed", "message": message, "trace": traceback.format_exc()}


def _take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep both pipes for ourselves: C libraries write to descriptors 1 and 2 as they like."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    os.close(nowhere)
    return requests, replies


def _limit(memory_limit_bytes: int) -> None:
    """Be polite and bounded, as far as the platform lets us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    try:
        import resource  # noqa: PLC0415  (POSIX only)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_limit_bytes:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
        except (ValueError, OSError):  # macOS refuses it; the worker then runs without
            return


def _limit_cpu(limit_s: int) -> None:
    """Let the system end this process (SIGXCPU) when the next operation uses more processor time."""
    try:
        import resource  # noqa: PLC0415  (POSIX only)
    except ImportError:
        return
    if limit_s:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(used.ru_utime + used.ru_stime) + limit_s
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        if hard == resource.RLIM_INFINITY or soft <= hard:
            resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one request; None at the end of input."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    body = stream.read(_HEADER.unpack(header)[0])
    request: dict[str, Any] = orjson.loads(body)
    return request


def _send(stream: BinaryIO, message: dict[str, Any]) -> None:
    body = orjson.dumps(message)
    stream.write(_HEADER.pack(len(body)) + body)
    stream.flush()


def _crash() -> dict[str, Any]:
    os.abort()


def _sleep(seconds: float) -> dict[str, Any]:
    time.sleep(seconds)
    return {"slept_s": seconds}


def _spin() -> dict[str, Any]:
    while True:
        pass


def _allocate(size_bytes: int) -> dict[str, Any]:
    return {"allocated_bytes": len(bytearray(size_bytes))}


def _usage() -> dict[str, Any]:
    import resource  # noqa: PLC0415  (POSIX only)

    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": used.ru_utime + used.ru_stime, "peak_rss_kib": _own_peak_kib() or used.ru_maxrss}


def _own_peak_kib() -> int | None:
    """Peak memory of this program alone: `ru_maxrss` begins with that of the process that started it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else None


def _print(text: str) -> dict[str, Any]:
    os.write(1, text.encode())
    return {"pid": os.getpid()}


_TEST_OPERATIONS: Final[dict[str, Operation]] = {
    "_crash": _crash,
    "_sleep": _sleep,
    "_spin": _spin,
    "_allocate": _allocate,
    "_print": _print,
    "_usage": _usage,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
