"""Literal records end to end: exponents, matched groups, fronts, failures, and nothing pooled that differs."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from scalebench.analysis.analyse import Analysis, Failure
from scalebench.analysis.analyse import analyse as analyse_plan
from scalebench.analysis.exponents import COLUMNS as EXPONENT_COLUMNS
from scalebench.analysis.matched import COLUMNS as GROUP_COLUMNS
from scalebench.record import Record
from scalebench.suite.case import COUNT, Case
from scalebench.suite.protocol import PROTOCOLS
from scalebench.suite.suite_plan import Group, Member, Plan

Make = Callable[..., Record]
MakePlan = Callable[..., Plan]

MEMBERS = (
    Member("compound", 1.2, 1.1, 260, 2_000, 0.0),
    Member("depth", 2.0, 1.0, 224, 2_010, 0.005, trim=1),
    Member("resolution", 1.0, 1.0, 317, 1_990, -0.005),
)
GROUP = Group("base", 224, 1_000, 2.0, 0.02, MEMBERS)
NAMES = {"compound": "base[d=1.2,w=1.1]", "depth": "base[d=2,t=1]", "resolution": "base"}


def _rows(frame: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    return frame


def _one(frame: pd.DataFrame, **wanted: object) -> pd.Series:
    rows = _rows(frame, **wanted)
    assert len(rows) == 1, rows
    return rows.iloc[0]


def analyse(plan: Plan, records: list[Record]) -> Analysis:
    """Everything recorded belongs to the suite, unless the plan names its own cases."""
    recorded = tuple(dict.fromkeys(record.case for record in records if record.case.mode != COUNT))
    return analyse_plan(replace(plan, cases=plan.cases or recorded), records)


def test_records_of_cases_no_longer_in_the_suite_are_left_out_and_counted(plan_of: MakePlan, measured: Make) -> None:
    """An edited suite must not show what it no longer asks for; another machine's own cases stay."""
    kept, gone = measured("resnet18", 64, 0.1), measured("resnet18", 96, 0.1)
    found = analyse_plan(plan_of([kept.case]), [kept, gone])
    assert (list(found.cases["resolution"]), found.left_out) == ([64], 1)
    both = analyse_plan(plan_of([kept.case]), [kept, gone], [gone.case])
    assert (len(both.cases), both.left_out) == (2, 0)


def test_the_same_case_on_another_device_and_with_more_rounds_belongs(plan_of: MakePlan, measured: Make) -> None:
    planned = Case("resnet18", 64, device="cpu", threads=2, protocol=replace(PROTOCOLS["quick"], rounds=9))
    elsewhere = measured(
        "resnet18", 64, 0.1, case=replace(planned, device="cuda:0", threads=16, protocol=PROTOCOLS["quick"])
    )
    assert analyse_plan(plan_of([planned]), [elsewhere]).left_out == 0


@pytest.fixture
def sweep(measured: Make, counted: Make) -> Callable[..., list[Record]]:
    """Rounds of one model at four sizes: latency as resolution^exponent, counts as resolution^2."""

    def make(exponent: float = 2.0, **where: Any) -> list[Record]:
        return [
            record
            for size in (128, 160, 224, 320)
            for record in (
                counted("resnet50", size, 1e5 * size**2, 10.0 * size**2),
                *(measured("resnet50", size, 1e-6 * size**exponent, n, **where) for n in range(3)),
            )
        ]

    return make


# --- exponents -----------------------------------------------------------------------------------------------------


def test_the_exponent_of_resolution(plan_of: MakePlan, sweep: Callable[..., list[Record]]) -> None:
    """Latency that grows as r^1.7 has that exponent; counted MACs and activations have 2."""
    found = analyse(plan_of(), sweep(1.7)).exponents
    assert list(found.columns) == EXPONENT_COLUMNS
    by_metric = {row.metric: row for row in found.itertuples()}
    assert by_metric["latency_s"].exponent == pytest.approx(1.7)
    assert by_metric["macs"].exponent == pytest.approx(2)
    assert by_metric["activations"].exponent == pytest.approx(2)
    assert by_metric["memory_bytes"].exponent == pytest.approx(0, abs=1e-9)
    assert {(row.subject, row.against, row.n) for row in by_metric.values()} == {("resnet50", "resolution", 4)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"machine": "xeon"}, {"machine": "epyc"}), ({"software": "old"}, {"software": "new"}),
        ({"batch": 1}, {"batch": 8}),
        ({"device": "cuda:0"}, {"device": "cuda:1"}), ({"threads": 1}, {"threads": 4}),
        ({"precision": "fp32"}, {"precision": "fp16"}),
        ({"runtime": "eager"}, {"runtime": "compile"}), ({"layout": "contiguous"}, {"layout": "channels_last"}),
    ],
    ids=str,
)  # fmt: skip
def test_exponents_are_never_pooled(
    plan_of: MakePlan, sweep: Callable[..., list[Record]], one: dict[str, object], other: dict[str, object]
) -> None:
    """Two configurations, or two machines, give two exponents, each its own."""
    found = analyse(plan_of(), [*sweep(1.0, **one), *sweep(2.0, **other)]).exponents
    exponents = _rows(found, metric="latency_s")["exponent"].tolist()
    assert exponents == [pytest.approx(1.0), pytest.approx(2.0)]


