import math
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from scalebench.analysis.run import Analysis
from scalebench.analysis.summary import WAY
from scalebench.claims.findings import Finding, find
from scalebench.claims.registry import Part
from scalebench.suite.plan import Group, Member

MakeAnalysis = Callable[..., Analysis]

COUNTS = {
    ("a", 224): {"macs": 100, "params": 10, "activations": 10.0},
    ("a", 448): {"macs": 400, "params": 10, "activations": 40.0},
    ("a", 896): {"macs": 1600, "params": 10, "activations": 160.0},
    ("a[d=2]", 224): {"macs": 200, "params": 19, "activations": 20.0},
    ("a[d=4]", 224): {"macs": 400, "params": 37, "activations": 40.0},
    ("unknown", 224): {},
}


def _part(**content: Any) -> Any:
    return TypeAdapter(Part).validate_python({"label": "it", "near": 1, **content})


def _value(findings: list[Finding]) -> float:
    assert len(findings) == 1
    assert findings[0].way == ()
    return findings[0].estimate.value


def test_a_constant(analysis_of: MakeAnalysis) -> None:
    """The compound constant follows from the rules alone, exactly."""
    (found,) = find(_part(kind="constant", quantity="compound_constant"), analysis_of())
    assert found.estimate.value == pytest.approx(1.92027)
    assert found.estimate.exact


def test_a_count_ratio(analysis_of: MakeAnalysis) -> None:
    """One counted metric over another is exact."""
    part = _part(kind="count_ratio", metric="macs", over="a@448", under="a@224")
    (found,) = find(part, analysis_of(COUNTS))
    assert (found.estimate.value, found.estimate.n, found.estimate.exact) == (4, 2, True)


def test_a_variant_is_found_however_it_is_written(analysis_of: MakeAnalysis) -> None:
    """Names are compared after reading, so ``[d=2.0]`` is ``[d=2]``."""
    part = _part(kind="count_ratio", metric="macs", over="a[d=2.0,w=1]@224", under="a@224")
    assert _value(find(part, analysis_of(COUNTS))) == 2


def test_a_count_spread(analysis_of: MakeAnalysis) -> None:
    """The largest over the smallest, wherever they stand in the list."""
    part = _part(kind="count_spread", metric="params", models=["a[d=2]@224", "a@224", "a[d=4]@224"])
    assert _value(find(part, analysis_of(COUNTS))) == pytest.approx(3.7)


@pytest.mark.parametrize(
    ("against", "metric", "models", "exponent"),
    [
        ("resolution", "macs", ["a@224", "a@448", "a@896"], 2),
        ("macs", "activations", ["a@224", "a@448", "a@896"], 1),
        ("depth", "macs", ["a@224", "a[d=2]@224", "a[d=4]@224"], 1),
    ],
)
def test_a_count_exponent(
    analysis_of: MakeAnalysis, against: str, metric: str, models: list[str], exponent: float
) -> None:
    """Slope on logs against the axis named: a multiplier, the pixels, or counted MACs."""
    part = _part(kind="count_exponent", metric=metric, against=against, models=models)
    (found,) = find(part, analysis_of(COUNTS))
    assert found.estimate.value == pytest.approx(exponent)
    assert found.estimate.n == 3


def test_a_count_series(analysis_of: MakeAnalysis) -> None:
    """Each model over its printed number, with its own label."""
    part = _part(kind="count_series", label="MACs of {model}", metric="macs", models={"a@224": 100, "a@448": 320})
    found = find(part, analysis_of(COUNTS))
    assert [(f.label, f.estimate.value) for f in found] == [("MACs of a@224", 1.0), ("MACs of a@448", 1.25)]


def test_a_count_series_over_a_base(analysis_of: MakeAnalysis) -> None:
    """With a base, each model is first taken relative to it."""
    part = _part(kind="count_series", metric="macs", base="a@224", models={"a@448": 4, "a@896": 8})
    assert [f.estimate.value for f in find(part, analysis_of(COUNTS))] == [1.0, 2.0]


