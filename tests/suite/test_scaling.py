import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.suite.scaling import RULES, Multipliers, compound_constant

FACTORS = st.floats(0.1, 256, allow_nan=False)


@pytest.mark.parametrize("rule", RULES)
@given(factor=FACTORS)
def test_every_rule_spends_exactly_the_factor(rule: str, factor: float) -> None:
    """Before rounding, d * w^2 * r^2 is the factor asked for, whichever axes share it."""
    assert RULES[rule](factor).nominal_factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_a_factor_of_one_is_the_base(rule: str) -> None:
    """Scaling by one changes nothing, exactly."""
    assert RULES[rule](1.0) == Multipliers(1.0, 1.0, 1.0)


@pytest.mark.parametrize("rule", RULES)
@given(low=FACTORS, high=FACTORS)
def test_more_compute_never_shrinks_an_axis(rule: str, low: float, high: float) -> None:
    """Each multiplier grows with the factor or stays."""
    low, high = sorted((low, high))
    small, large = RULES[rule](low), RULES[rule](high)
    tiny = 1 + 1e-12
    assert small.depth <= large.depth * tiny
    assert small.width <= large.width * tiny
    assert small.resolution <= large.resolution * tiny


def test_the_compound_constant_is_the_papers() -> None:
    """1.2 * 1.1^2 * 1.15^2 is 1.92027, near 2 but not 2."""
    assert compound_constant() == pytest.approx(1.92027, abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "depth", "width", "resolution"),
    [
        ("depth", 4, 1, 1),
        ("width", 1, 2, 1),
        ("resolution", 1, 1, 2),
        ("compound", 1.473114, 1.224467, 1.345751),
        ("fast", 4**0.1, 4**0.4, 4**0.05),
    ],
)
def test_four_times_the_compute(rule: str, depth: float, width: float, resolution: float) -> None:
    """Each rule's multipliers at s = 4 are those of its paper."""
    m = RULES[rule](4.0)
    assert (m.depth, m.width, m.resolution) == pytest.approx((depth, width, resolution), rel=1e-5)


@given(factor=st.floats(1.01, 256))
def test_compound_keeps_the_ratio_of_the_papers_bases(factor: float) -> None:
    """The logs of the three multipliers stay in the proportion ln 1.2 : ln 1.1 : ln 1.15."""
    m = RULES["compound"](factor)
    phi = math.log(m.depth) / math.log(1.2)
    assert math.log(m.width) / math.log(1.1) == pytest.approx(phi)
    assert math.log(m.resolution) / math.log(1.15) == pytest.approx(phi)
