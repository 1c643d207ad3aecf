"""Checks of the self-test: what each expects, and its result. Plain data without torch, for parent and child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "fail", "not available"]


@dataclass(frozen=True)
class SelfCheck:
    """One check of the self-test.

    Attributes:
        name: its topic.
        expects: what has to hold for it to pass.
        timeout_s: a check that takes longer has failed, seconds.
    """

    name: str
    expects: str
    timeout_s: float = 30.0


@dataclass(frozen=True)
class CheckResult:
    """What one check came to.

    Attributes:
        verdict: of the check.
        finding: one sentence with the figures that decided, or the reason why the check is not available.
        figures: everything that was read, SI units.
    """

    verdict: Verdict
    finding: str
    figures: Mapping[str, Any] = field(default_factory=dict)


FORK, PEAKS = "fork after import", "peaks"
"""Checks that the parent starts or judges otherwise than the others."""
MODEL_PASSES = {
    "resnet18 batch 1": ("resnet18", 1),
    "efficientnet_b0 batch 1": ("efficientnet_b0", 1),
    "efficientnet_b0 batch 8": ("efficientnet_b0", 8),
    "resnet50 batch 256": ("resnet50", 256),
}
"""Checks of whole models -> model and batch, at 224 pixels in eager fp32."""
SELF_CHECKS = (
    SelfCheck(FORK, "a child forked after importing torch and timm computes on the device"),
    SelfCheck("clocks", "events agree with the host's clock within 3 % on work of 50 ms or more"),
    *(
        SelfCheck(name, "no pass is longer to issue, on the device or as a graph than the host's lap, within 3 %", 45.0)
        for name in MODEL_PASSES
    ),
    SelfCheck("memory", "the memory probe sees a buffer of known size within 2 %, and freeing it gives it back"),
    SelfCheck("out of memory", "an error known as out of memory; then memory is back and the device computes"),
    SelfCheck("precisions", "products and convolutions differ from fp64 by the rounding of their precision"),
    SelfCheck(PEAKS, "between half and 1.1 times the catalogue's row of this chip; cache not slower than memory", 90.0),
    SelfCheck("counters", "the counters are this device's: memory in use grows by what is allocated, totals agree"),
    SelfCheck("energy", "the energy counter agrees with sampled watts within 10 % under load"),
    SelfCheck("watching", "reading the counters every 100 ms adds at most 3 % to a pass"),
)  # fmt: skip
"""In the order they run."""


def passed(holds: bool, finding: str, **figures: Any) -> CheckResult:
    """``pass`` where it ``holds``, else ``fail``."""
    return CheckResult("pass" if holds else "fail", finding, figures)


def unavailable_check(reason: str, **figures: Any) -> CheckResult:
    """The check cannot be made on this device, with the reason."""
    return CheckResult("not available", reason, figures)
