"""The formulas of a purchase, F1 to F14 of docs/procurement.md (F15: ``growth``), with units in their names.

Each takes numbers, or arrays of equal length with one entry per draw, and returns the same.
"""

from __future__ import annotations

import math

import numpy as np

from scalebench.procure.quantity import Number

HOURS_PER_YEAR = 8760.0
SECONDS_PER_YEAR = 31_536_000.0
_ROUNDING = 1e-9
"""2.1 / 0.7 is 3.0000000000000004 in floats, and needs three nodes."""


def rate(batch: int, seconds: Number) -> Number:
    """F1: images per second of one batch after another, from the batch's service time."""
    return batch / seconds


def just_missed_s(seconds: Number, overhead_s: Number = 0.0) -> Number:
    """Longest latency of a deterministic schedule: a request just misses a batch, waits for it, and runs in the next.

    Under random arrivals it holds only while nobody else waits, so it decides nothing.
    """
    return 2 * seconds + overhead_s


def planned_ips(full_ips: Number, slo_ips: Number, max_utilisation: Number) -> Number:
    """F2: most that a node is planned for: a share of its full batches, and no more than meets the service level."""
    return np.minimum(full_ips * max_utilisation, slo_ips)


def nodes_needed(peak_ips: Number, capacity_ips: Number, max_utilisation: Number, redundancy: int) -> Number:
    """F3: whole nodes for a peak, plus the redundant ones."""
    return np.ceil(peak_ips / (capacity_ips * max_utilisation) - _ROUNDING) + redundancy


def mean_utilisation(mean_ips: Number, nodes: Number, capacity_ips: Number) -> Number:
    """F4: share of the fleet's capacity that the mean demand takes."""
    return mean_ips / (nodes * capacity_ips)


def node_watts(idle_w: Number, load_w: Number, utilisation: Number) -> Number:
    """F4: mean power of one node, watts at the wall, linear between idle and full load."""
    return idle_w + (load_w - idle_w) * utilisation


def fleet_kwh_per_year(nodes: Number, watts: Number, pue: Number) -> Number:
    """F4: energy of the fleet with its facility, kWh per year."""
    return nodes * watts * pue * HOURS_PER_YEAR / 1000


def joules_per_image(nodes: Number, watts: Number, pue: Number, mean_ips: Number) -> Number:
    """F5: facility energy per image at the mean demand, joules."""
    return nodes * watts * pue / mean_ips


def recovery_factor(discount_rate: Number, years: Number) -> Number:
    """F6: capital recovery factor, per year: the yearly share that pays back one unit with interest."""
    rate, span = np.asarray(discount_rate, dtype=float), np.asarray(years, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(rate == 0, 1 / span, rate / (1 - (1 + rate) ** -span))
    return float(factor) if factor.ndim == 0 else factor


def capital_per_year(capex: Number, residual: Number, discount_rate: Number, years: Number) -> Number:
    """F6: yearly cost of one node's price, less its residual value."""
    discounted = residual * (1 + discount_rate) ** (-years)
    return (capex - discounted) * recovery_factor(discount_rate, years)


def per_million_images(fleet_per_year: Number, mean_ips: Number) -> Number:
    """F7: cost per million images."""
    return fleet_per_year / (mean_ips * SECONDS_PER_YEAR) * 1e6


def rented_per_year(nodes: Number, per_hour: Number) -> Number:
    """F8: yearly cost of this many nodes, on all the time; ``nodes`` is the mean where it changes."""
    return nodes * HOURS_PER_YEAR * per_hour


def elastic_nodes(
    mean_ips: Number, capacity_ips: Number, max_utilisation: Number, redundancy: int, min_nodes: int
) -> Number:
    """F8: mean number of nodes that run if they follow the demand without loss: a lower bound.

    At every moment there are at least ``min_nodes``, and the redundant ones beside those for the demand.
    """
    return np.maximum(mean_ips / (capacity_ips * max_utilisation) + redundancy, min_nodes)


def break_even_per_hour(owned: Number) -> Number:
    """F9: rent per hour at which owning costs the same, nodes always on."""
    return owned / HOURS_PER_YEAR


def break_even_hours(owned: Number, per_hour: Number) -> Number:
    """F9: hours of rent per year that owning costs."""
    return owned / per_hour


def break_even_utilisation(owned: Number, per_hour: Number) -> Number:
    """F9: share of the year that a node must be in use for owning to pay; above 1 renting always wins."""
    return owned / (HOURS_PER_YEAR * per_hour)


def payback_months(capex: Number, residual: Number, per_hour: Number, running_per_year: Number) -> Number:
    """F9: months until the price, less the residual, is saved in rent; 730 hours a month.

    ``running_per_year`` is the cost of an owned node without its price: maintenance, hosting, energy. Infinite if
    renting costs no more than that.
    """
    saved = np.asarray(730 * per_hour - running_per_year / 12, dtype=float)
    with np.errstate(divide="ignore"):
        months = np.where(saved > 0, (capex - residual) / saved, np.inf)
    return float(months) if months.ndim == 0 else months


def samples_for(quantile: float) -> int:
    """F13: least n whose largest value bounds the quantile with 95 % confidence: 59, 299, 2995."""
    return math.ceil(math.log(0.05) / math.log(quantile))


def share_of_peak(macs: float, images_per_s: float, peak_flops: float) -> float:
    """F14: achieved over peak FLOP/s, two FLOPs per MAC; above 1 the record or the catalogue is wrong."""
    return 2 * macs * images_per_s / peak_flops
