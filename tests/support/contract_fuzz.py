"""Fuzz every route that the emulator describes, with schemathesis: no answer that the description has not.

Run as ``python tests/support/contract_fuzz.py [--max-examples N] [--seed N]`` (``nox -s contract_fuzz``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from audiokit import ApiKey
from audiokit.testing import EmulatorProcess

# These end the session or the key that all other calls need.
LEFT_OUT = r"/respeecher/api/(api-key|logout|auth).*"
CONFIG = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", 501]
"""
CHECKS = "not_a_server_error,status_code_conformance"
LONGEST_S = 900


def main() -> int:
    """Run it; the exit code is schemathesis' own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-examples", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return asyncio.run(fuzz(options.max_examples, options.seed))


async def fuzz(max_examples: int, seed: int) -> int:
    """Start an emulator, fetch its description, and let schemathesis loose."""
    async with EmulatorProcess() as emulator:
        access = emulator.access["apiaudio"]
        base = access.base_url.rpartition("/")[0]
        async with httpx.AsyncClient() as client:
            described = (await client.get(f"{base}/openapi.json")).json()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "openapi.json"
            path.write_text(json.dumps(described))
            (Path(folder) / "schemathesis.toml").write_text(CONFIG)
            assert isinstance(access.credentials, ApiKey)
            key = access.credentials.key.reveal()
            command = [
                *(Path(sys.executable).parent / "schemathesis", "run", path.name, "--url", base),
                *("-H", f"x-api-key: {key}", "-H", f"api-key: {key}"),
                *("--checks", CHECKS, "--phases", "coverage,fuzzing"),
                *("--exclude-path-regex", LEFT_OUT, "--max-examples", str(max_examples)),
                *("--seed", str(seed), "--generation-database", "none", "--no-color"),
                *("--continue-on-failure", "--warnings", "off"),
                *("--suppress-health-check", "all", "--request-timeout", "60"),
            ]
            done = await asyncio.to_thread(
                subprocess.run, list(map(str, command)), cwd=folder, check=False, timeout=LONGEST_S
            )
            return done.returncode


if __name__ == "__main__":
    sys.exit(main())
