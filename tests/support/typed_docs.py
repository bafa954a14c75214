"""Type-checks the Python of README and docs, as an editor would: ``python tests/support/typed_docs.py``.

A page is one module, as a reader takes it: names of earlier examples are there in later ones. An example that
awaits outside of a function is put into one. Names that a page leaves to its reader stand below.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]

LEFT_TO_THE_READER = {
    "README.md": 'kit = AudioKit()\ninputs: list[ConversionJob] = []\nbody, header, secret = b"", "", ""\n'
}
CHECKERS = (
    # All that is strict, but for annotations in the reader's own functions.
    ("mypy", "--allow-untyped-defs", "--allow-untyped-calls", "--check-untyped-defs"),
    ("pyright", "--pythonpath", sys.executable),
)


def module_of(page: Path) -> str:
    """All examples of a page as one module; empty where it has none."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    if not blocks:
        return ""
    examples = [_in_a_function(block, n) if _awaits(block) else block for n, block in enumerate(blocks)]
    given = LEFT_TO_THE_READER.get(page.name, "")
    return "\n\n".join(
        ["# pyright: standard", "from __future__ import annotations", examples[0], given, *examples[1:]]
    )


def _awaits(block: str) -> bool:
    """Whether it awaits outside of a function, which only a console takes."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    outside = [node for node in ast.parse(block).body if not isinstance(node, functions)]
    waiting = ast.Await | ast.AsyncWith | ast.AsyncFor
    return any(isinstance(one, waiting) for node in outside for one in ast.walk(node))


def _in_a_function(block: str, number: int) -> str:
    return f"async def example_{number}() -> None:\n{textwrap.indent(block, '    ')}"


def main() -> int:
    """Write the modules to a folder, and have both checkers look."""
    with tempfile.TemporaryDirectory() as folder:
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
            if text := module_of(page):
                (Path(folder) / f"page_{page.stem.lower()}.py").write_text(text, "utf-8")
        beside = Path(sys.executable).parent
        runs = [
            subprocess.run([beside / name, *options, folder], cwd=ROOT, check=False)
            for name, *options in CHECKERS
        ]
    return max(done.returncode for done in runs)


if __name__ == "__main__":
    sys.exit(main())
