"""Verification: the outputs of every configuration are compared with those of eager fp32."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from scalebench.measure.artefacts import WEIGHTS
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.runtimes.torchlike import logits, set_tf32
from scalebench.measure.scenes import scenes
from scalebench.measure.session import Measurement, Session, example
from scalebench.suite.case import Case
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.refusals import is_reference
from scalebench.userdirs import cache_folder, write_cache

_IMAGES = 8


def verify(session: Session) -> Measurement:
    """Compare the case's logits with those of eager fp32 on the same weights and seeded images.

    Facts: ``relative_error`` and ``mean_error``, the largest and the mean over the images of |y - y_ref| / |y_ref| in
    the Euclidean norm; ``top1_agreement``, the share of images with the same top class; ``verified``: ``ok``, ``off``
    where the mean is above its precision's bound, or ``not finite``. Nothing for the reference itself.
    """
    case = session.case
    if is_reference(case):
        return Measurement()
    batches = _batches(case)
    outputs = torch.cat([session.runtime.tensor(session.forward(images.to(session.device))) for images in batches])
    expected = _reference(case, batches)
    if not bool(outputs.isfinite().all()):
        names = ("relative_error", "mean_error", "top1_agreement")
        return Measurement(facts={**dict.fromkeys(names), "verified": "not finite"})
    errors = (outputs - expected).norm(dim=1) / expected.norm(dim=1)
    mean = float(errors.mean())
    agreement = float((outputs.argmax(dim=1) == expected.argmax(dim=1)).float().mean())
    verdict = "ok" if mean <= PRECISIONS[case.precision].bound else "off"
    facts = {"relative_error": float(errors.max()), "mean_error": mean, "top1_agreement": agreement}
    return Measurement(facts={**facts, "verified": verdict})


def _batches(case: Case) -> list[torch.Tensor]:
    """Seeded images in batches of the case, at least eight of them."""
    number = max(_IMAGES, case.batch) // case.batch * case.batch
    return list(torch.from_numpy(scenes(number, case.resolution)).split(case.batch))


def _reference(case: Case, batches: list[torch.Tensor]) -> torch.Tensor:
    """Eager fp32 logits, images x classes: computed once, then read from disk."""
    plain = replace(case, precision="fp32", layout="contiguous", runtime="eager", instances=1, affinity="free")
    file = _file(plain)
    try:
        return torch.from_numpy(np.load(file))
    except (OSError, ValueError):
        pass
    model, _ = example(plain)
    set_tf32(plain)
    forward = Eager(plain).prepare(model, batches[0])
    expected = torch.cat([logits(forward(images.to(case.device))) for images in batches])
    content = io.BytesIO()
    np.save(content, expected.numpy())
    write_cache(file, content.getvalue())
    return expected


def _file(case: Case) -> Path:
    key = hashlib.sha256(f"{case.case_key} {torch.__version__} {WEIGHTS}".encode()).hexdigest()[:24]
    return cache_folder("references") / f"{key}.npy"
