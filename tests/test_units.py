import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench import units

POSITIVE = st.floats(1e-12, 1e18)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.0413, "0.0413"), (4.0892, "4.09"), (1210, "1210"), (-0.5, "-0.500"), (0.00012345, "0.000123"),
        (0.00001, "1.00e-05"), (1e7, "1.00e+07"), (9999999, "9999999"), (math.inf, "inf"), (-math.inf, "-inf"),
        (math.nan, "nan"), (9.999, "10.0"), (0.9996, "1.00"), (99.96, "100"),
    ],
)  # fmt: skip
def test_digits(value: float, text: str) -> None:
    """Three digits, no exponent in the ordinary range, rounding up included."""
    assert units.digits(value) == text


@given(value=st.floats(-1e12, 1e12).filter(lambda v: abs(v) > 1e-9), significant=st.integers(2, 6))
def test_digits_keep_the_value(value: float, significant: int) -> None:
    """Read back, a written number is within half a unit of its last digit."""
    assert float(units.digits(value, significant)) == pytest.approx(value, rel=0.5000001 * 10 ** (1 - significant))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4089184256, "MACs", "4.09 GMACs"), (25557032, "", "25.6 M"), (999, "", "999"), (1000, "MACs", "1.00 kMACs"),
        (1.5e12, "MACs", "1.50 TMACs"), (-25557032, "", "-25.6 M"), (0, "MACs", "0 MACs"), (0, "", "0"),
    ],
)  # fmt: skip
def test_si(value: float, unit: str, text: str) -> None:
    """The prefix leaves one to three digits before the point, and no blank stands where there is no unit."""
    assert units.si(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "12.3 ms"), (2.5, "2.50 s"), (1.0, "1.00 s"), (0.001, "1.00 ms"), (0.00004567, "45.7 us"),
        (3e-9, "3.00 ns"), (0, "0 s"), (-0.5, "-0.500 s"), (math.nan, "nan s"), (math.inf, "inf s"),
    ],
)  # fmt: skip
def test_seconds(value: float, text: str) -> None:
    """Short times are in s, ms, us or ns; what is no time is still said."""
    assert units.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (3599.9, "1 h 0 min"), (3725, "1 h 2 min"),
     (90000, "25 h 0 min"), (-3, "0 s")],
)  # fmt: skip
def test_duration(value: float, text: str) -> None:
    """Long times are whole seconds, minutes or hours; a carry goes all the way up."""
    assert units.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (2**20, "1.00 MiB"), (1.5 * 2**30, "1.50 GiB"),
     (2**40, "1.00 TiB"), (-(2**20), "-1.00 MiB")],
)  # fmt: skip
def test_bytes(value: float, text: str) -> None:
    """Memory has binary prefixes, spelled as such."""
    assert units.bytes_(value) == text


@pytest.mark.parametrize(("value", "text"), [(-0.0123, "-1.2 %"), (0.02, "+2.0 %"), (0, "+0.0 %")])
def test_percent(value: float, text: str) -> None:
    """A share always has its sign."""
    assert units.percent(value) == text


@pytest.mark.parametrize(
    ("low", "high", "exact", "text"),
    [
        (1, 1, True, "exact"), (1, 1, False, "[1.00, 1.00]"), (0.98765, 1.0432, False, "[0.988, 1.04]"),
        (math.nan, math.nan, False, "no interval"),
    ],
)  # fmt: skip
def test_interval(low: float, high: float, exact: bool, text: str) -> None:
    """Only a count is exact; rounds that agree have a narrow interval, one round has none."""
    assert units.interval(low, high, exact) == text


_SCALE = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


@given(value=POSITIVE)
def test_prefixes_keep_the_value(value: float) -> None:
    """Number times prefix is the value again, to the digits shown, for every formatter with a prefix."""
    for text, unit in ((units.si(value, "X"), "X"), (units.seconds(value), "s")):
        found = re.fullmatch(rf"(\S+) ([numkMGT]?){unit}", text)
        assert found, text
        assert float(found[1]) * _SCALE[found[2]] == pytest.approx(value, rel=0.00501)
