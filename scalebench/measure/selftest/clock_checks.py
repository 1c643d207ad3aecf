"""Checks of time: the device's events against the host's clock, and the four times of a pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch

from scalebench.machine.selfcheck import MODEL_PASSES, CheckResult, passed, unavailable_check
from scalebench.measure.selftest.bench import Bench
from scalebench.units import seconds

_AGREES = 0.03
_LONG_S = 0.05
"""Beside work this long the launch of its first kernel, some 10 us, does not count."""
_WARM_CALLS = 3
_MACS = {"resnet18": 1.81e9, "efficientnet_b0": 0.39e9, "resnet50": 4.09e9}
"""Of an image at 224 pixels."""


def clocks(bench: Bench) -> CheckResult:
    """Products issued back to back, timed by both clocks in turn."""
    accelerator = bench.accelerator
    if not accelerator.kind.events:
        return unavailable_check(f"{accelerator.kind.label}: torch has no events; the host's clock is the only one")
    side = accelerator.kind.canary_side
    matrix = torch.randn((side, side), device=accelerator.device)
    out = torch.empty_like(matrix)

    def product() -> None:
        torch.mm(matrix, matrix, out=out)

    bench.host_clock.chunk(product, _WARM_CALLS)
    calls = max(1, math.ceil(_LONG_S / max(bench.host_clock.chunk(product, _WARM_CALLS) / _WARM_CALLS, 1e-6)))
    laps = bench.medians(
        {
            "host_s": lambda: bench.host_clock.chunk(product, calls),
            "events_s": lambda: bench.device_clock.chunk(product, calls),
        }
    )
    return judge_clocks(**laps)


def judge_clocks(host_s: float, events_s: float) -> CheckResult:
    """Two readings of the same work."""
    ratio = events_s / host_s
    finding = f"events {seconds(events_s)}, host {seconds(host_s)}: ratio {ratio:.3f}"
    return passed(abs(ratio - 1) <= _AGREES, finding, host_s=host_s, events_s=events_s)


def model_pass(name: str) -> Callable[[Bench], CheckResult]:
    """Check of one model: until it is issued, until it is done by the host and by events, and as a graph."""
    model, batch = MODEL_PASSES[name]

    def check(bench: Bench) -> CheckResult:
        fitting = fitting_batch(model, batch, bench)
        session = bench.session(model, fitting)
        run, kind = session.run, bench.accelerator.kind
        laps = {"lap_s": lambda: bench.host_clock.lap(run)}
        if not kind.on_host:
            laps["issue_s"] = lambda: bench.host_clock.issue(run)
        if kind.events:
            laps["events_s"] = lambda: bench.device_clock.lap(run)
        if "cuda_graph" in kind.runtimes:
            replay = bench.accelerator.recorded(session.once, _WARM_CALLS)
            laps["graph_s"] = lambda: bench.host_clock.lap(replay)
        times = bench.medians(laps)
        result = _on_host(kind.label, times) if kind.on_host else judge_pass(**times)
        smaller = f"; batch {fitting} in place of {batch}, which would take too long here" if fitting < batch else ""
        return CheckResult(result.verdict, result.finding + smaller, {**result.figures, "batch": fitting})

    return check


def _on_host(label: str, times: Mapping[str, float]) -> CheckResult:
    finding = f"{label}: a call returns when its work is done: issuing is all of the lap of {seconds(times['lap_s'])}"
    return unavailable_check(finding, **times)


def fitting_batch(model: str, batch: int, bench: Bench) -> int:
    """Images per pass: ``batch``, halved until a pass should fit into the window at the usual speed of the kind."""
    kind = bench.accelerator.kind
    macs_per_s = kind.macs_per_s * (bench.threads if kind.on_host else 1)
    while batch > 1 and batch * _MACS[model] > bench.window_s * macs_per_s:
        batch //= 2
    return batch


def judge_pass(
    lap_s: float, issue_s: float, events_s: float | None = None, graph_s: float | None = None
) -> CheckResult:
    """Median times of one pass; None for what the device does not have.

    The host's lap holds all of it: issuing, what the events span, and a replayed graph, which spares launches.
    """
    times = {"issue": issue_s, "events": events_s, "graph": graph_s}
    shares = {name: value / lap_s for name, value in times.items() if value is not None}
    too_long = [name for name, share in shares.items() if share > 1 + _AGREES]
    finding = f"lap {seconds(lap_s)}; of it " + ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    figures = {f"{name}_s": value for name, value in times.items()}
    return passed(not too_long, finding, lap_s=lap_s, **figures)
