"""What is made once is kept, and what was not finished is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from scalebench.measure import artefacts
from scalebench.measure.artefacts import artefact, process_context
from scalebench.suite.case import Case

CASE = Case("resnet18", 32)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scalebench" / "artefacts"


def example(_: Case) -> tuple[nn.Module, torch.Tensor]:
    return nn.Identity(), torch.zeros(1)


def write(_module: nn.Module, _images: torch.Tensor, case: Case, folder: Path) -> None:
    (folder / "made").write_text(case.model)


def fail(_module: nn.Module, _images: torch.Tensor, _case: Case, folder: Path) -> None:
    (folder / "half").write_text("")
    raise RuntimeError("cannot be exported")


def test_it_is_made_once() -> None:
    """The second call finds the folder and leaves it as it is."""
    folder, facts = artefact(CASE, write, example)
    assert (folder / "made").read_text() == "resnet18"
    assert facts["prepare_s"] >= 0
    (folder / "made").write_text("as it was")
    assert artefact(CASE, write, example) == (folder, facts)
    assert (folder / "made").read_text() == "as it was"


def test_a_failure_is_told_and_leaves_nothing(own_folder: Path) -> None:
    with pytest.raises(RuntimeError, match="cannot be exported"):
        artefact(CASE, fail, example)
    assert list(own_folder.iterdir()) == []
    assert (artefact(CASE, write, example)[0] / "made").exists()


def test_another_batch_is_another_artefact() -> None:
    assert artefact(CASE, write, example)[0] != artefact(Case("resnet18", 32, batch=2), write, example)[0]


def test_the_oldest_are_dropped(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "_KEEP", 2)
    made = [artefact(Case("resnet18", size), write, example)[0] for size in (32, 64, 96)]
    assert set(own_folder.iterdir()) == set(made[1:])


@pytest.mark.parametrize(("device", "context"), [("cpu", "fork"), ("cuda:0", "fork"), ("mps:0", "spawn")])
def test_a_device_that_bears_no_fork_gets_a_process_of_its_own(device: str, context: str) -> None:
    assert process_context(Case("resnet18", 32, device=device)) == context
