"""Every error a user can meet, in one tree.

    ScalebenchError
    +-- SuiteError        a suite file that cannot be used: file, line and key are named
    +-- ClaimError        a file of claims that cannot be used: file, line and key are named
    +-- CatalogueError    a hardware catalogue that cannot be used: file, line and key are named
    +-- PlanError         a purchase plan that cannot be used: file, line and key are named
    +-- UnknownNameError  a model, family or claim nobody knows
    +-- BuildError        a model that exists but cannot be built or counted as asked
    +-- UnreachableError  a compute target that no rounding of the multipliers hits
    +-- MachineError      a device, or a right on this machine, that is not there
    +-- WorkerError       the measuring process could not be started or did not answer
    +-- StoreError        records that cannot be read or written

Each carries a message (what is wrong) and a hint (what to do next). ``cli.main`` catches the root once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScalebenchError(Exception):
    """Root of all errors meant for the user.

    Args:
        message: what is wrong, one sentence.
        hint: what to do next; may be empty.
        location: keys below the suite entry at fault, where one is.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "", location: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.location = location


class SuiteError(ScalebenchError):
    """A suite file that cannot be used."""


class ClaimError(ScalebenchError):
    """A file of claims that cannot be used."""


class CatalogueError(ScalebenchError):
    """A hardware catalogue that cannot be used."""


class PlanError(ScalebenchError):
    """A purchase plan that cannot be used."""


class UnknownNameError(ScalebenchError):
    """A model, family or claim that nobody knows."""


class BuildError(ScalebenchError):
    """A model that exists but cannot be built or counted as asked."""


class UnreachableError(ScalebenchError):
    """A compute target that no rounding of the multipliers hits within the tolerance."""


class MachineError(ScalebenchError):
    """A device or a right that this machine does not have."""


class WorkerError(ScalebenchError):
    """The measuring process could not be started or did not answer."""


class StoreError(ScalebenchError):
    """Records that cannot be read or written."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Hint that names the nearest known words, or an empty string where none is near."""
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
