"""Matched groups: variants of one base at a target that is given, or chosen near a number so that all reach it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from scalebench.errors import ScalebenchError, UnreachableError
from scalebench.execute.counting import Answer, Paper, count_question, unwrap
from scalebench.execute.events import Counted, Listener
from scalebench.suite.load import SuiteFile
from scalebench.suite.model_facts import MatchRequest
from scalebench.suite.select_models import Selection
from scalebench.suite.suite_plan import Group, Member

_CANDIDATES = 4
"""Targets that are tried with a whole group, nearest first."""
_NAMED = 2
"""Targets that a hint names: as a rule the nearest below and above."""
_DECIMALS = 3
"""Of a chosen target, so that it can be read and written in a suite; more where the tolerance is narrow."""
_SKIP = "unreachable: skip leaves such variants out"

Ask = Callable[[str, Sequence[MatchRequest]], list[Answer]]
"""Answers a kind of question about each request."""


@dataclass(frozen=True)
class Matches:
    """Matched variants.

    Attributes:
        members: by request; without those that no rounding reaches and that may be left out.
        groups: the members by base and target.
        notes: sentences on chosen targets, and on variants left out.
    """

    members: Mapping[MatchRequest, Member]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Trial:
    """Answers of a group's methods at one target; ``coarsest`` is the method that a chosen target is taken from."""

    target: float
    answers: Mapping[MatchRequest, Answer]
    coarsest: str = ""

    @property
    def missed(self) -> list[MatchRequest]:
        return [request for request, answer in self.answers.items() if "error" in answer]


def match_groups(file: SuiteFile, selections: Sequence[Selection], paper: Paper, announce: Listener) -> Matches:
    """Find the variant of every request of the selections.

    Raises:
        SuiteError: a method cannot reach the target, and its entry does not say ``unreachable: skip``; or cannot scale.
    """

    def ask(kind: str, requests: Sequence[MatchRequest]) -> list[Answer]:
        questions = [{"ask": kind, "request": asdict(request)} for request in requests]
        progress = lambda done, total: announce(Counted("matching compute", done, total))  # noqa: E731
        return paper.ask(questions, progress) if questions else []

    entries = {request: index for index, selection in enumerate(selections) for request in selection.requests}
    given = [request for request in entries if not request.near]
    answers = dict(zip(given, ask("match", given), strict=True))
    requests_by_group: dict[MatchRequest, list[MatchRequest]] = {}
    for request in entries:
        requests_by_group.setdefault(replace(request, method=""), []).append(request)
    reached: dict[MatchRequest, dict[str, Any]] = {}
    targets: dict[MatchRequest, float] = {}
    notes: list[str] = []
    for group in requests_by_group.values():
        refusing = [request for request in group if _refuses(file, entries[request])]
        try:
            trial = _choose(group, ask) if group[0].near else _Trial(group[0].target, {r: answers[r] for r in group})
            _refuse(trial, refusing, ask)
        except ScalebenchError as error:
            index = entries[next(iter(refusing), group[0])]
            raise file.error(("models", index, "target"), error.message, error.hint) from None
        notes += _notes(trial)
        for request in (request for request in group if request not in trial.missed):
            reached[request], targets[request] = unwrap(trial.answers[request]), trial.target
    _confirm(reached, targets, paper, announce)
    members = {request: Member(**match["member"]) for request, match in reached.items()}
    members_by_target: dict[tuple[str, int, int, float, float], dict[Member, None]] = {}
    for request, member in members.items():
        key = (request.base, request.resolution, reached[request]["base_macs"], targets[request], request.tolerance)
        members_by_target.setdefault(key, {})[member] = None
    groups = tuple(Group(*key, tuple(of_target)) for key, of_target in members_by_target.items())
    return Matches(members, groups, tuple(notes))


