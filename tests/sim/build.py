"""Builds the simulated device once for every state of its source, version of torch and of Python."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

BUILD_FOLDER = "SCALEBENCH_SIM_BUILD"
"""Variable of the environment: where builds are kept; tests give each other's caches away, but not this one."""
NAME = "scalebench_simulated"
_NVML = "libnvidia-ml.so.1"
_SOURCE = Path(__file__).parent / "source"
_OLDEST_TORCH = (2, 10)
"""The first whose allocators report the free memory of any accelerator."""
_COMPILE_S = 800

_COMPILE = """
import sys
from torch.utils.cpp_extension import load
name, folder, *sources = sys.argv[1:]
load(name, sources, extra_cflags=["-O0"], build_directory=folder)
"""


class CannotBuildError(Exception):
    """Something that the build needs is not there."""


def build_folder() -> Path:
    """Where builds are kept."""
    return Path(os.environ.get(BUILD_FOLDER) or user_cache_path("scalebench-tests"))


def built_extension() -> Path:
    """The extension module, built where it is not there yet, which takes a minute.

    Raises:
        CannotBuildError: there is no compiler, no ninja, no header of Python, or torch is too old.
        RuntimeError: the compiler refused the source.
    """
    torch_version = version("torch")
    if tuple(int(part) for part in torch_version.split(".")[:2]) < _OLDEST_TORCH:
        raise CannotBuildError(f"torch {torch_version} has no generic accelerator with memory figures")
    if platform.system() != "Linux":
        raise CannotBuildError("the simulated cards share their memory as Linux does")
    sources = sorted(_SOURCE.glob("*.cpp"))

    def compile_into(folder: Path) -> None:
        _require(os.environ.get("CXX", "c++"), "ninja")
        if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
            raise CannotBuildError("Python.h is missing: install Python's headers")
        command = [sys.executable, "-c", _COMPILE, NAME, folder, *sources]
        _run(command, {**os.environ, "PATH": _path(), "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"})

    key = [torch_version, sys.implementation.cache_tag, platform.machine()]
    return _built("sim", sorted(_SOURCE.iterdir()), key, f"{NAME}.so", compile_into)


def built_nvml() -> Path:
    """The library that replays readings, under the name of NVIDIA's.

    Raises:
        CannotBuildError: there is no compiler.
        RuntimeError: the compiler refused the source.
    """

    def compile_into(folder: Path) -> None:
        compiler = os.environ.get("CC", "cc")
        _require(compiler)
        _run([compiler, "-shared", "-fPIC", "-Wall", "-o", folder / _NVML, source], dict(os.environ))

    source = Path(__file__).with_name("nvml.c")
    return _built("nvml", [source], [platform.machine()], _NVML, compile_into)


def _built(
    title: str, sources: Iterable[Path], key: Iterable[str], file: str, compile_into: Callable[[Path], None]
) -> Path:
    """``file`` in a folder of its own for every content of the sources; processes that want it wait for the first."""
    digest = hashlib.sha256("\0".join(key).encode())
    for source in sources:
        digest.update(source.read_bytes())
    folder = build_folder() / f"{title}-{digest.hexdigest()[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / file).exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            compile_into(unfinished)
            unfinished.replace(folder)
    return folder / file


def _path() -> str:
    """Programs of this Python's environment come first: ninja is often installed there only."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _require(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program, path=_path()) is None]
    if missing:
        raise CannotBuildError(f"there is no {' and no '.join(missing)}")


def _run(command: list[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_COMPILE_S, check=False)
    if done.returncode:
        raise RuntimeError(f"the build failed:\n{(done.stdout + done.stderr)[-4000:]}")
