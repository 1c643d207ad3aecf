"""Accuracy of models on labelled images, of the very artefacts that are timed: one record per configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from scalebench.analysis.probe import check_probe
from scalebench.errors import UnknownNameError, did_you_mean
from scalebench.execute.abba import RoundRunner
from scalebench.execute.counting import Paper
from scalebench.execute.events import Listener, silent
from scalebench.execute.labelled_data import labelled_images, unable
from scalebench.execute.planner import Prepared, count_all
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.named_cases import base_case, open_bench, plan_without_suite, resolve_cases
from scalebench.jobs.tune import measured
from scalebench.record import Record
from scalebench.suite.case import ACCURACY, PROBE, Case
from scalebench.suite.labelled_images import LabelledImages, plain_case, timed_case
from scalebench.suite.offers import OFFERS
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.protocol import PROTOCOLS

SUITE = "accuracy"


@dataclass(frozen=True)
class AccuracyOptions:
    """What is classified, by what, and how.

    Attributes:
        names: ``MODEL[@RES]``.
        data: folder of the images, see ``labelled_images.list_images``.
        runtimes, precisions: every pair that is offered; the model as it stands in fp32, which the others
            are compared with, always.
        probe: train a logistic regression on what the network returns.
        test_share, group, seed: how a folder without parts is divided.
        protocol: how the same artefacts are timed; None leaves that out.
    """

    names: Sequence[str]
    data: Path
    runtimes: Sequence[str] = ("eager",)
    precisions: Sequence[str] = ("fp32",)
    batch: int = 1
    threads: int | None = None
    device: str = "auto"
    probe: bool = False
    test_share: float = 0.3
    group: str | None = None
    seed: int = 0
    protocol: str | None = "quick"
    results: Path = Path("results")

    def __post_init__(self) -> None:
        for what, words, known in (("runtime", self.runtimes, OFFERS), ("precision", self.precisions, PRECISIONS)):
            for word in words:
                if word not in known:
                    hint = did_you_mean(word, known) or f"there are {', '.join(known)}"
                    raise UnknownNameError(f"no {what} {word!r}", hint)


@dataclass(frozen=True)
class MeasuredAccuracy:
    """Records of classified images, and of the rounds that timed the same artefacts, by the case that classified."""

    data: LabelledImages
    records: Mapping[Case, Record]
    rounds: Mapping[Case, Sequence[Record]]
    folder: Path


def measure_accuracy(options: AccuracyOptions, announce: Listener = silent) -> MeasuredAccuracy:
    """Classify the test images with every configuration, and time the same artefacts.

    What an earlier call with the same images has stored is not classified again.

    Raises:
        StoreError: the images cannot be used.
        BuildError: a network has other classes than the images, or takes other images.
        ScalebenchError: no such model or device, or the machine is taken.
    """
    modes = (PROBE if options.probe else ACCURACY,)
    data = labelled_images(
        options.data, modes, options.precisions, options.test_share, options.group, options.seed
    )  # fmt: skip
    if options.probe:
        check_probe(data.train)
    with open_bench(SUITE, options.device, announce) as (device, bench):
        base = base_case(device, options.batch, options.threads, options.protocol or "quick")
        models = resolve_cases(options.names, base, bench.warm, announce)
        cases = _cases(models, options, data.name)
        problem = unable(cases, data.classes, Paper(bench.warm))
        if problem is not None:
            raise problem[1]
        classified = _measured(cases, f"Accuracy on {data.name}", options, bench, announce)
        records = {case: made[-1] for case, made in classified.items()}
        good = [case for case, record in records.items() if record.outcome == "ok"]
        timing = PROTOCOLS[options.protocol] if options.protocol else None
        timed = {case: replace(timed_case(case), protocol=timing) for case in good} if timing else {}
        rounds = _measured(list(dict.fromkeys(timed.values())), "Accuracy", options, bench, announce) if timed else {}
    times = {case: rounds[artefact] for case, artefact in timed.items()}
    return MeasuredAccuracy(data, records, times, options.results / SUITE)


def _cases(models: Sequence[Case], options: AccuracyOptions, data: str) -> list[Case]:
    """Every configuration named, of each model after the one that all are compared with."""
    mode, cases = PROBE if options.probe else ACCURACY, dict[Case, None]()
    for model in models:
        plain = plain_case(replace(model, mode=mode, data=data))
        cases[plain] = None
        for runtime, precision in product(options.runtimes, options.precisions):
            cases[replace(plain, runtime=runtime, precision=precision)] = None
    return list(cases)


def _measured(
    cases: Sequence[Case], title: str, options: AccuracyOptions, bench: RoundRunner, announce: Listener
) -> dict[Case, list[Record]]:
    """Records of the cases, measured where they are not stored yet or have failed."""
    facts = count_all({case.counted(): ("inference",) for case in cases}, Paper(bench.warm), announce)
    plan = plan_without_suite(SUITE, title, cases, cases[0].protocol.rounds, bench.environment.hw_key)
    prepared = Prepared(replace(plan, counts=tuple(facts)), facts, {cases[0].device: bench.environment})
    how = MeasureOptions(peaks=False, retry_failed=True)
    return measured(prepared, cases, options.results / SUITE, bench.warm, how, announce)
