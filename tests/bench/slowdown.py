"""Two real runs of a suite compared with each other, and a third with a planted 10 % slowdown.

``python tests/bench/slowdown.py suites/quickstart.yaml``: the first comparison should gate nothing, the second should
be found. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from slow_python import write

_WITH = "import sys; sys.executable = {python!r}; from scalebench.cli import main; main()"


def run(suite: str, results: Path, python: str) -> None:
    """``scalebench run`` whose measuring process is started with ``python``."""
    command = [sys.executable, "-c", _WITH.format(python=python), "run", suite]
    where = ["--results", str(results), "--reports", str(results / "reports")]
    subprocess.run([*command, *where], check=True, stdout=subprocess.DEVNULL)


def compare(a: Path, b: Path) -> int:
    """Exit code of ``scalebench compare``, whose table is printed."""
    return subprocess.run([sys.executable, "-m", "scalebench", "compare", str(a), str(b)], check=False).returncode


def main() -> None:
    """Run three times, compare twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite")
    parser.add_argument("--keep", type=Path, help="folder for the results; default a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        slow = str(write(Path(temporary) / "slow-python"))
        for name, python in (("a", sys.executable), ("b", sys.executable), ("slow", slow)):
            run(arguments.suite, folder / name, python)
        print("A against A:")
        again = compare(folder / "a", folder / "b")
        print("A against A with 10 % planted:")
        planted = compare(folder / "a", folder / "slow")
        print(f"A/A: exit {again} (0: no gate failure); planted slowdown: exit {planted} (1: found)")


if __name__ == "__main__":
    main()
