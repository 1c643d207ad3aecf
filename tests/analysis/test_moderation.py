"""Priors of variances, against limma and against distributions whose parameters are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scalebench.analysis.moderation import FEWEST, NO_PRIOR, Prior, fit_prior
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import mean_ratio

VARIANCES = (0.0049, 0.0121, 0.0169, 0.0064, 0.0324, 0.0081, 0.0225, 0.16, 0.01, 0.0144)


def test_limmas_numbers() -> None:
    """``squeezeVar`` of these ten variances, by InMoose 0.9.1, a port of limma."""
    prior = fit_prior([(variance, 4) for variance in VARIANCES])
    assert (prior.variance, prior.freedom) == pytest.approx((0.01752093950251, 6.7078542174))
    moderated = [prior.moderate(variance, 4)[0] for variance in VARIANCES]
    assert moderated == pytest.approx(
        [0.01280629, 0.01549591, 0.01728898, 0.01336663, 0.02307913, 0.01400168, 0.01938091, 0.07074507, 0.01471144,
         0.01635509], rel=1e-5,
    )  # fmt: skip


def test_limmas_numbers_where_degrees_of_freedom_differ() -> None:
    """``fitFDist`` of InMoose 0.9.1."""
    prior = fit_prior(list(zip(VARIANCES, (2, 2, 2, 4, 4, 4, 2, 2, 9, 9), strict=True)))
    assert (prior.variance, prior.freedom) == pytest.approx((0.02229558856049, 26.7652922636))


def test_variances_that_differ_by_chance_alone_are_one() -> None:
    """Of two degrees of freedom each, InMoose finds no spread beyond chance: the mean for all, with all the freedom."""
    prior = fit_prior([(variance, 2) for variance in VARIANCES])
    assert (prior.variance, prior.freedom) == (pytest.approx(0.02877), math.inf)
    assert prior.moderate(0.16, 2) == (pytest.approx(0.02877), 20)


@pytest.mark.parametrize(("freedom", "own"), [(4.0, 2), (10.0, 4), (3.0, 9)])
def test_a_known_prior_is_found(freedom: float, own: int) -> None:
    """20,000 true variances around 0.01 with so many degrees of freedom."""
    rng = np.random.default_rng(1)
    true = 0.01 * freedom / rng.chisquare(freedom, 20_000)
    prior = fit_prior([(float(v), own) for v in true * rng.chisquare(own, 20_000) / own])
    assert prior.variance == pytest.approx(0.01, rel=0.05)
    assert prior.freedom == pytest.approx(freedom, rel=0.15)


def test_no_case_has_more_freedom_than_all_together() -> None:
    prior = Prior(1.0, 1000.0, most=12.0)
    assert prior.moderate(2.0, 2)[1] == 12
    assert prior.moderate(2.0, 20)[1] == 20


def test_too_few_or_exact_rounds_have_no_prior() -> None:
    assert fit_prior([(0.01, 2)] * (FEWEST - 1)) == NO_PRIOR
    assert fit_prior([(0.0, 2)] * 6 + [(0.01, 2)] * 5) == NO_PRIOR
    assert fit_prior([]) == NO_PRIOR
    assert NO_PRIOR.moderate(0.3, 2) == (0.3, 2)


def test_a_single_round_gets_no_variance_from_others() -> None:
    variance, freedom = Prior(0.01, 10.0).moderate(math.nan, 0)
    assert math.isnan(variance)
    assert freedom == 0


def test_ratios_of_moderated_cases_cover_the_truth() -> None:
    """Means of three ratios; true variances have a known prior of 6 degrees of freedom, cases three rounds.

    Degrees of freedom after Welch and Satterthwaite alone, as if errors of variances averaged out, cover 93.9 %.
    """
    rng, prior, hits = np.random.default_rng(8), Prior(0.01, 6.0), 0
    for _ in range(1500):
        spreads = np.sqrt(0.01 * 6 / rng.chisquare(6, 6))
        cases = [SessionRounds({0: np.exp(rng.normal(0, own, 3)).tolist()}, prior=prior) for own in spreads]
        e = mean_ratio(list(zip(cases[:3], cases[3:], strict=True)))
        hits += e.low <= 1 <= e.high
    assert 0.945 <= hits / 1500 <= 0.975
