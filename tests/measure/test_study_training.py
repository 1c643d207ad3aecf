"""Training runs: an interrupted one ends in the same bits, a diverged one is a result."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scalebench.measure.study_images import load_images
from scalebench.measure.study_training import train, train_job
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import list_images
from scalebench.suite.training_study import BUDGETS, Damage, TrainingRun

STUDY = replace(
    BUDGETS["smoke"], images=16, epochs=3, validation=8, test=12, batch=8, damage=Damage(side=32, chip_radii=(1.0, 2.0))
)
RUN = TrainingRun("base", 1e-3, 1, STUDY.epochs)
VARIANT = Case("efficientnet_b0[d=0.5,w=0.35]", 32)


def start(checkpoint: Path, run: TrainingRun = RUN) -> Iterator[dict[str, Any]]:
    return train(STUDY, STUDY.case(VARIANT, run), run, checkpoint)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return list(start(tmp_path_factory.mktemp("whole") / "run.pt"))[-1]


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_an_interrupted_run_ends_in_the_same_bits(tmp_path: Path, uninterrupted: dict[str, Any], epochs: int) -> None:
    """What a killed process leaves is the checkpoint of its last whole epoch."""
    first = start(tmp_path / "run.pt")
    assert [next(first)["epoch"] for _ in range(epochs)][-1] == epochs
    del first
    *later, result = start(tmp_path / "run.pt")
    assert [answer["epoch"] for answer in later] == list(range(epochs + 1, 4))
    for fact in ("losses", "correct", "validation", "weights"):
        assert result[fact] == uninterrupted[fact], fact


def test_a_damaged_checkpoint_starts_again(tmp_path: Path, uninterrupted: dict[str, Any]) -> None:
    (tmp_path / "run.pt").write_bytes(b"half of a")
    *epochs, result = start(tmp_path / "run.pt")
    assert (len(epochs), result["weights"]) == (3, uninterrupted["weights"])


def test_another_seed_is_another_network(tmp_path: Path, uninterrupted: dict[str, Any]) -> None:
    assert list(start(tmp_path / "run.pt", replace(RUN, seed=2)))[-1]["weights"] != uninterrupted["weights"]


def test_a_diverged_run_counts_with_what_guessing_one_class_gets_right(tmp_path: Path) -> None:
    *epochs, result = start(tmp_path / "run.pt", replace(RUN, rate=1e30))
    assert len(epochs) < 3
    assert epochs[-1]["loss"] is None
    assert result["losses"][-1] is None
    part = load_images(STUDY).tests["1 px"]
    right = np.unpackbits(np.frombuffer(bytes.fromhex(result["correct"]["1 px"]), np.uint8))[:12]
    assert right.tolist() == (part.labels == 0).astype(int).tolist()


def test_widths_share_the_images_without_scratches(tmp_path: Path, uninterrupted: dict[str, Any]) -> None:
    tests = load_images(STUDY).tests
    others = tests["1 px"].labels != 1
    assert (tests["1 px"].images[others] == tests["4 px"].images[others]).all()
    bits = [
        np.unpackbits(np.frombuffer(bytes.fromhex(uninterrupted["correct"][name]), np.uint8))[:12][others]
        for name in tests
    ]
    assert (bits[0] == bits[1]).all()
    assert (bits[0] == bits[2]).all()


def test_a_network_learns(tmp_path: Path) -> None:
    """Two classes that differ in colour are told from each other after a few steps; also from the user's folder."""
    for name, colour in (("dark", 40), ("light", 210)):
        for number in range(40):
            file = tmp_path / "photos" / name / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((40, 48, 3), colour + number % 9, np.uint8)).save(file)
    listed = list_images(tmp_path / "photos", 0.3)
    listed.keep()
    study = replace(STUDY, damage=None, folder=listed.name, images=24, epochs=14, batch=8, side=32)
    run = TrainingRun("base", 3e-3, 0, study.epochs)
    case = study.case(VARIANT, run)
    job = {"study": asdict(study), "case": asdict(case), "run": asdict(run), "checkpoint": str(tmp_path / "run.pt")}
    result = list(train_job(job))[-1]
    assert list(result["correct"]) == ["all images"]
    assert result["images"]["all images"] == len(listed.test)
    assert result["losses"][-1] < result["losses"][0] < 2 * math.log(2)
    assert result["validation"] == 1.0
