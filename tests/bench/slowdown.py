"""Two real runs of a suite compared with each other, and models beside the same ones with a planted 10 % slowdown.

``python -m tests.bench.slowdown suites/quickstart.yaml``: the comparison should gate nothing, the slowdown should be
found. It is looked for with ``ab``, in pairs within one run: between two runs a noisy host hides it. Nothing else may
run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.slow_python import write

SCALEBENCH = [sys.executable, "-m", "scalebench"]


def run(suite: str, results: Path) -> None:
    """``scalebench run`` into a folder of its own."""
    where = ["--results", str(results), "--reports", str(results / "reports"), "--no-peaks"]
    subprocess.run([*SCALEBENCH, "run", suite, *where], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Run twice and compare, then look for what was planted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("--models", nargs="+", default=["resnet18", "resnet50", "efficientnet_b0"])
    parser.add_argument("--keep", type=Path, help="folder for the results; default a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        for name in ("a", "b"):
            run(arguments.suite, folder / name)
        again = subprocess.run([*SCALEBENCH, "compare", str(folder / "a"), str(folder / "b")], check=False).returncode
        slow = str(write(Path(temporary) / "slow-python"))
        beside = ["ab", *arguments.models, "--python", slow, "--out", str(folder / "ab")]
        planted = subprocess.run([*SCALEBENCH, *beside], check=False).returncode
        print(f"A/A: exit {again} (0: no gate failure); planted slowdown: exit {planted} (1: found)")


if __name__ == "__main__":
    main()
