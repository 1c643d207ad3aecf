"""An environment for a machine that has torch and timm, but neither a network nor the rest: from a folder of wheels.

``python -m tests.gpu.prepare`` prints what the folder has to hold, for ``pip wheel``.
"""

from __future__ import annotations

import re
import site
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TESTS = ("hypothesis", "pytest>=8.3", "pytest-timeout>=2.3")
"""What the tests need beside the package's own dependencies."""
_THERE = ("torch", "torchvision", "timm")
"""What a machine with a card brings, built for its driver."""


def requirements() -> list[str]:
    """Requirements of package and tests."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    return [*re.findall(r'^\s*"(.+)",$', block[1], re.MULTILINE), *_TESTS]


def to_download() -> list[str]:
    """Requirements without those that the machine brings."""
    return [line for line in requirements() if re.split(r"[<>=~\[]", line)[0] not in _THERE]


def environment(folder: Path, wheels: Path, needed: Sequence[str]) -> Path:
    """Make an environment in ``folder`` that has all of this interpreter's packages, and ``needed`` from ``wheels``.

    Returns: its interpreter.

    Raises:
        CalledProcessError: pip did not find everything; it has said what is missing.
    """
    venv.create(folder, with_pip=False, clear=True)
    python = folder / "bin" / "python"
    (own,) = folder.glob("lib/python*/site-packages")
    # A path file in place of system_site_packages, which would not see an environment that we run in.
    (own / "outer.pth").write_text("\n".join([*site.getsitepackages(), site.getusersitepackages()]) + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--find-links", str(wheels)]
    subprocess.run([*pip, *needed], check=True, stdout=sys.stderr)
    return python


if __name__ == "__main__":
    print(*to_download())
