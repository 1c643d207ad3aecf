import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.laws.forms import LAWS, Law

U = np.linspace(-3, 3, 25)
"""log(x / x0)."""
X = np.exp(U)

# Parameters of the formula, and the formula written out once more.
FORMULAS = {
    "power": ({"b": 2.0, "c": -0.7}, lambda b, c: b * X**c),
    "power_floor": ({"e": 0.4, "b": 2.0, "c": -0.7}, lambda e, b, c: e + b * X**c),
    "linear_sqrt": ({"a": 0.3, "b": 2.0}, lambda a, b: a * X + b * np.sqrt(X)),
    "double_saturating": ({"a": 2.0, "d": 0.5, "b": 0.8, "c": 0.1}, lambda a, d, b, c: a * (X + d) ** -b + c),
    "broken_power": (
        {"a": 0.1, "b": 2.0, "c0": 0.3, "c1": 0.6, "d": 1.5, "f": 0.4},
        lambda a, b, c0, c1, d, f: a + b * X**-c0 * (1 + (X / d) ** (1 / f)) ** (-c1 * f),
    ),
}


def _theta(law: Law, **values: float) -> np.ndarray:
    """Parameters as they are fitted: positive ones as logarithms."""
    return np.array([np.log(values[name]) if name in law.positive else values[name] for name in law.parameters])


def test_each_form_has_its_formula_and_fewer_parameters_come_first() -> None:
    """The formulas below speak about all laws."""
    assert set(FORMULAS) == set(LAWS)
    assert all(law.name == name for name, law in LAWS.items())
    assert all(law.positive <= set(law.parameters) for law in LAWS.values())
    assert [len(law.parameters) for law in LAWS.values()] == [2, 3, 2, 4, 6]


@pytest.mark.parametrize("name", LAWS)
def test_a_curve_is_its_formula(name: str) -> None:
    """The curve in logs is the published form, whatever the order and the logs of its parameters."""
    values, formula = FORMULAS[name]
    law = LAWS[name]
    assert law.curve(U, _theta(law, **values)) == pytest.approx(np.log(formula(**values)), abs=1e-12)


@pytest.mark.parametrize(("name", "turned"), [("power", "c"), ("power_floor", "c"), ("double_saturating", "b")])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_form_rises_or_falls_with_the_sign_of_its_exponent(name: str, turned: str, sign: int) -> None:
    """Time against MACs and error against MACs are one form."""
    law, (values, _) = LAWS[name], FORMULAS[name]
    steps = np.diff(law.curve(U, _theta(law, **{**values, turned: sign * abs(values[turned])})))
    up = sign if turned == "c" else -sign
    assert (np.sign(steps) == up).all()


def test_linear_plus_root_goes_from_slope_half_to_slope_one() -> None:
    """Where the root dominates the local exponent is 1/2, where the line does it is 1."""
    law = LAWS["linear_sqrt"]
    far = np.array([-30.0, -29.0, 29.0, 30.0])
    steps = np.diff(law.curve(far, _theta(law, a=1.0, b=1.0)))
    assert steps[[0, 2]] == pytest.approx([0.5, 1.0], abs=1e-5)


@pytest.mark.parametrize("sharpness", [1e-6, 0.1, 1.0])
def test_a_break_changes_the_slope_from_c0_to_c0_plus_c1(sharpness: float) -> None:
    """Far from the break the exponents are -c0 and -(c0 + c1), with a corner as well; nothing overflows."""
    law = LAWS["broken_power"]
    far = np.array([-21.0, -20.0, 20.0, 21.0])
    theta = _theta(law, a=1e-30, b=1.0, c0=0.3, c1=0.6, d=1.0, f=sharpness)
    assert np.diff(law.curve(far, theta))[[0, 2]] == pytest.approx([-0.3, -0.9], abs=1e-6)


@pytest.mark.parametrize("name", LAWS)
@given(slope=st.floats(-2, 2), level=st.floats(-20, 20), spread=st.floats(0, 0.3))
def test_starts_are_numbers_that_give_a_curve(name: str, slope: float, level: float, spread: float) -> None:
    """Rising, falling and flat data give several starts with every parameter, each with a finite curve."""
    law = LAWS[name]
    v = level + slope * U + spread * np.sin(7 * U)
    starts = law.starts(U, v)
    assert starts.shape[0] >= 3
    assert starts.shape[1] == len(law.parameters)
    assert np.isfinite([law.curve(U, start) for start in starts]).all()
