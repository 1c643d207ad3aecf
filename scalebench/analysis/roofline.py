"""Roofline: how near a forward pass comes to what its machine can do, and what holds it back.

Williams, Waterman, Patterson, doi:10.1145/1498765.1498785, with measured peaks. Two times are worked out:

- the least time, a bound: no machine with these peaks does the counted work sooner. Each image is read, and so is each
  weight that the last cache cannot have kept from the pass before.
- the eager time, no bound but a model: operators one after the other, each with its operands from memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import pandas as pd

from scalebench.machine.ability import Ability
from scalebench.suite.precisions import PRECISIONS

Label = Literal["compute", "memory", "overhead", "unknown"]
Work = Sequence[Sequence[float]]
"""Groups of identical operators: MACs, activation bytes, weight bytes, count; batch 1, fp32."""

OVERHEAD = 3.0
"""Times the eager time, from where on neither arithmetic nor memory explains a pass."""
VIOLATION = 0.97
"""Times the least time, below which the pass is too fast to be true; the rest is noise of the peaks."""
BYTES_OF_FP32 = {name: row.bytes / PRECISIONS["fp32"].bytes for name, row in PRECISIONS.items() if row.peak}
"""Bytes of an element, relative to fp32."""
_PIXEL = 3 * 4
"""Bytes of a pixel: three channels, fp32."""
_NAN = float("nan")


@dataclass(frozen=True)
class Task:
    """What is known of a pass on paper.

    Attributes:
        macs: multiply-adds per image.
        batch, resolution, precision: as in ``Case``.
        weight_bytes: parameters and buffers, fp32.
        work: see ``Work``.
    """

    macs: float
    batch: int
    resolution: int
    precision: str
    weight_bytes: float
    work: Work

    @property
    def scale(self) -> float:
        """Bytes in this precision over bytes in fp32."""
        return BYTES_OF_FP32[self.precision]

    @property
    def flops(self) -> float:
        """Two per multiply-add, whole batch."""
        return 2 * self.macs * self.batch

    @property
    def least_bytes(self) -> float:
        """Images, and weights that some operator reads; activations may all stay on the chip."""
        read = sum(weights * count for _, _, weights, count in self.work)
        return self.scale * (min(self.weight_bytes, read) + _PIXEL * self.resolution**2 * self.batch)

    def operators(self) -> list[tuple[float, float, float]]:
        """FLOPs and bytes of one operator, and how many there are, per group, whole batch."""
        return [
            (2 * macs * self.batch, self.scale * (activations * self.batch + weights), count)
            for macs, activations, weights, count in self.work
        ]


@dataclass(frozen=True)
class Placed:
    """Where a case lies. Numbers are NaN where they are not known.

    Attributes:
        t_min_s: least time of a pass, seconds.
        t_eager_s: eager time of a pass, seconds.
        utilisation: least time over measured time.
        intensity: FLOPs per byte that its operators move.
        ridge: FLOPs per byte from where on arithmetic is the limit.
        label: what holds it back.
        violation: the pass is faster than the least time allows: count, precision or peak is wrong, or a library
            that needs fewer products than were counted (Winograd's convolutions) did the work.
        why: what is unknown or doubtful, in words; may be empty.
    """

    t_min_s: float = _NAN
    t_eager_s: float = _NAN
    utilisation: float = _NAN
    intensity: float = _NAN
    ridge: float = _NAN
    label: Label = "unknown"
    violation: bool = False
    why: str = ""


COLUMNS = tuple(field.name for field in fields(Placed))


def place(task: Task, latency_s: float, ability: Ability) -> Placed:
    """Place one case.

    Args:
        task: the pass on paper.
        latency_s: measured time of a pass, seconds.
        ability: of the machine, for the device and threads that were used.
    """
    why = _unknown(task, latency_s, ability)
    if why:
        return Placed(why=why)
    peak, bandwidth = ability.matmul[task.precision].best, _memory(ability)
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
        t_min,
        t_eager,
        t_min / latency_s,
        task.flops / moved if moved else _NAN,
        peak / bandwidth,
        "overhead" if latency_s > OVERHEAD * t_eager else label,
        violation,
        _doubt(task, ability, violation),
    )


def _unknown(task: Task, latency_s: float, ability: Ability) -> str:
    if not latency_s > 0:
        return "no latency"
    if not len(task.work):
        return "its operators were not counted"
    if task.precision not in BYTES_OF_FP32 or task.precision not in ability.matmul:
        return f"no peak for {task.precision}"
    return "" if {"copy", "triad"} & ability.bandwidth.keys() else "no memory bandwidth"


def _doubt(task: Task, ability: Ability, violation: bool) -> str:
    contended = ability.matmul[task.precision].contended or any(peak.contended for peak in ability.bandwidth.values())
    doubts = ["the peaks were measured beside other work"] if contended else []
    if violation:
        doubts.append("faster than the machine can: count, precision or peak is wrong, or products were saved")
    return "; ".join(doubts)


def _memory(ability: Ability) -> float:
    """Best bandwidth of the memory, bytes per second."""
    return max(ability.bandwidth[name].best for name in ("copy", "triad") if name in ability.bandwidth)


def _least_memory_s(bytes_: float, ability: Ability) -> float:
    """Seconds to read so many bytes, when the last cache still holds what fits into it from the pass before."""
    cache = math.inf if ability.llc_bytes is None else ability.llc_bytes
    memory = _memory(ability)
    fastest = max(memory, ability.bandwidth["llc"].best) if "llc" in ability.bandwidth else math.inf
    return max(bytes_ / fastest, max(0.0, bytes_ - cache) / memory)


def roofline(cases: pd.DataFrame, counts: pd.DataFrame, abilities: Sequence[Ability]) -> pd.DataFrame:
    """Place all cases.

    Args:
        cases: ``summary.summarise``.
        counts: ``store.frame.counts_frame``.
        abilities: oldest first; of several that fit a case the newest counts.

    Returns: one row per case in the same order and with the same index: ``machine``, ``case``, and the columns of
        ``Placed``.
    """
    columns = [name for name in ("work", "weight_bytes", "uncounted") if name in counts]
    facts = {
        (row["model"], row["resolution"]): {name: row[name] for name in columns}
        for row in counts[["model", "resolution", *columns]].to_dict("records")
    }
    rows = [
        {**asdict(_place_row(row, facts.get((row["model"], row["resolution"]), {}), abilities)), **_names(row)}
        for row in cases.to_dict("records")
    ]
    return pd.DataFrame(rows, index=cases.index, columns=pd.Index(["machine", "case", *COLUMNS]))


def _names(row: dict[Any, Any]) -> dict[str, Any]:
    return {"machine": row["machine"], "case": row.get("case", "")}


def _place_row(row: dict[Any, Any], facts: dict[str, Any], abilities: Sequence[Ability]) -> Placed:
    if row.get("mode", "inference") != "inference":
        return Placed(why=f"operators are counted for inference, not for {row['mode']}")
    if row.get("instances", 1) > 1:
        return Placed(why="copies share the peaks, which are those of one process")
    ability = find(row["machine"], row["device"], row["threads"], abilities)
    if ability is None:
        return Placed(why=f"no peaks of this machine on {row['device']} with {row['threads']} threads")
    work, uncounted = facts.get("work"), facts.get("uncounted")
    if not isinstance(work, (list, tuple)):
        return Placed(why="its operators were not counted")
    task = Task(row["macs"], row["batch"], row["resolution"], row["precision"], facts["weight_bytes"], work)
    placed = place(task, row["latency_s"], ability)
    if isinstance(uncounted, (list, tuple)) and uncounted:  # the bound holds all the same: it is only too low
        missing = f"no formula for {', '.join(uncounted)}"
        return Placed(**{**asdict(placed), "why": "; ".join(filter(None, (missing, placed.why)))})
    return placed


def find(machine: str, device: str, threads: int, abilities: Sequence[Ability]) -> Ability | None:
    """The ability that belongs to a row; of several the newest, and first of all one with the row's software.

    Args:
        machine: as ``analysis.rounds.name_machines`` made it: with ``/`` and the software's key, where a machine
            has several.
        device, threads: of the case. On CUDA threads do not matter.
        abilities: oldest first.
    """
    name, _, software = machine.partition("/")
    fitting = [
        ability
        for ability in abilities
        if ability.machine == name
        and ability.device == device
        and (ability.threads == threads or device.startswith("cuda"))
    ]
    chosen = [ability for ability in fitting if software and ability.sw_key.startswith(software)] or fitting
    return chosen[-1] if chosen else None
