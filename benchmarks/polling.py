"""Waiting for 1,000 conversions at once: how many calls it takes, and how late each outcome is known.

100 originals in 10 voices, ordered at 0, each taking 60 to 600 s by a seeded draw. The server holds 500
calls in any 300 s (its "fast" limit; nothing else is called here) and gives pages of 100. Time is virtual,
all the rest is real: client, limiter, decoding, the poller of `audiokit.jobs` and the lists that the
Respeecher jobs offer it.

*late* is the mean of (outcome known - server done) / length. *unknown*: lengths have nothing to do with the
audio. *known +-5 %*: they follow the length of the original's audio that closely, and a batch before
was enough to learn how (*first batch*: nothing was).
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import attrs
from _report import bar, finish, machine, versions
from _virtual import FOLDER, Server, SlidingWindow, Stored, run

from audiokit import ApiAccess, ApiKey, AudioKit, Limits
from audiokit._config import RateClass, RateLimits
from audiokit.jobs._durations import Durations
from audiokit.jobs._poll_lists import Listing
from audiokit.jobs._poller import Poller
from audiokit.jobs._respeecher_lists import conversions_of, look_at, recordings_of_folder
from audiokit.services.respeecher import Recording
from audiokit.transport import Network

SEEDS = (1, 2, 3, 4, 5)
ORIGINALS, VOICES = 100, 10
JOBS = ORIGINALS * VOICES
SHORTEST_S, LONGEST_S = 60.0, 600.0
SPREAD = 0.05
SECONDS_PER_AUDIO_SECOND = 0.8
GIVE_UP_S = 3600.0

Offer = Callable[[AudioKit, Stored], Listing[Recording, Recording] | None]


@attrs.frozen(kw_only=True)
class Figures:
    calls: float
    late: float
    worst: float
    refused: int
    finished: int
    end_s: float
    cpu_ms: float = 0.0


def unknown(rng: random.Random) -> list[Stored]:
    """Lengths that nobody can tell from the audio."""
    return _stored(
        [[rng.uniform(SHORTEST_S, LONGEST_S) for _ in range(VOICES)] for _ in range(ORIGINALS)], rng
    )


def known(rng: random.Random) -> list[Stored]:
    """Lengths that follow the audio of the original, give or take 5 %."""
    lengths = []
    for _ in range(ORIGINALS):
        middle_s = rng.uniform(SHORTEST_S, LONGEST_S)
        lengths.append([middle_s * rng.uniform(1 - SPREAD, 1 + SPREAD) for _ in range(VOICES)])
    return _stored(lengths, None)


def _stored(lengths: Sequence[Sequence[float]], rng: random.Random | None) -> list[Stored]:
    originals, conversions = [], []
    for number, row in enumerate(lengths):
        # Without a generator the audio is what the lengths follow; their own middle is as good.
        audio_s = rng.uniform(5, 600) if rng else statistics.mean(row) / SECONDS_PER_AUDIO_SECOND
        original = Stored(f"original-{number}", None, -1.0, audio_s)
        originals.append(original)
        for voice, length_s in enumerate(row):
            conversions.append(Stored(f"conversion-{number}-{voice}", original.id, length_s, audio_s))
    return originals + conversions


def interleaved(stored: list[Stored]) -> list[Stored]:
    """As if each original had been uploaded just before its conversions were ordered."""
    return sorted(stored, key=lambda one: int((one.original_id or one.id).split("-")[1]))


def by_folder(kit: AudioKit, _: Stored) -> Listing[Recording, Recording]:
    return recordings_of_folder(kit, FOLDER)


def by_original(kit: AudioKit, one: Stored) -> Listing[Recording, Recording]:
    assert one.original_id is not None
    return conversions_of(kit, one.original_id)


def alone(_: AudioKit, __: Stored) -> None:
    return None


def ours(stored: list[Stored], seed: int, offer: Offer, durations: Durations) -> Figures:
    """All conversions waited for by one poller."""
    begun = time.process_time()
    figures = run(_ours(stored, seed, offer, durations))
    return attrs.evolve(figures, cpu_ms=(time.process_time() - begun) * 1000 / JOBS)


async def _ours(stored: list[Stored], seed: int, offer: Offer, durations: Durations) -> Figures:
    server = Server(stored, random.Random(seed))
    access = ApiAccess(base_url="https://stub.invalid", credentials=ApiKey("key"))
    limits = Limits(rates=RateLimits(everywhere=True))
    late: list[float] = []
    async with AudioKit(
        respeecher=access, limits=limits, network=Network(http=server), clock=_LoopClock()
    ) as kit:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for one in stored:
            one.done_at += begin
        limiter = kit._transport.limiter("respeecher", RateClass.FAST)
        assert limiter is not None
        async with Poller(
            clock=kit._transport.clock, allowance=limiter, durations=durations, rng=random.Random(seed)
        ) as poller:

            async def follow(one: Stored) -> None:
                async def look():
                    return look_at(await kit.respeecher.recordings.get(one.id))

                found = await poller.wait(
                    "conversion",
                    one.id,
                    look,
                    listing=offer(kit, one),
                    length_s=one.audio_s,
                    timeout_s=GIVE_UP_S,
                )
                assert found.id == one.id
                late.append((loop.time() - one.done_at) / (one.done_at - begin))

            await asyncio.gather(*(follow(one) for one in stored if one.original_id is not None))
        return Figures(
            calls=server.calls / JOBS,
            late=statistics.mean(late),
            worst=max(late),
            refused=server.window.refused,
            finished=len(late),
            end_s=loop.time() - begin,
        )


class _LoopClock:
    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float, /) -> None:
        await asyncio.sleep(seconds)


def fixed(stored: list[Stored], seed: int, every_s: float) -> Figures:
    """A loop for each job that looks every so often, and takes a 429 as *not now*."""
    rng = random.Random(seed)
    window = SlidingWindow()
    agenda = [(rng.uniform(0, every_s), number) for number in range(len(stored))]
    agenda = [(at, number) for at, number in agenda if stored[number].original_id is not None]
    heapq.heapify(agenda)
    calls = 0
    late = []
    now = 0.0
    while agenda:
        now, number = heapq.heappop(agenda)
        length_s = stored[number].done_at
        calls += 1
        if window.take(now) and now >= length_s:
            late.append((now - length_s) / length_s)
        else:
            heapq.heappush(agenda, (now + every_s, number))
    return Figures(
        calls=calls / JOBS,
        late=statistics.mean(late),
        worst=max(late),
        refused=window.refused,
        finished=len(late),
        end_s=now,
    )


def row(name: str, runs: Sequence[Figures]) -> None:
    def both(value: Callable[[Figures], float], form: str) -> str:
        values = [value(one) for one in runs]
        return f"{statistics.median(values):{form}} / {max(values):{form}}"

    print(
        f"{name:<38} {both(lambda one: one.calls, '.3f'):>19} {both(lambda one: one.late * 100, '.2f'):>17} "
        f"{both(lambda one: one.end_s, '.0f'):>13} {max(one.refused for one in runs):>9} "
        f"{min(one.finished for one in runs):>9} {statistics.median(one.cpu_ms for one in runs):>7.2f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one seed, and no loops of fixed waits")
    options = parser.parse_args()
    seeds = SEEDS[:1] if options.quick else SEEDS
    print(machine())
    print(versions("audiokit", "httpx", "cattrs", "orjson"))
    print(f"{JOBS} jobs, seeds {seeds}; each figure: median / worst of the seeds")
    print(
        f"{'':<38} {'calls per job':>19} {'late, %':>17} {'all known, s':>13} {'429s':>9} {'finished':>9} "
        f"{'CPU ms':>7}"
    )

    def each(draw: Callable[[random.Random], list[Stored]], offer: Offer, learned: Callable[[], Durations]):
        return [ours(draw(random.Random(seed)), seed, offer, learned()) for seed in seeds]

    def taught() -> Durations:
        durations = Durations()
        ours(known(random.Random(99)), 99, by_folder, durations)
        return durations

    free = each(unknown, by_folder, Durations)
    row("unknown, by folder", free)
    told = each(known, by_folder, taught)
    row("known +-5 %, by folder", told)
    row("known +-5 %, first batch", each(known, by_folder, Durations))
    row("unknown, originals in between", each(lambda rng: interleaved(unknown(rng)), by_folder, Durations))
    row("unknown, by original", each(unknown, by_original, Durations))
    row("unknown, no lists", each(unknown, alone, Durations))
    if not options.quick:
        for every_s in (1.0, 3.0):
            runs = [fixed(unknown(random.Random(seed)), seed, every_s) for seed in seeds]
            row(f"unknown, each job every {every_s:g} s", runs)
    worst = [
        ("unknown: jobs not finished", max(JOBS - one.finished for one in free), 0.0, 0.0),
        ("unknown: answers of 429", max(one.refused for one in free), 0.0, 0.0),
        ("unknown: calls per job", max(one.calls for one in free), 1.0, 0.5),
        ("unknown: late, share of length", max(one.late for one in free), 0.03, 0.025),
        ("known +-5 %: jobs not finished", max(JOBS - one.finished for one in told), 0.0, 0.0),
        ("known +-5 %: answers of 429", max(one.refused for one in told), 0.0, 0.0),
        ("known +-5 %: calls per job", max(one.calls for one in told), 1.0, 0.3),
        ("known +-5 %: late, share of length", max(one.late for one in told), 0.03, 0.015),
    ]
    bars = []
    for name, value, must, aim in worst:
        print(f"{'reached' if value <= aim else 'missed':<7}  {name}, worst seed: {value:.4f}, aim {aim:g}")
        bars.append(bar(f"{name}, worst of {len(seeds)} seeds", float(value), must))
    return finish("polling", bars, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