def test_protocols_are_never_pooled(plan_of: MakePlan, measured: Make) -> None:
    """Rounds of the quick protocol and of the standard one are other cases: a group compares like with like."""
    group = replace(GROUP, members=MEMBERS[:2])
    records = []
    for protocol, latency in (("quick", 2.0), ("standard", 1.0)):
        for method in ("compound", "depth"):
            size = 260 if method == "compound" else 224
            case = Case(NAMES[method], size, protocol=PROTOCOLS[protocol].alone())
            if (protocol, method) != ("standard", "depth"):  # which only the quick protocol has measured
                records += [measured("", 0, latency, n, case=case) for n in range(3)]
    found = _rows(analyse(plan_of(groups=[group]), records).groups, method="depth", metric="latency_s")
    assert all(value == pytest.approx(1.0) for value in found["ratio"]), found["ratio"].tolist()


def test_fewer_than_three_sizes_have_no_exponent(plan_of: MakePlan, sweep: Callable[..., list[Record]]) -> None:
    """Two resolutions give no slope, and the table stays well formed."""
    few = [r for r in sweep() if r.case.resolution < 200]
    found = analyse(plan_of(), few).exponents
    assert len(found) == 0
    assert list(found.columns) == EXPONENT_COLUMNS


def test_exponents_along_a_method(plan_of: MakePlan, measured: Make, counted: Make) -> None:
    """Along matched targets, base included, latency against counted MACs has the slope it was given."""
    members = [Member("width", 1.0, w, 224, int(1000 * w * w), 0.0) for w in (1.5, 2.0)]
    groups = [Group("base", 224, 1_000, m.width**2, 0.02, (m,)) for m in members]
    records = []
    for name, macs in (("base", 1_000), ("base[w=1.5]", 2_250), ("base[w=2]", 4_000)):
        records.append(counted(name, 224, macs, macs**0.5))
        records += [measured(name, 224, 1e-4 * macs**0.6, n) for n in range(2)]
    every = analyse(plan_of(groups=groups), records).exponents
    assert set(zip(every["subject"], every["against"], strict=True)) == {
        ("base by width", "macs"),
        ("base@224", "width"),
    }
    found = every[every["against"] == "macs"]
    assert _one(found, metric="latency_s")["exponent"] == pytest.approx(0.6)
    assert _one(found, metric="activations")["exponent"] == pytest.approx(0.5)
    assert "macs" not in set(found["metric"])


@pytest.mark.parametrize(("axis", "other"), [("d", "w"), ("w", "d")])
def test_exponents_along_a_multiplier(plan_of: MakePlan, measured: Make, counted: Make, axis: str, other: str) -> None:
    """Against the multiplier itself, for variants that change nothing else; a second axis or a trim is left out."""
    records = []
    variants = [(m, f"base[{axis}={m:g}]" if m != 1 else "base") for m in (1, 2, 4)]
    for m, name in [*variants, (8, f"base[{axis}=8,{other}=2]"), (8, f"base[{axis}=8,t=1]")]:
        records.append(counted(name, 224, 1_000 * m**2, 10.0))
        records += [measured(name, 224, 1e-3 * m**1.5, n) for n in range(2)]
    found = analyse(plan_of(), records).exponents
    assert set(found["against"]) == {"depth" if axis == "d" else "width"}
    assert _one(found, metric="latency_s")["exponent"] == pytest.approx(1.5)
    assert _one(found, metric="latency_s")["n"] == 3
    assert _one(found, metric="macs")["exponent"] == pytest.approx(2)


# --- matched groups ------------------------------------------------------------------------------------------------


def _group_rounds(measured: Make, latency: dict[str, float], **way: Any) -> list[Record]:
    sizes = {member.method: member.resolution for member in MEMBERS}
    return [
        measured(NAMES[method], sizes[method], value, n, **way) for method, value in latency.items() for n in range(3)
    ]


