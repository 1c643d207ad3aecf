"""Clusters, predictors, residuals, ranks and laws on families whose time follows a planted rule."""

import json
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.analysis.clusters import bootstrapped, draws, too_few
from scalebench.analysis.predictors import (
    COLUMNS,
    REGNET,
    SINGLE,
    advantage,
    correlation,
    leave_one_family_out,
    predictors,
)
from scalebench.analysis.ranks import rank_agreement, tau
from scalebench.analysis.residuals import _against_others, family_residuals, residual_of
from scalebench.analysis.study import Study, laws_of_time, study
from scalebench.analysis.way import WAY

FAMILIES = ("resnet", "vgg", "densenet", "regnetx_", "mnasnet_", "convnext_", "dpn", "dla")
PLACE = {"machine": "m", "mode": "inference", "setting": "", "batch": 1,
         "precision": "fp32", "layout": "contiguous", "runtime": "eager", "threads": 1,
         "device": "cpu", "protocol": json.dumps({})}  # fmt: skip


def _cases(
    time: Callable[[pd.DataFrame], pd.Series], noise: float = 0.02, batch: int = 1, each: int = 4
) -> pd.DataFrame:
    """Cases of eight families with costs that do not follow each other, and the time that a rule gives them."""
    random = np.random.default_rng(5)
    rows = [
        {
            "model": f"{family}{index}", "case": f"{family}{index}", "resolution": 224, "mode": "inference",
            "macs": 10 ** random.uniform(8, 10), "activations": 10 ** random.uniform(6, 7.5),
            "params": 10 ** random.uniform(6, 8),
        }
        for family in FAMILIES
        for index in range(each)
    ]  # fmt: skip
    frame = pd.DataFrame(rows).assign(**{**PLACE, "batch": batch})
    frame["weight_bytes"] = 4 * frame["params"]
    frame["memory_bytes"] = frame["weight_bytes"] + 4 * frame["activations"]
    seconds = time(frame) * np.exp(random.normal(0, noise, len(frame)))
    return frame.assign(latency_s=seconds * batch)


def _by_activations(frame: pd.DataFrame) -> pd.Series:
    return 1e-8 * frame["activations"]


def _by_macs(frame: pd.DataFrame) -> pd.Series:
    return 1e-11 * frame["macs"]


# --- clusters ------------------------------------------------------------------------------------------------------


def test_families_are_drawn_whole() -> None:
    """A family that is drawn brings all of its cases, as often as it is drawn."""
    families = ["a", "b", "a", "c", "b", "a"]
    for rows in draws(families, 50):
        counted = {at: int((rows == at).sum()) for at in range(6)}
        assert counted[0] == counted[2] == counted[5]
        assert counted[1] == counted[4]
    assert all((one == two).all() for one, two in zip(draws(families, 9), draws(families, 9), strict=True))


def test_too_few_families_give_no_interval() -> None:
    """Eight cases of five families are the least."""
    assert not too_few(["a", "b", "c", "d", "e", "a", "b", "c"])
    assert too_few(["a", "b", "c", "d"] * 5)
    assert too_few(list("abcdefg"))
    assert math.isnan(bootstrapped(lambda rows: float(rows.mean()), ["a"] * 20).value)


# --- predictors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "name"), [(_by_activations, "activations"), (_by_macs, "macs")])
def test_the_planted_predictor_wins(rule: Callable[[pd.DataFrame], pd.Series], name: str) -> None:
    """What time follows has correlation near one and an error near its noise, whatever else is there."""
    found = predictors(_cases(rule)).set_index("predictor")
    assert list(found.reset_index()[COLUMNS].columns) == COLUMNS
    assert found.loc[name, "pearson_log"] > 0.99
    assert found.loc[name, "error"] < 0.04
    others = [other for other in SINGLE if other not in (name, "bytes")]
    assert (found.loc[others, "error"] > 0.5).all()
    assert (found["pearson_log_low"] <= found["pearson_log"] + 1e-9).all()
    assert found.loc[name, "n"] == 32
    assert found.loc[name, "families"] == 8


