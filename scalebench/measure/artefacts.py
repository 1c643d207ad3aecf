"""What a runtime makes of a model before it can run: made once in a process of its own, then kept on disk.

A fork makes it, before this process has used a thread or the device: exporters and compilers leave hundreds of
megabytes behind, which the memory of the measured process must not contain.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from scalebench.machine.limits import die_with_parent
from scalebench.suite.case import Case
from scalebench.suite.offers import OFFERS
from scalebench.userdirs import cache_folder

Make = Callable[[nn.Module, Tensor, Case, Path], None]
Example = Callable[[Case], tuple[nn.Module, Tensor]]
WEIGHTS = "live, int8 of 7 bits"
"""Name of the rules by which weights are drawn and quantised; part of every cached file's key, so that no rule
reads another's."""
_FACTS = "facts.json"
_KEEP = 40
"""Folders that are kept; a larger model's is 0.3 GB."""


def artefact(case: Case, make: Make, example: Example) -> tuple[Path, dict[str, Any]]:
    """The case's folder, made by ``make`` where it is not there yet.

    Args:
        case: decides the folder, with ``make`` and the versions of what makes it; whoever calls this has put all that
            does not matter to its content back to the defaults.
        make: fills an empty folder, in a process of its own.
        example: the model and an input, built there.

    Returns: the folder, and the facts of its making: ``{"prepare_s": seconds}``.

    Raises:
        ScalebenchError, RuntimeError: whatever ``make`` raises.
    """
    folder = cache_folder("artefacts") / _key(case, make)
    if not (folder / _FACTS).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(1, multiprocessing.get_context(process_context(case)), die_with_parent) as apart:
            apart.submit(_fill, case, make, example, folder).result()
        _prune(folder)
    os.utime(folder)
    return folder, json.loads((folder / _FACTS).read_text(encoding="utf-8"))


def process_context(case: Case) -> str:
    """How a process that uses the case's device is started: forked, unless the device bears no fork."""
    return "fork" if case.kind.fork else "spawn"


def _fill(case: Case, make: Make, example: Example, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        unfinished = Path(temporary) / folder.name
        unfinished.mkdir()
        model, images = example(case)
        started = time.perf_counter()
        make(model, images, case, unfinished)
        facts = {"prepare_s": time.perf_counter() - started}
        (unfinished / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)


def _key(case: Case, make: Make) -> str:
    content = [
        make.__name__,
        WEIGHTS,
        case.case_key,
        *(_version(package) for package in ("torch", "timm", *OFFERS[case.runtime].packages)),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _prune(newest: Path) -> None:
    """Drop the folders that were not used for longest."""
    folders = sorted((f for f in newest.parent.iterdir() if f.is_dir()), key=lambda f: f.stat().st_mtime)
    for folder in folders[:-_KEEP]:
        shutil.rmtree(folder, ignore_errors=True)
