"""Training steps on real small models."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import timm
import torch
from torch import nn

from scalebench.errors import BuildError
from scalebench.execute.client import Worker
from scalebench.measure.training_steps import Steps
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

FAST = Protocol(rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.05, chunk_max_s=20.0, min_iterations=3)
CASE = Case("resnet18", 32, batch=2, mode="training", threads=1, protocol=FAST, optimizer="sgd")
IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def small() -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model("resnet10t", num_classes=4)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_steps_learn_their_two_labels(optimizer: str) -> None:
    """The loss of the same images falls, so forward, backward and update belong together."""
    steps = Steps(small(), replace(CASE, optimizer=optimizer))
    for _ in range(12):
        steps(IMAGES)
    losses = steps.losses(12)
    assert losses[0] is not None
    assert losses[-1] is not None
    assert losses[-1] < losses[0]
    assert steps.finite


def test_a_loss_that_is_no_number_is_seen() -> None:
    steps = Steps(small(), CASE)
    steps(IMAGES)
    steps(IMAGES * float("nan"))
    assert steps.losses(2)[1] is None
    assert not steps.finite


def test_checkpointing_changes_no_gradient() -> None:
    """Activations are computed again: the same numbers."""
    plain, saving = Steps(small(), CASE), Steps(small(), replace(CASE, checkpointing=True))
    for steps in (plain, saving):
        for _ in range(3):
            steps(IMAGES)
    assert saving.losses(3) == pytest.approx(plain.losses(3), rel=1e-4)


def test_a_model_that_cannot_checkpoint_is_refused() -> None:
    with pytest.raises(BuildError, match="cannot recompute"):
        Steps(nn.Linear(2, 2), replace(CASE, checkpointing=True))


def test_a_round_of_training_divides_its_step(worker: Worker) -> None:
    """Forward, backward and optimiser are there beside the whole, and losses are kept."""
    ending = worker.run({"do": "measure", "case": asdict(CASE)}, 120)
    assert ending.error is None, ending
    found = ending.answers[0]
    for name in ("forward_s", "backward_s", "optimizer_s"):
        assert found["facts"][name] > 0
        assert len(found["samples"][name]) >= 3
    assert found["facts"]["throughput_ips"] > 0
    assert all(isinstance(loss, float) for loss in found["facts"]["losses"])
    assert len(found["facts"]["losses"]) >= 3
    assert "relative_error" not in found["facts"]
