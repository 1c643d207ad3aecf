"""What a suite on this machine still misses, in one process with a warm worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.cli.campaign import Campaign
from scalebench.cli.preparing import prepare_suite
from scalebench.execute.client import Worker
from scalebench.execute.planner import Prepared
from scalebench.suite.case import COUNT

TINY = Path(__file__).parent.parent / "fixtures" / "tiny.yaml"


@pytest.fixture(scope="module")
def prepared(worker: Worker) -> Prepared:
    return prepare_suite(TINY, worker)


def small(prepared: Prepared) -> Prepared:
    """Two cases and one round are enough here."""
    return replace(prepared, plan=replace(prepared.plan, cases=prepared.plan.cases[:2], rounds=1))


def test_counts_are_records_and_stored_once(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    campaign = Campaign(small(prepared), tmp_path)
    campaign.run(worker, lambda _: None)
    campaign.run(worker, lambda _: None)
    counts = [r for r in campaign.stored().records if r.case.mode == COUNT]
    assert [r.case for r in counts] == list(prepared.plan.counts)
    assert all(r.facts["macs"] > 0 for r in counts)


def test_a_torn_last_line_costs_one_round(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    campaign = Campaign(small(prepared), tmp_path)
    campaign.run(worker, lambda _: None)
    assert campaign.missing() == []
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-40])
    assert len(campaign.missing()) == 1
    assert "ends in half a line" in campaign.stored().problems[0]


def test_fresh_sets_the_old_file_aside(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    campaign = Campaign(small(prepared), tmp_path)
    campaign.run(worker, lambda _: None)
    campaign.set_aside()
    assert len(campaign.missing()) == 2
    assert len(list(tmp_path.glob("*.jsonl.old"))) == 1
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_changed_plan_is_stored_although_nothing_is_left_to_measure(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    Campaign(small(prepared), tmp_path).run(worker, lambda _: None)
    renamed = replace(small(prepared), plan=replace(small(prepared).plan, title="another title"))
    campaign = Campaign(renamed, tmp_path)
    campaign.run(worker, lambda _: None)
    assert campaign.stored().plans[-1].title == "another title"


def test_more_rounds_keep_the_earlier_ones(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    Campaign(small(prepared), tmp_path).run(worker, lambda _: None)
    more = replace(small(prepared), plan=replace(small(prepared).plan, rounds=3))
    assert sorted(number for _, number in Campaign(more, tmp_path).missing()) == [1, 1, 2, 2]
