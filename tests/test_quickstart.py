"""The README's first command, as a new user types it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(900)
def test_the_first_readme_command_runs(root: Path, tmp_path: Path) -> None:
    """The quickstart from its suite to its page within half a minute of rounds; installing is what brought us here."""
    first = re.findall(r"```console\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    install, run = first.strip().split(" && ")
    assert install == "pip install -e ."
    shutil.copytree(root / "suites", tmp_path / "suites")
    command = f"{sys.executable} -m {run} --budget 30s"  # beside other tests turns are made again and again
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "report: reports/quickstart.html" in done.stdout
    assert (tmp_path / "reports" / "quickstart.html").stat().st_size > 10_000
