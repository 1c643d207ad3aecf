"""Counting and other questions that need no device: the worker answers once, then the answer is read from disk."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from scalebench.errors import BuildError, ScalebenchError, UnknownNameError, UnreachableError, WorkerError
from scalebench.execute.client import Worker
from scalebench.suite.dense import package_version
from scalebench.suite.own_files import declared
from scalebench.suite.own_kinds import OWN_KINDS
from scalebench.userdirs import cache_folder, write_cache

COUNTING = 6
"""Incremented when counting or matching changes, so that no older answer is used."""
_TIMEOUT_S = 3600.0
_ERRORS: dict[str, type[ScalebenchError]] = {
    kind.__name__: kind for kind in (BuildError, UnknownNameError, UnreachableError)
}

Question = dict[str, Any]
Answer = dict[str, Any]
Progress = Callable[[int, int], None]


class Paper:
    """Answers questions from disk, and by the worker where they are new.

    Args:
        worker: started only for new questions.
        folder: where answers are stored; default the user's cache folder.
    """

    def __init__(self, worker: Worker, folder: Path | None = None) -> None:
        self._worker = worker
        self._folder = folder or cache_folder("paper")

    def ask(self, questions: Sequence[Question], progress: Progress = lambda _done, _total: None) -> list[Answer]:
        """Answers in the order of the questions, each ``{"ok": ...}`` or ``{"error": {...}}``.

        Args:
            questions: see ``worker.PAPER``.
            progress: called with (answered, all) numbers of questions.

        Raises:
            WorkerError: the worker ended before it answered.
        """
        answers = [self._read(question) for question in questions]
        missing = [index for index, answer in enumerate(answers) if answer is None]
        done = len(questions) - len(missing)
        progress(done, len(questions))
        if missing:

            def on_answer(index: int, answer: Answer) -> None:
                nonlocal done
                done += 1
                answers[missing[index]] = answer
                # Other errors may be temporary.
                if "ok" in answer or answer["error"]["type"] == UnreachableError.__name__:
                    write_cache(self._file(questions[missing[index]]), json.dumps(answer))
                progress(done, len(questions))

            job = {"do": "paper", "questions": [questions[index] for index in missing]}
            ending = self._worker.run(job, _TIMEOUT_S, on_answer)
            if any(answer is None for answer in answers):
                raise WorkerError(f"counting ended early: {ending.reason}")
        return [answer for answer in answers if answer is not None]

    def _file(self, question: Question) -> Path:
        content = json.dumps([COUNTING, _versions(question), question], sort_keys=True)
        return self._folder / f"{hashlib.sha256(content.encode()).hexdigest()[:24]}.json"

    def _read(self, question: Question) -> Answer | None:
        try:
            answer = json.loads(self._file(question).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None


def _versions(question: Question) -> list[str]:
    """Versions that an answer depends on; for a dense model also of the package that builds it, empty if missing.

    For one of the user's own models also what is declared about it.
    """
    kind, dense, _ = str(question.get("model", "")).partition(":")
    versions = [_version(package) for package in ("torch", "timm")]
    if kind in OWN_KINDS:
        return [*versions, *declared(question["model"])]
    return [*versions, _version("torchvision"), package_version(kind)] if dense else versions


@cache
def _version(package: str) -> str:
    return importlib.metadata.version(package)


def count_question(model: str, resolution: int, peaks: Iterable[str]) -> Question:
    """Counts of a model, with its static memory in the modes of ``peaks``."""
    return {"ask": "count", "model": model, "resolution": resolution, "peaks": sorted(peaks)}


def unwrap(answer: Answer) -> Any:
    """The content of a successful answer.

    Raises:
        BuildError, UnknownNameError, UnreachableError: as the worker reported.
    """
    if "ok" in answer:
        return answer["ok"]
    error = answer["error"]
    raise _ERRORS.get(error["type"], BuildError)(error["message"], error["hint"])
