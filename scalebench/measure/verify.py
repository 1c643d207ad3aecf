"""Verification: a way of running that is fast and computes something else is not fast."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.runtimes.torchlike import logits, set_tf32
from scalebench.measure.scenes import scenes
from scalebench.measure.session import Measurement, Session, example
from scalebench.suite.case import Case
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.refusals import is_reference

_IMAGES = 8


def verify(session: Session) -> Measurement:
    """Compare the case's logits with those of eager fp32 on the same weights and seeded images.

    Facts: ``relative_error``, the largest over the images of |y - y_ref| / |y_ref| in the Euclidean norm;
    ``top1_agreement``, the share of images whose largest logit is the same one; ``verified``: ``ok``, ``off`` where the
    error is above its precision's bound, or ``not finite``. The reference itself is not compared with itself.
    """
    case = session.case
    if is_reference(case):
        return Measurement()
    passes = _passes(case)
    found = torch.cat([session.runtime.tensor(session.forward(images.to(session.device))) for images in passes])
    expected = _reference(case, passes)
    if not bool(found.isfinite().all()):
        return Measurement(facts={"relative_error": None, "top1_agreement": None, "verified": "not finite"})
    error = float(((found - expected).norm(dim=1) / expected.norm(dim=1)).max())
    same = float((found.argmax(dim=1) == expected.argmax(dim=1)).float().mean())
    word = "ok" if error <= PRECISIONS[case.precision].bound else "off"
    return Measurement(facts={"relative_error": error, "top1_agreement": same, "verified": word})


def _passes(case: Case) -> list[torch.Tensor]:
    """Seeded images in batches of the case, at least eight of them."""
    number = max(_IMAGES, case.batch) // case.batch * case.batch
    return list(torch.from_numpy(scenes(number, case.resolution)).split(case.batch))


def _reference(case: Case, passes: list[torch.Tensor]) -> torch.Tensor:
    """Eager fp32 logits, images x classes: computed once, then read from disk, where the round costs less for it."""
    plain = replace(case, precision="fp32", layout="contiguous", runtime="eager", instances=1, affinity="free")
    file = _file(plain)
    try:
        return torch.from_numpy(np.load(file))
    except (OSError, ValueError):
        pass
    model, _ = example(plain)
    set_tf32(plain)
    forward = Eager(plain).prepare(model, passes[0])
    expected = torch.cat([logits(forward(images.to(case.device))) for images in passes])
    _keep(file, expected.numpy())
    return expected


def _file(case: Case) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    key = hashlib.sha256(f"{case.case_key} {torch.__version__} settled".encode()).hexdigest()[:24]
    return cache / "scalebench" / "references" / f"{key}.npy"


def _keep(file: Path, values: np.ndarray) -> None:
    """Store the reference; a cache that cannot be written costs time, never the run."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".npy")
        with os.fdopen(handle, "wb") as stream:
            np.save(stream, values)
        Path(temporary).replace(file)
    except OSError:
        return
