import re

import pytest

from scalebench.metrics import METRICS, Metric


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_says_what_it_is(metric: Metric) -> None:
    """Each row has a name for its column, a label, a unit, a way it is obtained and a source."""
    assert re.fullmatch(r"[a-z][a-z_]*", metric.name)
    assert all((metric.label, metric.unit, metric.how, metric.source))
    assert metric.better in ("lower", "higher")
    assert metric.kind in ("counted", "estimated", "measured")


def test_the_table_is_by_name() -> None:
    """A metric is found under its own name, and labels are as unique as names."""
    assert all(name == metric.name for name, metric in METRICS.items())
    assert len({metric.label for metric in METRICS.values()}) == len(METRICS)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("params", 25557032, "25.6 M"), ("macs", 4089184256, "4.09 GMACs"), ("activations", 6748036, "6.75 M"),
        ("macs_training", 12149538816, "12.1 GMACs"), ("energy_j", 0.0123, "12.3 mJ"), ("energy_net_j", 1.5, "1.50 J"),
        ("mean_w", 65.0, "65.0 W"), ("idle_w", 12.5, "12.5 W"),
        ("weight_bytes", 2**20, "1.00 MiB"), ("peak_bytes_inference", 2**30, "1.00 GiB"),
        ("peak_bytes_training", 3 * 2**30, "3.00 GiB"), ("latency_s", 0.0123, "12.3 ms"),
        ("throughput_ips", 81.3, "81.3 img/s"), ("memory_bytes", 2**20, "1.00 MiB"),
    ],
)  # fmt: skip
def test_values_are_shown_with_their_units(name: str, value: float, text: str) -> None:
    """Each metric writes its stored value as people read it."""
    assert METRICS[name].show(value) == text


def test_units_are_where_the_name_says_so() -> None:
    """A name that ends in a unit is stored in that unit."""
    ends = {"_bytes": "byte", "_s": "s per batch", "_ips": "images per s"}
    for metric in METRICS.values():
        for end, unit in ends.items():
            if metric.name.endswith(end):
                assert metric.unit == unit
