"""Rounds of timed parts, asked of a real worker."""

from __future__ import annotations

import pytest

from scalebench.errors import WorkerError
from scalebench.execute.breakdown import parts_of_rounds
from scalebench.execute.client import Worker
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

QUICK = Protocol(warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.02, chunk_max_s=20.0, min_iterations=5, timeout_s=60)


def test_each_round_is_a_process_of_its_own(worker: Worker) -> None:
    heard: list[tuple[int, float]] = []
    case = Case("resnet18", 64, protocol=QUICK)
    found = parts_of_rounds(worker, case, 2, lambda number, facts: heard.append((number, facts["whole_s"])))
    assert heard == [(0, found[0]["whole_s"]), (1, found[1]["whole_s"])]
    assert found[0]["whole_s"] != found[1]["whole_s"]
    on_paper = [[(row["kind"], row["stage"], row["macs"], row["bytes"]) for row in facts["parts"]] for facts in found]
    assert on_paper[0] == on_paper[1]
    assert ("conv_3x3", "stage 4") in {(row[0], row[1]) for row in on_paper[0]}


def test_a_round_that_ends_badly_is_an_error(worker: Worker) -> None:
    with pytest.raises(WorkerError, match=r"efficientnet_b77@64.*unknown model"):
        parts_of_rounds(worker, Case("efficientnet_b77", 64, protocol=QUICK), 1)
