"""A linear probe of outputs whose classes can be told, and cannot."""

from __future__ import annotations

import numpy as np
import pytest

from scalebench.analysis.probe import probe
from scalebench.errors import StoreError

pytest.importorskip("sklearn", reason="scikit-learn is an extra")


def outputs(rng: np.random.Generator, labels: np.ndarray, shift: float) -> np.ndarray:
    return (rng.normal(size=(len(labels), 8)) + shift * np.eye(8)[labels]).astype(np.float32)


def test_it_finds_classes_that_stand_apart_and_guesses_where_they_do_not() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(120) % 3
    groups = np.arange(120) // 3
    for shift, low, high in ((6.0, 0.97, 1.0), (0.0, 0.15, 0.55)):
        found = probe(outputs(rng, labels, shift), labels, groups, outputs(rng, labels, shift))
        assert low <= np.mean(found == labels) <= high


def test_too_few_groups_are_refused() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(30) % 3
    with pytest.raises(StoreError, match="30 training images in 3 groups"):
        probe(outputs(rng, labels, 1.0), labels, np.arange(30) // 10, outputs(rng, labels, 1.0))
