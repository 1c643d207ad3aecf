"""Verification: the outputs of every configuration are compared with those of eager fp32."""

from __future__ import annotations

import torch

from scalebench.measure.reference import images_of, load_reference
from scalebench.measure.session import Measurement, Session
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.refusals import is_reference


def verify(session: Session) -> Measurement:
    """Compare the case's logits with those of eager fp32 on the same weights and seeded images.

    Facts: ``relative_error`` and ``mean_error``, the largest and the mean over the images of |y - y_ref| / |y_ref| in
    the Euclidean norm; ``top1_agreement``, the share of images with the same top class; ``verified``: ``ok``, ``off``
    where the mean is above its precision's bound, or ``not finite``. Nothing for the reference itself; a note
    ``unverified`` where there was no room to compute it.
    """
    case = session.case
    if is_reference(case):
        return Measurement()
    expected = load_reference(case)
    if expected is None:
        return Measurement(notes=("unverified: eager fp32 did not fit into memory",))
    outputs = torch.cat(
        [
            session.runtime.tensor(session.forward(images.to(session.device)))
            for images in images_of(case).split(case.batch)
        ]
    )
    if not bool(outputs.isfinite().all()):
        names = ("relative_error", "mean_error", "top1_agreement")
        return Measurement(facts={**dict.fromkeys(names), "verified": "not finite"})
    errors = (outputs - expected).norm(dim=1) / expected.norm(dim=1)
    mean = float(errors.mean())
    agreement = float((outputs.argmax(dim=1) == expected.argmax(dim=1)).float().mean())
    verdict = "ok" if mean <= PRECISIONS[case.precision].bound else "off"
    facts = {"relative_error": float(errors.max()), "mean_error": mean, "top1_agreement": agreement}
    return Measurement(facts={**facts, "verified": verdict})
