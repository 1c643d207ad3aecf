"""What a suite on this machine still misses, in one process with a warm worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.cli.campaign import Campaign, Options
from scalebench.cli.preparing import prepare_suite
from scalebench.execute.client import Worker
from scalebench.execute.events import Event, GivenUp
from scalebench.execute.planner import Prepared
from scalebench.suite.case import COUNT

FAST = Options(peaks=False)
TINY = Path(__file__).parent.parent / "fixtures" / "tiny.yaml"


@pytest.fixture(scope="module")
def prepared(worker: Worker) -> Prepared:
    return prepare_suite(TINY, worker)


def small(prepared: Prepared, rounds: int = 1) -> Prepared:
    """Two cases and one round are enough here."""
    cases = [replace(c, protocol=replace(c.protocol, rounds=rounds)) for c in prepared.plan.cases[:2]]
    return replace(prepared, plan=replace(prepared.plan, cases=tuple(cases), rounds=rounds))


def test_counts_are_records_and_stored_once(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    campaign = Campaign(small(prepared), tmp_path, FAST)
    campaign.run(worker, lambda _: None)
    campaign.run(worker, lambda _: None)
    counts = [r for r in campaign.stored().records if r.case.mode == COUNT]
    assert [r.case for r in counts] == list(prepared.plan.counts)
    assert all(r.facts["macs"] > 0 for r in counts)


def test_a_torn_last_line_costs_one_round(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    campaign = Campaign(small(prepared), tmp_path, FAST)
    campaign.run(worker, lambda _: None)
    assert campaign.open() == {}
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-40])
    assert len(campaign.open()) == 1
    assert "ends in half a line" in campaign.stored().problems[0]


def test_fresh_sets_the_old_file_aside(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    campaign = Campaign(small(prepared), tmp_path, FAST)
    campaign.run(worker, lambda _: None)
    campaign.set_aside()
    assert len(campaign.open()) == 2
    assert len(list(tmp_path.glob("*.jsonl.old"))) == 1
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_changed_plan_is_stored_although_nothing_is_left_to_measure(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    Campaign(small(prepared), tmp_path, FAST).run(worker, lambda _: None)
    renamed = replace(small(prepared), plan=replace(small(prepared).plan, title="another title"))
    campaign = Campaign(renamed, tmp_path, FAST)
    campaign.run(worker, lambda _: None)
    assert campaign.stored().plans[-1].title == "another title"


def test_more_rounds_keep_the_earlier_ones(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    Campaign(small(prepared), tmp_path, FAST).run(worker, lambda _: None)
    assert [wish.rounds for wish in Campaign(small(prepared, rounds=3), tmp_path).open().values()] == [2, 2]


def test_what_is_predicted_not_to_fit_is_a_record_and_not_tried_again(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    """With a limit below any process both cases are skipped with the numbers; the next run measures nothing."""
    campaign = Campaign(small(prepared), tmp_path, Options(peaks=False, limit_bytes=2**20))
    campaign.run(worker, lambda _: None)
    found = [r for r in campaign.stored().records if r.case.mode != COUNT]
    assert [(r.outcome, r.ending) for r in found] == [("skipped", "skipped_predicted_oom")] * 2
    assert all(r.facts["predicted_bytes"] > r.facts["free_bytes"] == 2**20 for r in found)
    assert campaign.open() == {}
    assert len(Campaign(small(prepared), tmp_path, Options(retry_failed=True)).open()) == 2


def test_a_limit_that_is_too_small_makes_the_child_run_out_of_memory(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    """Without the prediction the limit is the child's: its allocation fails, and the record says whose memory."""
    campaign = Campaign(small(prepared), tmp_path, Options(peaks=False, limit_bytes=4 * 2**20, predict=False))
    campaign.run(worker, lambda _: None)
    found = [r for r in campaign.stored().records if r.case.mode != COUNT]
    assert {(r.outcome, r.ending) for r in found} == {("oom", "oom_host")}


def test_a_time_that_holds_nothing_measures_nothing_and_says_so(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    heard: list[Event] = []
    campaign = Campaign(small(prepared), tmp_path, Options(peaks=False, budget_s=0.001))
    campaign.run(worker, heard.append)
    (event,) = heard
    assert isinstance(event, GivenUp)
    assert set(event.cases) == set(campaign.open())
