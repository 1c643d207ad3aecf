"""Where a report goes, what it is made from, and whether it is there already; loads nothing that analyses or draws."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import scalebench
from scalebench.store.floors import read_floors
from scalebench.store.jsonl import Results
from scalebench.store.previous import previous_files
from scalebench.suite.suite_plan import Plan


@dataclass(frozen=True)
class PageOptions:
    """What a report is made of and where it goes.

    Attributes:
        folder: to write to.
        claims: the user's own file of claims.
        previous: the run to compare with; None takes what a fresh start has set aside.
        scripts: whether the page may have scripts.
    """

    folder: Path = Path("reports")
    claims: Path | None = None
    previous: Results | None = None
    scripts: bool = True


def page_digest(stored: Results, plan: Plan, options: PageOptions) -> str:
    """Digest of all that decides a page: records, earlier run, noise floors, plan, claims, scripts, our code and data.

    Raises:
        OSError: a file cannot be read.
    """
    package = Path(scalebench.__file__).parent
    own = sorted(file for file in package.rglob("*") if file.is_file() and file.suffix != ".pyc")
    claims = [options.claims] if options.claims else []
    digest = hashlib.sha256(repr((plan, options.scripts, read_floors(stored.records))).encode())
    for file in (*stored.files, *previous_files(stored.files), *claims, *own):
        digest.update(f"{file}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_current(page: Path, digest: str) -> bool:
    """Whether a page is there and its JSON names these inputs."""
    try:
        content = json.loads(page.with_suffix(".json").read_bytes())
    except (OSError, ValueError):
        return False
    return page.is_file() and isinstance(content, dict) and content.get("made_from") == digest
