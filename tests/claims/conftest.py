from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pytest

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.way import WAY
from scalebench.metrics import COUNTED, MEASURED, STRUCTURE
from scalebench.record import Environment
from scalebench.suite.suite_plan import Group, Plan

ROUND_COLUMNS = [
    "case", "model", "resolution", "batch", "mode", "precision", "layout", "runtime", "device", "threads", "machine",
    "outcome", "notes", *MEASURED,
]  # fmt: skip

_HARDWARE = {"xeon": {"cpu": {"name": "Intel Xeon E5-2690 v4"}, "gpu": "Tesla V100"}, "epyc": {"cpu": {"name": "EPYC"}}}


@pytest.fixture(scope="session")
def analysis_of() -> Callable[..., Analysis]:
    """Makes an analysis from counts ``{(model, resolution): {metric: value}}``, rounds and groups."""

    def make(
        counts: Mapping[tuple[str, int], Mapping[str, float]] | None = None,
        rounds: Sequence[Mapping[str, Any]] = (),
        groups: Sequence[Group] = (),
    ) -> Analysis:
        usual = {
            **dict.fromkeys(WAY, "any"), "setting": "",
            "case": "c", "batch": 1, "mode": "inference", "precision": "fp32",
            "layout": "contiguous", "runtime": "eager", "device": "cpu", "threads": 1, "machine": "xeon",
            "outcome": "ok", "notes": (),
        }  # fmt: skip
        known = [{"model": m, "resolution": r, "error": None, **facts} for (m, r), facts in (counts or {}).items()]
        frame = pd.DataFrame(
            [{**usual, **row} for row in rounds], columns=pd.Index(list(dict.fromkeys([*ROUND_COLUMNS, *WAY])))
        )
        frame[list(MEASURED)] = frame[list(MEASURED)].astype(float)
        frame["used"] = frame["outcome"] == "ok"
        return Analysis(
            plan=Plan("a_suite", "", "", (), (), tuple(groups), (), 3),
            machines={
                str(name): Environment(str(name), "h", "s", _HARDWARE.get(str(name), {}))
                for name in frame["machine"].unique()
            },
            rounds=frame,
            cases=pd.DataFrame(),
            counts=pd.DataFrame(
                known, columns=pd.Index(["model", "resolution", "error", "work", *STRUCTURE, *COUNTED])
            ),
            exponents=pd.DataFrame(),
            groups=pd.DataFrame(),
            failures=(),
            missing=(),
        )

    return make


@pytest.fixture(scope="session")
def published() -> dict[tuple[str, int], dict[str, float]]:
    """Exact counts of B0 to B7 and the paper's variants: params and activations in elements, MACs per image."""
    efficientnets = {
        # model: resolution, params M, G MACs, activations M, blocks
        "efficientnet_b0": (224, 5.289, 0.386, 6.75, 16),
        "efficientnet_b1": (240, 7.794, 0.687, 10.88, 23),
        "efficientnet_b2": (260, 9.110, 0.994, 13.83, 23),
        "efficientnet_b3": (300, 12.233, 1.827, 23.83, 26),
        "efficientnet_b4": (380, 19.342, 4.394, 49.49, 32),
        "efficientnet_b5": (456, 30.390, 10.266, 98.86, 39),
        "efficientnet_b6": (528, 43.041, 19.068, 167.4, 45),
        "efficientnet_b7": (600, 66.348, 37.746, 289.9, 55),
    }
    counts = {
        (name, size): {"params": p * 1e6, "macs": m * 1e9, "activations": a * 1e6, "blocks": b}
        for name, (size, p, m, a, b) in efficientnets.items()
    }
    variants = {
        ("efficientnet_b0[w=2]", 224): (18.12, 1.450, 13.50),
        ("efficientnet_b0[d=4]", 224): (20.09, 1.575, 22.78),
        ("efficientnet_b0", 448): (5.29, 1.538, 26.96),
        ("resnet50", 224): (25.557, 4.089, 11.115),
        ("resnet152", 224): (60.193, 11.514, 22.56),
        ("resnet50[w=2]", 224): (98.0, 16.12, 22.2),
        ("resnet50[d=4]", 224): (89.8, 14.57, 36.0),
        ("resnet50", 448): (25.6, 16.35, 44.5),
    }
    return counts | {
        key: {"params": p * 1e6, "macs": m * 1e9, "activations": a * 1e6} for key, (p, m, a) in variants.items()
    }
