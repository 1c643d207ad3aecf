"""Cases from names, with the worker."""

from __future__ import annotations

import pytest

from scalebench.errors import BuildError, UnknownNameError
from scalebench.execute.client import Worker
from scalebench.jobs.named_cases import base_case, resolve_cases
from scalebench.jobs.noise_floor import CASES, MIN_CASES


def test_cases_are_checked_and_counted(worker: Worker) -> None:
    """Names, native sizes, and models that cannot be built: all before the first round."""
    base = base_case("cpu", 2, 1, "quick")
    cases = resolve_cases(["resnet18@64", "efficientnet_b0"], base, worker)
    assert [(c.model, c.resolution, c.batch, c.threads, c.device) for c in cases] == [
        ("resnet18", 64, 2, 1, "cpu"),
        ("efficientnet_b0", 224, 2, 1, "cpu"),
    ]
    assert len(resolve_cases(CASES, base, worker)) == MIN_CASES
    for name, error in (("resnet81", UnknownNameError), ("resnet18@8", UnknownNameError), ("*", UnknownNameError),
                        ("vit_tiny_patch16_224[w=1.5]", BuildError)):  # fmt: skip
        with pytest.raises(error):
            resolve_cases([name], base, worker)
