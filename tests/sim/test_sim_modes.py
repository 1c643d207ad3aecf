"""From suite to page on the simulated device: copies, training and blocks, whose times follow from the card's rates.

ResNet-18 has 37.52 million multiply-adds at 32 pixels (1.814 billion at 224, all but 0.5 million in convolutions). The
card makes 2e9 operations per second, so a batch of two images takes 2 x 2 x 37.52e6 / 2e9 s, which is 75.0 ms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sim.conftest import page_words, stored_records
from tests.sim.model import Model

SUITE = """\
schema: 1
name: modes
models: [{timm: [resnet18], resolution: [32]}]
grid: {device: [sim], threads: [1], batch: [2], mode: [inference, training, blocks], instances: [1, 2]}
exclude: [{mode: training, instances: 2}, {mode: blocks, instances: 2}]
protocol: {rounds: 1, warmup_s: 0.001, warmup_cuda_s: 0.001, warmup_max_s: 0.5, chunk_s: 0.1, chunk_max_s: 0.5,
           min_iterations: 3, timeout_s: 100}
"""
CARD = Model(kernel_s=1e-6, flops_per_s=2e9, bytes_per_s=1e11)
PASS_S = 75.0e-3
WEIGHT_BYTES = 4 * 11_689_512


@pytest.fixture(scope="module")
def run(run_suite: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run."""
    folder = tmp_path_factory.mktemp("modes")
    run_suite(folder, SUITE, CARD)
    return folder


def page(folder: Path) -> dict[str, Any]:
    """The page's JSON."""
    return dict(json.loads((folder / "reports" / "modes.json").read_text()))


def page_case(folder: Path, **settings: Any) -> dict[str, Any]:
    """A row of its cases."""
    (row,) = [row for row in page(folder)["cases"] if all(row[name] == value for name, value in settings.items())]
    return dict(row)


def test_every_case_has_a_number(run: Path) -> None:
    content = page(run)
    assert [content[name] for name in ("problems", "failures", "missing", "short")] == [[], [], [], []]
    assert {record["outcome"] for record in stored_records(run)} == {"ok"}


def test_two_copies_do_twice_the_work(run: Path) -> None:
    """Each copy has a timeline and weights of its own here."""
    one, two = (page_case(run, mode="inference", instances=number) for number in (1, 2))
    assert (one["latency_s"], two["latency_s"]) == pytest.approx((PASS_S, PASS_S), rel=0.02)
    assert one["throughput_ips"] == pytest.approx(26.7, rel=0.02)
    assert two["throughput_ips"] == pytest.approx(53.3, rel=0.02)
    assert two["memory_bytes"] == pytest.approx(2 * one["memory_bytes"])
    assert WEIGHT_BYTES < one["memory_bytes"] < WEIGHT_BYTES + 6 * 2**20
    words = page_words(run, "modes", "cases")
    assert "2 instances" in words
    assert re.search(r" 5[23]\.\d ", words)


def test_a_training_step_is_its_three_parts(run: Path) -> None:
    """Gradients of weights and of inputs cost a pass each, but the images need none: 3 x 37.52 less 2.41 million.

    The optimiser multiplies no matrices. It moves weights, gradients and momenta: at least five times 46.8 MB at 100
    GB/s, and not more than ten times.
    """
    step = page_case(run, mode="training")
    assert step["latency_s"] == pytest.approx(0.220, rel=0.05)
    assert step["forward_s"] == pytest.approx(PASS_S, rel=0.03)
    assert step["backward_s"] == pytest.approx(145e-3, rel=0.05)
    assert 5 * WEIGHT_BYTES / 1e11 < step["optimizer_s"] < 10 * WEIGHT_BYTES / 1e11
    assert step["throughput_ips"] == pytest.approx(9.08, rel=0.05)
    assert step["memory_bytes"] > 3 * WEIGHT_BYTES
    assert "forward pass takes 33" in page_words(run, "modes", "training")


def test_parts_take_what_their_products_take(run: Path) -> None:
    """34.2 of the 37.5 million multiply-adds are in 3x3 convolutions, 2.4 in the stem, 0.5 in the head.

    Batch normalisation and additions only move bytes, here a hundred times faster.
    """
    seconds = {row["kind"]: row["seconds"] for row in page(run)["parts"]}
    assert sum(seconds.values()) == pytest.approx(PASS_S, rel=0.02)
    for kind, macs in (("conv_3x3", 34.21e6), ("stem", 2.408e6), ("head", 0.512e6)):
        assert seconds[kind] == pytest.approx(2 * 2 * macs / 2e9, rel=0.05)
    assert "full 3x3 convolution" in page_words(run, "modes", "parts")
