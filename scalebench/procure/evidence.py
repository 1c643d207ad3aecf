"""Evidence: the records behind each node of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scalebench.analysis.resampling import generator, session_factors
from scalebench.analysis.rounds import with_standing
from scalebench.analysis.sessions import DEFAULT, Spread, spreads
from scalebench.errors import did_you_mean
from scalebench.machine.ability import Ability
from scalebench.procure.accuracy_evidence import MeasuredAccuracies, gather_accuracies
from scalebench.procure.chip import Chip
from scalebench.procure.load_plan import PlanFile
from scalebench.procure.purchase_plan import Node
from scalebench.procure.rated_peaks import device_name, row_of
from scalebench.procure.service_curves import ServiceCurve, curves
from scalebench.record import Environment, Record
from scalebench.store.frame import counts_frame, rounds_frame
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.suite import device_kinds
from scalebench.suite.case import COUNT, INPUT

CPU = device_kinds.CPU.name
"""Accelerator of a node that runs the model on its processor, which need not be in the catalogue."""


@dataclass(frozen=True)
class NodeEvidence:
    """What was measured of one node.

    Attributes:
        environment: of the newest records.
        prepared: rounds of preparing images on its host, ``analysis.rounds.with_standing``.
        facts: counts of each model and resolution, see ``store.frame.counts_frame``.
        abilities: measured peaks of the machine, oldest first.
        imported: number of cases that come from an imported table; then there are no curves.
        notes: reservations about all of it.
        sessions: the fewest that any of its cases was measured in.
        spread: between sessions of the machine; None if there is one.
    """

    environment: Environment
    curves: tuple[ServiceCurve, ...]
    prepared: pd.DataFrame
    facts: Mapping[tuple[str, int], Mapping[Any, Any]] = field(default_factory=dict)
    abilities: tuple[Ability, ...] = ()
    imported: int = 0
    notes: tuple[str, ...] = ()
    sessions: int = 1
    spread: Spread | None = None

    def session_factors(self, draws: int, seed: int) -> np.ndarray:
        """How much slower other sessions may be, one factor per draw for everything measured on the machine."""
        deviation = (self.spread or DEFAULT).deviation(self.sessions)
        return session_factors(deviation, draws, generator(seed, self.environment.machine, "sessions"))

    @property
    def on_cpu(self) -> bool:
        """Whether the model runs on the processor."""
        return _on_cpu(self.environment)

    @property
    def cores(self) -> int | None:
        """Cores of the host that the measuring process could use."""
        cores = (self.environment.hardware.get("cpu") or {}).get("usable_cores")
        return None if cores is None else int(cores)

    @property
    def memory_gib(self) -> float | None:
        """Of one device; of the host if the model runs on the processor."""
        hardware = self.environment.hardware
        memory = (hardware.get("memory") or {}).get("gib") if self.on_cpu else hardware.get("gpu_memory_gib")
        return None if memory is None else float(memory)


@dataclass(frozen=True)
class Evidence:
    """Evidence of the measured nodes by id, the catalogue by id, and ``problems``: lines that could not be read.

    ``accuracies`` is None where the plan gives none, or gives them as values.
    """

    nodes: Mapping[str, NodeEvidence]
    chips: Mapping[str, Chip]
    files: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()
    accuracies: MeasuredAccuracies | None = None


def gather(file: PlanFile, chips: Mapping[str, Chip]) -> Evidence:
    """Read the plan's runs and find each node in them; ``chips`` is the catalogue by id.

    Raises:
        PlanError: accuracies that cannot be used, a machine without records, an unknown accelerator, or one that
            contradicts the records.
        StoreError: records that cannot be read.
    """
    evidence = examine(file, read_results(result_files(file.runs)), chips)
    accuracies = gather_accuracies(file)
    files = dict.fromkeys((*evidence.files, *(accuracies.files if accuracies else ())))
    return replace(evidence, accuracies=accuracies, files=tuple(files))


def examine(file: PlanFile, results: Results, chips: Mapping[str, Chip]) -> Evidence:
    """Find each node of a plan in records that have been read; see ``gather``."""
    nodes: dict[str, NodeEvidence] = {}
    for index, node in enumerate(file.plan.nodes):
        if node.accelerator != CPU and node.accelerator not in chips:
            hint = did_you_mean(node.accelerator, [CPU, *chips]) or "scalebench hardware lists them"
            raise file.error(("nodes", index, "accelerator"), f"{node.accelerator!r} is not in the catalogue", hint)
        if node.estimate is None:
            nodes[node.id] = _of_node(file, index, node, results, chips)
    return Evidence(nodes, chips, results.files, results.problems)


def _of_node(file: PlanFile, index: int, node: Node, results: Results, chips: Mapping[str, Chip]) -> NodeEvidence:
    measured = [record for record in results.records if record.case.mode != COUNT]
    own = [r for r in measured if r.environment.machine == node.machine and r.case.mode == "inference"]
    if not own:
        machines = sorted({record.environment.machine for record in measured})
        hint = did_you_mean(node.machine, machines) or f"machines there: {', '.join(machines) or 'none'}"
        raise file.error(("nodes", index, "machine"), f"no records of machine {node.machine!r}", hint)
    own, software_note = _newest(own)
    environment = own[-1].environment
    notes = (*software_note, *_check_accelerator(file, index, node, environment, chips))
    if environment.imported:
        cases = {record.case.key for record in own}
        return NodeEvidence(environment, (), pd.DataFrame(), imported=len(cases), notes=notes)
    hosts = {record.environment.host for record in own} - {""}
    inputs = [
        record
        for record in measured
        if record.case.mode == INPUT
        and (record.environment.machine == node.machine or record.environment.host in hosts)
    ]
    rounds, latency = _frame(own), "latency_s"
    medians = [float(np.median(laps)) if laps else np.nan for laps in rounds["laps"]]
    good = rounds[rounds["used"]]
    counts = counts_frame([record for record in results.records if record.case.mode == COUNT])
    return NodeEvidence(
        environment,
        curves(rounds),
        _frame(_newest(inputs)[0]),
        {(row["model"], row["resolution"]): row for row in counts.to_dict("records")},
        tuple(ability for ability in results.abilities if ability.machine == node.machine),
        notes=notes,
        sessions=int(good.groupby("case")["session"].nunique().min()) if len(good) else 1,
        spread=spreads(rounds.assign(latency_s=medians), [latency]).get((environment.machine, latency)),
    )


def _newest(records: Sequence[Record]) -> tuple[list[Record], tuple[str, ...]]:
    """Records with the software of the newest one, and a note if there are others."""
    if not records:
        return [], ()
    newest = max(records, key=lambda record: record.started).environment.sw_key
    others = {record.environment.sw_key for record in records} - {newest}
    note = f"measured with {len(others) + 1} software versions; only the newest, {newest[:6]}, counts"
    return [r for r in records if r.environment.sw_key == newest], (note,) if others else ()


def _frame(records: Sequence[Record]) -> pd.DataFrame:
    return with_standing(rounds_frame(records), records)


def _on_cpu(environment: Environment) -> bool:
    return device_kinds.kind_of(str(environment.hardware.get("device", CPU))).on_host


def _check_accelerator(
    file: PlanFile, index: int, node: Node, environment: Environment, chips: Mapping[str, Chip]
) -> tuple[str, ...]:
    """Notes on what could not be checked.

    Raises:
        PlanError: the records are of another kind of device, or of another chip, than the node names.
    """
    location = ("nodes", index, "accelerator")
    chip, name = chips.get(node.accelerator), device_name(environment.hardware)
    on_cpu = _on_cpu(environment)
    if (chip is None or chip.is_processor) != on_cpu:
        kind = "its processor" if on_cpu else name
        raise file.error(location, f"{node.accelerator!r}, but the records of {node.machine!r} are of {kind}")
    row = row_of(name, chips.values())
    if chip is None or row == chip:
        return ()
    if row is not None:
        raise file.error(location, f"{node.accelerator!r}, but the records are of {name!r}", f"that is {row.id!r}")
    return (f"could not check that {name or 'an unnamed device'} is {node.accelerator}",)
