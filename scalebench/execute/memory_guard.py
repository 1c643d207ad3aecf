"""What will not fit: cases skipped by prediction, and larger ones than a case that has run out of memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.units import bytes_

_PROCESS_BYTES = 335 * 2**20
"""Resident memory of a process that has imported torch and timm and done nothing."""
_SLACK = 2.0
"""Peaks of the resident memory were seen at 0.9 to 1.9 times the static estimate."""

Skip = Callable[[Case, int, str, str, Mapping[str, Any]], Record]
"""Makes the record of a skipped round: case, number, ending, message, facts."""


class Memory:
    """Refuses rounds that would run out of memory, with the numbers.

    Args:
        static: static peak of a case in bytes, as (weights, the rest at its batch); None where it is not known.
        free: bytes a new process may take on a case's device; None where unknown.
        skip: makes the record.
        predict: False measures even what is predicted not to fit.
    """

    def __init__(
        self,
        static: Callable[[Case], tuple[int, int] | None],
        free: Callable[[str], int | None],
        skip: Skip,
        predict: bool = True,
    ) -> None:
        self._static, self._free, self._skip, self._predict = static, free, skip, predict
        self._full: dict[Case, int] = {}

    def refuse(self, case: Case, number: int) -> Record | None:
        """The record of a round that is not started, or None where it may."""
        smallest = self._full.get(_family(case))
        if smallest is not None and case.resolution > smallest:
            why = f"not started: the same model ran out of memory at {smallest} pixels"
            return self._skip(case, number, "skipped_known_oom", why, {})
        static, free = self._static(case), self._free(case.device)
        if not self._predict or static is None or free is None:
            return None
        weights, rest = static
        need = _PROCESS_BYTES + weights + round(_SLACK * rest)
        if need <= free:
            return None
        why = f"not started: predicted to need {bytes_(need)} where {bytes_(free)} are free"
        return self._skip(case, number, "skipped_predicted_oom", why, {"predicted_bytes": need, "free_bytes": free})

    def learn(self, record: Record) -> None:
        """Remember that a case ran out of memory, until it or a larger one has fitted."""
        family, size = _family(record.case), record.case.resolution
        if record.outcome == "oom":
            self._full[family] = min(size, self._full.get(family, size))
        elif record.outcome == "ok" and size >= self._full.get(family, size + 1):
            del self._full[family]


def _family(case: Case) -> Case:
    return replace(case, resolution=0)
