"""Suite -> cases. Pure and deterministic: what timm knows and what was matched come in as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import chain, product
from typing import Any

from scalebench.suite.case import AXES, BATCH_SEARCHES, CLASSIFYING, COUNT, INPUT, TRAINING_STUDY, Case
from scalebench.suite.device_kinds import META, kind_of
from scalebench.suite.labelled_images import plain_case
from scalebench.suite.load import SuiteFile
from scalebench.suite.model_facts import MatchRequest, Spec
from scalebench.suite.select_models import Selection
from scalebench.suite.suite_grid import Exclude
from scalebench.suite.suite_plan import Member
from scalebench.suite.suite_schema import (
    InputImages,
    ModelEntry,
    Suite,
)

GUESSED_BATCH = 64
"""Of a case whose batch is still to be searched: what its plan is estimated with."""


def expand(
    file: SuiteFile,
    selections: Iterable[Selection],
    matches: Mapping[MatchRequest, Member],
    devices: Mapping[str, str],
    cores: int,
    data: str = "",
) -> tuple[tuple[Case, ...], int]:
    """Product of models and grid, without what is excluded.

    What classifies images is compared with the same model in fp32, which therefore always classifies them too.

    A case that entries of different kinds reach (a listed model that is also a family's) is measured once;
    the same kind naming it twice is a mistake and refused.

    Args:
        file: the suite, for the grid and for naming lines.
        selections: one per entry of ``models``, in order.
        matches: answers to the requests of the selections; a variant without one is left out.
        devices: what each word of ``grid.device`` means here: ``{"auto": "cpu"}``.
        cores: what ``threads: auto`` means here.
        data: name of the labelled images, empty without any.

    Returns: the cases in file order, and how many were reached by two kinds of entry and merged.

    Raises:
        SuiteError: a case named twice by the same kind of entry, or nothing left.
    """
    reached: dict[Case, str] = {}
    merged = 0
    for index, selection in enumerate(selections):
        specs = [*selection.specs, *(_matched(r, matches[r]) for r in selection.requests if r in matches)]
        models = (case for spec in specs for case in _cases(file.suite, spec, devices, cores, data))
        for case in chain(models, _input_cases(file.suite, file.suite.models[index], cores)):
            if reached.get(case) == selection.kind != "scale":
                raise file.error(("models", index), f"duplicate case: {case.label}", "name each case once")
            merged += case in reached
            reached.setdefault(case, selection.kind)
    cases = [case for case in reached if not any(_fits(rule, case) for rule in file.suite.exclude)]
    if not cases and TRAINING_STUDY not in file.suite.grid.mode:
        raise file.error(("exclude",), "every case is excluded")
    compared = ((plain_case(case), case) if case.mode in CLASSIFYING else (case,) for case in cases)
    return tuple(dict.fromkeys(chain.from_iterable(compared))), merged


def _matched(request: MatchRequest, member: Member) -> Spec:
    return Spec(member.variant(request.base), member.resolution)


def _cases(suite: Suite, spec: Spec, devices: Mapping[str, str], cores: int, data: str) -> Iterable[Case]:
    words = suite.grid.device
    # Devices stand inside the product, so that without values of their own they follow each other in every setting.
    groups = [words] if not suite.grid_on else [[word] for word in words]
    for together in groups:
        axes = {**suite.axes_on(kind_of(devices[together[0]])), "device": together}
        for mode in axes["mode"]:
            if mode == TRAINING_STUDY:
                continue  # its cases follow from those that are finished
            if mode != COUNT:
                for case in _product(suite, spec, mode, axes, devices, cores):
                    calibrated = case.mode == "inference" and case.precision == "int8"
                    yield replace(case, data=data) if calibrated or case.mode in CLASSIFYING else case
            elif together is groups[0]:
                yield Case(spec.variant.name, spec.resolution, mode=COUNT, device=META.name)


def _product(
    suite: Suite, spec: Spec, mode: str, axes: Mapping[str, list[Any]], devices: Mapping[str, str], cores: int
) -> Iterable[Case]:
    """A case for every combination of the values of the axes; axes that the mode lacks have their default."""
    names = [name for name in AXES if name != "mode" and name in axes]
    lists = [axes[name] if not AXES[name].modes or mode in AXES[name].modes else [AXES[name].default] for name in names]
    for values in product(*lists):
        settings = dict(zip(names, values, strict=True))
        settings["device"] = devices[settings["device"]]
        if settings["threads"] == "auto":
            settings["threads"] = max(1, cores // settings["instances"])
        if settings["batch"] in BATCH_SEARCHES:
            settings |= {"batch": GUESSED_BATCH, "batch_search": settings["batch"]}
        yield Case(spec.variant.name, spec.resolution, mode=mode, protocol=suite.timing, **settings)


def _input_cases(suite: Suite, entry: ModelEntry, cores: int) -> Iterable[Case]:
    """One thread per process on the CPU, whatever the grid says: that is how images are loaded."""
    if not isinstance(entry, InputImages):
        return
    workers = entry.workers or dict.fromkeys((1, cores))
    for camera, decoder, side, number in product(entry.camera, entry.input, entry.resolution, workers):
        yield Case(decoder, side, mode=INPUT, protocol=suite.timing, instances=number, camera=camera)


def _fits(rule: Exclude, case: Case) -> bool:
    """Whether every key of the rule fits; brackets in a model glob are the variant's own, not a glob's set."""
    if case.mode == INPUT and not rule.model_fields_set <= {"model", "resolution"}:
        return False  # the rule is about the grid, which input cases do not have
    for key in rule.model_fields_set:
        excluded, actual = getattr(rule, key), getattr(case, key)
        if key == "model":
            if not fnmatchcase(actual, excluded) and not fnmatchcase(actual, excluded.replace("[", "[[]", 1)):
                return False
        elif key == "device":
            if actual != excluded and (":" in excluded or kind_of(actual).device_type != kind_of(excluded).device_type):
                return False
        elif excluded != (case.requested_batch if key == "batch" else actual):
            return False
    return True
