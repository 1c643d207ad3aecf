"""What the worker answers when it is asked to count."""

from __future__ import annotations

from typing import Any

from scalebench.execute.client import Worker


def ask(worker: Worker, **question: Any) -> dict[str, Any]:
    ending = worker.run({"do": "paper", "questions": [{"ask": "count", **question}]}, 120)
    return dict(ending.answers[0]["ok"])


def test_training_is_counted_only_where_it_is_asked_for(worker: Worker) -> None:
    """A suite of inference cases waits for no backward pass."""
    question = {"model": "resnet18", "resolution": 64}
    assert "macs_training" not in ask(worker, **question, peaks=["inference"])
    found = ask(worker, **question, peaks=["inference", "training"])
    assert found["macs_training"] == 3 * found["macs"] - 7**2 * 3 * 64 * 32**2
    assert "notes" not in found
    assert sum(macs * number for macs, _, _, number in found["work"]) == found["macs"]


def test_what_cannot_be_found_is_null_with_a_note(worker: Worker) -> None:
    """One pass that fails costs its own number only: LeViT's last layers refuse one image in full train mode."""
    found = ask(worker, model="levit_128s", resolution=224, peaks=["training"])
    assert found["peak_bytes_training"] is None
    assert "more than 1 value per channel" in found["notes"][0]
    assert found["macs_training"] > 2.9 * found["macs"]