def test_regnets_law_needs_both_terms() -> None:
    """Where time is linear plus square root of MACs, that form misses by less than a power of MACs."""
    rule = lambda frame: 1e-11 * frame["macs"] + 1e-6 * np.sqrt(frame["macs"])  # noqa: E731 - one line says it
    found = predictors(_cases(rule, noise=0.01)).set_index("predictor")["error"]
    assert found[REGNET] < found["macs"]


def test_an_advantage_has_a_sign_and_an_interval() -> None:
    """Activations over MACs where time follows activations, and the other way round."""
    for statistic in ("pearson", "pearson_log", "spearman"):
        ahead = advantage(_cases(_by_activations), "activations", "macs", statistic)  # type: ignore[arg-type]
        behind = advantage(_cases(_by_macs), "activations", "macs", statistic)  # type: ignore[arg-type]
        assert 0 < ahead.low < ahead.value
        assert behind.high < 0
    assert advantage(_cases(_by_macs), "activations", "macs", "pearson") == advantage(
        _cases(_by_macs), "activations", "macs", "pearson"
    )


def test_a_quantity_that_never_varies_gives_no_number() -> None:
    """All models of one size: no correlation with parameters, and no interval."""
    same = _cases(_by_macs).assign(params=1e6)
    found = advantage(same, "macs", "params", "pearson")
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert math.isnan(tau(same, "macs", "params").value)


def test_a_case_that_was_not_counted_in_full_is_left_out() -> None:
    """A missing count costs its case, not the study."""
    cases = _cases(_by_macs)
    cases.loc[0, "params"] = math.nan
    assert set(predictors(cases)["n"]) == {31}


def test_latency_counts_per_image() -> None:
    """The same machine at batch 8 gives the same answers, though a batch takes eight times as long."""
    one, eight = (predictors(_cases(_by_macs, batch=batch)).set_index("predictor") for batch in (1, 8))
    assert one.loc["macs", "error"] == pytest.approx(eight.loc["macs", "error"])


def test_scaled_variants_are_no_models_of_their_own() -> None:
    """A study is about models people use; ten variants of one base would outvote the rest."""
    cases = _cases(_by_macs)
    variants = cases.assign(model=cases["model"] + "[d=2]", latency_s=1.0)
    together = predictors(pd.concat([cases, variants]))
    pd.testing.assert_frame_equal(together, predictors(cases))


def test_a_family_never_predicts_itself() -> None:
    """The fit for a family sees only rows of others."""
    families = ["a", "a", "b", "c", "b"]
    seen = []

    def fit(rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        seen.append({families[at] for at in rows})
        return lambda others: np.full(len(others), float(len(rows)))

    assert leave_one_family_out(families, fit).tolist() == [3, 3, 3, 4, 3]
    assert seen == [{"b", "c"}, {"a", "c"}, {"a", "b"}]


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-6, 1e6))
def test_a_faster_machine_has_the_same_correlations(scale: float) -> None:
    """Units of time change nothing."""
    x = np.array([1.0, 3.0, 2.0, 5.0, 8.0])
    y = np.array([2.0, 3.0, 5.0, 4.0, 9.0])
    for statistic in ("pearson", "pearson_log", "spearman"):
        assert correlation(x, scale * y, statistic) == pytest.approx(correlation(x, y, statistic))  # type: ignore[arg-type]
    assert math.isnan(correlation(x, np.ones(5), "pearson"))


# --- residuals -----------------------------------------------------------------------------------------------------


def test_a_slow_family_is_found_with_its_factor() -> None:
    """One family planted at three times the time of its MACs; the others are near one."""
    cases = _cases(_by_macs)
    slow = cases["model"].str.startswith("densenet")
    cases.loc[slow, "latency_s"] *= 3
    found = family_residuals(cases).set_index("family")
    assert found.loc["densenet", "low"] < found.loc["densenet", "ratio"] < found.loc["densenet", "high"]
    assert found.loc["densenet", "ratio"] == pytest.approx(3, rel=0.1)
    assert found.drop("densenet")["ratio"].between(0.6, 1.4).all()
    assert residual_of(cases, "densenet").value == found.loc["densenet", "ratio"]
    assert found.loc["densenet", "n"] == 4


def test_a_family_of_one_has_no_interval_and_an_unknown_one_no_number() -> None:
    """One model is a point; nothing is nothing."""
    cases = _cases(_by_macs, each=1)
    assert math.isnan(residual_of(cases, "vgg").low)
    assert residual_of(cases, "vgg").n == 1
    assert math.isnan(residual_of(cases, "nobody").value)


