"""The metric table: what each number is called, its units, which direction is better, and how it is obtained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from scalebench import units

_MIB = 2.0**20


@dataclass(frozen=True)
class Metric:
    """One quantity.

    Attributes:
        name: of its column in frames and of its fact in records.
        label: in sentences.
        kind: how it is known; an estimate is a bound from the model's structure.
        unit: stored.
        heading: title and unit in tables and figures, where the stored value is divided by ``factor``.
        show: one value with its unit, as people read it.
        how, source: how it is obtained, and after whom.
        section: of the report whose table of cases has it; empty where only the explorer and the data files do.
        better: the better direction.
    """

    name: str
    label: str
    kind: Literal["counted", "estimated", "measured"]
    unit: str
    heading: str
    factor: float
    show: Callable[[float], str]
    how: str
    source: str
    section: str = ""
    better: Literal["lower", "higher"] = "lower"

    @property
    def title(self) -> str:
        """The heading without its unit."""
        return self.heading.partition(", ")[0]


def _ips(value: float) -> str:
    return f"{units.digits(value)} img/s"


def _watts(value: float) -> str:
    return f"{units.digits(value)} W"


_macs = partial(units.si, unit="MACs")
_ROWS = (
    Metric("params", "parameters", "counted", "1", "parameters, millions", 1e6, units.si,
           "elements of all parameters of the built model", "He et al., arXiv:1512.03385, Table 1 convention", "cases"),
    Metric("macs", "MACs", "counted", "MAC per image", "counted MACs, G per image", 1e9, _macs,
           "multiply-adds of convolution, linear and attention products on the meta device, batch 1",
           "torch.utils.flop_counter formulas / 2", "cases"),
    Metric("macs_training", "MACs, training", "counted", "MAC per image", "counted training MACs, G per image", 1e9,
           _macs, "multiply-adds of one forward and one backward pass on the meta device, batch 1; optimiser not "
           "included", "torch.utils.flop_counter formulas / 2; for the backward of convolutions our own, which knows "
           "groups"),
    Metric("activations", "activations", "counted", "elements per image", "activations, millions per image", 1e6,
           units.si, "output elements of all convolution and linear operators, batch 1",
           "Radosavovic et al., arXiv:2003.13678, section 3; extended to linear layers", "cases"),
    Metric("weight_bytes", "weights", "counted", "byte", "weights, MiB", _MIB, units.bytes_,
           "bytes of parameters and buffers", "storage sizes of the built model"),
    Metric("peak_bytes_inference", "static peak, inference", "estimated", "byte", "static peak in inference, MiB", _MIB,
           units.bytes_, "weights, input and largest sum of live tensors in one forward pass without a device",
           "storage lifetimes under FakeTensorMode; a lower-bound estimate"),
    Metric("peak_bytes_training", "static peak, training", "estimated", "byte", "static peak in training, MiB", _MIB,
           units.bytes_, "the same through forward and backward; gradients included, optimiser state not",
           "storage lifetimes under FakeTensorMode; a lower-bound estimate"),
    Metric("latency_s", "latency", "measured", "s per batch", "latency, ms per batch", 1e-3, units.seconds,
           "median over the synchronised iterations of one round", "one process per round, warm-up by time", "cases"),
    Metric("throughput_ips", "throughput", "measured", "images per s", "throughput, images per s", 1.0, _ips,
           "images over elapsed time of one chunk with a single synchronisation at its end",
           "measured apart from latency", "cases", better="higher"),
    Metric("forward_s", "forward pass", "measured", "s per batch", "forward, ms", 1e-3, units.seconds,
           "median over steps, loss included, with a wait of its own",
           "training only; timed apart from the whole step", "training"),
    Metric("backward_s", "backward pass", "measured", "s per batch", "backward, ms", 1e-3, units.seconds,
           "median over steps, with a wait of its own", "training only; timed apart from the whole step", "training"),
    Metric("optimizer_s", "optimiser", "measured", "s per batch", "optimiser, ms", 1e-3, units.seconds,
           "median over steps: update of all weights, and gradients set back",
           "training only; timed apart from the whole step", "training"),
    Metric("file_bytes", "size on disk", "measured", "byte", "size on disk, MiB", _MIB, units.bytes_,
           "size of the exported model file, graph and weights; of the weights alone where torch itself runs",
           "what a device has to store"),
    Metric("memory_bytes", "memory", "measured", "byte", "memory, MiB", _MIB, units.bytes_,
           "CPU: growth of the resident peak (VmHWM) over the process before the model was built; "
           "CUDA: peak reserved by the caching allocator",
           "reset before the probe; weights, activations and library scratch", "cases"),
    Metric("energy_j", "energy", "measured", "J per image", "energy, J per image", 1.0, units.joules,
           "energy counter of the device's own domain over one window of steady load, idle power included; "
           "CUDA: the board; CPU: all packages, without memory and the rest of the machine",
           "NVML total energy or RAPL powercap; on-board sensor, not wall power, +-5-10 % unless calibrated", "energy"),
    Metric("energy_net_j", "energy above idle", "measured", "J per image", "energy above idle, J per image", 1.0,
           units.joules, "energy less the idle power of the loaded process over the same time",
           "baseline of 5 s before the window; may be negative where the load is small", "energy"),
    Metric("mean_w", "mean power", "measured", "W", "mean power, W", 1.0, _watts,
           "mean power of the same domain over the window", "energy counter over time", "energy"),
    Metric("idle_w", "idle power", "measured", "W", "idle power, W", 1.0, _watts,
           "power of the same domain with the model loaded and nothing running", "5 s before the window", "energy"),
)  # fmt: skip

METRICS = {row.name: row for row in _ROWS}
COUNTED = tuple(row.name for row in _ROWS if row.kind != "measured")
MEASURED = tuple(row.name for row in _ROWS if row.kind == "measured")
STRUCTURE = ("blocks", "backbone_params", "default_resolution")
"""Facts about a model that are no cost of their own."""


def in_section(section: str, kind: str = "measured") -> tuple[str, ...]:
    """Names of the metrics that a section's table of cases has, in the order of the table above."""
    return tuple(row.name for row in _ROWS if row.section == section and row.kind == kind)
