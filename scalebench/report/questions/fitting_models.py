"""What fits my limits?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.report.configuration_names import configuration_name
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.fitting_grid import fitting_grid
from scalebench.report.labels import listed, plain
from scalebench.report.model_names import model_name
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.sections.suite_limits import ID, TITLE
from scalebench.suite.suite_plan import Limits, Scene

ENOUGH_PX = 2.0
"""A network is unlikely to see a detail that covers less than about two pixels."""
_NAMED = 3
"""Models that a sentence names."""
_LISTED = 6
"""Models that have a line; the figure has all."""


class WithinLimits(Question):
    """The largest resolution per model within the suite's limits of latency and memory."""

    name = "limits"
    text = "What fits my limits?"
    details = ID
    needs = "a suite with `limits`, and cases measured at their batch"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """Of the first machine with cases at the limits' batch; needs limits in the suite."""
        analysis = evidence.analysis
        limits, fitting = analysis.plan.limits, analysis.fitting
        if limits is None or fitting.empty:
            return None
        machine = fitting["machine"].iloc[0]
        rows = fitting[fitting["machine"] == machine]
        largest = _largest(rows)
        undecided = _undecided(rows, largest)
        none = [str(model) for model in dict.fromkeys(rows["model"]) if model not in {row["model"] for row in largest}]
        detail, detail_px = _detail(largest, rows, analysis.plan.scene)
        several = f" on {machine}" if fitting["machine"].nunique() > 1 else ""
        return Answer(
            (_sentence(largest, limits, several), *detail),
            {
                "machine": machine, **limits.bounds, "batch": limits.batch,
                "largest": {str(row["model"]): _numbers(row) for row in largest},
                "none": none,
                "undecided": [f"{row['model']}@{row['resolution']}" for row in undecided], **detail_px,
            },
            tuple(_points(largest, undecided, none)),
            _closes(len(undecided), analysis.sessions.get(str(machine), 0), detail_px.get("detail_px", ENOUGH_PX)),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Models by resolutions."""
        limits = evidence.analysis.plan.limits
        return fitting_grid(evidence.analysis.fitting, Elsewhere(ID, TITLE)) if limits else None


def in_words(limits: Limits) -> str:
    """``50 ms and 2 GiB at batch 1``."""
    words = {"latency_s": units.seconds, "memory_bytes": units.bytes_}
    sizes = [words[name](most).split() for name, most in limits.bounds.items()]
    return f"{listed([f'{plain(float(size))} {unit}' for size, unit in sizes])} at batch {limits.batch}"


def _largest(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    """Of each model that fits the fastest case at its largest resolution, largest first."""
    fits = rows[rows["standing"] == "fits"].sort_values(["resolution", "latency_s"], ascending=[False, True])
    return fits.drop_duplicates("model").to_dict("records")


def _undecided(rows: pd.DataFrame, largest: Sequence[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Models and resolutions above the largest that fits that may fit, up to the first that clearly does not."""
    fitting = {row["model"]: row["resolution"] for row in largest}
    open_ = []
    for model, own in rows.groupby("model", sort=False):
        for resolution, cases in own.sort_values("latency_s").groupby("resolution"):
            may = cases[cases["standing"] == "open"]
            if resolution > fitting.get(model, 0):
                if may.empty:
                    break
                open_.append(may.iloc[0].to_dict())
    return open_


def _numbers(row: dict[Any, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("resolution", "latency_s", "latency_s_low", "latency_s_high", "memory_bytes")}


def _sentence(largest: Sequence[dict[Any, Any]], limits: Limits, where: str) -> str:
    start = f"Within {in_words(limits)}{where}"
    if not largest:
        return f"{start}, no measured model clearly fits."
    if len(largest) <= _NAMED:
        fit = [f"{model_name(row['model'])} up to {row['resolution']} px" for row in largest]
        return f"{start}: {', '.join(fit)}."
    by_size: dict[int, list[str]] = {}
    for row in largest:
        by_size.setdefault(row["resolution"], []).append(model_name(row["model"]))
    words = [
        f"{listed(names) if len(names) <= _NAMED else f'{len(names)} {more}models'} up to {size} px"
        for more, (size, names) in zip(("", *["more "] * len(by_size)), by_size.items(), strict=False)
    ]
    return f"{start}: {', '.join(words)}."


def _detail(
    largest: Sequence[dict[Any, Any]], rows: pd.DataFrame, scene: Scene | None
) -> tuple[tuple[str, ...], dict[str, float]]:
    """How many pixels the scene's detail covers at the largest resolution that fits, or that was measured."""
    if scene is None:
        return (), {}
    resolution = int(largest[0]["resolution"] if largest else rows["resolution"].max())
    pixels = scene.pixels(resolution)
    enough = (
        "wide enough to be seen" if pixels >= ENOUGH_PX
        else f"too fine for any model, which needs about {plain(ENOUGH_PX)} pixels"
    )  # fmt: skip
    text = f"At {resolution} px a detail of {plain(scene.detail_mm)} mm is {units.digits(pixels, 2)} px wide: {enough}."
    return (text,), {"detail_px": pixels}


def _points(
    largest: Sequence[dict[Any, Any]], undecided: Sequence[dict[Any, Any]], none: Sequence[str]
) -> Iterator[str]:
    for row in largest[:_LISTED]:
        costs = f"{_time(row)}, {units.bytes_(row['memory_bytes'])}, {configuration_name(row)}"
        yield f"{model_name(row['model'])} at {row['resolution']} px: {costs}."
    if len(largest) > _LISTED:
        yield f"{len(largest) - _LISTED} more models fit; the figure has all."
    for row in undecided:
        yield f"Undecided: {model_name(row['model'])} at {row['resolution']} px, {_time(row)}."
    if failing := [model_name(name) for name in none if name not in {row["model"] for row in undecided}]:
        yield f"At no measured size: {listed(failing)}."


def _time(row: dict[Any, Any]) -> str:
    """``34.9 ms (30.2 to 40.3)``."""
    value, low, high = (1e3 * row[f"latency_s{end}"] for end in ("", "_low", "_high"))
    bounds = f"{units.digits(low)} to {units.digits(high)}" if low == low else "one round, no interval"
    return f"{units.digits(value)} ms ({bounds})"


def _closes(undecided: int, sessions: int, detail_px: float) -> str:
    """What would decide models near a limit, and what helps where the detail is too fine."""
    cases = "one case" if undecided == 1 else f"{undecided} cases"
    camera = "A closer camera, or an image cut into tiles, helps more than another model."
    rounds = f"More rounds would decide {cases} near the limits."
    again = "Times hold for one session; a run on another day shows how far they move."
    apply = {camera: detail_px < ENOUGH_PX, rounds: undecided > 0, again: sessions == 1}
    return " ".join(sentence for sentence, applies in apply.items() if applies)
