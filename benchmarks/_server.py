"""What the transfer benchmarks share: a server in its own process, and how a client process is measured.

The server is pinned to the last core and its clients to the first, so that neither takes the other's time.
It throws uploads away (plain ones without copying them), sends zeros behind a wav header as downloads, and
answers small GETs from memory. Needs no compiler: a thread per connection for transfers, asyncio for GETs.

Clients are fresh processes, measured from inside without interpreter start and imports
(`imports.py` has those), from an opened client to its last answer; curl is measured from outside, without the
cost of `curl --version`. Linux only: memory is read from /proc, and cores are chosen; needs curl and openssl.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import shutil
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

MIB = 1 << 20
TICK_S = 0.001
SMALL_PATH = "/api/recordings/small"

Figures: TypeAlias = dict[str, float]
Run: TypeAlias = Callable[[], Figures]
Contender: TypeAlias = Callable[..., Coroutine[Any, Any, Figures]]

_ID = "00000000-0000-0000-0000-000000000001"
_IDS = ("id", "project_id", "parent_folder_id", "original_id", "model_id", "calibration_id")
_ANSWER = dict.fromkeys(_IDS, _ID) | {
    "type": "original",
    "state": "done",
    "url": "/api/recordings/x.wav",
    "waveform_url": "/api/recordings/x.png",
    "label": "take",
    "microphone": "file",
    "size": 1234567,
    "duration": 12.5,
    "starred": False,
    "error": None,
    "created_at": "2023-10-08T16:12:55.753Z",
    "converted_at": "2023-10-08T16:12:55.753Z",
    "text": "Hello. " * 110,
}
"""A recording as the vendor's reference shows it, about 1.5 KB."""


def answer() -> bytes:
    body = json.dumps(_ANSWER).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def wav_head(size_bytes: int) -> bytes:
    """The first 44 bytes of a 48 kHz stereo file of that size."""
    form = struct.pack("<HHIIHH", 1, 2, 48_000, 192_000, 4, 16)
    return b"".join(
        (
            b"RIFF" + struct.pack("<I", size_bytes - 8) + b"WAVEfmt ",
            struct.pack("<I", len(form)) + form,
            b"data" + struct.pack("<I", size_bytes - 44),
        )
    )


def write_wav(path: Path, size_bytes: int) -> Path:
    """A wav file of noise, on the disk and in the page cache."""
    block = os.urandom(MIB)
    with path.open("wb") as file:
        left = size_bytes - file.write(wav_head(size_bytes))
        while left:
            left -= file.write(block[:left])
        os.fsync(file.fileno())
    return path


# The server process


def _serve(connection: socket.socket, context: ssl.SSLContext | None, download_bytes: int) -> None:
    """One connection: requests until the client goes."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError):  # a client that breaks off shows in its own figures
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            buffer, block = bytearray(MIB), bytes(MIB)
            # With MSG_TRUNC the kernel drops what would be copied; sockets of `ssl` take no flags.
            flags = socket.MSG_TRUNC if context is None and sys.platform == "linux" else 0
            while (head := _head(connection)) is not None:
                words, fields, rest = head
                if words[0] == b"GET":
                    _send_wav(connection, download_bytes, block)
                    continue
                if b"expect" in fields:
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                left = int(fields[b"content-length"]) - len(rest)
                while left > 0:
                    taken = connection.recv_into(buffer, min(left, MIB), flags)
                    if not taken:
                        return
                    left -= taken
                connection.sendall(answer())


def _head(connection: socket.socket) -> tuple[list[bytes], dict[bytes, bytes], bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        if not more:
            return None
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    fields = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)
    }
    return first.split(), fields, rest


def _send_wav(connection: socket.socket, size_bytes: int, block: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {size_bytes}\r\n\r\n"
    start = wav_head(size_bytes)
    connection.sendall(head.encode() + start)
    left, view = size_bytes - len(start), memoryview(block)
    while left:
        size = min(left, len(block))
        connection.sendall(view[:size])
        left -= size


def _accept(listener: socket.socket, context: ssl.SSLContext | None, download_bytes: int) -> None:
    while True:
        connection, _ = listener.accept()
        arguments = (connection, context, download_bytes)
        threading.Thread(target=_serve, args=arguments, daemon=True).start()


class _Small(asyncio.Protocol):
    """Answers each head that arrives; nothing is pipelined and nothing has a body."""

    reply = answer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(self.reply)


async def _run_server(certificate: Path, key: Path, download_bytes: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    ports: dict[str, int] = {}
    for name, tls in (("plain", None), ("tls", context)):
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        ports[name] = listener.getsockname()[1]
        threading.Thread(target=_accept, args=(listener, tls, download_bytes), daemon=True).start()
    small = await asyncio.get_running_loop().create_server(_Small, "127.0.0.1", 0, backlog=1024)
    ports["small"] = small.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # ends with the benchmark, however that ends


@contextlib.contextmanager
def serving(folder: Path, *, download_bytes: int = MIB) -> Generator[dict[str, str]]:
    """Run the server, and pin this process and its children away from it.

    Yields:
        Base URLs ``plain``, ``tls`` and ``small``, and under ``certificate`` the file to trust.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    usage = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "keyUsage=digitalSignature,keyCertSign"]
    to = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([needed("openssl"), *request.split(), *usage, *to], check=True, capture_output=True)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    command = [sys.executable, __file__, str(certificate), str(key), str(download_bytes), str(cores[-1])]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        ports = json.loads(server.stdout.readline())
        urls = {name: f"http{'s' * (name == 'tls')}://127.0.0.1:{port}" for name, port in ports.items()}
        yield {**urls, "certificate": str(certificate)}
    finally:
        server.stdin.close()
        server.wait(10)
        server.stdout.close()


