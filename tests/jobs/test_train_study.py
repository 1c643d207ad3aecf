"""Making the runs of a study, with a toy in place of networks: order, records, resuming."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.execute.client import Ending
from scalebench.execute.events import Event, Note, RoundEnded
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.train_study import StudyRuns, stored_runs, train_study
from scalebench.store.jsonl import Writer, read_results
from scalebench.suite.suite_plan import plan_from_json
from tests.analysis.literal_study import ENVIRONMENT, plan_of

PLAN = plan_of("width", "compound")
OPTIONS = MeasureOptions()
RUNS = 3 * 3 + 1 + 2  # every variant at three seeds, the other rate of the base, that of the variants at one seed


class Toy:
    """Answers like a worker; right on ``validation`` of the images, with a loss that falls unless told otherwise."""

    def __init__(self, losses: Callable[[dict[str, Any]], list[float | None]] = lambda _: [1.3, 0.5]) -> None:
        self.jobs: list[dict[str, Any]] = []
        self._losses = losses

    def __call__(self, job: dict[str, Any], progress: Callable[[int, Any], None]) -> Ending:
        self.jobs.append(job)
        progress(0, {"epoch": 1, "loss": 1.0})
        result = {
            "losses": self._losses(job["run"]), "validation": 0.8 - job["run"]["rate"], "correct": {"1 px": "f0"},
            "images": {"1 px": 8}, "recall": {"1 px": [1, 1, 0, 0]}, "groups": {}, "train_s": 0.001,
            "inference_s": 0.001, "weights": "abc", "data": {"classes": ["none", "scratch", "dent", "chip"]},
        }  # fmt: skip
        return Ending({0: {"epoch": 1}, 1: result}, wall_s=1.0)


def runs_in(folder: Path, retry_failed: bool = False) -> StudyRuns:
    records = read_results(sorted(folder.glob("*.jsonl"))).records
    return stored_runs(PLAN, records, "cpu", ENVIRONMENT, retry_failed)


def test_every_run_is_one_stored_round(tmp_path: Path) -> None:
    toy, events = Toy(), list[Event]()
    train_study(runs_in(tmp_path), Writer(tmp_path / "a.jsonl", PLAN), OPTIONS, events.append, [toy, toy])
    stored = read_results([tmp_path / "a.jsonl"])
    assert (len(toy.jobs), len(stored.records), stored.problems) == (RUNS, RUNS, ())
    assert stored.plans == (PLAN,)
    assert {record.case.mode for record in stored.records} == {"training_study"}
    assert {(r.facts["run"]["method"], r.round) for r in stored.records if r.facts["run"]["rate"] == 0.1} == {
        (method, seed) for method in ("base", "compound", "width") for seed in range(3)
    }
    assert stored.records[0].samples == {"loss": [1.3, 0.5]}
    assert len([event for event in events if isinstance(event, RoundEnded)]) == RUNS
    assert runs_in(tmp_path).open_runs == []


def test_the_runs_of_a_seed_differ_in_the_variant_alone(tmp_path: Path) -> None:
    toy = Toy()
    train_study(runs_in(tmp_path), Writer(tmp_path / "a.jsonl", PLAN), OPTIONS, lambda _: None, [toy])
    seeds: dict[int, set[str]] = {}
    for job in toy.jobs:
        if job["run"]["rate"] == 0.1:
            case = {name: value for name, value in job["case"].items() if name not in ("model", "resolution")}
            seeds.setdefault(job["run"]["seed"], set()).add(repr((job["study"], case)))
    assert [len(different) for different in seeds.values()] == [1, 1, 1]


def test_a_stopped_study_goes_on_where_it_was(tmp_path: Path) -> None:
    """Ctrl-C, or an error, in the fifth run."""

    class Stops(Toy):
        def __call__(self, job: dict[str, Any], progress: Callable[[int, Any], None]) -> Ending:
            if len(self.jobs) == 4:
                raise KeyboardInterrupt
            return super().__call__(job, progress)

    with pytest.raises(KeyboardInterrupt):
        train_study(runs_in(tmp_path), Writer(tmp_path / "a.jsonl", PLAN), OPTIONS, lambda _: None, [Stops()])
    left = runs_in(tmp_path)
    assert len(left.records) == 4
    toy = Toy()
    train_study(left, Writer(tmp_path / "b.jsonl", PLAN), OPTIONS, lambda _: None, [toy])
    assert len(toy.jobs) == RUNS - 4


def test_a_run_that_diverges_is_stored_as_failed_with_its_tests(tmp_path: Path) -> None:
    def losses(run: dict[str, Any]) -> list[float | None]:
        if run["method"] != "width":
            return [1.3, 0.5]
        return [1.3, None] if run["seed"] == 0 else [1.5, 1.4]

    train_study(runs_in(tmp_path), Writer(tmp_path / "a.jsonl", PLAN), OPTIONS, lambda _: None, [Toy(losses)])
    failed = [r for r in read_results([tmp_path / "a.jsonl"]).records if r.outcome != "ok"]
    assert {(r.outcome, r.ending, r.facts["run"]["method"]) for r in failed} == {("failed", "diverged", "width")}
    assert {(r.error or {})["message"] for r in failed} == {
        "the loss of epoch 2 is not finite", "the loss after 2 epochs is that of guessing, 1.40",
    }  # fmt: skip
    assert all(record.facts["correct"] for record in failed)
    assert math.log(4) < 1.4
    assert runs_in(tmp_path, retry_failed=True).open_runs == []  # it would diverge again


def test_a_crash_is_stored_and_made_again_only_on_request(tmp_path: Path) -> None:
    class Crashes(Toy):
        def __call__(self, job: dict[str, Any], progress: Callable[[int, Any], None]) -> Ending:
            if job["run"] == asdict(runs_in(tmp_path).open_runs[0]) | {"method": "width", "seed": 1, "rate": 0.1}:
                return Ending(exit=-11)
            return super().__call__(job, progress)

    train_study(runs_in(tmp_path), Writer(tmp_path / "a.jsonl", PLAN), OPTIONS, lambda _: None, [Crashes()])
    assert runs_in(tmp_path).open_runs == []
    (again,) = runs_in(tmp_path, retry_failed=True).open_runs
    assert (again.method, again.seed, again.rate) == ("width", 1, 0.1)


def test_a_budget_starts_no_run_that_would_not_fit(tmp_path: Path) -> None:
    notes = list[Event]()
    toy = Toy()
    tight = replace(OPTIONS, budget_s=1e-6)
    train_study(runs_in(tmp_path), Writer(tmp_path / "a.jsonl", PLAN), tight, notes.append, [toy])
    assert toy.jobs == []
    assert [note.text for note in notes if isinstance(note, Note)] == [
        "no more training within 0 s: at least 2 runs are left"
    ]


def test_a_stored_plan_has_its_study() -> None:
    assert plan_from_json(asdict(PLAN)) == PLAN
