"""Holm's correction, by hand and between its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.holm import holm


def test_holm_by_hand() -> None:
    """The smallest p times 4, the next times 3, and so on, never falling; in the order given."""
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_between_nothing_and_bonferroni(p: list[float]) -> None:
    """Adjusted values are never below the raw ones, never above Bonferroni's, and keep their order."""
    adjusted = holm(p)
    assert all(x <= y <= min(1, len(p) * x) + 1e-12 for x, y in zip(p, adjusted, strict=True))
    assert sorted(range(len(p)), key=lambda i: (p[i], i)) == sorted(range(len(p)), key=lambda i: (adjusted[i], p[i], i))
