"""Accuracy of models on labelled images, of the very artefacts that are timed: one record per configuration."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from scalebench.analysis.probe import probe
from scalebench.errors import BuildError, StoreError, UnknownNameError, did_you_mean
from scalebench.execute.abba import RoundRunner
from scalebench.execute.client import Ending
from scalebench.execute.counting import Paper
from scalebench.execute.events import Counted, Listener, Note, silent
from scalebench.execute.offering import refusal
from scalebench.execute.one_round import explain, outcome_of, skipped_round
from scalebench.execute.planner import Prepared, count_all
from scalebench.jobs.history import read_folder
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.named_cases import base_case, open_bench, open_results, plan_without_suite, resolve_cases
from scalebench.jobs.tune import measured
from scalebench.record import Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import ACCURACY, PROBE, Case
from scalebench.suite.labelled_images import LabelledImages, list_images, plain_case, timed_case
from scalebench.suite.offers import OFFERS
from scalebench.suite.own_files import COLOURS, channels_of
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.protocol import PROTOCOLS, Protocol

SUITE = "accuracy"
_TIMEOUT_S = 24 * 3600.0


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
        BuildError: a network has other classes than the images.
        ScalebenchError: no such model or device, or the machine is taken.
    """
    trains = options.probe or "int8" in options.precisions
    data = list_images(options.data, options.test_share if trains else 1.0, options.group, options.seed)
    if trains and not data.train:
        raise StoreError(f"{options.data} has no training image", "int8 is calibrated on them, and a probe trained")
    data.keep()
    folder = options.results / SUITE
    with open_bench(SUITE, options.device, announce) as (device, bench):
        base = base_case(device, options.batch, options.threads, options.protocol or "quick")
        models = resolve_cases(options.names, base, bench.warm, announce)
        _refuse_other_channels(models)
        cases = _cases(models, options, data.name)
        writer = open_results(folder, bench, f"Accuracy on {data.name}", cases, 1)
        records = _classified(cases, data, bench, writer, announce)
        good = [case for case, record in records.items() if record.outcome == "ok"]
        rounds = _timed(good, PROTOCOLS[options.protocol], bench, announce, folder) if options.protocol and good else {}
    return MeasuredAccuracy(data, records, rounds, folder)


def _refuse_other_channels(models: Sequence[Case]) -> None:
    for case in models:
        if channels_of(case.model) != COLOURS:
            raise BuildError(f"{case.model} takes {channels_of(case.model)} channels", "the images have three colours")


def _cases(models: Sequence[Case], options: AccuracyOptions, data: str) -> list[Case]:
    """Every configuration named, of each model after the one that all are compared with."""
    mode, cases = PROBE if options.probe else ACCURACY, dict[Case, None]()
    for model in models:
        plain = plain_case(replace(model, mode=mode, data=data))
        cases[plain] = None
        for runtime, precision in product(options.runtimes, options.precisions):
            cases[replace(plain, runtime=runtime, precision=precision)] = None
    return list(cases)


def _classified(
    cases: Sequence[Case], data: LabelledImages, bench: RoundRunner, writer: Writer, announce: Listener
) -> dict[Case, Record]:
    """A record of each case, stored as it is made; earlier ones of this machine and software are taken as they are."""
    stored = {
        record.case.key: record
        for record in read_folder(writer.path.parent).records
        if record.outcome == "ok" and record.environment == bench.environment
    }
    records = {}
    for case in cases:
        record = stored.get(case.key)
        if record is None:
            record = _classify(case, data, bench, announce)
            writer.append(record)
            if record.outcome != "ok":
                announce(Note(f"{case.label}: {record.ending}: {(record.error or {}).get('message', '')}"))
        records[case] = record
    return records


