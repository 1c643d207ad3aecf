"""Peaks are measured once, then read from disk for a week; noisy ones are measured again."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scalebench.errors import WorkerError
from scalebench.execute.abilities import abilities, canary_series, kept, variation
from scalebench.execute.client import Ending, Worker
from scalebench.machine.ability import Ability, Peak
from scalebench.record import Environment

HERE = Environment("epyc-1", "hw1", "sw1")
PEAK = Peak(2e11, 1.9e11, "FLOP/s", "1024x1024x1024", 40)
STREAM = Peak(4e10, 3e10, "B/s", "2 x 256 MiB", 12)


class Fake(Worker):
    """Answers a job with the same things every time, and remembers the jobs."""

    def __init__(self, answers: list[Any] | None = None, ending: Ending | None = None) -> None:
        super().__init__()
        self.jobs: list[dict[str, Any]] = []
        self._ending = ending or Ending(answers=dict(enumerate(answers or measured())))

    def run(self, job: dict[str, Any], timeout_s: float, on_answer: Any = lambda _i, _a: None) -> Ending:
        self.jobs.append(job)
        for index, answer in self._ending.answers.items():
            on_answer(index, answer)
        return self._ending


def measured(canary_s: tuple[float, float] = (0.010, 0.0101), note: str = "") -> list[Any]:
    return [
        {"llc_bytes": 2**25},
        {"kind": "matmul", "name": "fp32", "peak": asdict(replace(PEAK, note=note)), "canary_s": canary_s[0]},
        {"kind": "bandwidth", "name": "copy", "peak": asdict(STREAM), "canary_s": canary_s[1]},
    ]


def test_answers_become_an_ability(tmp_path: Path) -> None:
    worker = Fake()
    found = abilities(worker, HERE, "cpu", 2, tmp_path)
    assert found == Ability(
        "epyc-1", "hw1", "sw1", "cpu", 2, found.started, {"fp32": PEAK}, {"copy": STREAM}, 2**25, found.canary_cv
    )
    assert found.canary_cv == pytest.approx(0.00704, rel=0.01)
    assert datetime.fromisoformat(found.started).tzinfo is not None
    assert worker.jobs == [{"do": "peaks", "device": "cpu", "threads": 2, "cap_s": 10.0}]


def test_what_is_on_disk_is_not_measured_again(tmp_path: Path) -> None:
    first = abilities(Fake(), HERE, "cuda:0", 2, tmp_path)
    worker = Fake()
    assert abilities(worker, HERE, "cuda:0", 2, tmp_path) == first
    assert kept(HERE, "cuda:0", 2, tmp_path) == first
    assert worker.jobs == []
    assert [file.name for file in tmp_path.iterdir()] == ["hw1-sw1-cuda0-2.json"]


@pytest.mark.parametrize(
    ("environment", "device", "threads"),
    [
        (replace(HERE, hw_key="hw2"), "cpu", 2),
        (replace(HERE, sw_key="sw2"), "cpu", 2),
        (HERE, "cuda:0", 2),
        (HERE, "cpu", 1),
    ],
)
def test_other_machines_devices_and_threads_are_apart(
    environment: Environment, device: str, threads: int, tmp_path: Path
) -> None:
    abilities(Fake(), HERE, "cpu", 2, tmp_path)
    assert kept(environment, device, threads, tmp_path) is None


@pytest.mark.parametrize(("days", "known"), [(0, True), (6.9, True), (7.1, False), (-1, False)])
def test_after_a_week_it_is_measured_again(days: float, known: bool, tmp_path: Path) -> None:
    """Or where the clock was set back in between."""
    found = abilities(Fake(), HERE, "cpu", 2, tmp_path)
    (file,) = tmp_path.iterdir()
    started = (datetime.now(timezone.utc) - timedelta(days=days)).isoformat(timespec="seconds")
    file.write_text(json.dumps(asdict(replace(found, started=started))))
    assert (kept(HERE, "cpu", 2, tmp_path) is not None) is known
    worker = Fake()
    abilities(worker, HERE, "cpu", 2, tmp_path)
    assert len(worker.jobs) == (not known)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}", '{"matmul": {}, "bandwidth": {}}', '{"matmul": 3}'])
def test_a_damaged_file_is_measured_again(text: str, tmp_path: Path) -> None:
    abilities(Fake(), HERE, "cpu", 2, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    assert kept(HERE, "cpu", 2, tmp_path) is None
    assert abilities(Fake(), HERE, "cpu", 2, tmp_path).matmul["fp32"] == PEAK
    assert kept(HERE, "cpu", 2, tmp_path) is not None


@pytest.mark.parametrize("started", ["yesterday", "2026-11-24T00:00:00"])
def test_a_start_that_is_no_moment_is_measured_again(started: str, tmp_path: Path) -> None:
    found = abilities(Fake(), HERE, "cpu", 2, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps(asdict(replace(found, started=started))))
    assert kept(HERE, "cpu", 2, tmp_path) is None


@pytest.mark.parametrize(
    "answers", [measured((0.010, 0.014)), measured(note="contended: waited 40% of the time for a core")]
)
def test_what_was_measured_beside_other_work_is_used_and_not_kept(answers: list[Any], tmp_path: Path) -> None:
    assert abilities(Fake(answers), HERE, "cpu", 2, tmp_path).matmul["fp32"].best == PEAK.best
    assert kept(HERE, "cpu", 2, tmp_path) is None


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert abilities(Fake(), HERE, "cpu", 2, tmp_path / "file" / "below").llc_bytes == 2**25


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Ending(error={"type": "MachineError", "message": "clock_went_back", "hint": ""}), "clock_went_back"),
        (Ending(exit=-9, stderr="killed"), "killed"),
        (Ending({0: {"llc_bytes": None}}, exit=-11), "exit -11"),
        (Ending({0: {"llc_bytes": None}}, timed_out=True, stderr="slow"), "slow"),
        (Ending(), "exit 0"),
    ],
)
def test_a_worker_that_ends_early_is_an_error(ending: Ending, said: str, tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=said):
        abilities(Fake(ending=ending), HERE, "cpu", 2, tmp_path)
    with pytest.raises(WorkerError, match=said):
        canary_series(Fake(ending=ending), "cpu", 2)


def test_a_series_of_canaries_comes_in_order() -> None:
    worker = Fake(ending=Ending(answers={1: 0.02, 0: 0.01, 2: 0.03}))
    heard: list[int] = []
    found = canary_series(worker, "cpu", 2, blocks=3, on_block=lambda index, _seconds: heard.append(index))
    assert found == [0.01, 0.02, 0.03]
    assert sorted(heard) == [0, 1, 2]
    assert worker.jobs[0] == {"do": "canary", "device": "cpu", "threads": 2, "blocks": 3, "block_s": 0.25}


def test_variation() -> None:
    assert variation([1.0, 1.0, 1.0]) == 0
    assert variation([0.9, 1.1]) == pytest.approx(2**0.5 / 10)
    assert variation([1.0]) is variation([]) is None


def test_the_worker_measures_peaks(worker: Worker) -> None:
    """The job itself, under a cap that is too short for good peaks."""
    ending = worker.run({"do": "peaks", "device": "cpu", "threads": 1, "cap_s": 0.3}, 60.0)
    assert ending.error is None, ending.stderr
    first, *rest = (ending.answers[index] for index in sorted(ending.answers))
    assert set(first) == {"llc_bytes"}
    assert {"fp32", "copy", "triad"} <= {answer["name"] for answer in rest}
    assert all(answer["canary_s"] > 0 for answer in rest)
    assert Peak(**rest[0]["peak"]).best > 0


def test_the_worker_measures_canaries(worker: Worker) -> None:
    assert len(canary_series(worker, "cpu", 1, blocks=2, block_s=0.01)) == 2