@pytest.mark.parametrize("absent", ["never@224", "unknown@224", "a@225"])
@pytest.mark.parametrize(
    "content",
    [
        {"kind": "count_ratio", "metric": "macs", "over": "?", "under": "a@224"},
        {"kind": "count_ratio", "metric": "macs", "over": "a@224", "under": "?"},
        {"kind": "count_spread", "metric": "macs", "models": ["a@224", "?"]},
        {"kind": "count_exponent", "metric": "macs", "against": "resolution", "models": ["a@224", "a@448", "?"]},
        {"kind": "count_series", "metric": "macs", "models": {"?": 3}},
        {"kind": "count_series", "metric": "macs", "base": "?", "models": {"a@224": 3}},
    ],
    ids=str,
)
def test_what_was_not_counted_is_unknown(analysis_of: MakeAnalysis, content: dict[str, Any], absent: str) -> None:
    """A model that is not in the counts, or could not be counted, makes no number and no crash."""

    def place(value: Any) -> Any:
        if isinstance(value, list):
            return [place(item) for item in value]
        if isinstance(value, dict):
            return {place(key): item for key, item in value.items()}
        return absent if value == "?" else value

    part = _part(**{key: place(value) for key, value in content.items()})
    assert math.isnan(_value(find(part, analysis_of(COUNTS))))


def _rounds(model: str, resolution: int, *latencies: float, **way: object) -> list[dict[str, object]]:
    return [{"model": model, "resolution": resolution, "latency_s": value, **way} for value in latencies]


def test_a_measured_ratio(analysis_of: MakeAnalysis) -> None:
    """One case's rounds over another's, with interval, in each way of running that has both."""
    rounds = [
        *_rounds("a", 224, 0.1, 0.11, 0.09), *_rounds("b", 224, 0.2, 0.22, 0.18),
        *_rounds("a", 224, 0.3, machine="epyc"), *_rounds("b", 224, 0.9, machine="epyc"),
        *_rounds("a", 224, 0.5, threads=4), *_rounds("b", 448, 0.5, threads=4),
        *_rounds("a", 224, 0.4, batch=8), *_rounds("b", 224, 2.0, batch=8),
    ]  # fmt: skip
    part = _part(kind="measured_ratio", metric="latency_s", over="b@224", under="a@224")
    findings = find(part, analysis_of(rounds=rounds))
    xeon, epyc = (f.estimate for f in sorted(findings, key=lambda f: f.way, reverse=True))
    assert [dict(zip(WAY, f.way, strict=True))["threads"] for f in findings] == [1, 1]
    assert xeon.value == pytest.approx(2)
    assert xeon.low < 2 < xeon.high
    assert (xeon.n, epyc.n) == (3, 1)
    assert epyc.value == pytest.approx(3)
    assert math.isnan(epyc.low)
    at_8 = find(part.model_copy(update={"batch": 8}), analysis_of(rounds=rounds))
    assert [f.estimate.value for f in at_8] == [pytest.approx(5)]


def test_failed_rounds_and_missing_numbers_do_not_count(analysis_of: MakeAnalysis) -> None:
    """A round that did not end well, or has no such metric, is no part of a ratio."""
    rounds = [
        *_rounds("a", 224, 0.1, 0.1), *_rounds("b", 224, 0.2, 0.2), *_rounds("b", 224, 99.0, outcome="timeout"),
        *_rounds("b", 224, math.nan),
    ]  # fmt: skip
    part = _part(kind="measured_ratio", metric="latency_s", over="b@224", under="a@224")
    (found,) = find(part, analysis_of(rounds=rounds))
    assert (found.estimate.value, found.estimate.n) == (pytest.approx(2), 2)
    assert find(part.model_copy(update={"metric": "memory_bytes"}), analysis_of(rounds=rounds)) == []


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
    (found,) = find(part, analysis_of(rounds=rounds, groups=[groups[0], groups[1], groups[3]]))
    (half,) = find(part, analysis_of(rounds=rounds, groups=groups))
    assert math.isnan(half.estimate.value)  # a target without rounds of both is not left out silently
    assert found.label == "over depth"
    assert found.estimate.value == pytest.approx(4)
    assert found.way[0] == "xeon"


def test_a_group_ratio_that_nobody_measured(analysis_of: MakeAnalysis) -> None:
    """Without the base's groups, or without rounds of both methods, nothing is found."""
    part = _part(kind="group_ratio", metric="latency_s", base="a", method="compound", against=["depth"])
    rounds = _rounds("a[w=2]", 224, 2.0)
    assert find(part, analysis_of(rounds=rounds, groups=[_group(2)])) == []
    assert find(part, analysis_of(rounds=rounds, groups=[])) == []
    assert find(part, analysis_of()) == []
