"""Sections on what predicts time and by which law, on literal frames."""

import math

import pandas as pd

from scalebench.report.sections.laws import laws_section
from scalebench.report.sections.time_predictors import study_section

WAY = {"machine": "m", "mode": "inference", "setting": "", "batch": 1,
         "precision": "fp32", "layout": "contiguous", "runtime": "eager", "threads": 1,
       "device": "cpu", "protocol": "p"}  # fmt: skip


def _predictor(name: str, error: float, correlation: float) -> dict[str, object]:
    row: dict[str, object] = {**WAY, "predictor": name, "n": 20, "families": 6}
    for statistic in ("pearson", "pearson_log", "spearman"):
        row |= {statistic: correlation, f"{statistic}_low": correlation - 0.1, f"{statistic}_high": 1.0}
    return row | {"error": error, "error_low": error / 2, "error_high": 2 * error}


PREDICTORS = pd.DataFrame([
    _predictor("params", 0.9, 0.5), _predictor("macs", 0.4, 0.8), _predictor("activations", 0.2, 0.95),
    _predictor("bytes", 0.3, 0.9), _predictor("macs + activations", 0.25, 0.9),
])  # fmt: skip
RESIDUALS = pd.DataFrame([
    {**WAY, "family": "vgg", "ratio": 3.0, "low": 0.5, "high": 18.0, "n": 2, "outside": 0.5},
    {**WAY, "family": "efficientnet", "ratio": 1.5, "low": 1.3, "high": 1.8, "n": 6, "outside": 0.0},
    {**WAY, "family": "dpn", "ratio": 0.7, "low": math.nan, "high": math.nan, "n": 1, "outside": 0.0},
])  # fmt: skip
RANKS = pd.DataFrame([{**WAY, "first": "macs", "second": "latency_s", "tau": 0.7, "low": 0.6, "high": 0.8, "n": 20}])


def test_every_predictor_has_its_error_with_its_interval() -> None:
    rows = {row[0]: row[1:3] for row in study_section(PREDICTORS, RESIDUALS, RANKS).tables[0].rows}
    assert rows["MACs"] == ("40.0", "[20.0, 80.0]")
    assert rows["macs + activations"] == ("25.0", "[12.5, 50.0]")


def test_the_family_that_is_surely_slow_is_named() -> None:
    """Not the one of two models whose interval holds everything."""
    (chart,) = study_section(PREDICTORS, RESIDUALS, RANKS).charts
    assert chart.takeaway == "EfficientNets take 1.50 times as long as their MACs suggest (1.30 to 1.80)."
    assert chart.numbers["low"] == 1.3
    assert [row[0] for row in chart.table.rows] == ["vgg", "efficientnet", "dpn"]
    assert chart.table.rows[2][2] == "none (n = 1)"


def _law(name: str, chosen: bool, tied: bool, why: str = "") -> dict[str, object]:
    parameters = {} if why else {"b": (0.01, 0.009, 0.011) if chosen else (0.01, math.nan, math.nan)}
    return {**WAY, "law": name, "formula": "y = ...", "n": 20, "error": math.nan if why else 0.3, "extrapolation": 0.4,
            "tied": tied, "chosen": chosen, "parameters": parameters, "converged": not why, "agreeing": 3,
            "starts": 9, "why": why}  # fmt: skip


def test_the_chosen_law_its_rivals_and_the_refused() -> None:
    """The simplest of the tied is named, ties are said, refusals keep their reason, starts are counted."""
    laws = pd.DataFrame([
        _law("linear_sqrt", True, True), _law("power", False, True),
        _law("broken_power", False, False, "9 different x; 6 parameters need 15"),
    ])  # fmt: skip
    section = laws_section(laws)
    assert "the simplest law that no other beats is linear plus square root" in section.text[0]
    assert section.text[0].endswith("1 other law cannot be distinguished from it.")
    (table,) = section.tables
    cells = {row[0]: row for row in table.rows}
    assert "b 0.0100 [0.00900, 0.0110]" in cells["linear plus square root"]
    assert "b 0.0100" in cells["power"]
    assert "refused: 9 different x; 6 parameters need 15" in cells["broken power"]
    assert "3 of 9" in cells["power"]


def test_where_no_law_is_carried_that_is_said() -> None:
    """All refused: the reason, and no law."""
    laws = pd.DataFrame([_law("power", False, False, "4 different x; 2 parameters need 5")])
    assert "too few models for any law. 4 different x" in laws_section(laws).text[0]
