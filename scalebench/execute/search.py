"""Search for the best way to run one model: cheap rounds first, and no number of them is the result.

Three stages, each on rounds of its own, because the fastest of many noisy numbers is too fast a number: every way of
running gets one short round; the best of them, with larger batches and with copies where asked for, get longer ones;
what then leads is measured afresh by whoever called, and only that is reported.
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

SCREENING = Protocol(rounds=1, warmup_s=0.2, warmup_max_s=1.5, chunk_s=0.3, chunk_max_s=1.0, min_iterations=4)
SELECTING = Protocol(rounds=2, warmup_s=0.4, warmup_max_s=3.0, chunk_s=0.5, chunk_max_s=2.0, min_iterations=6)
"""Phases of the first two stages: another method, so that their rounds are never pooled with later ones."""
SURVIVORS = 4
_NEVER = {
    ("cpu", precision): "fp16 on a CPU is emulated: seen 10 to 500 times slower than fp32"
    for precision in ("fp16", "amp_fp16")
}
_COMPILED = {"cpu": ("compile",), "cuda": ("compile", "compile_max_autotune", "compile_reduce_overhead")}
"""Compiling takes up to a minute: tried for the best precisions and layouts of eager only."""
_COMPILED_WAYS = 2
_GROWTH = 1.03
"""A doubled batch must bring at least this much throughput to be worth going on."""
_LARGEST = 256

Ask = Callable[[Sequence[Case]], Mapping[Case, Sequence[Record]]]
"""Measures cases, each as often as its protocol says; records by case."""


@dataclass(frozen=True)
class SearchGoal:
    """What the best way has to keep to.

    Attributes:
        objective: ``latency_s`` or ``throughput_ips``.
        latency_s: longest latency of a batch allowed, seconds; None is any.
        memory_bytes: most memory of all copies together, bytes; None is any.
        batches: whether larger batches are tried.
        copies: whether copies that share out the cores are tried.
    """

    objective: str = "latency_s"
    latency_s: float | None = None
    memory_bytes: float | None = None
    batches: bool = False
    copies: bool = False

    def value(self, record: Record) -> float:
        """The objective, larger is better."""
        found = float(record.facts[self.objective])
        return found if self.objective == "throughput_ips" else 1 / found

    def kept(self, record: Record) -> bool:
        """Whether a round ended well and within the limits."""
        if record.outcome != "ok":
            return False
        limits = {"latency_s": self.latency_s, "memory_bytes": self.memory_bytes}
        found = ((record.facts.get(name), most) for name, most in limits.items() if most is not None)
        return all(value is not None and value <= most for value, most in found)  # unknown is not within a limit


@dataclass(frozen=True)
class SearchResult:
    """What the search came to.

    Attributes:
        best: the way that led in the second stage, or None where none kept the terms.
        fixed: the best at the batch that was asked for, with one copy; ``best`` may have another batch, or copies.
        others: the next best, best first.
        largest: largest batch of the leading way that ran at all; None where batches were not tried.
        tried: every record of both stages.
        refused: ways that were not tried, with the reason.
    """

    best: Case | None
    fixed: Case | None = None
    others: tuple[Case, ...] = ()
    largest: Case | None = None
    tried: tuple[Record, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def ways(base: Case) -> tuple[list[Case], dict[str, str]]:
    """Every way to run ``base`` that its runtime offers here, compiled ones apart, and why others are left out."""
    kind = base.device.partition(":")[0]
    cases, refused = [], {}
    for runtime, offer in OFFERS.items():
        if runtime.startswith("compile"):
            continue
        if kind not in offer.precisions:
            refused[runtime] = f"does not run on {kind}"
        for precision in sorted(offer.precisions.get(kind, ())):
            for layout in sorted(offer.layouts, reverse=True):
                case = replace(base, runtime=runtime, precision=precision, layout=layout)
                why = _NEVER.get((kind, precision)) or (refusal(case) or ("", ""))[1]
                if why:
                    refused[f"{precision} {layout} {runtime}"] = why
                else:
                    cases.append(case)
    return cases, refused


def search(base: Case, cores: int, terms: SearchGoal, ask: Ask) -> SearchResult:
    """Find the best way to run ``base``.

    Args:
        base: model, resolution, batch, device and threads; the rest is searched.
        cores: that copies may share.
        terms: objective and limits.
        ask: measures.
    """
    tried: list[Record] = []

    def records(cases: Iterable[Case], protocol: Protocol) -> list[tuple[Case, float]]:
        """Cases that keep the terms with the mean of the objective over their rounds, best first."""
        answers = ask([replace(case, protocol=protocol) for case in cases])
        tried.extend(record for found in answers.values() for record in found)
        kept = [
            (case, fmean(map(terms.value, found)))
            for case, found in answers.items()
            if found and all(map(terms.kept, found))
        ]
        return sorted(kept, key=lambda pair: -pair[1])

    every, refused = ways(base)
    screened = records(every, SCREENING)
    eager = [case for case, _ in screened if case.runtime == "eager"][:_COMPILED_WAYS]
    kind = base.device.partition(":")[0]
    compiled = [replace(case, runtime=runtime) for case in eager for runtime in _COMPILED[kind]]
    screened += records(compiled, SCREENING) if compiled else []
    front = [case for case, _ in sorted(screened, key=lambda pair: -pair[1])][:SURVIVORS]
    if not front:
        return SearchResult(None, tried=tuple(tried), refused=refused)
    spread = [*front, *(split for case in front[:2] for split in (_splits(case, cores) if terms.copies else ()))]
    largest = None
    if terms.batches:
        grown, largest = _grown(front[0], terms, ask, tried)
        spread += grown
    ranked = [case for case, _ in records(dict.fromkeys(spread), SELECTING)]
    if not ranked:
        return SearchResult(None, largest=largest, tried=tuple(tried), refused=refused)
    fixed = next((case for case in ranked if (case.batch, case.instances) == (base.batch, 1)), None)
    return SearchResult(ranked[0], fixed, tuple(ranked[1:SURVIVORS]), largest, tuple(tried), refused)


def _splits(case: Case, cores: int) -> list[Case]:
    """Copies that share out all cores evenly: every divisor of their number, pinned to cores of their own."""
    if not case.device.startswith("cpu"):
        return []
    return [
        replace(case, instances=copies, threads=cores // copies, affinity="pinned")
        for copies in range(2, cores + 1)
        if cores % copies == 0
    ]


def _grown(case: Case, terms: SearchGoal, ask: Ask, tried: list[Record]) -> tuple[list[Case], Case]:
    """Doubled batches while they pay and fit, one after the other; and the largest that ran."""
    worth, largest, before = [], case, 0.0
    batch = case.batch
    while batch < _LARGEST:
        batch *= 2
        bigger = replace(case, batch=batch, protocol=SCREENING)
        found = ask([bigger])[bigger]
        tried.extend(found)
        if not found or found[-1].outcome != "ok":
            break
        largest = bigger
        rate = float(found[-1].facts["throughput_ips"])
        if not terms.kept(found[-1]) or rate < _GROWTH * before:
            break
        before = rate
        worth.append(bigger)
    return worth[-2:], largest
