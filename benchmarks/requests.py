"""CPU of small GETs with decoding, with 64, 1,000 and 5,000 of them in flight.

`recordings.get` of an opened client against stock `httpx.AsyncClient` with the same decoding behind it, and
aiohttp for orientation. Fresh processes in turn, medians; the ratios are what counts.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

import _server
import aiohttp
import httpx
import orjson
from _report import bar, finish, machine, versions
from _server import SMALL_PATH, Figures, Rounds, Run, Watch, aims, arguments, python, scratch, serving

from audiokit import ApiAccess, ApiKey, AudioKit
from audiokit.services._dialect import RESPEECHER
from audiokit.services.respeecher import Recording

WARM_UP = 100
HEADERS = {"api-key": "key"}
COLUMNS = (("CPU us/request", "cpu_us_each", 1.0, ".0f"), ("requests/s", "per_s", 1.0, ".0f"))


def decode(content: bytes) -> Recording:
    return RESPEECHER.converter.structure(RESPEECHER.unwrap(orjson.loads(content)), Recording)


async def flood(get: Callable[[], Awaitable[Recording]], in_flight: int, times: int) -> Figures:
    """*times* calls by *in_flight* tasks, after a few that open connections and build decoders."""
    await asyncio.gather(*(get() for _ in range(WARM_UP)))
    left = times

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            found = await get()
            assert found.state == "done"

    watch = Watch()
    async with watch.over(ticking=False, times=times):
        await asyncio.gather(*(worker() for _ in range(in_flight)))
    watch.figures["per_s"] = times / watch.figures["seconds"]
    return watch.figures


async def ours(url: str, in_flight: int, times: int) -> Figures:
    async with AudioKit(respeecher=ApiAccess(base_url=url, credentials=ApiKey("key"))) as kit:
        get = kit.respeecher.recordings.get
        return await flood(lambda: get("small"), in_flight, times)


async def stock_httpx(url: str, in_flight: int, times: int) -> Figures:
    # Without a timeout: its five seconds for a connection end calls at 1,000 in flight.
    async with httpx.AsyncClient(headers=HEADERS, timeout=None) as client:

        async def get() -> Recording:
            return decode((await client.get(url + SMALL_PATH)).raise_for_status().content)

        return await flood(get, in_flight, times)


async def plain_aiohttp(url: str, in_flight: int, times: int) -> Figures:
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def get() -> Recording:
            async with session.get(url + SMALL_PATH, raise_for_status=True) as reply:
                return decode(await reply.read())

        return await flood(get, in_flight, times)


CONTENDERS = {"audiokit": ours, "httpx": stock_httpx, "aiohttp": plain_aiohttp}


def main() -> int:
    options = arguments(__doc__)
    if options.contender:
        return _server.contend(options.contender, CONTENDERS, options.task)
    times = {64: 500, 1000: 1000, 5000: 5000} if options.quick else {64: 5000, 1000: 2000, 5000: 15000}
    print(machine())
    print(versions("audiokit", "httpx", "httpcore", "h11", "anyio", "aiohttp", "orjson", "cattrs"))
    print(f"requests by number in flight: {times}, {options.rounds} rounds")
    with scratch(options.folder) as folder, serving(folder) as urls:
        runs: dict[str, Run] = {}
        for in_flight, count in times.items():
            for name in CONTENDERS:
                if name == "httpx" and in_flight > 1000:
                    continue  # minutes, and no bar asks for it
                task = {"url": urls["small"], "in_flight": in_flight, "times": count}
                runs[f"{name}, {in_flight} in flight"] = python(__file__, name, urls["certificate"], **task)
        rounds = Rounds(runs, options.rounds)
    _server.table(rounds.medians(), COLUMNS)

    def against_httpx(in_flight: int) -> float:
        ours, theirs = f"audiokit, {in_flight} in flight", f"httpx, {in_flight} in flight"
        return rounds.ratio(ours, theirs, "cpu_us_each")

    growth = rounds.ratio("audiokit, 5000 in flight", "audiokit, 64 in flight", "cpu_us_each")
    limits = [
        (bar("GET and decode, 64 in flight, CPU / httpx", against_httpx(64), 0.45), 0.2),
        (bar("GET and decode, 1,000 in flight, CPU / httpx", against_httpx(1000), 0.25), 0.1),
        (bar("CPU per request, 5,000 in flight / 64", growth, 1.3), 1.1),
    ]
    return finish("requests", aims(limits), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
