"""Runs of a load test from literal times."""

from __future__ import annotations

from itertools import accumulate

from scalebench.execute.load_generator import Run, Served


def run(rate: float, model_s: float, number: int = 0, requests: int = 400, images: int = 1) -> Run:
    """Requests 1 ms late, 2 ms on their way, 3 ms in the queue, 4 ms in pixels, and 1 ms on their way back."""
    due = [at / rate for at in range(requests)]
    steps = [list(accumulate([at, 0.001, 0.002, 0.003, 0.004, model_s, 0.001])) for at in due]
    return Run(rate, number, tuple(Served(*step, batch=images) for step in steps))