def test_members_are_compared_with_compound(plan_of: MakePlan, measured: Make, counted: Make) -> None:
    """Each method's latency over compound's, with the reference at exactly one."""
    records = [counted(NAMES["depth"], 224, 2_010, 77.0)]
    records += _group_rounds(measured, {"compound": 0.1, "depth": 0.15, "resolution": 0.2})
    found = analyse(plan_of(groups=[GROUP]), records).groups
    assert list(found.columns) == GROUP_COLUMNS
    latency = _rows(found, metric="latency_s")
    assert dict(zip(latency["method"], latency["ratio"], strict=True)) == pytest.approx(
        {"compound": 1.0, "depth": 1.5, "resolution": 2.0}
    )
    depth = _one(found, metric="latency_s", method="depth")
    assert (depth["low"], depth["high"], depth["n"]) == (pytest.approx(1.5), pytest.approx(1.5), 3)
    assert (depth["base"], depth["target"], depth["model"], depth["resolution"]) == ("base", 2.0, "base[d=2,t=1]", 224)
    assert (depth["macs"], depth["residual"], depth["activations"]) == (2_010, 0.005, 77.0)
    assert depth["value"] == pytest.approx(0.15)
    throughput = _one(found, metric="throughput_ips", method="depth")
    assert throughput["ratio"] == pytest.approx(1 / 1.5)


def test_groups_are_never_pooled(plan_of: MakePlan, measured: Make) -> None:
    """Each machine, batch and number of threads has its own ratios."""
    ways = [
        {"machine": "xeon"},
        {"machine": "epyc"},
        {"machine": "xeon", "batch": 8},
        {"machine": "xeon", "threads": 4},
    ]
    records = []
    for n, way in enumerate(ways, 1):
        records += _group_rounds(measured, {"compound": 0.1, "depth": 0.1 * n}, **way)
    found = _rows(analyse(plan_of(groups=[GROUP]), records).groups, metric="latency_s", method="depth")
    assert {(row.machine, row.batch, row.threads): row.ratio for row in found.itertuples()} == {
        ("xeon", 1, 1): pytest.approx(1), ("epyc", 1, 1): pytest.approx(2),
        ("xeon", 8, 1): pytest.approx(3), ("xeon", 1, 4): pytest.approx(4),
    }  # fmt: skip


def test_a_group_without_compound_has_values_but_no_ratios(plan_of: MakePlan, measured: Make) -> None:
    """Without the reference a member's own number is still told."""
    records = _group_rounds(measured, {"depth": 0.15})
    for group in (GROUP, replace(GROUP, members=MEMBERS[1:])):
        row = _one(analyse(plan_of(groups=[group]), records).groups, metric="latency_s", method="depth")
        assert row["value"] == pytest.approx(0.15)
        assert math.isnan(row["ratio"])
        assert math.isnan(row["low"])


def test_one_round_gives_a_ratio_without_an_interval(plan_of: MakePlan, measured: Make) -> None:
    """A single round per member is compared, and claims no certainty."""
    records = [r for r in _group_rounds(measured, {"compound": 0.1, "depth": 0.3}) if r.round == 0]
    row = _one(analyse(plan_of(groups=[GROUP]), records).groups, metric="latency_s", method="depth")
    assert row["ratio"] == pytest.approx(3)
    assert math.isnan(row["low"])


def test_failed_rounds_are_not_compared(plan_of: MakePlan, measured: Make) -> None:
    """A round that did not end well carries no number into a ratio."""
    records = _group_rounds(measured, {"compound": 0.1, "depth": 0.2})
    records.append(measured(NAMES["depth"], 224, 99.0, 3, outcome="timeout"))
    row = _one(analyse(plan_of(groups=[GROUP]), records).groups, metric="latency_s", method="depth")
    assert (row["ratio"], row["n"]) == (pytest.approx(2), 3)


# --- the whole -----------------------------------------------------------------------------------------------------


def test_one_row_per_machine_and_case(plan_of: MakePlan, measured: Make, counted: Make) -> None:
    """Rounds become one row with geometric mean, interval and n; counted facts stand beside it."""
    records = [counted("resnet50", 224, 4e9)]
    records += [measured("resnet50", 224, value, n) for n, value in enumerate((1.0, 2.0, 4.0))]
    records += [measured("resnet50", 224, 5.0, 0, machine="epyc")]
    cases = analyse(plan_of(), records).cases
    assert len(cases) == 2
    xeon, epyc = _one(cases, machine="xeon"), _one(cases, machine="epyc")
    assert (xeon["latency_s"], xeon["n"], xeon["macs"]) == (pytest.approx(2.0), 3, 4e9)
    assert xeon["latency_s_low"] < 2 < xeon["latency_s_high"]
    assert (epyc["latency_s"], epyc["n"]) == (pytest.approx(5.0), 1)
    assert math.isnan(epyc["latency_s_low"])


