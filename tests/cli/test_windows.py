"""Commands in a process without what Windows lacks: those that measure say so at once, those on records work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_import import HEADING, NEW, ROWS

WINDOWS = """
import contextlib, io, json, os, pathlib, platform, signal, sys, tempfile
import filelock, jinja2, matplotlib.figure, numpy, pandas, platformdirs, psutil, pydantic, scipy.stats, typer
import rich.console, rich.progress, rich.table

for module, names in {
    os: "fork forkpty getpgid getloadavg getuid geteuid killpg nice register_at_fork sched_getaffinity "
        "sched_setaffinity setsid sysconf uname waitid WIFSIGNALED",
    signal: "SIGALRM SIGHUP SIGKILL SIGUSR1 SIGUSR2 alarm pthread_sigmask setitimer",
}.items():
    for name in names.split():
        delattr(module, name)
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
sys.platform, platform.system = "win32", lambda: "Windows"
posix_open = os.open

def open_file(path, *arguments, **options):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied")
    return posix_open(path, *arguments, **options)

os.open = open_file
from scalebench.cli import main

endings = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["scalebench", *words]
    out, code = io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main()
        except SystemExit as error:
            code = error.code or 0
        except BaseException as error:
            code = repr(error)
    endings.append([code, out.getvalue()])
print(json.dumps(endings))
"""


def on_windows(folder: Path, *commands: str) -> list[tuple[int | str, str]]:
    """Exit code, or the error that nothing caught, and output of each command."""
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS, json.dumps([command.split() for command in commands])],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [(code, text) for code, text in json.loads(done.stdout)]


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    (tmp_path / NEW).write_text("\n".join((HEADING, *ROWS)) + "\n", encoding="utf-8")
    (tmp_path / "quickstart.yaml").write_bytes((root / "suites" / "quickstart.yaml").read_bytes())
    return tmp_path


def test_what_measures_or_counts_says_at_once_that_it_does_not_work(folder: Path) -> None:
    commands = (
        "run quickstart.yaml", "plan quickstart.yaml", "count resnet18", "doctor", "doctor --selftest cpu",
        "blocks resnet18@64", "ab resnet18@64 resnet34@64", "aa", "tune resnet18@64",
        "loadtest resnet18@64 --slo 60ms",
    )  # fmt: skip
    for command, (code, text) in zip(commands, on_windows(folder, *commands), strict=True):
        assert code == 2, (command, code, text)
        assert "error: scalebench measures and counts on Linux and macOS only" in text, command
        assert "hint: use WSL 2" in text, command


def test_what_reads_records_works(folder: Path) -> None:
    commands = (f"import timm {NEW}", "report results/timm", "claims", "models --families", "hardware", "schema suite")
    for command, (code, text) in zip(commands, on_windows(folder, *commands), strict=True):
        assert code == 0, (command, code, text)
    assert (folder / "results" / "timm").is_dir()
    assert (folder / "reports" / "timm.html").stat().st_size > 10_000
