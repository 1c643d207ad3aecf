"""THE metric table: what each number is called, its unit, which way is better, and how it was obtained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scalebench import units


@dataclass(frozen=True)
class Metric:
    """One quantity. ``name`` is its column in the frame, ``unit`` the unit stored there."""

    name: str
    label: str
    unit: str
    better: Literal["lower", "higher"]
    kind: Literal["counted", "estimated", "measured"]
    how: str
    source: str
    show: Callable[[float], str]


def _table(*rows: Metric) -> dict[str, Metric]:
    return {row.name: row for row in rows}


METRICS = _table(
    Metric(
        "params",
        "parameters",
        "1",
        "lower",
        "counted",
        "elements of all parameters of the built model",
        "He et al., arXiv:1512.03385, Table 1 convention",
        units.si,
    ),
    Metric(
        "macs",
        "MACs",
        "MAC per image",
        "lower",
        "counted",
        "multiply-adds of convolution, linear and attention products on the meta device, batch 1",
        "torch.utils.flop_counter formulas / 2",
        lambda v: units.si(v, "MACs"),
    ),
    Metric(
        "macs_training",
        "MACs, training",
        "MAC per image",
        "lower",
        "counted",
        "multiply-adds of one forward and one backward pass on the meta device, batch 1; optimiser not included",
        "torch.utils.flop_counter formulas / 2; for the backward of convolutions our own, which knows groups",
        lambda v: units.si(v, "MACs"),
    ),
    Metric(
        "activations",
        "activations",
        "elements per image",
        "lower",
        "counted",
        "output elements of all convolution and linear operators, batch 1",
        "Radosavovic et al., arXiv:2003.13678, section 3; extended to linear layers",
        units.si,
    ),
    Metric(
        "weight_bytes",
        "weights",
        "byte",
        "lower",
        "counted",
        "bytes of parameters and buffers",
        "storage sizes of the built model",
        units.bytes_,
    ),
    Metric(
        "peak_bytes_inference",
        "static peak, inference",
        "byte",
        "lower",
        "estimated",
        "weights, input and largest sum of live tensors in one forward pass without a device",
        "storage lifetimes under FakeTensorMode; a lower-bound estimate",
        units.bytes_,
    ),
    Metric(
        "peak_bytes_training",
        "static peak, training",
        "byte",
        "lower",
        "estimated",
        "the same through forward and backward; gradients included, optimiser state not",
        "storage lifetimes under FakeTensorMode; a lower-bound estimate",
        units.bytes_,
    ),
    Metric(
        "latency_s",
        "latency",
        "s per batch",
        "lower",
        "measured",
        "median over the synchronised iterations of one round",
        "one process per round, warm-up by time",
        units.seconds,
    ),
    Metric(
        "throughput_ips",
        "throughput",
        "images per s",
        "higher",
        "measured",
        "images over elapsed time of one chunk with a single synchronisation at its end",
        "measured apart from latency",
        lambda v: f"{units.digits(v)} img/s",
    ),
    Metric(
        "forward_s",
        "forward pass",
        "s per batch",
        "lower",
        "measured",
        "median over steps, loss included, with a wait of its own",
        "training only; timed apart from the whole step",
        units.seconds,
    ),
    Metric(
        "backward_s",
        "backward pass",
        "s per batch",
        "lower",
        "measured",
        "median over steps, with a wait of its own",
        "training only; timed apart from the whole step",
        units.seconds,
    ),
    Metric(
        "optimizer_s",
        "optimiser",
        "s per batch",
        "lower",
        "measured",
        "median over steps: update of all weights, and gradients set back",
        "training only; timed apart from the whole step",
        units.seconds,
    ),
    Metric(
        "file_bytes",
        "size on disk",
        "byte",
        "lower",
        "measured",
        "size of the exported model file, graph and weights; of the weights alone where torch itself runs",
        "what a device has to store",
        units.bytes_,
    ),
    Metric(
        "memory_bytes",
        "memory",
        "byte",
        "lower",
        "measured",
        "CPU: growth of the resident peak (VmHWM) over the process before the model was built; "
        "CUDA: peak reserved by the caching allocator",
        "reset before the probe; weights, activations and library scratch",
        units.bytes_,
    ),
    Metric(
        "energy_j",
        "energy",
        "J per image",
        "lower",
        "measured",
        "energy counter of the device's own domain over one window of steady load, idle power included; "
        "CUDA: the board; CPU: all packages, without memory and the rest of the machine",
        "NVML total energy or RAPL powercap; on-board sensor, not wall power, +-5-10 % unless calibrated",
        units.joules,
    ),
    Metric(
        "energy_net_j",
        "energy above idle",
        "J per image",
        "lower",
        "measured",
        "energy less the idle power of the loaded process over the same time",
        "baseline of 5 s before the window; may be negative where the load is small",
        units.joules,
    ),
    Metric(
        "mean_w",
        "mean power",
        "W",
        "lower",
        "measured",
        "mean power of the same domain over the window",
        "energy counter over time",
        lambda v: f"{units.digits(v)} W",
    ),
    Metric(
        "idle_w",
        "idle power",
        "W",
        "lower",
        "measured",
        "power of the same domain with the model loaded and nothing running",
        "5 s before the window",
        lambda v: f"{units.digits(v)} W",
    ),
)

COUNTED = tuple(name for name, metric in METRICS.items() if metric.kind != "measured")
MEASURED = tuple(name for name, metric in METRICS.items() if metric.kind == "measured")
STRUCTURE = ("blocks", "backbone_params", "default_resolution")
"""Facts about a model that are no cost of their own."""
