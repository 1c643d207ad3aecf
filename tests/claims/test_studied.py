"""Kinds that look at many cases, and those that hold published accuracies against cost."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.way import WAY as COLUMNS
from scalebench.claims.published_accuracy import accuracies
from scalebench.claims.registry import Part
from scalebench.suite.families import family_of

MakeAnalysis = Callable[..., Analysis]
FAMILIES = ("resnet", "vgg", "densenet", "regnetx_", "mnasnet_", "dpn")
MODELS = [f"{family}{index}" for family in FAMILIES for index in range(3)]
WAY = {"machine": "xeon", "mode": "inference", "setting": "", "batch": 1,
         "precision": "fp32", "layout": "contiguous", "runtime": "eager", "threads": 1,
       "device": "cpu", "protocol": "p"}  # fmt: skip


def _part(**content: Any) -> Any:
    return TypeAdapter(Part).validate_python({"label": "it", "at_least": 0, **content})


def _cases(slow: str = "", **way: object) -> pd.DataFrame:
    """18 models whose time follows MACs, one family slower by four where asked."""
    random = np.random.default_rng(2)
    macs = 10 ** random.uniform(8, 10, len(MODELS))
    frame = pd.DataFrame({
        "model": MODELS, "resolution": 224, "macs": macs, "activations": 10 ** random.uniform(6, 8, len(MODELS)),
        "params": 10 ** random.uniform(6, 8, len(MODELS)), "latency_s": 1e-11 * macs,
    }).assign(**{**WAY, **way})  # fmt: skip
    frame.loc[frame["model"].str.startswith(slow or "nobody"), "latency_s"] *= 4
    return frame.assign(weight_bytes=4 * frame["params"], memory_bytes=4 * frame["params"])


LISTED = [f"{model}@224" for model in MODELS]


@pytest.mark.parametrize(
    ("content", "low", "high"),
    [
        ({"kind": "predictor_advantage", "better": "macs", "than": "params", "statistic": "pearson"}, 0.1, 2),
        ({"kind": "rank_agreement", "first": "macs", "second": "latency_s"}, 0.999, 1.001),
        ({"kind": "family_residual", "family": "vgg"}, 0.9, 1.1),
        ({"kind": "fit_comparison", "law": "power", "rival": "power_floor"}, 0, 1.5),
    ],
)
def test_a_study_of_the_listed_cases(
    analysis_of: MakeAnalysis, content: dict[str, Any], low: float, high: float
) -> None:
    """One finding for the configuration, from the listed models alone."""
    part = _part(**content, models=LISTED, least=10)
    analysis = replace(analysis_of(), cases=_cases())
    (found,) = part.find(analysis)
    assert low <= found.estimate.value <= high
    assert found.configuration[0] == "xeon"
    assert part.needs().cases == tuple(LISTED)


def test_a_slow_family_shows_in_its_residual(analysis_of: MakeAnalysis) -> None:
    """Four times the time of its MACs is a residual of four."""
    part = _part(kind="family_residual", family="vgg", models=LISTED, least=10)
    (found,) = part.find(replace(analysis_of(), cases=_cases(slow="vgg")))
    assert found.estimate.value == pytest.approx(4, rel=0.01)


def test_ways_are_never_mixed_and_too_few_cases_give_none(analysis_of: MakeAnalysis) -> None:
    """Each way with enough of the listed cases has its finding; a way with three of them has none."""
    part = _part(kind="rank_agreement", first="macs", second="latency_s", models=LISTED, least=10)
    cases = pd.concat([_cases(), _cases(batch=8), _cases(threads=4).head(3)])
    found = list(part.find(replace(analysis_of(), cases=cases)))
    batch, threads = COLUMNS.index("batch"), COLUMNS.index("threads")
    assert [(f.configuration[batch], f.configuration[threads]) for f in found] == [(1, 1), (8, 1)]


def test_laws_are_compared_over_families(analysis_of: MakeAnalysis) -> None:
    """Three near copies of six models are six witnesses, and not eighteen: the interval is that of the six."""
    random = np.random.default_rng(4)
    macs, noise = 10 ** random.uniform(8, 10, len(FAMILIES)), np.exp(random.normal(0, 0.2, len(FAMILIES)))
    cases = _cases().assign(macs=np.repeat(macs, 3) * np.tile([1, 1.0001, 1.0002], len(FAMILIES)))
    cases["latency_s"] = 1e-11 * cases["macs"] ** 0.9 * np.repeat(noise, 3)
    content = {"kind": "fit_comparison", "law": "linear_sqrt", "rival": "power", "models": LISTED, "least": 10}
    named = [family_of(model) for model in MODELS[::3]]
    widths = []
    for families in ([], named):
        (finding,) = _part(**content, families=families).find(replace(analysis_of(), cases=cases))
        widths.append(math.log(finding.estimate.high / finding.estimate.low))
    assert widths[0] > 1.3 * widths[1]  # a claim about families that it names is about their models


# --- published accuracy --------------------------------------------------------------------------------------------


def test_accuracies_come_from_the_tables_named() -> None:
    """The first table that prints a model counts: B0 as the RegNet paper trained it, or as its own did."""
    assert accuracies(["regnet-t4"])["efficientnet_b0@224"] == 75.1
    assert accuracies(["efficientnet-t2", "regnet-t4"])["efficientnet_b0@224"] == 77.1
    assert accuracies(["nowhere"]) == {}


def test_gains_per_doubling(analysis_of: MakeAnalysis) -> None:
    """Four points for the first doubling and one for the second: a quarter."""
    counts = {("a", 1): {"macs": 1e9}, ("b", 1): {"macs": 2e9}, ("c", 1): {"macs": 4e9}}
    part = _part(kind="accuracy_gain", label="up to {model}", models={"a@1": 70, "b@1": 74, "c@1": 75})
    (found,) = part.find(analysis_of(counts))
    assert (found.label, found.estimate.value, found.estimate.exact) == ("up to c@1", 0.25, True)
    (unknown,) = part.find(analysis_of({}))
    assert math.isnan(unknown.estimate.value)


RS = ["resnetrs50@160", "resnetrs101@160", "resnetrs101@192", "resnetrs152@192", "resnetrs152@224", "resnetrs152@256",
      "resnetrs200@256", "resnetrs270@256"]  # fmt: skip


def test_laws_of_published_error(analysis_of: MakeAnalysis) -> None:
    """A law against itself is as good as itself; without the counts there is no number."""
    counts = {(text.split("@")[0], int(text.split("@")[1])): {"macs": 2e9 * 1.4**at} for at, text in enumerate(RS)}
    part = _part(kind="accuracy_law", tables=["resnet-rs"], models=RS, law="power", rival="power")
    (found,) = part.find(analysis_of(counts))
    assert (found.estimate.value, found.estimate.n) == (1, 8)
    assert found.estimate.low < 1 < found.estimate.high  # never decided by rounding
    (unknown,) = part.find(analysis_of({}))
    assert math.isnan(unknown.estimate.value)


def test_fronts_by_two_costs(analysis_of: MakeAnalysis) -> None:
    """The same cost gives the same front; a way without all the models gives none."""
    models = ["resnet50@224", "resnet101@224", "resnet152@224", "regnetx_004@224", "regnetx_080@224"]
    names = [text.split("@")[0] for text in models]
    costs = {"macs": [4.0, 8, 12, 0.4, 8], "latency_s": [1.0, 2, 3, 4, 5]}
    cases = pd.DataFrame({"model": names, "resolution": 224, **costs}).assign(**WAY, n=3)
    cases = cases.assign(latency_s_low=0.99 * cases["latency_s"], latency_s_high=1.01 * cases["latency_s"])
    tables = ["regnet-f15", "regnet-t3"]
    content = {"kind": "front_overlap", "tables": tables, "models": models, "first": "macs"}
    same, other = (
        list(_part(**content, second=cost).find(replace(analysis_of(), cases=cases))) for cost in ("macs", "latency_s")
    )
    assert same[0].estimate.value == 1
    # By MACs ResNet-50 and both RegNets lead; by time the ResNets and, for its accuracy, the larger RegNet.
    sure = other[0].estimate
    assert (sure.value, sure.low, sure.high, sure.exact) == (pytest.approx(2 / 5), *[pytest.approx(2 / 5)] * 2, False)
    wide = cases.assign(latency_s_low=cases["latency_s"] / 20, latency_s_high=20 * cases["latency_s"])
    (open_,) = _part(**content, second="latency_s").find(replace(analysis_of(), cases=wide))
    assert open_.estimate.low < open_.estimate.high  # where anything may be faster than anything, fronts are open too
    assert list(_part(**content, second="macs").find(replace(analysis_of(), cases=cases.head(4)))) == []
