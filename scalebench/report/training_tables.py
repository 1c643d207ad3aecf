"""Tables of a training study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from scalebench import published
from scalebench.analysis.stats import Estimate
from scalebench.analysis.training_results import TrainedVariant, TrainingResults
from scalebench.analysis.training_verdicts import OWN, SHARED, StudyVerdict
from scalebench.report.content import Column, Elsewhere, Table
from scalebench.report.labels import verdict_word
from scalebench.report.tables import Field, build_table, number, whole
from scalebench.suite.training_study import AXES, BASE, COMPOUND

EVIDENCE = Elsewhere("training-study", "Accuracy of networks trained here")
"""The section with these tables."""
_RECIPES = {SHARED: "the base's best", OWN: "its better of two"}
_PUBLISHED = "efficientnet-t7"
"""Tan and Le, arXiv:1905.11946, Table 7."""


def points(difference: Estimate, unsigned: bool = False) -> str:
    """``+4.2 points (2.9 to 5.5)``; ``unsigned`` says how large it is; a dash where no seed has both networks."""
    if math.isnan(difference.value):
        return "-"
    ends = [100 * end for end in (difference.low, difference.high)]
    value = 100 * difference.value
    if unsigned:
        value, ends = abs(value), sorted(map(abs, ends)) if ends[0] * ends[1] > 0 else ends
    bounds = f" ({ends[0]:.1f} to {ends[1]:.1f})" if all(map(math.isfinite, ends)) else ""
    return f"{value:{'' if unsigned else '+'}.1f} points{bounds}"


def _difference(difference: Estimate) -> str:
    return points(difference).replace(" points", "")


def _share(share: Estimate) -> str:
    ends = f" ({100 * share.low:.1f} to {100 * share.high:.1f})" if math.isfinite(share.low) else ""
    return f"{100 * share.value:.1f}{ends}"


def verdicts_table(verdicts: Sequence[StudyVerdict]) -> Table:
    """A row per test: the base, compound less each axis, and the verdict."""
    methods = list(dict.fromkeys(one.method for verdict in verdicts for one in verdict.comparisons))
    columns = [Column("test images"), Column("base, %", number=True),
               *(Column(f"compound less {method}, points", number=True) for method in methods),
               Column("compound is best")]  # fmt: skip
    rows = []
    for verdict in verdicts:
        by_method = {one.method: _difference(one.difference) for one in verdict.comparisons}
        word = verdict_word(verdict.word) + (f": {verdict.why}" if verdict.why else "")
        rows.append([verdict.test, _share(verdict.base), *(by_method.get(method, "-") for method in methods), word])
    return whole("Accuracy at equal counted MACs, with 95 % intervals", columns, rows)


def claim_table(results: TrainingResults) -> Iterator[Table]:
    """EfficientNet's own claim: what its paper printed, and what was measured here."""
    printed = {row.method: row for row in published.variants() if row.table == _PUBLISHED}
    if results.group.base.partition("[")[0] != "efficientnet_b0":
        return
    methods = [method for method in (*AXES, COMPOUND) if any(v.method == method for v in results.variants)]
    columns = [Column("source"), Column("compute, times the base's"), Column("base, %", number=True),
               *(Column(f"{method}, %", number=True) for method in methods)]  # fmt: skip
    flops = {method: row.flops_g or math.nan for method, row in printed.items()}
    factors = [f"{flops[method] / flops['baseline']:.3g}" for method in methods]
    rows = [["published: ImageNet top-1, Tan and Le, Table 7",
             f"{min(factors)} to {max(factors)}, printed FLOPs",
             *(f"{printed[method].top1:g}" for method in ("baseline", *methods))]]  # fmt: skip
    variants = {variant.method: variant for variant in results.variants if variant.recipe == SHARED}
    for test in variants[BASE].accuracy:
        measured = [
            _share(variants[method].accuracy[test]) if method in variants else "-" for method in (BASE, *methods)
        ]
        rows.append([f"measured here: {test}", f"{results.group.target:g}, counted MACs", *measured])
    base = f"{results.group.base}@{results.group.base_resolution}"
    caption = f"EfficientNet's own claim: published for B0 on ImageNet, measured for {base} on {results.study.data}"
    yield whole(caption, columns, rows)


