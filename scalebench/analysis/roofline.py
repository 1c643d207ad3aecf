"""Roofline: how close a forward pass comes to its machine's peaks, and what limits it.

Williams, Waterman, Patterson, doi:10.1145/1498765.1498785, with measured peaks. Two times are computed:

- the least time, a lower bound for a machine with these peaks: each image is read, and so is each weight that the last
  cache cannot have kept from the pass before.
- the eager time, a model and no bound: operators one after the other, each with its operands from memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import pandas as pd

from scalebench.machine.ability import Ability
from scalebench.suite.device_kinds import kind_of
from scalebench.suite.precisions import PRECISIONS

Label = Literal["compute", "memory", "overhead", "unknown"]
Work = Sequence[Sequence[float]]
"""Groups of identical operators: MACs, activation bytes, weight bytes, count; batch 1, fp32."""

OVERHEAD = 3.0
"""Times the eager time, above which neither arithmetic nor memory explains a pass."""
VIOLATION = 0.97
"""Times the least time, below which a pass is implausibly fast; the margin is for noise in the peaks."""
WITH_ROOF = frozenset(name for name, row in PRECISIONS.items() if row.product)
"""Precisions whose peak is measured, and whose bytes are known."""
_FP32 = PRECISIONS["fp32"].bytes
_CHANNELS = 3
_NAN = float("nan")


@dataclass(frozen=True)
class Task:
    """A pass as it was counted; batch, resolution and precision as in ``Case``."""

    macs: float  # multiply-adds per image
    batch: int
    resolution: int
    precision: str
    weight_bytes: float  # parameters and buffers, fp32
    work: Work

    @property
    def peak_name(self) -> str:
        """Name of the peak that bounds its arithmetic: autocast multiplies in half precision."""
        return PRECISIONS[self.precision].product

    @property
    def flops(self) -> float:
        """Two per multiply-add, whole batch."""
        return 2 * self.macs * self.batch

    @property
    def least_bytes(self) -> float:
        """Images, and weights that some operator reads; activations may all stay on the chip."""
        read = sum(weights * count for _, _, weights, count in self.work)
        bytes_ = PRECISIONS[self.precision].bytes  # of images too; autocast takes both in fp32
        return bytes_ * (min(self.weight_bytes, read) / _FP32 + _CHANNELS * self.resolution**2 * self.batch)

    def operators(self) -> list[tuple[float, float, float]]:
        """FLOPs and bytes of one operator, and how many there are, per group, whole batch."""
        row = PRECISIONS[self.precision]
        of_activations, of_weights = row.activation_bytes / _FP32, row.bytes / _FP32
        return [
            (2 * macs * self.batch, of_activations * activations * self.batch + of_weights * weights, count)
            for macs, activations, weights, count in self.work
        ]


@dataclass(frozen=True)
class Placed:
    """A case on the roofline; unknown numbers are NaN."""

    t_min_s: float = _NAN  # least time of a pass, seconds
    t_eager_s: float = _NAN  # eager time of a pass, seconds
    utilisation: float = _NAN  # least time over measured time
    intensity: float = _NAN  # FLOPs per byte that its operators move
    ridge: float = _NAN  # FLOPs per byte above which arithmetic is the limit
    label: Label = "unknown"  # what limits the pass
    # Faster than the least time: count, precision or peak is wrong, or the library needs fewer products (Winograd).
    violation: bool = False
    why: str = ""  # what is unknown or doubtful, in words; may be empty


COLUMNS = tuple(field.name for field in fields(Placed))


def place(task: Task, latency_s: float, ability: Ability) -> Placed:
    """Place one case, with the ability of the machine for the device and threads that were used."""
    if reason := _unknown(task, latency_s, ability):
        return Placed(why=reason)
    peak, bandwidth = ability.matmul[task.peak_name].best, _memory(ability)
    t_min = max(task.flops / peak, _least_memory_s(task.least_bytes, ability))
    by_compute = by_memory = moved = 0.0
    for flops, bytes_, count in task.operators():
        compute_s, memory_s = flops / peak, bytes_ / bandwidth
        moved += count * bytes_
        if compute_s >= memory_s:
            by_compute += count * compute_s
        else:
            by_memory += count * memory_s
    t_eager = by_compute + by_memory
    label: Label = "compute" if by_compute >= by_memory else "memory"
    violation = latency_s < VIOLATION * t_min
    return Placed(
        t_min, t_eager, t_min / latency_s, task.flops / moved if moved else _NAN, peak / bandwidth,
        "overhead" if latency_s > OVERHEAD * t_eager else label, violation, _doubt(task, ability, violation),
    )  # fmt: skip


def _unknown(task: Task, latency_s: float, ability: Ability) -> str:
    if not latency_s > 0:
        return "no latency"
    if not len(task.work):
        return "its operators were not counted"
    if task.precision not in WITH_ROOF or task.peak_name not in ability.matmul:
        return f"no peak for {task.precision}"
    return "" if {"copy", "triad"} & ability.bandwidth.keys() else "no memory bandwidth"


def _doubt(task: Task, ability: Ability, violation: bool) -> str:
    contended = ability.matmul[task.peak_name].contended or any(peak.contended for peak in ability.bandwidth.values())
    doubts = ["the peaks were measured while other work ran"] if contended else []
    if violation:
        doubts.append("faster than the peaks allow: count, precision or peak is wrong, or the library saves products")
    return "; ".join(doubts)


def _memory(ability: Ability) -> float:
    """Best bandwidth of the memory, bytes per second."""
    return max(ability.bandwidth[name].best for name in ("copy", "triad") if name in ability.bandwidth)


def _least_memory_s(bytes_: float, ability: Ability) -> float:
    """Seconds to read so many bytes, of which the last cache keeps what fits into it from the pass before."""
    cache = math.inf if ability.llc_bytes is None else ability.llc_bytes
    memory = _memory(ability)
    fastest = max(memory, ability.bandwidth["llc"].best) if "llc" in ability.bandwidth else math.inf
    return max(bytes_ / fastest, max(0.0, bytes_ - cache) / memory)


def roofline(cases: pd.DataFrame, counts: pd.DataFrame, abilities: Sequence[Ability]) -> pd.DataFrame:
    """Place all cases.

    Args:
        cases: ``summary.summarise``.
        counts: ``store.frame.counts_frame``.
        abilities: oldest first; of several for a case the newest is used.

    Returns: one row per case in the same order and with the same index: ``machine``, ``case``, and the columns of
        ``Placed``.
    """
    columns = [name for name in ("work", "weight_bytes", "uncounted") if name in counts]
    facts = {
        (row["model"], row["resolution"]): {name: row[name] for name in columns}
        for row in counts[["model", "resolution", *columns]].to_dict("records")
    }
    rows = [
        {
            **asdict(_place_row(row, facts.get((row["model"], row["resolution"]), {}), abilities)),
            "machine": row["machine"],
            "case": row.get("case", ""),
        }
        for row in cases.to_dict("records")
    ]
    return pd.DataFrame(rows, index=cases.index, columns=pd.Index(["machine", "case", *COLUMNS]))


def _place_row(row: dict[Any, Any], facts: dict[str, Any], abilities: Sequence[Ability]) -> Placed:
    if row.get("mode", "inference") != "inference":
        return Placed(why=f"operators are counted for inference, not for {row['mode']}")
    if row.get("instances", 1) > 1:
        return Placed(why="the peaks are of one process, and copies share the machine")
    ability = find(row["machine"], row["device"], row["threads"], abilities)
    if ability is None:
        return Placed(why=f"no peaks of this machine on {row['device']} with {row['threads']} threads")
    work, uncounted = facts.get("work"), facts.get("uncounted")
    if not isinstance(work, (list, tuple)):
        return Placed(why="its operators were not counted")
    task = Task(row["macs"], row["batch"], row["resolution"], row["precision"], facts["weight_bytes"], work)
    placed = place(task, row["latency_s"], ability)
    if isinstance(uncounted, (list, tuple)) and uncounted:  # the bound still holds, only lower
        missing = f"no formula for {', '.join(uncounted)}"
        return replace(placed, why="; ".join(filter(None, (missing, placed.why))))
    return placed


def find(machine: str, device: str, threads: int, abilities: Sequence[Ability]) -> Ability | None:
    """The newest ability of a machine, preferably with the same software.

    Args:
        machine: as ``rounds.name_machines`` made it: with ``/`` and the software's key, where a machine has several.
        device, threads: of the case. On a GPU threads do not matter.
        abilities: oldest first.
    """
    name, _, software = machine.partition("/")
    fitting = [a for a in abilities if (a.machine, a.device) == (name, device)]
    fitting = [a for a in fitting if a.threads == threads or not kind_of(device).on_host]
    chosen = [a for a in fitting if software and a.sw_key.startswith(software)] or fitting
    return chosen[-1] if chosen else None