def test_resolutions_of_one_model_are_one_model() -> None:
    """Measuring every model twice adds no models: the interval stays, it does not shrink."""
    cases = _cases(_by_macs, noise=0.3)
    once, twice = (residual_of(frame, "vgg") for frame in (cases, pd.concat([cases, cases.assign(resolution=288)])))
    assert twice.n == once.n == 4
    assert (twice.low, twice.high) == (pytest.approx(once.low), pytest.approx(once.high))


def test_a_family_beyond_all_others_is_said_to_be_extrapolated() -> None:
    """Its MACs lie outside what the line was drawn through."""
    cases = _cases(_by_macs)
    cases.loc[cases["model"].str.startswith("vgg"), "macs"] *= 1e4
    found = family_residuals(cases).set_index("family")
    assert found.loc["vgg", "outside"] == 1


# --- ranks ---------------------------------------------------------------------------------------------------------


def test_equal_and_opposite_rankings() -> None:
    """Tau is 1 where time follows MACs exactly, -1 where it runs against them."""
    assert tau(_cases(_by_macs, noise=0), "macs", "latency_s").value == pytest.approx(1)
    against = tau(_cases(lambda f: 1 / f["macs"], noise=0), "macs", "latency_s")
    assert against.value == pytest.approx(-1)


def test_every_pair_of_costs_is_compared_once() -> None:
    """Five costs make ten pairs, each with an interval that holds its value."""
    found = rank_agreement(_cases(_by_macs))
    assert len(found) == 10
    assert ((found["low"] <= found["tau"]) & (found["tau"] <= found["high"])).all()


# --- the whole study -----------------------------------------------------------------------------------------------


def _rounds(cases: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([cases.assign(used=True, latency_s=cases["latency_s"] * f) for f in (0.99, 1.01)])


def test_a_study_of_too_little_is_empty() -> None:
    """Two families say nothing about all others."""
    cases = _cases(_by_macs)
    few = cases[cases["model"].str.startswith(("vgg", "dpn"))]
    found = study(few, _rounds(few))
    assert all(getattr(found, name).empty for name in ("predictors", "residuals", "ranks", "laws"))
    assert isinstance(found, Study)


def test_the_law_of_time_is_named_with_intervals() -> None:
    """Time proportional to MACs: a power law, exponent 1 within its interval, from cases and rounds."""
    cases = _cases(_by_macs)
    laws = laws_of_time(cases, _rounds(cases))
    (chosen,) = laws[laws["chosen"]].to_dict("records")
    assert chosen["error"] <= laws.set_index("law").loc["power", "error"] < 0.03
    power = laws[laws["law"] == "power"].iloc[0]
    assert power["parameters"]["c"][0] == pytest.approx(1, abs=0.03)
    low, high = next(iter(chosen["parameters"].values()))[1:]
    assert low < high
    assert set(laws["law"]) == {"power", "power_floor", "linear_sqrt", "double_saturating", "broken_power"}
    assert [name for name in laws.columns if name in WAY] == WAY


def test_the_line_of_a_family_factor_has_an_error_too() -> None:
    """Families off by a factor of their own: 95 % intervals of it cover the true one at least nine times in ten.

    The truth is the factor against the line that all families scatter about, not against the line that was fitted.
    """
    random, covered = np.random.default_rng(8), []
    names = ["resnet", "vgg", "densenet", "regnetx_", "mnasnet_", "dpn", "convnext_", "ese_vovnet"]
    for _ in range(150):
        factors = np.exp(random.normal(0, 0.4, len(names)))
        rows = [
            {"model": f"{name}{at}", "family": name, "macs": macs, "time_s": 1e-11 * macs * factor * np.exp(noise)}
            for name, factor, size in zip(names, factors, 10 ** random.uniform(8.5, 9.5, len(names)), strict=True)
            for at, (macs, noise) in enumerate(zip(size * 2.0 ** np.arange(4), random.normal(0, 0.1, 4), strict=True))
        ]
        e = _against_others(pd.DataFrame(rows), names[0])[0]
        covered.append(e.low <= factors[0] <= e.high)
    assert np.mean(covered) >= 0.9
