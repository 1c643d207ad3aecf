"""The table of the self-test's checks against what runs them."""

from __future__ import annotations

from scalebench.machine.selfcheck import FORK, PEAKS, SELF_CHECKS
from scalebench.measure.selftest.all_checks import CHECKS


def test_every_check_has_a_function() -> None:
    names = [check.name for check in SELF_CHECKS]
    assert names[0] == FORK, "the others need to know whether forks work"
    assert len(set(names)) == len(names) == 13
    assert set(CHECKS) | {PEAKS} == set(names)
