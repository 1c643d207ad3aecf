"""Numbers as people read them. Used at the edge only: records and frames keep raw SI values."""

from __future__ import annotations

import math

_BELOW_ONE = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"))
_ABOVE_ONE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BINARY = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def digits(value: float, significant: int = 3) -> str:
    """Number with ``significant`` digits and no exponent between 1e-4 and 1e7: ``0.0413``, ``4.09``, ``1210``."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{significant - 1}e}"
    rounded = float(f"{value:.{significant - 1}e}")  # 9.999 has two digits before the point once it is rounded
    places = max(0, significant - 1 - math.floor(math.log10(abs(rounded))))
    return f"{value:.{places}f}"


def si(value: float, unit: str = "") -> str:
    """Number with an SI prefix: ``si(4089184256, 'MACs')`` is ``4.09 GMACs``."""
    for factor, prefix in _ABOVE_ONE:
        if abs(value) >= factor:
            return f"{digits(value / factor)} {prefix}{unit}".rstrip()
    return f"{digits(value)} {unit}".rstrip()


def seconds(value: float) -> str:
    """Short time: ``0.0123`` is ``12.3 ms``."""
    return _small(value, "s")


def joules(value: float) -> str:
    """Energy of an image: ``0.0123`` is ``12.3 mJ``."""
    return _small(value, "J")


def _small(value: float, unit: str) -> str:
    if value > 0 and math.isfinite(value):
        for factor, prefix in _BELOW_ONE:
            if value >= factor:
                return f"{digits(value / factor)} {prefix}{unit}"
    return f"{digits(value)} {unit}"


def duration(value: float) -> str:
    """Long time, whole seconds: ``3725`` is ``1 h 2 min``."""
    total = max(0, round(value))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60} s"
    return f"{total // 3600} h {total % 3600 // 60} min"


def bytes_(value: float) -> str:
    """Memory with binary prefixes: ``2**20`` is ``1.00 MiB``."""
    for factor, unit in _BINARY:
        if abs(value) >= factor:
            return f"{digits(value / factor)} {unit}"
    return f"{value:.0f} B"


def percent(fraction: float) -> str:
    """Signed share: ``-0.0123`` is ``-1.2 %``; what rounds to nothing has no sign to lose: ``+0.0 %``."""
    return f"{round(100 * fraction, 1) + 0.0:+.1f} %"


def interval(low: float, high: float, exact: bool = False, significant: int = 3) -> str:
    """Interval in brackets, ``no interval`` where n was too small for one.

    ``exact`` for a count; ``rounded`` and a range for what follows from printed digits.
    """
    if exact:
        return "exact" if low == high else f"rounded [{digits(low, significant)}, {digits(high, significant)}]"
    if math.isnan(low) or math.isnan(high):
        return "no interval"
    return f"[{digits(low, significant)}, {digits(high, significant)}]"
