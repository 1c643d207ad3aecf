"""SuiteFile -> Plan: resolves names, matches compute, counts every model. Errors come before any measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scalebench.errors import MachineError, ScalebenchError
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper, count_question, unwrap
from scalebench.execute.events import Counted, Listener, Note, silent
from scalebench.execute.labelled_data import images_of, unable
from scalebench.execute.match_groups import match_groups
from scalebench.execute.schedule import Machines
from scalebench.execute.study_plan import study_of
from scalebench.machine.accelerators import choose_without_torch, find_accelerators
from scalebench.machine.environment import collect, usable_cores
from scalebench.record import Environment
from scalebench.suite.case import COUNT, INPUT, Case
from scalebench.suite.device_kinds import AUTO, CPU
from scalebench.suite.expand import expand
from scalebench.suite.load import SuiteFile
from scalebench.suite.located import Location
from scalebench.suite.model_facts import Known
from scalebench.suite.select_models import Selection, select
from scalebench.suite.suite_plan import Group, Limits, Plan, Scene
from scalebench.suite.suite_schema import InputImages, Suite

_ENVIRONMENT_S = 120.0


@dataclass(frozen=True)
class Card:
    """What was found of a GPU before anything ran on it.

    Attributes:
        free_bytes: memory that was free.
        lacks: precisions of its kind that this card does not have.
    """

    free_bytes: int
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Devices:
    """Devices of a suite.

    Attributes:
        machines: by device.
        by_word: device of each word in ``grid.device``.
        cards: by device, of GPUs.
    """

    machines: Machines
    by_word: Mapping[str, str]
    cards: Mapping[str, Card] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A plan with the counted facts behind it.

    Attributes:
        plan: the cases and groups.
        facts: by counting case; ``{"error": message}`` (and ``hint``) for a model of a claim that cannot be built.
        machines: by device of the cases.
        cards: by device of the cases, of GPUs.
    """

    plan: Plan
    facts: Mapping[Case, Mapping[str, Any]]
    machines: Machines
    cards: Mapping[str, Card] = field(default_factory=dict)


def prepare(
    file: SuiteFile,
    worker: Worker,
    claims: Sequence[str] = (),
    claim_counts: Mapping[Case, Sequence[str]] | None = None,
    announce: Listener = silent,
    keep_host: bool = False,
) -> Prepared:
    """Plan the suite in ``file``.

    Args:
        file: a validated suite.
        worker: answers what needs torch, unless the answer is on disk.
        claims: ids to judge.
        claim_counts: cases of mode ``count`` that those claims need, with the modes whose static memory is needed.
        announce: hears how far matching and counting are.
        keep_host: store the host's name instead of its hash.

    Raises:
        SuiteError: the suite cannot be planned; with file, line and key.
    """
    paper = Paper(worker)
    selections = select_all(file, catalogue(paper))
    devices = find_machines(file, worker, keep_host, announce)
    matches = match_groups(file, selections, paper, announce)
    images = images_of(file)
    data = images.name if images else ""
    named, merged = expand(file, selections, matches.members, devices.by_word, usable_cores(), data)
    cases = tuple(case for case in named if case.mode != COUNT)
    peaks = _peaks([case for case in named if case.mode != INPUT], matches.groups, claim_counts or {})
    facts = count_all(peaks, paper, announce)
    _refuse_uncountable(file, selections, cases, facts)
    problem = unable(cases, images.classes, paper) if images else None
    if problem is not None:
        raise file.error(_entry_of(problem[0], selections), problem[1].message, problem[1].hint)
    suite = file.suite
    plan = Plan(
        suite.name, suite.title or suite.name, file.text, cases, tuple(peaks), matches.groups, tuple(claims),
        suite.timing.rounds, merged, machines=tuple(sorted({m.hw_key for m in devices.machines.values()})),
        notes=(*matches.notes, *_counting_notes(facts)),
        budget_s=suite.budget_min and 60 * suite.budget_min, **_limits_and_scene(suite),
        study=study_of(file, matches.groups),
    )  # fmt: skip
    return Prepared(plan, facts, devices.machines, devices.cards)


def _counting_notes(facts: Mapping[Case, Mapping[str, Any]]) -> list[str]:
    """Sentences on models that are not counted on the meta device."""
    return [f"{case.label}: counted on {row['counted_on']}" for case, row in facts.items() if "counted_on" in row]


def _peaks(
    cases: Sequence[Case], groups: Sequence[Group], claimed: Mapping[Case, Sequence[str]]
) -> dict[Case, tuple[str, ...]]:
    """Counting cases with the modes whose static memory is needed; members of matched groups need training too."""
    members = [(group.model(m), m.resolution) for group in groups for m in group.members]
    requests = [
        *claimed.items(),
        *((case.counted(), () if case.mode == COUNT else (_pass(case),)) for case in cases),
        *((case.counted(), ("inference", "training")) for case in cases if (case.model, case.resolution) in members),
    ]
    peaks: dict[Case, tuple[str, ...]] = {}
    for case, modes in requests:
        peaks[case] = tuple(sorted({*peaks.get(case, ()), *modes}))
    return peaks


