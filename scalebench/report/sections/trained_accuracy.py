"""Evidence of a training study: the rule, every variant, what accuracy costs, and what was not shown."""

from __future__ import annotations

from collections.abc import Iterator

from scalebench.analysis.training_results import TrainingResults
from scalebench.report.content import Section
from scalebench.report.labels import listed
from scalebench.report.tables import filled
from scalebench.report.training_tables import (
    EVIDENCE,
    comparisons_table,
    losses_table,
    prices_table,
    rates_table,
    recall_table,
    variants_table,
)
from scalebench.suite.training_study import BASE_RANGE


def training_study_section(results: TrainingResults) -> Section:
    """The section; ``results`` have variants."""
    tables = (
        comparisons_table(results.verdicts), variants_table(results), prices_table(results), recall_table(results),
        losses_table(results), rates_table(results),
    )  # fmt: skip
    return Section(EVIDENCE.anchor, EVIDENCE.title, tuple(_text(results)), tables=filled(*tables))


def _text(results: TrainingResults) -> Iterator[str]:
    study, group = results.study, results.group
    low, high = BASE_RANGE
    yield (
        f"{group.base}@{group.base_resolution} and its variants of {group.target:g} times the counted MACs were "
        f"trained from scratch: {study.epochs} epochs of {study.images} images, AdamW, one cycle of the learning rate."
    )
    yield "Initial weights, order and flips follow from the seed. Variants of a seed are compared on the same images."
    yield (
        "The rule was fixed beforehand. Compound scaling is best where it is ahead of every axis, p below 0.05 after "
        "Holm over the axes. There is no verdict where the base is not right on "
        f"{100 * low:.0f} to {100 * high:.0f} % of the images."
    )
    if study.damage is not None:
        widths = listed([f"{width:g}" for width in study.damage.scratch_widths])
        yield (
            f"Images are synthetic: {study.damage.side} pixels, no damage, scratches of {widths} pixels, dents or "
            "chips. Training images have all widths; tests differ in the width of their scratches alone."
        )
    for outcome, runs in results.failed.items():
        yield f"{runs} training runs ended without a network: {outcome}."
    if results.longer:
        yield f"Depth was trained once more with {study.depth_epochs} times the epochs, because it learns more slowly."
