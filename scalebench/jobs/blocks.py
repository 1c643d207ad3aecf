"""Where the cost of one model goes: its parts, timed in fresh processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scalebench.analysis.part_times import Breakdown, break_down
from scalebench.execute.abilities import kept
from scalebench.execute.breakdown import parts_of_rounds
from scalebench.execute.events import Listener, Note, silent
from scalebench.jobs.examine import peaks_of
from scalebench.jobs.named_cases import base_case, open_bench, resolve_cases
from scalebench.record import Environment
from scalebench.suite.case import Case
from scalebench.units import seconds


@dataclass(frozen=True)
class MeasuredBlocks:
    """Cost of a model by kind of part and by stage; ``peak_flops`` is the fp32 matmul peak, FLOP/s, where known."""

    case: Case
    environment: Environment
    rounds: int
    peak_flops: float | None
    breakdown: Breakdown


def measure_blocks(
    name: str,
    batch: int = 1,
    threads: int | None = None,
    rounds: int = 3,
    device: str = "auto",
    protocol: str = "standard",
    peaks: bool = False,
    announce: Listener = silent,
) -> MeasuredBlocks:
    """Time the parts of a model, ``MODEL[@RES]``, in fresh processes, one per round.

    ``peaks`` measures the machine's peaks where none are stored.

    Raises:
        UnknownNameError, BuildError: there is no such model, or it cannot be built.
        MachineError: another run holds the machine's lock, or there is no such device.
        WorkerError: a round ended early.
    """
    with open_bench("blocks", device, announce) as (device, bench):
        environment = bench.environment
        (case,) = resolve_cases([name], base_case(device, batch, threads, protocol), bench.warm, announce)
        worker = bench.worker(device)
        ability = kept(environment, device, case.threads)
        if ability is None and peaks:
            ability = peaks_of(worker, environment, device, case.threads, announce)

        def heard(index: int, facts: dict[str, Any]) -> None:
            announce(Note(f"[{index + 1}/{rounds}] {case.label}: {seconds(facts['whole_s'])}"))

        facts_by_round = parts_of_rounds(worker, case, rounds, heard)
    fp32 = ability.matmul.get("fp32") if ability else None
    peak_flops = fp32.best if fp32 and not fp32.contended else None
    return MeasuredBlocks(case, environment, rounds, peak_flops, break_down(facts_by_round, batch, peak_flops))
