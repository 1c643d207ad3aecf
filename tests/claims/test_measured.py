import math
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.way import WAY
from scalebench.claims.registry import Part
from scalebench.suite.suite_plan import Group, Member

MakeAnalysis = Callable[..., Analysis]


def _part(**content: Any) -> Any:
    return TypeAdapter(Part).validate_python({"label": "it", "near": 1, **content})


def _rounds(model: str, resolution: int, *latencies: float, **way: object) -> list[dict[str, object]]:
    return [{"model": model, "resolution": resolution, "latency_s": value, **way} for value in latencies]


def test_a_measured_ratio(analysis_of: MakeAnalysis) -> None:
    """One case's rounds over another's, with interval, in each configuration that has both."""
    rounds = [
        *_rounds("a", 224, 0.1, 0.11, 0.09), *_rounds("b", 224, 0.2, 0.22, 0.18),
        *_rounds("a", 224, 0.3, machine="epyc"), *_rounds("b", 224, 0.9, machine="epyc"),
        *_rounds("a", 224, 0.5, threads=4), *_rounds("b", 448, 0.5, threads=4),
        *_rounds("a", 224, 0.4, batch=8), *_rounds("b", 224, 2.0, batch=8),
    ]  # fmt: skip
    part = _part(kind="measured_ratio", metric="latency_s", over="b@224", under="a@224")
    found = {
        (named["machine"], named["batch"]): f.estimate
        for f in part.find(analysis_of(rounds=rounds))
        for named in [dict(zip(WAY, f.configuration, strict=True))]
    }
    assert found.keys() == {("xeon", 1), ("epyc", 1), ("xeon", 8)}  # with four threads b was measured at another size
    xeon, epyc = found["xeon", 1], found["epyc", 1]
    assert xeon.value == pytest.approx(2)
    assert xeon.low < 2 < xeon.high
    assert (xeon.n, epyc.n) == (3, 1)
    assert epyc.value == pytest.approx(3)
    assert math.isnan(epyc.low)
    assert found["xeon", 8].value == pytest.approx(5)


def test_a_measured_ratio_per_compute(analysis_of: MakeAnalysis) -> None:
    """Twice the time for four times the MACs is half the time per MAC, interval and all."""
    rounds = [*_rounds("a", 224, 0.1, 0.11, 0.09), *_rounds("b", 224, 0.2, 0.22, 0.18)]
    counts = {("a", 224): {"macs": 100}, ("b", 224): {"macs": 400}}
    plain = _part(kind="measured_ratio", metric="latency_s", over="b@224", under="a@224")
    per = plain.model_copy(update={"per": "macs"})
    (whole,), (each,) = (list(part.find(analysis_of(counts, rounds))) for part in (plain, per))
    assert each.estimate.value == pytest.approx(whole.estimate.value / 4)
    assert each.estimate.high == pytest.approx(whole.estimate.high / 4)
    assert list(per.find(analysis_of(rounds=rounds))) == []


def test_a_measured_order(analysis_of: MakeAnalysis) -> None:
    """Each over the one before it, in each way that has all of them."""
    rounds = [
        *_rounds("a", 224, 1.0, 1.0), *_rounds("b", 224, 3.0, 3.0), *_rounds("c", 224, 2.0, 2.0),
        *_rounds("a", 224, 1.0, machine="epyc"), *_rounds("b", 224, 1.0, machine="epyc"),
    ]  # fmt: skip
    models = ["a@224", "b@224", "c@224"]
    part = _part(kind="measured_order", label="{after} over {before}", metric="latency_s", models=models)
    found = list(part.find(analysis_of(rounds=rounds)))
    assert [(f.label, f.estimate.value) for f in found] == [
        ("b@224 over a@224", pytest.approx(3)),
        ("c@224 over b@224", pytest.approx(2 / 3)),
    ]


def test_a_measured_exponent(analysis_of: MakeAnalysis) -> None:
    """The slope on logs over the cases' means; a size that is missing leaves no finding."""
    rounds = [row for size in (100, 200, 400) for row in _rounds("a", size, size**1.7, size**1.7 * 1.0)]
    counts = {("a", size): {"macs": size**2} for size in (100, 200, 400, 800)}
    content = {"kind": "measured_exponent", "metric": "latency_s", "against": "resolution"}
    (found,) = _part(**content, models=["a@100", "a@200", "a@400"]).find(analysis_of(counts, rounds))
    assert (found.estimate.value, found.estimate.n) == (pytest.approx(1.7), 3)
    short = _part(**content, models=["a@100", "a@200", "a@800"])
    assert list(short.find(analysis_of(counts, rounds))) == []


