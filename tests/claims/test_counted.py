import math
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from pydantic import TypeAdapter

from scalebench.analysis.analyse import Analysis
from scalebench.claims.base_part import Finding
from scalebench.claims.registry import Part, registry

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


def _value(found: Iterable[Finding]) -> float:
    findings = list(found)
    assert len(findings) == 1
    assert findings[0].configuration == ()
    return findings[0].estimate.value


def test_a_constant(analysis_of: MakeAnalysis) -> None:
    """The compound constant follows from the rules alone, exactly."""
    (found,) = _part(kind="constant", quantity="compound_constant").find(analysis_of())
    assert found.estimate.value == pytest.approx(1.92027)
    assert found.estimate.exact


def test_a_count_ratio(analysis_of: MakeAnalysis) -> None:
    """One counted metric over another is exact."""
    part = _part(kind="count_ratio", metric="macs", over="a@448", under="a@224")
    (found,) = part.find(analysis_of(COUNTS))
    assert (found.estimate.value, found.estimate.n, found.estimate.exact) == (4, 2, True)


def test_a_variant_is_found_however_it_is_written(analysis_of: MakeAnalysis) -> None:
    """Names are compared after reading, so ``[d=2.0]`` is ``[d=2]``."""
    part = _part(kind="count_ratio", metric="macs", over="a[d=2.0,w=1]@224", under="a@224")
    assert _value(part.find(analysis_of(COUNTS))) == 2


def test_a_count_spread(analysis_of: MakeAnalysis) -> None:
    """The largest over the smallest, wherever they stand in the list."""
    part = _part(kind="count_spread", metric="params", models=["a[d=2]@224", "a@224", "a[d=4]@224"])
    assert _value(part.find(analysis_of(COUNTS))) == pytest.approx(3.7)


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
    (found,) = part.find(analysis_of(COUNTS))
    assert found.estimate.value == pytest.approx(exponent)
    assert found.estimate.n == 3


def test_the_exponent_of_counts_is_exact_however_far_they_are_from_a_power_law(analysis_of: MakeAnalysis) -> None:
    """1, 2, 5 against 1, 2, 4: slope log2(5) / 2, and the middle point lies 7.7 % below the line, by hand."""
    counts = {
        ("a", 1): {"macs": 1, "params": 1},
        ("b", 1): {"macs": 2, "params": 2},
        ("c", 1): {"macs": 4, "params": 5},
    }
    part = _part(kind="count_exponent", metric="params", against="macs", models=["a@1", "b@1", "c@1"])
    (finding,) = part.find(analysis_of(counts))
    assert (finding.estimate.low, finding.estimate.high) == (finding.estimate.value, finding.estimate.value)
    assert finding.estimate.value == pytest.approx(1.16096, abs=1e-5)
    assert finding.estimate.exact
    assert finding.misfit == pytest.approx(0.0772, abs=1e-4)


def test_a_count_series(analysis_of: MakeAnalysis) -> None:
    """Each model over its printed number, with its own label."""
    part = _part(kind="count_series", label="MACs of {model}", metric="macs", models={"a@224": 100, "a@448": 320})
    found = list(part.find(analysis_of(COUNTS)))
    assert [(f.label, f.estimate.value) for f in found] == [("MACs of a@224", 1.0), ("MACs of a@448", 1.25)]


def test_a_count_series_over_a_base(analysis_of: MakeAnalysis) -> None:
    """With a base, each model is first taken relative to it."""
    part = _part(kind="count_series", metric="macs", base="a@224", models={"a@448": 4, "a@896": 8})
    assert [f.estimate.value for f in part.find(analysis_of(COUNTS))] == [1.0, 2.0]


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
    assert math.isnan(_value(part.find(analysis_of(COUNTS))))


def test_printed_figures_held_against_each_other(analysis_of: MakeAnalysis) -> None:
    """Pair by pair, as ratio or as difference, exactly, and without any count."""
    pairs = {"one": [3.0, 2.0], "two": [1.0, 2.0]}
    for op, values in (("ratio", [1.5, 0.5]), ("difference", [1.0, -1.0])):
        found = list(_part(kind="printed", label="of {pair}", op=op, pairs=pairs).find(analysis_of()))
        assert [(f.label, f.estimate.value) for f in found] == [("of one", values[0]), ("of two", values[1])]
        assert all(f.estimate.exact for f in found)


@pytest.mark.parametrize(("op", "bounds"), [("ratio", (1.8, 2.2)), ("difference", (1.9, 2.1))])
def test_the_margin_of_a_difference_is_absolute(op: str, bounds: tuple[float, float]) -> None:
    """A difference of 2 with margin 0.1 allows 1.9 to 2.1, a ratio 1.8 to 2.2."""
    part = _part(kind="printed", op=op, pairs={"one": [1, 1]}, near=2, margin=0.1)
    assert part.bounds == pytest.approx(bounds)


def test_bytes_per_multiply_add(analysis_of: MakeAnalysis) -> None:
    """Intensity is MACs over the bytes that all operators move, weights and activations."""
    work = [[100.0, 40.0, 10.0, 2], [0.0, 50.0, 0.0, 1]]
    counts = {("a", 1): {"work": work}, ("b", 1): {"work": [[100.0, 10.0, 10.0, 1]]}, ("c", 1): {"work": None}}
    part = _part(kind="count_ratio", metric="intensity", over="a@1", under="b@1")
    assert _value(part.find(analysis_of(counts))) == pytest.approx((200 / 150) / (100 / 20))
    unknown = _part(kind="count_ratio", metric="intensity", over="c@1", under="b@1")
    assert math.isnan(_value(unknown.find(analysis_of(counts))))


@pytest.mark.parametrize(
    ("metric", "peaks"), [("macs", ()), ("peak_bytes_training", ("training",)), ("macs_training", ("training",))]
)
def test_what_must_be_counted_for_a_part(metric: str, peaks: tuple[str, ...]) -> None:
    """Static memory and training MACs cost time to count, so they are asked for by name."""
    needs = _part(kind="count_ratio", metric=metric, over="a@1", under="b@1").needs()
    assert (needs.counts, needs.peaks, needs.cases) == (("a@1", "b@1"), peaks, ())


@pytest.mark.parametrize(("fused", "claim"), [(3, "V2-02"), (7, "V2-03")])
def test_fused_stages_are_judged_by_what_table_3_prints(analysis_of: MakeAnalysis, fused: int, claim: str) -> None:
    """The printed parameters and FLOPs themselves lie within what the claim allows, those of the other row do not."""
    printed = {0: (19.3, 4.5), 3: (20.0, 7.5), 7: (132.0, 34.4)}

    def counts(row: int) -> dict[tuple[str, int], dict[str, float]]:
        rows = {("efficientnet_b4", 380): printed[0], (f"efficientnet_b4[f={fused}]", 380): printed[row]}
        return {model: {"params": params * 1e6, "macs": flops * 1e9} for model, (params, flops) in rows.items()}

    parts = registry()[claim].parts
    assert {part.metric for part in parts if part.kind == "count_ratio"} == {"params", "macs"}
    for part in parts:
        if part.kind == "count_ratio":
            low, high = part.bounds
            assert low < _value(part.find(analysis_of(counts(fused)))) < high
            assert not low < _value(part.find(analysis_of(counts(10 - fused)))) < high
