"""What records of classified images say: accuracy of each configuration, and its difference to fp32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scalebench.analysis.classification import Classified, PairedShare, difference, macro_f1, per_class, top1
from scalebench.analysis.holm import holm
from scalebench.analysis.stats import Estimate
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import plain_case, timed_case


@dataclass(frozen=True)
class AccuracyRow:
    """One configuration.

    Attributes:
        record: of its classified images.
        top1, macro_f1: shares, with their intervals.
        per_class: share of each class's images that it recognises; empty where outputs are not the folder's classes.
        against: the model as it stands in fp32, on the same images; None for itself, or where that failed.
        p: of the difference, after Holm over all rows; NaN without one.
    """

    record: Record
    top1: Estimate
    macro_f1: Estimate
    per_class: Mapping[str, Estimate]
    against: PairedShare | None = None
    p: float = float("nan")

    def content(self) -> dict[str, Any]:
        """Plain content: shares between 0 and 1."""
        case, against = self.record.case, self.against
        content: dict[str, Any] = {
            "model": case.model, "resolution": case.resolution, "mode": case.mode, "data": case.data,
            "configuration": timed_case(case).configuration, "unreadable": len(self.record.notes),
            "top1": _ends(self.top1), "macro_f1": _ends(self.macro_f1),
            "per_class": {name: _ends(share) for name, share in self.per_class.items()},
        }  # fmt: skip
        if against is None:
            return content
        counts = {"gained": against.gained, "lost": against.lost, "p": against.p, "p_holm": self.p}
        return content | {"against_fp32": _ends(against.share) | counts}


def _ends(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n}


def accuracy_rows(records: Sequence[Record]) -> list[AccuracyRow]:
    """Rows of the successful records among these, in their order."""
    good = [record for record in records if record.outcome == "ok"]
    results = {record.case: classified(record) for record in good}
    plain = {_network(case): result for case, result in results.items() if case == plain_case(case)}
    rows = []
    for record in good:
        case, result, names = record.case, results[record.case], record.facts["classes"]
        recall = per_class(result) if result.classes == len(names) else {}
        base = results.get(plain_case(case)) or plain.get(_network(case))
        against = difference(base, result) if base is not None and case != plain_case(case) else None
        named = {names[label]: share for label, share in recall.items()}
        rows.append(AccuracyRow(record, top1(result), macro_f1(result), named, against))
    adjusted = iter(holm([row.against.p for row in rows if row.against]))
    return [replace(row, p=next(adjusted)) if row.against else row for row in rows]


def _network(case: Case) -> tuple[str, int, str, str]:
    """What decides how the model in fp32 classifies: its batch, which may have been searched, does not."""
    return case.model, case.resolution, case.mode, case.data


def classified(record: Record) -> Classified:
    """What a successful record of classified images holds."""
    true, predicted, group = (np.asarray(record.samples[name], np.int64) for name in ("true", "predicted", "group"))
    return Classified(true, predicted, group, int(record.facts["outputs"]))
