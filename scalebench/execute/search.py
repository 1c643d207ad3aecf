"""Search for the best configuration of one model, with short rounds that are never reported.

Three stages with separate rounds, because the fastest of many noisy times is biased: every configuration gets one short
round; the best ones, optionally with larger batches and with copies, get longer ones; the caller measures the leaders
afresh and reports only those rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from scalebench.execute.offering import refusal
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.offers import OFFERS
from scalebench.suite.protocol import Protocol

SCREENING = Protocol(1, warmup_s=0.2, warmup_max_s=1.5, chunk_s=0.3, chunk_max_s=1.0, min_iterations=4, turns=0)
SELECTING = Protocol(2, warmup_s=0.4, warmup_max_s=3.0, chunk_s=0.5, chunk_max_s=2.0, min_iterations=6, turns=0)
"""Protocols of the first two stages, of rounds alone: one that fails or takes all memory must not disturb the others.
Their method key differs, so their rounds are never pooled with later ones."""
SURVIVORS = 4
_MAX_COMPILED = 2
"""Compiling takes up to a minute: tried only for the best precisions and layouts of eager."""
_GROWTH = 1.03
"""A doubled batch must raise throughput at least by this factor, or the growth ends."""
_LARGEST = 256

Measure = Callable[[Sequence[Case]], Mapping[Case, Sequence[Record]]]
"""Measures cases, each as often as its protocol says; records by case."""


@dataclass(frozen=True)
class SearchGoal:
    """Objective and limits of the search.

    Attributes:
        objective: ``latency_s`` or ``throughput_ips``.
        latency_s: latency limit of a batch, seconds; None is no limit.
        memory_bytes: memory limit of all copies together, bytes; None is no limit.
        batches: whether larger batches are tried.
        copies: whether copies that share out the cores are tried.
    """

    objective: str = "latency_s"
    latency_s: float | None = None
    memory_bytes: float | None = None
    batches: bool = False
    copies: bool = False

    def value(self, record: Record) -> float:
        """The objective; larger is better."""
        value = float(record.facts[self.objective])
        return value if self.objective == "throughput_ips" else 1 / value

    def met(self, record: Record) -> bool:
        """Whether a round succeeded within the limits; an unknown value is not within a limit."""
        if record.outcome != "ok":
            return False
        limits = {"latency_s": self.latency_s, "memory_bytes": self.memory_bytes}
        values = ((record.facts.get(name), limit) for name, limit in limits.items() if limit is not None)
        return all(value is not None and value <= limit for value, limit in values)


@dataclass(frozen=True)
class SearchResult:
    """Result of the search.

    Attributes:
        best: leader of the second stage, or None where none met the goal.
        fixed: the best at the requested batch with one copy; ``best`` may have another batch, or copies.
        others: the next best, best first.
        largest: largest batch of the leader that ran; None where batches were not tried.
        tried: every record of both stages.
        refused: configurations that were not tried, with the reason.
    """

    best: Case | None
    fixed: Case | None = None
    others: tuple[Case, ...] = ()
    largest: Case | None = None
    tried: tuple[Record, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def configurations(base: Case) -> tuple[list[Case], dict[str, str]]:
    """Every available configuration of ``base`` except compiled ones, and why others are left out."""
    kind = base.kind
    cases, refused = [], {}
    for runtime, offer in OFFERS.items():
        if runtime.startswith("compile"):
            continue
        if runtime not in kind.runtimes:
            refused[runtime] = f"does not run on {kind.name}"
        for precision in sorted(kind.runtimes.get(runtime, ())):
            for layout in sorted(offer.layouts, reverse=True):
                case = replace(base, runtime=runtime, precision=precision, layout=layout)
                reason = _slow(case) or (refusal(case) or ("", ""))[1]
                if reason:
                    refused[f"{precision} {layout} {runtime}"] = reason
                else:
                    cases.append(case)
    return cases, refused


def _slow(case: Case) -> str:
    """Why a configuration is not worth a round; empty where it may be."""
    emulated = case.precision in case.kind.emulated
    return f"fp16 on a {case.kind.label} is emulated: 10 to 500 times slower than fp32" if emulated else ""


def _compiled(case: Case) -> list[Case]:
    """The case in every compiled runtime to try; on a CPU autotuning rarely changes a kernel."""
    runtimes = ("compile",) if case.kind.on_host else ("compile", "compile_max_autotune", "compile_reduce_overhead")
    return [replace(case, runtime=runtime) for runtime in runtimes if runtime in case.kind.runtimes]


def search(base: Case, cores: int, goal: SearchGoal, measure: Measure) -> SearchResult:
    """Find the best configuration for model, resolution, batch, device and threads of ``base``."""
    tried: list[Record] = []

    def ranking(cases: Iterable[Case], protocol: Protocol) -> list[tuple[Case, float]]:
        """Cases that meet the goal with the mean objective over their rounds, best first."""
        by_case = measure([replace(case, protocol=protocol) for case in cases])
        tried.extend(record for records in by_case.values() for record in records)
        values = [
            (case, fmean(map(goal.value, records)))
            for case, records in by_case.items()
            if records and all(map(goal.met, records))
        ]
        return sorted(values, key=lambda pair: -pair[1])

    available, refused = configurations(base)
    screened = ranking(available, SCREENING)
    eager = [case for case, _ in screened if case.runtime == "eager"][:_MAX_COMPILED]
    compiled = [compiled_case for case in eager for compiled_case in _compiled(case)]
    screened += ranking(compiled, SCREENING) if compiled else []
    front = [case for case, _ in sorted(screened, key=lambda pair: -pair[1])][:SURVIVORS]
    if not front:
        return SearchResult(None, tried=tuple(tried), refused=refused)
    candidates = [*front, *(split for case in front[:2] for split in (_splits(case, cores) if goal.copies else ()))]
    largest = None
    if goal.batches:
        batches, largest = _larger_batches(front[0], goal, measure, tried)
        candidates += batches
    ranked = [case for case, _ in ranking(dict.fromkeys(candidates), SELECTING)]
    if not ranked:
        return SearchResult(None, largest=largest, tried=tuple(tried), refused=refused)
    fixed = next((case for case in ranked if (case.batch, case.instances) == (base.batch, 1)), None)
    return SearchResult(ranked[0], fixed, tuple(ranked[1:SURVIVORS]), largest, tuple(tried), refused)


def _splits(case: Case, cores: int) -> list[Case]:
    """Pinned copies that divide all cores evenly: one case per divisor of their number."""
    if not case.kind.on_host:
        return []
    return [
        replace(case, instances=copies, threads=cores // copies, affinity="pinned")
        for copies in range(2, cores + 1)
        if cores % copies == 0
    ]


def _larger_batches(case: Case, goal: SearchGoal, measure: Measure, tried: list[Record]) -> tuple[list[Case], Case]:
    """Double the batch while it fits and throughput grows: the two largest such cases, and the largest that ran."""
    worthwhile, largest, last_rate = [], case, 0.0
    batch = case.batch
    while batch < _LARGEST:
        batch *= 2
        doubled = replace(case, batch=batch, protocol=SCREENING)
        records = measure([doubled])[doubled]
        tried.extend(records)
        if not records or records[-1].outcome != "ok":
            break
        largest = doubled
        rate = float(records[-1].facts["throughput_ips"])
        if not goal.met(records[-1]) or rate < _GROWTH * last_rate:
            break
        last_rate = rate
        worthwhile.append(doubled)
    return worthwhile[-2:], largest
