"""Gradients on the simulated device, in a new process.

Autograd keeps a queue for each device that there is when it is first used, and earlier tests of a process have used it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_gradients_in_a_process_that_has_the_device_from_the_start(extension: Path) -> None:
    tests = Path(__file__).with_name("gradients.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