def comparisons_table(verdicts: Sequence[StudyVerdict]) -> Table:
    """A row per test, recipe and axis."""
    rows = [(verdict, one) for verdict in verdicts for one in verdict.comparisons]
    return build_table(
        "Compound scaling less each axis, share of test images classified correctly", rows,
        Field("test images", lambda row: row[0].test), Field("learning rate", lambda row: _RECIPES[row[0].recipe]),
        Field("axis", lambda row: row[1].method),
        Field("difference, points", lambda row: _difference(row[1].difference), number=True),
        Field("seeds", lambda row: row[1].difference.n, number=True),
        Field("p after Holm", lambda row: number(row[1].p_holm), number=True),
        Field("ahead", lambda row: row[1].winner or "undecided"),
    )  # fmt: skip


def variants_table(results: TrainingResults) -> Table:
    """A row per variant and learning rate."""
    tests, base = list(results.variants[0].accuracy), _base(results)

    def accuracy(test: str) -> Field:
        return Field(f"{test}, %", lambda v: _share(v.accuracy[test]), number=True)

    return build_table(
        "Trained variants; accuracy with its 95 % interval over seeds and images", results.variants,
        Field("method", lambda v: v.method), Field("model", lambda v: f"{v.model}@{v.resolution}"),
        Field("MACs, times the base's", lambda v: f"{v.macs / base.macs:.2f}", number=True),
        Field("learning rate", lambda v: f"{v.rate:g}, {_RECIPES[v.recipe]}"),
        Field("networks", lambda v: v.seeds, number=True), Field("diverged", lambda v: v.diverged, number=True),
        *(accuracy(test) for test in tests),
    )  # fmt: skip


def _base(results: TrainingResults) -> TrainedVariant:
    return next(variant for variant in results.variants if variant.method == BASE)


def prices_table(results: TrainingResults) -> Table:
    """What a point of accuracy costs: gain over the base per doubling of MACs and of measured seconds."""
    base = _base(results)
    rows = [(v, test) for v in results.variants if v.recipe == SHARED and v.method != BASE for test in v.gain]

    def per_doubling(cost: str) -> Field:
        def cell(row: tuple[TrainedVariant, str]) -> str:
            doublings = math.log2(getattr(row[0], cost) / getattr(base, cost))
            if doublings <= 0:
                return "-"
            gain = row[0].gain[row[1]]
            return _difference(Estimate(gain.value / doublings, gain.low / doublings, gain.high / doublings, gain.n))

        heading = {"macs": "MACs", "inference_s": "inference time", "train_s": "training time"}[cost]
        return Field(f"points per doubling of {heading}", cell, number=True)

    return build_table(
        "Accuracy gained over the base for what it costs; seconds are per image on one core, beside other trainings",
        rows,
        Field("test images", lambda row: row[1]), Field("method", lambda row: row[0].method),
        Field("gain, points", lambda row: _difference(row[0].gain[row[1]]), number=True),
        Field("MACs, x", lambda row: f"{row[0].macs / base.macs:.2f}", number=True), per_doubling("macs"),
        Field("inference, x", lambda row: f"{row[0].inference_s / base.inference_s:.2f}", number=True),
        per_doubling("inference_s"),
        Field("training, x", lambda row: f"{row[0].train_s / base.train_s:.2f}", number=True), per_doubling("train_s"),
    )  # fmt: skip


def recall_table(results: TrainingResults) -> Table:
    """Share of each class's images that are recognised."""
    rows = [(v, test) for v in results.variants if v.recipe == SHARED for test in v.recall]
    classes = list(rows[0][0].recall[rows[0][1]])

    def share(name: str) -> Field:
        return Field(name, lambda row: f"{100 * row[0].recall[row[1]][name]:.1f}", number=True)

    return build_table(
        "Share of each class's test images that are recognised, %, mean over seeds", rows,
        Field("test images", lambda row: row[1]), Field("method", lambda row: row[0].method),
        *(share(name) for name in classes),
    )  # fmt: skip


def losses_table(results: TrainingResults) -> Table:
    """Learning curves: what still falls fast has been trained for too few epochs."""
    rows = [variant for variant in results.variants if variant.recipe == SHARED and variant.losses]

    def loss(epoch: int) -> Field:
        return Field(f"epoch {epoch + 1}", lambda v: f"{v.losses[epoch]:.2f}", number=True)

    epochs = range(min((len(variant.losses) for variant in rows), default=0))
    return build_table(
        "Training loss by epoch, mean over seeds", rows, Field("method", lambda v: v.method), *map(loss, epochs)
    )


def rates_table(results: TrainingResults) -> Table:
    """Candidates for the base's learning rate."""
    return build_table(
        "The base's learning rate was chosen on validation images", results.validated.items(),
        Field("learning rate", lambda row: f"{row[0]:g}"),
        Field("validation images correct, %", lambda row: f"{100 * row[1]:.1f}", number=True),
    )  # fmt: skip