def test_growth_with_the_batch(analysis_of: MakeAnalysis) -> None:
    """Latency at the larger batch over the smaller; over the same of another case, how a gap grows."""
    rounds = [
        *_rounds("a", 224, 1.0, 1.0), *_rounds("a", 224, 6.0, 6.0, batch=4),
        *_rounds("b", 224, 2.0, 2.0), *_rounds("b", 224, 4.0, 4.0, batch=4),
        *_rounds("a", 224, 9.0, batch=4, machine="epyc"),
    ]  # fmt: skip
    content = {"kind": "batch_growth", "metric": "latency_s", "over": "a@224", "batches": [1, 4]}
    (alone,) = _part(**content).find(analysis_of(rounds=rounds))
    (gap,) = _part(**content, under="b@224").find(analysis_of(rounds=rounds))
    assert alone.estimate.value == pytest.approx(6)
    assert gap.estimate.value == pytest.approx(3)
    assert dict(zip(WAY, gap.configuration, strict=True))["batch"] == 4


def test_failed_rounds_and_missing_numbers_do_not_count(analysis_of: MakeAnalysis) -> None:
    """A round that did not end well, or has no such metric, is no part of a ratio."""
    rounds = [
        *_rounds("a", 224, 0.1, 0.1), *_rounds("b", 224, 0.2, 0.2), *_rounds("b", 224, 99.0, outcome="timeout"),
        *_rounds("b", 224, math.nan),
    ]  # fmt: skip
    part = _part(kind="measured_ratio", metric="latency_s", over="b@224", under="a@224")
    (found,) = part.find(analysis_of(rounds=rounds))
    assert (found.estimate.value, found.estimate.n) == (pytest.approx(2), 2)
    assert list(part.model_copy(update={"metric": "memory_bytes"}).find(analysis_of(rounds=rounds))) == []


def _group(target: float, base: str = "a") -> Group:
    members = tuple(
        Member(method, target if method == "depth" else 1.0, target if method == "compound" else 1.0, 224, 100, 0.0)
        for method in ("compound", "depth")
    )
    return Group(base, 224, 100, target, 0.02, members)


def test_a_group_ratio(analysis_of: MakeAnalysis) -> None:
    """Compound over depth at equal compute: the geometric mean over the base's targets."""
    rounds = [
        *_rounds("a[w=2]", 224, 2.0, 2.0), *_rounds("a[d=2]", 224, 1.0, 1.0),
        *_rounds("a[w=4]", 224, 8.0, 8.0), *_rounds("a[d=4]", 224, 1.0, 1.0),
        *_rounds("b[w=2]", 224, 50.0, 50.0), *_rounds("b[d=2]", 224, 1.0, 1.0),
        *_rounds("a[w=8]", 224, 50.0, 50.0),
    ]  # fmt: skip
    groups = [_group(2), _group(4), _group(8), _group(2, "b")]
    content = {"kind": "group_ratio", "metric": "latency_s", "base": "a", "method": "compound", "against": ["depth"]}
    part = _part(**content, label="over {against}")
    (found,) = part.find(analysis_of(rounds=rounds, groups=[groups[0], groups[1], groups[3]]))
    (half,) = part.find(analysis_of(rounds=rounds, groups=groups))
    assert math.isnan(half.estimate.value)  # a target without rounds of both is not left out silently
    assert found.label == "over depth"
    assert found.estimate.value == pytest.approx(4)
    assert found.configuration[0] == "xeon"


def test_an_unmeasured_group_ratio(analysis_of: MakeAnalysis) -> None:
    """Without the base's groups, or without rounds of both methods, nothing is found."""
    part = _part(kind="group_ratio", metric="latency_s", base="a", method="compound", against=["depth"])
    rounds = _rounds("a[w=2]", 224, 2.0)
    assert list(part.find(analysis_of(rounds=rounds, groups=[_group(2)]))) == []
    assert list(part.find(analysis_of(rounds=rounds, groups=[]))) == []
    assert list(part.find(analysis_of())) == []
