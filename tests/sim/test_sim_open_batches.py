"""From suite to page on the simulated device with ``batch: best`` and ``batch: largest``.

ResNet-18 has 148.6 million multiply-adds at 64 pixels: 29.7 ms per image at 1e10 operations per second. Its 68 kernels
take 0.42 ms each besides, whatever the batch, which is 28.6 ms. So a batch of b takes 28.6 + 29.7 b ms: 33.6 images/s
in the limit, 31.7 at 16, 32.7 at 32, 33.4 at 128.

In memory are 46.8 MB of weights, and per image three inputs of 48 KiB and, in the stem, a convolution's output and its
normalisation of 64 x 32 x 32 numbers: 656 KiB. A card of 176 MiB holds 205 images.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sim.conftest import page_words, stored_records
from tests.sim.model import Model

SUITE = """\
schema: 1
name: batches
models: [{timm: [resnet18], resolution: [64]}]
grid: {device: [sim], threads: [1], batch: [best, largest]}
protocol: {rounds: 1, warmup_s: 0.001, warmup_cuda_s: 0.001, warmup_max_s: 0.5, chunk_s: 0.1, chunk_max_s: 0.5,
           min_iterations: 3, timeout_s: 100}
"""
CARD = Model(kernel_s=4.2e-4, flops_per_s=1e10, capacity=176 * 2**20, computed_bytes=2**20)
BEST, LARGEST = 32, 200
"""32 is the first power of two with 97 % of the rate at 128, four times as many. Of 205 a sixteenth may be missing: 200
runs, and 208 does not."""


@pytest.fixture(scope="module")
def run(run_suite: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run."""
    folder = tmp_path_factory.mktemp("batches")
    run_suite(folder, SUITE, CARD)
    return folder


def page(folder: Path) -> dict[str, Any]:
    """The page's JSON."""
    return dict(json.loads((folder / "reports" / "batches.json").read_text()))


def test_both_batches_are_searched_and_then_measured(run: Path) -> None:
    rows = page(run)["cases"]
    assert sorted(row["batch"] for row in rows) == [BEST, LARGEST]
    assert {record["case"]["batch"] for record in stored_records(run / "results" / "batches")} == {BEST, LARGEST}
    rates = {row["batch"]: row["throughput_ips"] for row in rows}
    assert rates[BEST] == pytest.approx(32.7, rel=0.01)
    assert rates[LARGEST] == pytest.approx(33.5, rel=0.01)


def test_the_search_ends_where_throughput_and_memory_do(run: Path) -> None:
    searched = {record["case"]["batch"]: record for record in stored_records(run / "results" / "batches-search")}
    endings = {batch: record["ending"] for batch, record in searched.items()}
    assert endings == {**dict.fromkeys((1, 2, 4, 8, 16, 32, 64, 128, 192, 200), "ok"),
                       **dict.fromkeys((208, 224, 256), "oom_device")}  # fmt: skip
    assert searched[16]["facts"]["throughput_ips"] == pytest.approx(31.7, rel=0.01)


def test_the_page_tells_how_the_batches_were_found(run: Path) -> None:
    content = page(run)
    assert [content[name] for name in ("problems", "failures", "missing", "short")] == [[], [], [], []]
    text = page_words(run, "batches", "method")
    assert "resnet18@64 runs at 200 and not at 208 (oom_device)" in text
    assert "resnet18@64 processes 32.7 images/s there, and at most 33.4" in text
    words = page_words(run, "batches", "cases")
    assert " 32.7 " in words
    assert " 33.5 " in words
