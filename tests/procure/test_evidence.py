"""What sessions of a machine do to the draws of a decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from scalebench.procure.capacity import capacities
from scalebench.procure.catalogue import catalogue
from scalebench.procure.decide import decide
from scalebench.procure.evidence import examine
from scalebench.procure.load_plan import PlanFile
from scalebench.procure.serving import Capacity
from scalebench.record import Environment, Record
from scalebench.report.ranking import sessions
from scalebench.store.jsonl import Results

Load = Callable[..., PlanFile]
Make = Callable[..., list[Record]]
EVENING, MORNING = "2026-11-24T19:00:00+00:00", "2026-11-25T08:00:00+00:00"
RENT = """  - id: rent
    node: box
    kind: rent
    per_hour: 1.1
    date: 2026-07-20
"""
BUY = """    kind: buy
    capex: 24000
    residual: 3000
    life_years: 4
    maintenance_fraction: 0.05
    hosting_per_year: 1800
    quote: {vendor: fictional, date: 2026-07-20}
"""
NODE = "    accelerator: cpu\n    idle_w: 180\n    load_w: 420\n    power_source: measured_wall\n"
TWO_MACHINES = (
    ("accelerator: nvidia-l4", "accelerator: cpu"),
    ("machine: l4-box", "machine: cpu-box"),
    ("offers:\n", f"  - id: twin\n    machine: twin-box\n{NODE}offers:\n"),
    (RENT, f"  - id: other\n    node: twin\n{BUY}"),
    # Enough demand that the count of nodes follows the capacity closely.
    ("mean_images_per_s: 875, peak_images_per_s: 2500", "mean_images_per_s: 87500, peak_images_per_s: 250000"),
    ("redundancy: 1", "redundancy: 1\n  capacity_bound: median"),
    ("percentile: 99", "percentile: 95"),
)


def drawn(file: PlanFile, records: Sequence[Record], draws: int = 400) -> tuple[Capacity, ...]:
    return capacities(file.plan, examine(file, Results((), tuple(records), (), ()), catalogue()), draws, seed=1)[0]


@pytest.fixture
def twins(service_rounds: Make, environment_of: Callable[..., Environment]) -> Callable[..., list[Record]]:
    """Records of two machines, each with sessions of five rounds that are so much slower than 10 ms (logarithms)."""

    def make(rng: np.random.Generator, levels: dict[str, Sequence[float]]) -> list[Record]:
        records: list[Record] = []
        for machine, of_machine in levels.items():
            for started, level in zip((EVENING, MORNING), of_machine, strict=False):
                medians = 0.010 * np.exp(level + rng.normal(0, 0.03, 5))
                where = environment_of(machine, host=machine)
                records += service_rounds(1, values=[[t] * 30 for t in medians], where=where, started=started)
        return records

    return make


def test_equal_machines_are_rarely_told_apart(plan_file: Load, twins: Callable[..., list[Record]]) -> None:
    """Two equal machines whose sessions differ by 10 %: 10 % of draws put one at 95 % or more; 64 % without a spread.

    A probability of 95 % for either side is right for 10 % of draws of the same two machines.
    """
    file, rng, number = plan_file(*TWO_MACHINES), np.random.default_rng(5), 12
    levels = 0.10 * stats.norm.ppf((np.arange(number) + 0.5) / number)
    measured = [drawn(file, twins(rng, {"cpu-box": (level,), "twin-box": (level,)}), 200) for level in levels]
    decisions = [decide(file.plan, (one, other)) for one, _ in measured for _, other in measured]
    certain = [max(offer.chance.best for offer in decision.ranked) >= 0.95 for decision in decisions]
    assert 0.05 <= np.mean(certain) <= 0.15


def test_draws_of_one_session_spread_by_what_sessions_do(plan_file: Load, service_rounds: Make) -> None:
    """Rounds without any scatter: what is left is 10 % common to all cases and 4 % of each, 10.8 % together."""
    file = plan_file(*TWO_MACHINES[:2])
    (capacity,) = drawn(file, service_rounds(1, started=EVENING), 2000)
    assert capacity.sessions == 1
    assert np.log(np.array(capacity.draws) / 100).std() == pytest.approx(0.108, abs=0.006)
    assert capacity.images_per_s.low == capacity.images_per_s.high


def test_offers_of_one_machine_share_its_sessions(plan_file: Load, service_rounds: Make) -> None:
    """Buying and renting the same machine is not decided by how its sessions differ."""
    file = plan_file(*TWO_MACHINES[:2], ("offers:\n", f"  - id: twin\n    machine: cpu-box\n{NODE}offers:\n"))
    one, other = drawn(file, service_rounds(1, started=EVENING))
    assert one.draws == other.draws


def test_a_machines_own_sessions_narrow_the_draws(plan_file: Load, twins: Callable[..., list[Record]]) -> None:
    """Two sessions that agree: half of the default's variance is left, and half of that for a mean of two."""
    file, rng = plan_file(*TWO_MACHINES), np.random.default_rng(5)
    both = drawn(file, twins(rng, {"cpu-box": (0.0, 0.0), "twin-box": (0.0,)}), 2000)
    spread = {c.machine: float(np.log(c.draws).std()) for c in both}
    assert {c.machine: c.sessions for c in both} == {"cpu-box": 2, "twin-box": 1}
    assert spread["cpu-box"] < 0.7 * spread["twin-box"]
    assert sessions(decide(file.plan, both)) == (
        "Measured in one session: twin-box. Other sessions may differ: the varied cases assume a standard deviation of "
        "11 %.",
    )


def test_sessions_that_differ_widen_the_interval_of_a_capacity(
    plan_file: Load, twins: Callable[..., list[Record]]
) -> None:
    """Two sessions 20 % apart say more about the next one than ten rounds that scatter by 3 %."""
    file, rng = plan_file(*TWO_MACHINES), np.random.default_rng(5)
    two, one = drawn(file, twins(rng, {"cpu-box": (-0.1, 0.1), "twin-box": (0.0,)}))
    assert two.images_per_s.half_width > 4 * one.images_per_s.half_width