def test_no_front_takes_compute_for_a_gain(plan_of: MakePlan, measured: Make, counted: Make) -> None:
    """B0 (77.1 % in its paper's Table 2) beats a slower ResNet-50 (76.0 %), which only has more MACs; per machine."""
    records = [counted("efficientnet_b0", 224, 0.39e9), counted("resnet50", 224, 4.1e9)]
    for machine, slow in (("xeon", 1.0), ("epyc", 100.0)):
        for name, latency in (("efficientnet_b0", 0.1), ("resnet50", 0.4)):
            records.append(measured(name, 224, latency * slow, machine=machine))
    analysis = analyse(plan_of(), records)
    assert "front" not in analysis.cases
    fronts = analysis.fronts[(analysis.fronts["set"] == "efficientnet-t2") & analysis.fronts["front"].fillna(False)]
    assert set(zip(fronts["machine"], fronts["model"], strict=True)) == {
        ("xeon", "efficientnet_b0"), ("epyc", "efficientnet_b0"),
    }  # fmt: skip


def test_two_software_stacks_on_one_machine_are_two_machines(plan_of: MakePlan, measured: Make) -> None:
    """The label gets the software's key where the machine alone would not be unique."""
    records = [
        measured("resnet50", 224, 1.0, software="aaaaaaaaaaaa"),
        measured("resnet50", 224, 2.0, software="bbbbbbbbbbbb"),
        measured("resnet50", 224, 3.0, machine="epyc", software="aaaaaaaaaaaa"),
    ]  # fmt: skip
    analysis = analyse(plan_of(), records)
    assert set(analysis.machines) == {"xeon/aaaaaa", "xeon/bbbbbb", "epyc"}
    assert analysis.machines["xeon/bbbbbb"].sw_key == "bbbbbbbbbbbb"
    assert dict(zip(analysis.cases["machine"], analysis.cases["latency_s"], strict=True)) == pytest.approx(
        {"xeon/aaaaaa": 1.0, "xeon/bbbbbb": 2.0, "epyc": 3.0}
    )


def test_failures_and_missing_cases_are_told(plan_of: MakePlan, measured: Make, counted: Make) -> None:
    """What ended badly is listed once with its reason; what no machine has tried is missing."""
    tried, untried, fine = Case("large", 224), Case("late", 224), Case("small", 224)
    uncountable = replace(counted("odd", 224, 1), outcome="failed", facts={}, error={"type": "E", "message": "cannot"})
    records = [
        measured("", 0, None, 0, case=tried, outcome="oom"), measured("", 0, None, 1, case=tried, outcome="oom"),
        measured("", 0, 1.0, case=fine), uncountable,
    ]  # fmt: skip
    analysis = analyse(plan_of([tried, untried, fine]), records)
    assert analysis.failures == (
        Failure(tried, "xeon", "oom", "oom it was", "oom"),
        Failure(uncountable.case, "on paper", "failed", "cannot", "failed"),
    )  # fmt: skip
    assert analysis.missing == (untried,)
    assert set(analysis.machines) == {"xeon"}


@pytest.mark.parametrize("with_counts", [True, False])
def test_nothing_measured_is_a_whole_analysis(plan_of: MakePlan, counted: Make, with_counts: bool) -> None:
    """A plan without a single round, and even without a count, is analysed without complaint."""
    case = Case("resnet50", 224)
    analysis = analyse(plan_of([case], [GROUP]), [counted("resnet50", 224, 4e9)] if with_counts else [])
    assert isinstance(analysis, Analysis)
    assert analysis.machines == {}
    assert (len(analysis.rounds), len(analysis.cases), len(analysis.groups), len(analysis.exponents)) == (0, 0, 0, 0)
    assert len(analysis.counts) == with_counts
    assert analysis.missing == (case,)
    assert analysis.failures == ()


def test_only_failures_are_a_whole_analysis(plan_of: MakePlan, measured: Make) -> None:
    """A machine on which everything failed is still a machine, with no case to show."""
    analysis = analyse(plan_of(groups=[GROUP]), [measured("resnet50", 224, None, outcome="crashed")])
    assert set(analysis.machines) == {"xeon"}
    assert len(analysis.rounds) == 1
    assert len(analysis.cases) == 0
    assert len(analysis.failures) == 1
