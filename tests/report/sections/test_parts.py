"""Parts of a suite's records as a frame, and the section of the page that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from scalebench.analysis.analyse import Analysis, analyse
from scalebench.record import Environment, Record
from scalebench.report.content import Absent
from scalebench.report.sections.parts import ANCHOR, parts_section
from scalebench.report.sections.results import draw_figures, results
from scalebench.suite.case import BLOCKS, Case
from scalebench.suite.kinds import BETWEEN
from scalebench.suite.suite_plan import Plan

HERE = Environment("epyc-1", "h", "s")


def plan_of(*cases: Case) -> Plan:
    return Plan("s", "", "schema: 1\n", cases, (), (), (), 3)


def part(kind: str, seconds: float, macs: int = 0) -> dict[str, Any]:
    return {
        "kind": kind, "stage": "stage 1", "params": 1, "macs": macs, "activations": 2, "bytes": 8, "seconds": seconds,
    }  # fmt: skip


def measured(case: Case, number: int, slower: float) -> Record:
    parts = [part("conv_3x3", 0.03 * slower, 900), part("se", 0.05, 100), part(BETWEEN, 0.02 + 0.03 * (slower - 1))]
    whole = sum(row["seconds"] for row in parts)
    facts = {"latency_s": whole, "parts": parts, "whole_s": whole, "with_hooks_s": whole}
    return Record(
        "s",
        case,
        number,
        "ok",
        "2026-11-23T22:00:00+00:00",
        HERE,
        facts={**facts, "hook_overhead_s": 0.0, "pass_spread": 0.0},
    )


def analysis_of_parts() -> Analysis:
    cases = [Case(f"efficientnet_b{n}", 224, mode=BLOCKS) for n in range(5)]
    rounds = [measured(case, number, slower) for case in cases for number, slower in enumerate((1.0, 1.05, 0.97))]
    return analyse(plan_of(*cases), rounds)


@pytest.fixture
def analysis() -> Analysis:
    return analysis_of_parts()


def test_shares_with_intervals_over_rounds(analysis: Analysis) -> None:
    """Cases of this mode ran no whole model: what is said about models does not see them."""
    assert analysis.cases.empty
    assert len(analysis.besides) == 5
    b0 = analysis.parts[analysis.parts["model"] == "efficientnet_b0"].set_index("kind")
    assert list(b0.index) == ["conv_3x3", "se", BETWEEN]
    assert b0["macs_share"].tolist() == [0.9, 0.1, 0]
    assert b0["time_share"].tolist() == pytest.approx([0.3, 0.5, 0.2], rel=0.02)
    assert (b0["time_share_low"] < b0["time_share"]).all()
    assert (b0["time_share"] < b0["time_share_high"]).all()
    assert b0["n"].tolist() == [3, 3, 3]


def test_the_section_draws_four_models_and_lists_all(analysis: Analysis) -> None:
    section = parts_section(analysis.parts)
    (chart,), (table,) = section.charts, section.tables
    assert [panel.title.partition(";")[0] for panel in chart.panels] == [f"efficientnet_b{n}@224" for n in range(4)]
    assert chart.note == "The first 4 of 5 models are drawn; the table has all."
    assert "squeeze-and-excitation does 10.0 % of the MACs in 49" in chart.takeaway
    assert all("squeeze-and-excitation" in panel.svg for panel in chart.panels)
    assert len(table.rows) == 15
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_the_page_has_it_only_where_parts_were_timed(analysis: Analysis) -> None:
    figures = draw_figures(analysis)
    assert all(isinstance(figure, Absent) for name, figure in figures.items() if name in ("f7", "f8"))
    assert ANCHOR in [section.id for section in results(analysis, figures)]
    case = Case("resnet18", 224)
    facts = {"latency_s": 0.1, "throughput_ips": 10.0, "memory_bytes": 1e6}
    whole = analyse(plan_of(case), [Record("s", case, 0, "ok", "2026-11-23T22:00:00+00:00", HERE, facts=facts)])
    assert ANCHOR not in [section.id for section in results(whole, draw_figures(whole))]
