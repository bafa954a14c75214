"""CPU seconds of importing audiokit with its client against importing its six core dependencies alone.

`import audiokit` by itself loads nothing yet, so `AudioKit` is named, as every program does.
Fresh interpreters in turn, medians; the ratio is what counts, the seconds are this machine's.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from _report import bar, finish, machine, versions

SIX = ("httpx", "anyio", "attrs", "cattrs", "aiofiles", "orjson")
STATEMENTS = {
    "nothing": "pass",
    "the six": "import httpx, anyio, attrs, cattrs, cattrs.preconf.orjson, aiofiles, orjson",
    "audiokit": "import audiokit; audiokit.AudioKit",
    "its name": "import audiokit",
}
MEASURE = "import time; a = time.process_time(); {}; print(time.process_time() - a)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(machine())
    print(versions("audiokit", *SIX))
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for round_number in range(options.rounds + 1):
        for name, statement in STATEMENTS.items():
            code = MEASURE.format(statement)
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            if round_number:  # the first warms the file cache and writes byte code
                times[name].append(float(done.stdout))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:<10} {median * 1000:7.1f} ms CPU, median of {options.rounds}")
    ratio = medians["audiokit"] / medians["the six"]
    return finish(
        "imports", [bar("import audiokit, with AudioKit / import the six", ratio, 1.25)], as_json=options.json
    )


if __name__ == "__main__":
    sys.exit(main())
