"""Coverage on the synthetic clock, small; ``tests/bench/turn_coverage.py`` prints the whole table."""

from __future__ import annotations

from dataclasses import replace

from tests.bench import turn_coverage as bench


def test_ratios_by_turns_cover_the_truth_and_are_narrow() -> None:
    """Three heats: a third of the width of separate values, in 93 to 97 % of 120 draws give or take their error."""
    results = bench.coverage(bench.Clock(), (3,), 4)
    paired, values = results["inside a heat, moderated", 3], results["the same rounds, not paired", 3]
    assert 0.90 <= paired.covered <= 0.99
    assert 0.90 <= results["through the reference, moderated", 3].covered <= 0.99
    assert (paired.pairing, paired.n, values.pairing) == ("paired", 3, "unpaired")
    assert paired.half_width < values.half_width / 2.5
    assert paired.half_width < results["inside a heat", 3].half_width / 1.4


def test_turns_that_were_not_taken_together_gain_nothing() -> None:
    """A host that drifts by 30 % under steady processes: turns of equal numbers cancel most of it."""
    steady = bench.Clock(drift=0.3, process=0.005, within=0.01, blocks=2)
    fair, shuffled = (bench.coverage(replace(steady, shuffled=s), (3,), 2) for s in (False, True))
    name = ("inside a heat, moderated", 3)
    assert shuffled[name].half_width > 1.5 * fair[name].half_width