def _classify(case: Case, data: LabelledImages, bench: RoundRunner, announce: Listener) -> Record:
    refused = refusal(timed_case(case))
    if refused is not None:
        return skipped_round(SUITE, case, 0, bench.environment, *refused, facts={})
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    total = len(data.test) + (len(data.train) if case.mode == PROBE else 0)

    def progress(_: int, answer: Mapping[str, Any]) -> None:
        announce(Counted(f"classifying, {case.label}", answer["done"], total))

    with tempfile.TemporaryDirectory() as folder:
        parts = {part: f"{folder}/{part}.npy" for part in (("train", "test") if case.mode == PROBE else ("test",))}
        job = {"do": "classify", "case": asdict(case), "parts": parts}
        ending = bench.worker(case.device).run(job, _TIMEOUT_S, progress)
        if (ending.error or {}).get("type") == BuildError.__name__ and case == plain_case(case):
            raise BuildError(ending.error["message"], ending.error["hint"])  # type: ignore[index]
        outcome, detail = outcome_of(ending, case.device)
        result = Record(SUITE, case, 0, outcome, started, bench.environment, ending=detail, wall_s=ending.wall_s)
        if outcome != "ok":
            return replace(result, error=explain(ending, _TIMEOUT_S))
        outputs = {part: np.load(file) for part, file in parts.items()}
    return _judged(result, data, outputs, ending)


def _judged(result: Record, data: LabelledImages, outputs: Mapping[str, np.ndarray], ending: Ending) -> Record:
    """The record with the class of every test image that could be read."""
    unreadable = [problem for answer in ending.answers.values() for problem in answer["unreadable"]]
    lost = {problem.rpartition(": ")[0] for problem in unreadable}
    rows = {part: np.array([image.path not in lost for image in getattr(data, part)]) for part in outputs}
    if not all(np.isfinite(own[rows[part]]).all() for part, own in outputs.items()):
        error = {"type": "Wrong", "message": "the outputs are not finite"}
        return replace(result, outcome="wrong", ending="wrong", error=error)
    labels = {part: np.array([image.label for image in getattr(data, part)])[rows[part]] for part in outputs}
    groups = {part: _numbers([image.group for image in getattr(data, part)])[rows[part]] for part in outputs}
    if not rows["test"].any():
        raise StoreError("no test image could be read", "Pillow has to be able to open them")
    test = outputs["test"][rows["test"]]
    if result.case.mode == PROBE:
        predicted = probe(outputs["train"][rows["train"]], labels["train"], groups["train"], test)
        true, classes = labels["test"], len(data.classes)
    else:
        targets = np.array(ending.answers[0]["targets"])
        predicted, true, classes = test.argmax(axis=1), targets[labels["test"]], test.shape[1]
    samples = {"true": true.tolist(), "predicted": predicted.tolist(), "group": groups["test"].tolist()}
    facts = {"images": len(true), "top1": float(np.mean(predicted == true)), "classes": list(data.classes),
             "outputs": classes}  # fmt: skip
    return replace(
        result, samples=samples, facts=facts, notes=tuple(f"unreadable: {problem}" for problem in unreadable)
    )


def _numbers(groups: Sequence[str]) -> np.ndarray:
    return np.unique(np.array(groups), return_inverse=True)[1]


def _timed(
    cases: Sequence[Case], protocol: Protocol, bench: RoundRunner, announce: Listener, folder: Path
) -> dict[Case, list[Record]]:
    """Rounds of the artefacts that classified, where they are not stored yet, by the case that classified."""
    timed = {case: replace(timed_case(case), protocol=protocol) for case in cases}
    facts = count_all({case.counted(): ("inference",) for case in cases}, Paper(bench.warm), announce)
    plan = plan_without_suite(SUITE, "Accuracy", list(timed.values()), protocol.rounds, bench.environment.hw_key)
    prepared = Prepared(replace(plan, counts=tuple(facts)), facts, {cases[0].device: bench.environment})
    options = MeasureOptions(peaks=False)
    rounds = measured(prepared, list(dict.fromkeys(timed.values())), folder, bench.warm, options, announce)
    return {case: rounds[artefact] for case, artefact in timed.items()}
