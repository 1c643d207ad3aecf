"""Energy on the page: joules and watts of ``run --energy`` in a table, and nothing where no counter was read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tests.report.literal_report import Built, make_rounds

ENERGY = (0.25, 0.26, 0.24)


def _table(html: str) -> str:
    section = html.partition('<section id="energy"')[2].partition("</section>")[0]
    return re.sub(r"<[^>]+>", " ", section)


def test_joules_and_watts_have_a_table_with_intervals_and_n(build: Callable[..., Built]) -> None:
    rounds = [
        replace(record, facts={**record.facts, "energy_j": ENERGY[record.round], "energy_net_j": 0.125, "mean_w": 62.5,
                               "idle_w": 31.0})
        for record in make_rounds(3)
    ]  # fmt: skip
    words = _table(build(rounds).html)
    for heading in ("energy, J per image", "energy above idle, J per image", "mean power, W", "idle power, W"):
        assert heading in words
    # Geometric mean of 0.25, 0.26 and 0.24; t-interval of the logs with 2 degrees of freedom.
    assert re.search(r"resnet50\s+128\s+0\.250\s+\[0\.226, 0\.276\]\s+0\.125\s+\[0\.125, 0\.125\]\s+62\.5", words)
    assert re.search(r"\[31\.0, 31\.0\]\s+3\s+All rows: cpu-a, batch 1, fp32 eager, cpu, 1 thread\.", words)


def test_a_quantity_that_no_round_delivered_has_no_column(build: Callable[..., Built]) -> None:
    rounds = [replace(record, facts={**record.facts, "energy_j": 0.25}) for record in make_rounds(3)]
    words = _table(build(rounds).html)
    assert "energy, J per image" in words
    assert "above idle" not in words
    assert "power, W" not in words


def test_without_a_counter_there_is_no_section(full: Built) -> None:
    assert 'id="energy"' not in full.html
