"""Rounds by configuration and model: each round once, and only those that enter the estimates."""

from __future__ import annotations

from scalebench.analysis.pooling import pooled
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.used_rounds import by_way
from scalebench.analysis.way import WAY
from scalebench.store.frame import rounds_frame
from tests.report.literal_report import make_record


def test_each_configuration_has_its_own_rounds() -> None:
    """1 G MACs take 10 ms, and 1 % more in every further round; a batch of eight is another configuration."""
    records = [
        *(make_record("resnet50", 128, 1e9, number) for number in range(3)),
        *(make_record("resnet50", 128, 1e9, number, batch=8) for number in range(2)),
        make_record("resnet18", 128, 0.5e9, 0), make_record("resnet18", 128, 0.5e9, 1, outcome="oom"),
    ]  # fmt: skip
    rounds = with_standing(name_machines(rounds_frame(records)), records)
    found = by_way(rounds, pooled(rounds, ["latency_s"]))
    assert [dict(zip(WAY, configuration, strict=True))["batch"] for configuration in found] == [1, 8]
    single, eight = found.values()
    assert [round(1e3 * value, 6) for value in single.of("resnet50", 128, "latency_s").values] == [10.0, 10.1, 10.2]
    assert len(eight.of("resnet50", 128, "latency_s")) == 2
    assert len(single.of("resnet18", 128, "latency_s")) == 1, "out of memory is no time"
    assert len(eight.of("resnet18", 128, "latency_s")) == 0
    assert len(single.of("resnet50", 224, "latency_s")) == 0
