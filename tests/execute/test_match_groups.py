"""Targets of groups: given, chosen near a number, or missed by a method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from scalebench.errors import SuiteError
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import silent
from scalebench.execute.match_groups import Matches, match_groups
from scalebench.suite.load import load_suite
from scalebench.suite.model_facts import Known
from scalebench.suite.select_models import select

LEVELS = {"resolution": [5.2, 5.874, 6.262, 6.9], "width": [4.9, 5.95, 6.01, 6.3], "compound": [5.5, 5.89, 6.0, 6.25]}
"""Multiples that each method reaches."""
MODELS = {"efficientnet_b0": Known(224, 32)}


class Steps:
    """Answers by ``LEVELS``; a model has as many pixels as MACs, but for those that are ``counted`` otherwise."""

    def __init__(self, levels: dict[str, list[float]], counted: dict[int, int]) -> None:
        self._levels = levels
        self._counted = counted

    def ask(
        self, questions: list[dict[str, Any]], progress: Callable[[int, int], None] | None = None
    ) -> list[dict[str, Any]]:
        if any(question.get("in_full") for question in questions):
            (question,) = questions
            method = question["request"]["method"]
            member = {"method": method, "depth": 1.0, "width": 1.0, "resolution": 230, "macs": 5901, "residual": 0.0}
            return [{"ok": {"base_macs": 1000, "member": member}}]
        if questions[0]["ask"] == "count":
            assert all(question["peaks"] == ["inference", "training"] for question in questions)
            sides = [question["resolution"] for question in questions]
            return [{"ok": {"macs": self._counted.get(side, side)}} for side in sides]
        return [self._answer(question["ask"], question["request"]) for question in questions]

    def _answer(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        assert not request["near"]
        levels, target, method = self._levels[request["method"]], request["target"], request["method"]
        if kind == "levels":
            return {"ok": levels}
        nearest = min(levels, key=lambda level: abs(level - target))
        residual = nearest / target - 1
        if abs(residual) > request["tolerance"]:
            return {"error": {"type": "UnreachableError", "message": f"{method} misses {target:g}", "hint": ""}}
        member = {"method": method, "depth": 1.0, "width": 1.0, "resolution": int(1000 * nearest),
                  "macs": int(1000 * nearest), "residual": residual}  # fmt: skip
        return {"ok": {"base_macs": 1000, "member": member}}


def matched(
    tmp_path: Path, entry: str, levels: dict[str, list[float]] | None = None, counted: dict[int, int] | None = None
) -> Matches:
    path = tmp_path / "suite.yaml"
    path.write_text(
        f"schema: 1\nname: x\nmodels:\n  - scale: efficientnet_b0\n    by: [resolution, width, compound]\n    {entry}\n"
    )
    file = load_suite(path)
    selections = [select(file.suite.models[0], MODELS)]
    return match_groups(file, selections, cast("Paper", Steps(levels or LEVELS, counted or {})), silent)


def test_a_target_near_a_number_is_that_of_the_coarsest_method(tmp_path: Path) -> None:
    matches = matched(tmp_path, "target: {near: 6}")
    (group,) = matches.groups
    assert group.target == 5.874
    assert [(member.method, member.macs) for member in group.members] == [
        ("resolution", 5874), ("width", 5950), ("compound", 5890),
    ]  # fmt: skip
    assert matches.notes == (
        "efficientnet_b0@224: the target near 6 is 5.874 times the MACs, taken from the steps of resolution",
    )


def test_a_result_that_the_full_count_contradicts_is_searched_again_in_full(tmp_path: Path) -> None:
    """Layers shared among variants, or shapes alone, might once be wrong: the plan's own counts say so."""
    (group,) = matched(tmp_path, "target: 5.9", counted={5950: 6200}).groups
    assert [(member.method, member.macs, member.resolution) for member in group.members] == [
        ("resolution", 5874, 5874), ("width", 5901, 230), ("compound", 5890, 5890),
    ]  # fmt: skip


def test_the_next_value_is_taken_where_another_method_misses_the_nearest(tmp_path: Path) -> None:
    """Width goes from 4.9 to 6.01: 5.874 is 2.3 % away."""
    levels = LEVELS | {"width": [4.9, 6.01, 6.3]}
    (group,) = matched(tmp_path, "target: [{near: 6}]", levels).groups
    assert (group.target, len(group.members)) == (6.262, 3)


def test_given_and_near_targets_can_be_mixed(tmp_path: Path) -> None:
    matches = matched(tmp_path, "target: [5.9, {near: 6}]")
    assert [(group.target, len(group.members)) for group in matches.groups] == [(5.9, 3), (5.874, 3)]


def test_a_missed_target_is_refused_with_targets_that_all_reach(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"suite\.yaml:6: models\[0\]\.target: resolution misses 6$") as refused:
        matched(tmp_path, "target: [6]")
    assert refused.value.hint == (
        "all methods reach 5.874 or 6.262; {near: 6} takes the nearest; unreachable: skip leaves such variants out"
    )


@pytest.mark.parametrize("target", ["6", "{near: 6}"])
def test_where_nothing_is_common_only_skip_helps(tmp_path: Path, target: str) -> None:
    levels = LEVELS | {"width": [4.9, 7.5]}
    with pytest.raises(SuiteError, match="width misses") as refused:
        matched(tmp_path, f"target: [{target}]", levels)
    assert refused.value.hint == (
        "raise the tolerance or choose another target; unreachable: skip leaves such variants out"
    )
    matches = matched(tmp_path, f"target: [{target}]\n    unreachable: skip", levels)
    (group,) = matches.groups
    expected = {"6": (6, ["compound"]), "{near: 6}": (5.874, ["resolution", "compound"])}
    assert (group.target, [member.method for member in group.members]) == expected[target]
    assert [note for note in matches.notes if note.startswith("left out: width misses")]


def test_a_skipped_variant_leaves_the_others(tmp_path: Path) -> None:
    matches = matched(tmp_path, "target: [6]\n    unreachable: skip")
    (group,) = matches.groups
    assert (group.target, [member.method for member in group.members]) == (6, ["width", "compound"])
    assert matches.notes == ("left out: resolution misses 6",)


def test_b0_by_resolution_near_six_times(tmp_path: Path, worker: Worker) -> None:
    """544 pixels cost 5.874 times the 385.8 million MACs of 224 pixels, 545 pixels 6.262 times."""
    path = tmp_path / "suite.yaml"
    path.write_text("schema: 1\nname: x\nmodels:\n  - {scale: efficientnet_b0, by: [resolution], target: {near: 6}}\n")
    file = load_suite(path)
    matches = match_groups(file, [select(file.suite.models[0], MODELS)], Paper(worker, tmp_path), silent)
    (group,) = matches.groups
    assert (group.target, group.base_macs) == (5.874, 385_814_752)
    assert group.members[0].resolution in (543, 544)