# Measuring a client process from inside


class Watch:
    """CPU and wall seconds, memory growth and, with *ticking*, how late the event loop is.

    Ticking costs some CPU, so what is compared by CPU does not tick.
    """

    def __init__(self) -> None:
        self.figures: Figures = {}

    @contextlib.asynccontextmanager
    async def over(self, *, ticking: bool, times: int = 1) -> AsyncGenerator[None]:
        late: list[float] = []
        gc.collect()
        # Not ru_maxrss, which a process inherits from the one that started it.
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # noqa: ASYNC240 - nothing runs yet
        before_kib = _status_kib("VmRSS")
        ticker = asyncio.create_task(_tick(late)) if ticking else None
        cpu, start = time.process_time(), time.perf_counter()
        yield
        self.figures["seconds"] = time.perf_counter() - start
        self.figures["cpu_s"] = time.process_time() - cpu
        self.figures["cpu_us_each"] = self.figures["cpu_s"] / times * 1e6
        self.figures["rss_mib"] = max(0, _status_kib("VmHWM") - before_kib) / 1024
        if ticker is not None:
            ticker.cancel()
            late.sort()
            self.figures["lag_p99_ms"] = late[int(len(late) * 0.99)] * 1e3 if late else 0.0


async def _tick(late: list[float]) -> None:
    while True:
        due = time.perf_counter() + TICK_S
        try:
            await asyncio.sleep(TICK_S)
        finally:
            # A tick that is still due at the end counts too: the loop may have been held until then.
            late.append(max(0.0, time.perf_counter() - due))


def _status_kib(name: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def contend(name: str, contenders: Mapping[str, Contender], task: str) -> int:
    """Be the client process *name* of the task and print its figures."""
    print(json.dumps(asyncio.run(contenders[name](**json.loads(task)))))
    return 0


# Running client processes in turn


def needed(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        sys.exit(f"this benchmark needs the program {program!r}, and it is not on the PATH")
    return path


def python(script: str, contender: str, certificate: str, **task: Any) -> Run:
    """A run of *contender* of *script* in a fresh process."""
    command = [sys.executable, script, "--contender", contender, "--task", json.dumps(task)]

    def run() -> Figures:
        done = subprocess.run(command, env=_environment(certificate), stdout=subprocess.PIPE, check=True)
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        return figures

    return run


def curl(*arguments: str) -> Run:
    """A run of curl, less what it costs to start it."""

    def run() -> Figures:
        start, _ = _curl("--version")
        cpu_s, seconds = _curl("--silent", "--show-error", "--fail", "--noproxy", "*", *arguments)
        return {"cpu_s": max(0.0, cpu_s - start), "seconds": seconds}

    return run


def _curl(*arguments: str) -> tuple[float, float]:
    start = time.perf_counter()
    process = subprocess.Popen([needed("curl"), *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, ["curl", *arguments])
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start


def curl_version() -> str:
    done = subprocess.run([needed("curl"), "--version"], capture_output=True, text=True, check=True)
    return f"curl {done.stdout.split()[1]}, {ssl.OPENSSL_VERSION}"


def _environment(certificate: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**own, "SSL_CERT_FILE": certificate}


class Rounds:
    """Each run once in every round, in turn."""

    def __init__(self, runs: Mapping[str, Run], rounds: int) -> None:
        self._found: dict[str, list[Figures]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                self._found[name].append(run())

    def medians(self) -> dict[str, Figures]:
        """Of what each run gave, by its name."""
        return {
            name: {key: statistics.median(one[key] for one in figures) for key in figures[0]}
            for name, figures in self._found.items()
        }

    def ratio(self, ours: str, rival: str, key: str = "cpu_s") -> float:
        """The median of the ratios in each round, as the machine itself is faster in one than in another."""
        pairs = zip(self._found[ours], self._found[rival], strict=True)
        return statistics.median(one[key] / other[key] for one, other in pairs)


def table(medians: Mapping[str, Figures], columns: Sequence[tuple[str, str, float, str]]) -> None:
    """Print *columns*, each a heading, a figure's name, a factor and a format."""
    print(f"{'':<34}" + "".join(f"{heading:>16}" for heading, *_ in columns))
    for name, figures in medians.items():
        cells = (
            format(figures[key] * factor, form) if key in figures else "" for _, key, factor, form in columns
        )
        print(f"{name:<34}" + "".join(f"{cell:>16}" for cell in cells))


def aims(pairs: Iterable[tuple[Mapping[str, object], float]]) -> list[dict[str, object]]:
    """Print how far the bars are from what is hoped for; gives the bars back."""
    bars: list[dict[str, object]] = []
    for one, aim in pairs:
        value = one["value"]
        assert isinstance(value, float)
        print(f"{'reached' if value <= aim else 'missed':<7}  {one['name']}: aim {aim:g}")
        bars.append(dict(one))
    return bars


def arguments(description: str | None) -> argparse.Namespace:
    """The options all transfer benchmarks take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small sizes, where fixed costs weigh more: shows that it runs, bars may fail",
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", help="where to put files (default: the system's temporary folder)")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--task", default="{}", help=argparse.SUPPRESS)
    return parser.parse_args()


@contextlib.contextmanager
def scratch(folder: str | None) -> Generator[Path]:
    """A folder that goes when the benchmark ends."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="audiokit-bench-") as name:
        yield Path(name)


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[4])})
    asyncio.run(_run_server(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
