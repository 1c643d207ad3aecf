"""What a report is made of and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scalebench.store.jsonl import Results


@dataclass(frozen=True)
class Wanted:
    """Options of a report.

    Attributes:
        reports: folder to write to.
        claims: the user's own file of claims.
        previous: the run to compare with; None takes what a fresh start has set aside.
        scripts: whether the page may have scripts.
    """

    reports: Path
    claims: Path | None = None
    previous: Results | None = None
    scripts: bool = True
