"""One case that classifies labelled images, from the job of its process to its record."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import Any

import numpy as np

from scalebench.analysis.probe import probe
from scalebench.errors import ScalebenchError, StoreError
from scalebench.execute.client import Ending, Worker
from scalebench.execute.events import Counted, Listener
from scalebench.execute.one_round import explain, outcome_of
from scalebench.record import Environment, Record
from scalebench.suite.case import PROBE, Case
from scalebench.suite.labelled_images import LabelledImages, kept


def classify_round(
    worker: Worker, suite: str, case: Case, number: int, environment: Environment, announce: Listener
) -> Record:
    """Classify the images of a case with its artefact; whatever goes wrong is in the record.

    Args:
        worker, suite, case, number, environment: as of ``run_round``.
        announce: hears how many images are done.

    Raises:
        StoreError: the list of images is gone.
    """
    data = kept(case.data)
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    parts = ("train", "test") if case.mode == PROBE else ("test",)
    total = sum(len(getattr(data, part)) for part in parts)

    def progress(_: int, answer: Mapping[str, Any]) -> None:
        announce(Counted(f"classifying, {case.label}", answer["done"], total))

    with tempfile.TemporaryDirectory() as folder:
        files = {part: f"{folder}/{part}.npy" for part in parts}
        job = {"do": "classify", "case": asdict(case), "parts": files}
        ending = worker.run(job, case.protocol.timeout_s, progress)
        outcome, detail = outcome_of(ending, case.device)
        result = Record(suite, case, number, outcome, started, environment, ending=detail, wall_s=ending.wall_s)
        if outcome != "ok":
            return replace(result, error=explain(ending, case.protocol.timeout_s))
        outputs = {part: np.load(file) for part, file in files.items()}
    try:
        return _judged(result, data, outputs, ending)
    except ScalebenchError as error:
        kind = type(error).__name__
        reason = {"type": kind, "message": error.message}
        return replace(result, outcome="failed", ending=f"error({kind})", error=reason)


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
