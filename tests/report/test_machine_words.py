"""Machines as their owners call them."""

from __future__ import annotations

from typing import Any

import pytest

from scalebench.record import Environment
from scalebench.report.machine_words import machine_words

SHARED = {"name": "AMD EPYC 7321 16-Core Processor", "usable_cores": 2, "virtual": True}


@pytest.mark.parametrize(
    ("hardware", "words"),
    [
        ({"device": "cpu", "cpu": SHARED, "memory": {"gib": 23}}, "AMD EPYC 7321, 2 of its cores, 23 GiB"),
        ({"cpu": {"name": "Intel(R) Xeon(R) CPU @ 2.20GHz", "usable_cores": 1}}, "Intel Xeon, 1 core"),
        ({"cpu": {"name": "Apple M2", "usable_cores": 8}, "memory": {"gib": 16}}, "Apple M2, 8 cores, 16 GiB"),
        (
            {"device": "cuda", "cpu": SHARED, "memory": {"gib": 128}, "gpu": "NVIDIA H200", "gpu_memory_gib": 140},
            "NVIDIA H200, 140 GiB, AMD EPYC 7321, 2 of its cores, 128 GiB",
        ),
        ({"device": "cpu"}, ""),
        ({}, ""),
    ],
)
def test_words(hardware: dict[str, Any], words: str) -> None:
    assert machine_words(Environment("epyc-1", "h", "s", hardware)) == words