def _confirm(
    reached: dict[MatchRequest, dict[str, Any]], targets: Mapping[MatchRequest, float], paper: Paper, announce: Listener
) -> None:
    """Count what was found on shapes alone in full, as the plan does anyway; search anew in full what differs."""
    questions = []
    for request, match in reached.items():
        member = Member(**match["member"])
        model = member.variant(request.base).name
        questions.append(count_question(model, member.resolution, ("inference", "training")))
    progress = lambda done, total: announce(Counted("counting", done, total))  # noqa: E731
    answers = paper.ask(questions, progress) if questions else []
    for (request, match), answer in zip(reached.items(), answers, strict=True):
        if "ok" in answer and answer["ok"]["macs"] != match["member"]["macs"]:
            question = asdict(replace(request, target=targets[request], near=False))
            reached[request] = unwrap(paper.ask([{"ask": "match", "request": question, "in_full": True}])[0])


def _refuses(file: SuiteFile, index: int) -> bool:
    return getattr(file.suite.models[index], "unreachable", "refuse") == "refuse"


def _choose(group: Sequence[MatchRequest], ask: Ask) -> _Trial:
    """The nearest target that every method reaches; where there is none, the one that most methods reach."""
    fewest: _Trial | None = None
    for trial in _nearby(group, ask):
        if fewest is None or len(trial.missed) < len(fewest.missed):
            fewest = trial
        if not fewest.missed:
            break
    if fewest is None:
        first = group[0]
        raise UnreachableError(
            f"{first.base}: no method reaches a target near {first.target:g}", "choose another number"
        )
    return fewest


def _nearby(group: Sequence[MatchRequest], ask: Ask) -> Iterator[_Trial]:
    """The whole group at targets near its own: values that one method reaches, nearest first.

    The method that misses the target most comes first, because its steps are the coarsest; then the next.

    Raises:
        BuildError: the base cannot be scaled by one of the methods.
    """
    target, tolerance = group[0].target, group[0].tolerance
    levels = [unwrap(answer) for answer in ask("levels", [replace(request, near=False) for request in group])]
    misses = [min(abs(level - target) for level in of_method) for of_method in levels]
    decimals = max(_DECIMALS, 1 - math.floor(math.log10(tolerance)))
    tried: list[float] = []
    for coarsest in sorted(range(len(group)), key=lambda index: -misses[index]):
        nearest = sorted(levels[coarsest], key=lambda level: abs(level - target))
        candidates: list[float] = []
        for level in (level for level in nearest if level > 1):
            if all(abs(level / other - 1) > tolerance for other in (*tried, *candidates)):
                candidates.append(round(level, decimals))
        for nearby in candidates[:_CANDIDATES]:
            answers = ask("match", [replace(request, target=nearby, near=False) for request in group])
            yield _Trial(nearby, dict(zip(group, answers, strict=True)), group[coarsest].method)
        tried += candidates[:_CANDIDATES]


def _refuse(trial: _Trial, refusing: Sequence[MatchRequest], ask: Ask) -> None:
    """Raise for a method that cannot scale the base, or that misses the target and may not be left out.

    Raises:
        BuildError: the former.
        UnreachableError: the latter; the hint names targets near by that all methods reach.
    """
    for request in trial.missed:
        if trial.answers[request]["error"]["type"] != UnreachableError.__name__:
            unwrap(trial.answers[request])
    missed = [request for request in trial.missed if request in refusing]
    if not missed:
        return
    message = "; ".join(_reason(trial, request) for request in missed)
    hint = f"raise the tolerance or choose another target; {_SKIP}"
    target = missed[0].target
    if trial.coarsest:
        raise UnreachableError(f"no target near {target:g} that every method reaches; {message}", hint)
    common = (nearby for nearby in _nearby(list(trial.answers), ask) if not nearby.missed)
    reached = [f"{nearby.target:g}" for nearby in islice(common, _NAMED)]
    if reached:
        hint = f"all methods reach {' or '.join(reached)}; {{near: {target:g}}} takes the nearest; {_SKIP}"
    raise UnreachableError(message, hint)


def _notes(trial: _Trial) -> Iterator[str]:
    first = next(iter(trial.answers))
    if trial.coarsest:
        yield (
            f"{first.base}@{first.resolution}: the target near {first.target:g} is {trial.target:g} times the MACs, "
            f"taken from the steps of {trial.coarsest}"
        )
    for request in trial.missed:
        yield f"left out: {_reason(trial, request)}"


def _reason(trial: _Trial, request: MatchRequest) -> str:
    return str(trial.answers[request]["error"]["message"])