def _limits_and_scene(suite: Suite) -> dict[str, Any]:
    """Limits and scene in SI units."""
    limits, scene = suite.limits, suite.scene
    return {
        "limits": limits and Limits(
            limits.latency_ms and limits.latency_ms * 1e-3, limits.memory_mib and limits.memory_mib * 2**20,
            limits.batch,
        ),
        "scene": scene and Scene(scene.field_of_view_mm, scene.detail_mm),
    }  # fmt: skip


def _pass(case: Case) -> str:
    return "training" if case.mode == "training" else "inference"


def catalogue(paper: Paper) -> dict[str, Known]:
    """Models that timm can build, in its order."""
    answer = unwrap(paper.ask([{"ask": "catalogue", "form": "with weights"}])[0])
    return {name: Known(**fields) for name, fields in answer.items()}


def count_all(
    peaks: Mapping[Case, Sequence[str]], paper: Paper, announce: Listener = silent
) -> dict[Case, dict[str, Any]]:
    """Counted facts of each counting case, or ``{"error": ...}`` with the hint, if any.

    ``peaks`` gives by counting case the modes whose static memory is needed: ``inference``, ``training``, or none.
    """
    cases = list(peaks)
    questions = [count_question(case.model, case.resolution, peaks[case]) for case in cases]
    answers = paper.ask(questions, lambda done, total: announce(Counted("counting", done, total)))
    return {case: answer.get("ok") or _problem(answer["error"]) for case, answer in zip(cases, answers, strict=True)}


def _problem(error: Mapping[str, str]) -> dict[str, Any]:
    hint = {"hint": error["hint"]} if error["hint"] else {}
    return {"error": error["message"], **hint}


def select_all(file: SuiteFile, models: Mapping[str, Known]) -> list[Selection]:
    """Resolve every entry of ``models``; an unknown name is an error with its line."""
    selections = []
    for index, entry in enumerate(file.suite.models):
        try:
            selections.append(select(entry, models, Path(file.path).parent))
        except ScalebenchError as error:
            raise file.error(("models", index, *error.location), error.message, error.hint) from None
    return selections


def find_machines(file: SuiteFile, worker: Worker, keep_host: bool = False, announce: Listener = silent) -> Devices:
    """The devices that the words in ``grid.device`` mean here; what ``auto`` means is announced."""
    words = list(file.suite.grid.device)
    chosen = _without_torch(file, words)
    if chosen is not None:
        _announce_auto(chosen, announce)
        by_word = {word: device for word, (device, _) in chosen.items()}
        return Devices({CPU.name: collect(CPU.name, keep_host=keep_host)}, by_word)
    if CPU.name not in words and any(isinstance(entry, InputImages) for entry in file.suite.models):
        words.append(CPU.name)  # images are prepared on the CPU, whatever the models run on
    ending = worker.run({"do": "environment", "devices": words, "keep_host": keep_host}, _ENVIRONMENT_S)
    if ending.error:
        raise file.error(("grid", "device"), ending.error["message"], ending.error["hint"])
    if len(ending.answers) < len(words):
        raise MachineError(f"the machine could not be described: {ending.stderr[-500:]}")
    chosen = {word: (ending.answers[at]["device"], ending.answers[at]["reason"]) for at, word in enumerate(words)}
    _announce_auto(chosen, announce)
    answers = ending.answers.values()
    return Devices(
        {a["device"]: Environment(**a["environment"]) for a in answers},
        {word: device for word, (device, _) in chosen.items()},
        {a["device"]: Card(a["free_bytes"], frozenset(a["lacks"])) for a in answers if "free_bytes" in a},
    )


def _without_torch(file: SuiteFile, words: Sequence[str]) -> dict[str, tuple[str, str]] | None:
    """Device and reason by word; None where torch has to be asked."""
    found, chosen = find_accelerators(), {}
    for index, word in enumerate(words):
        try:
            choice = choose_without_torch(word, found)
        except MachineError as error:
            raise file.error(("grid", "device", index), error.message, error.hint) from None
        if choice is None:
            return None
        chosen[word] = choice
    return chosen


def _announce_auto(chosen: Mapping[str, tuple[str, str]], announce: Listener) -> None:
    if AUTO in chosen:
        announce(Note("device auto is {}: {}".format(*chosen[AUTO])))


def _refuse_uncountable(
    file: SuiteFile,
    selections: Sequence[Selection],
    cases: Sequence[Case],
    facts: Mapping[Case, Mapping[str, Any]],
) -> None:
    """Raise for a model whose forward pass cannot be counted: it would fail in every round."""
    for case in (case for case in cases if case.mode != INPUT):
        counts = facts[case.counted()]
        if "error" in counts:
            hint = counts.get("hint", "the resolution may not suit the model")
            raise file.error(_entry_of(case, selections), str(counts["error"]), hint)


def _entry_of(case: Case, selections: Sequence[Selection]) -> Location:
    """Keys of the entry that names a case's model; of all of them for a matched variant."""
    names = [{(spec.variant.name, spec.resolution) for spec in selection.specs} for selection in selections]
    entry = next((i for i, specs in enumerate(names) if (case.model, case.resolution) in specs), None)
    return ("models",) if entry is None else ("models", entry)
