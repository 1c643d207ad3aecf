"""Skips cases predicted not to fit, and larger ones than a case that ran out of memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.precisions import PRECISIONS
from scalebench.units import bytes_

_PROCESS_BYTES = 335 * 2**20
"""Resident memory of a process that has imported torch and timm and done nothing."""
_SLACK = 2.0
"""Measured peaks of resident memory were 0.9 to 1.9 times the static estimate."""

Skip = Callable[[Case, int, str, str, Mapping[str, Any]], Record]
"""Creates the record of a skipped round: case, number, ending, message, facts."""


class MemoryGuard:
    """Skips rounds that would run out of memory.

    Args:
        static: static peak of a case in bytes, as (weights, the rest at its batch); None where unknown.
        free: bytes a new process may use on a device; None where unknown.
        skip: creates the record.
        predict: False measures cases that are predicted not to fit.
    """

    def __init__(
        self,
        static: Callable[[Case], tuple[int, int] | None],
        free: Callable[[str], int | None],
        skip: Skip,
        predict: bool = True,
    ) -> None:
        self._static, self._free, self._skip, self._predict = static, free, skip, predict
        self._smallest_oom: dict[Case, int] = {}

    def refuse(self, case: Case, number: int) -> Record | None:
        """The record of a skipped round, or None where it may start."""
        smallest = self._smallest_oom.get(_family(case))
        if smallest is not None and case.resolution > smallest:
            reason = f"not started: the same model ran out of memory at {smallest} pixels"
            return self._skip(case, number, "skipped_known_oom", reason, {})
        need, free = self.need(case), self._free(case.device)
        if not self._predict or need is None or free is None or need <= free:
            return None
        reason = f"not started: predicted to need {bytes_(need)}, {bytes_(free)} are free"
        return self._skip(case, number, "skipped_predicted_oom", reason, {"predicted_bytes": need, "free_bytes": free})

    def need(self, case: Case) -> int | None:
        """Predicted memory of the case's process, bytes; None where unknown.

        On a GPU what it needs at least, in the case's precision: torch's allocator takes little more than what lives.
        """
        static = self._static(case)
        if static is None:
            return None
        weights, rest = static
        if case.kind.on_host:
            return _PROCESS_BYTES + weights + round(_SLACK * rest)
        precision = PRECISIONS[case.precision]
        return (weights * precision.bytes + rest * precision.activation_bytes) // PRECISIONS["fp32"].bytes

    def learn(self, record: Record) -> None:
        """Remember a case that ran out of memory, until it or a larger one has fitted."""
        family, size = _family(record.case), record.case.resolution
        if record.outcome == "oom":
            self._smallest_oom[family] = min(size, self._smallest_oom.get(family, size))
        elif record.outcome == "ok" and size >= self._smallest_oom.get(family, size + 1):
            del self._smallest_oom[family]


def _family(case: Case) -> Case:
    return replace(case, resolution=0)
