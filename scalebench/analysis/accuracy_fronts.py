"""Published accuracy against the cost counted and measured here: models on the Pareto front by each cost.

Accuracy is never measured here. Two published figures are comparable only where the training was, so fronts are
computed within sets of rows: one table at a time, and ``BEST``, the highest published figure of each model and
resolution. Models trained on more than ImageNet-1k are in sets of their own; variants printed by a scaling study only
are compared within their table. Figures from several crops are left out: the cost here is of a single pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.frontier import on_front, pareto
from scalebench.analysis.stats import LEVEL, Estimate, exact, resampled
from scalebench.analysis.way import WAY
from scalebench.published import PublishedModel, PublishedVariant

PUBLISHED = "published"
BEST = "best published"
EXTRA_DATA = "extra data"
SEVERAL_CROPS = r"\d+-crop"
"""As recipes write it, see ``published.PublishedModel``."""
ON_PAPER = ("macs", "params", "activations")
MEASURED = ("latency_image_s", "memory_bytes")
AXES = (*ON_PAPER, *MEASURED)
REFERENCE = "macs"
POINTS = {
    "top1_per_ms": ("latency_image_s", 1e-3),
    "top1_per_gmac": ("macs", 1e9),
    "top1_per_mib": ("memory_bytes", 2**20),
}
"""Points of top-1 per unit of cost: column, cost, and how much of the cost is one unit."""
ROW = ["table", "name", "family", "recipe", "model", "resolution"]
COLUMNS = [
    *WAY, *ROW, "kind", "extra", "top1", *AXES,
    *(f"{axis}{end}" for axis in MEASURED for end in ("_low", "_high")), "n", *POINTS,
]  # fmt: skip
FRONT_COLUMNS = [*WAY, "set", *ROW, "top1", "axis", "cost", "low", "high", "n", "front", "sure", "compared"]
BASELINE, SCALED = "baseline", ", scaled"
_FEWEST = 2
_DRAWS = 200


def accuracy_at_cost(
    cases: pd.DataFrame, counts: pd.DataFrame, published: Iterable[PublishedModel | PublishedVariant]
) -> pd.DataFrame:
    """Published top-1 of each measured model with its costs.

    Args:
        cases: ``summary.summarise``; those of mode ``inference`` are used.
        counts: ``store.frame.counts_frame``.
        published: ``published.models()``, ``published.variants()`` or both.

    Returns: columns ``COLUMNS``; one row per configuration and published figure whose model was measured at its
        resolution, so a model with figures in several tables or by several recipes has several rows.
        ``latency_image_s`` is seconds per image, ``memory_bytes`` is of the whole batch, ``extra`` tells whether the
        training data went beyond ImageNet-1k; ``POINTS`` are per cent of top-1 per ms, GMAC and MiB. Unknown costs
        are NaN.
    """
    key = ["model", "resolution"]
    paper = counts.reindex(columns=pd.Index([*key, *ON_PAPER]))
    rows = _measured(cases).merge(_printed(published), on=key).merge(paper, on=key, how="left")
    rows = rows.astype(dict.fromkeys(AXES, float))
    for name, (cost, unit) in POINTS.items():
        rows[name] = rows["top1"] / (rows[cost] / unit)
    return rows.assign(kind=PUBLISHED)[COLUMNS]


def _printed(published: Iterable[PublishedModel | PublishedVariant]) -> pd.DataFrame:
    """Single-pass figures with a model and a resolution; one that a table prints twice counts once."""
    complete = [row for row in published if row.model and row.resolution and row.top1 is not None]
    models = [row for row in complete if isinstance(row, PublishedModel)]
    by_figure = {(row.model, row.top1): row for row in models}
    families = {row.model: row.family for row in models}

    def origin(row: PublishedModel | PublishedVariant) -> tuple[str, str]:
        """Family and recipe; of a variant those of the model with the same accuracy, or else of its scaled base."""
        if isinstance(row, PublishedVariant):
            model = by_figure.get((row.model, row.top1))
            if model is None:
                return families.get(row.base, row.base) + ("" if row.method == BASELINE else SCALED), ""
            row = model
        return row.family, row.recipe

    ordered = sorted(complete, key=lambda row: isinstance(row, PublishedVariant))  # models first, otherwise as given
    rows = [(row.table, row.name, *origin(row), row.model, row.resolution, row.top1) for row in ordered]
    frame = pd.DataFrame(rows, columns=pd.Index([*ROW, "top1"])).astype({"resolution": int, "top1": float})
    recipe = frame["recipe"].astype(str)
    frame = frame.assign(extra=recipe.str.contains(EXTRA_DATA, regex=False))[~recipe.str.contains(SEVERAL_CROPS)]
    return frame.drop_duplicates(["table", "model", "resolution", "top1"])


def _measured(cases: pd.DataFrame) -> pd.DataFrame:
    """Cost of each inference case; latency per image, with its interval."""
    inference = cases[cases["mode"] == "inference"]
    images = {
        f"latency_image_s{end}": inference[f"latency_s{end}"].astype(float) / inference["batch"].astype(float)
        for end in ("", "_low", "_high")
    }
    kept = [*WAY, "model", "resolution", "n", "memory_bytes", "memory_bytes_low", "memory_bytes_high"]
    return inference[kept].assign(**images).astype({"resolution": int})


def fronts(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Whether each model is on the front of published top-1 against each cost, within each set of rows.

    Only models with every cost that anything in the set has are compared, so that a model leaves a front because
    another one is better, and not because one of its costs is missing.

    Args:
        accuracy: ``accuracy_at_cost``.

    Returns: one row per configuration, set, model and axis of ``AXES``, columns ``FRONT_COLUMNS``. ``front`` is NA
        where the model, or everything else, was not compared. ``low`` and ``high`` are the cost's 95 % interval over
        ``n`` rounds, or the cost itself where it is counted. ``sure`` tells whether all costs within the 95 %
        intervals give the same answer. ``compared`` counts the models.
    """
    frames = [_by_axes(rows) for _, rows in by_configuration(_sets(accuracy), "set")]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=pd.Index(FRONT_COLUMNS))


def _sets(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Each table, extra data in sets of their own, and ``BEST``; each model and resolution at its highest figure."""
    extra, scaled = accuracy["extra"].astype(bool), accuracy["family"].astype(str).str.endswith(SCALED)
    tables = accuracy.assign(set=accuracy["table"].where(~extra, accuracy["table"].astype(str) + f", {EXTRA_DATA}"))
    every = pd.concat([tables, accuracy[~extra & ~scaled].assign(set=BEST)]).sort_values("top1", kind="stable")
    return every.drop_duplicates([*WAY, "set", "model", "resolution"], keep="last").sort_values(
        ["set", "family", "top1", "model"], kind="stable", ignore_index=True
    )


def _by_axes(rows: pd.DataFrame) -> pd.DataFrame:
    known = [axis for axis in AXES if rows[axis].notna().any()]
    complete = rows[rows[["top1", *known]].notna().all(axis=1)]
    frames = []
    for axis in AXES:
        compared = complete if axis in known and len(complete) >= _FEWEST else complete.iloc[:0]
        answers = {"front": pareto(compared, axis, "top1"), "sure": _sure(compared, axis)}
        frames.append(
            rows.assign(
                axis=axis, cost=rows[axis], compared=len(complete), **_ends(rows, axis),
                **{name: column.astype("boolean").reindex(rows.index) for name, column in answers.items()},
            )
        )  # fmt: skip
    return pd.concat(frames)[FRONT_COLUMNS]


def _ends(rows: pd.DataFrame, axis: str) -> dict[str, pd.Series]:
    """Ends of the interval of a cost; of a count they are the count."""
    return {end: rows.get(f"{axis}_{end}", rows[axis]) for end in ("low", "high")}


def _sure(rows: pd.DataFrame, axis: str) -> pd.Series:
    """Whether a model is dominated, or not, wherever in their intervals the costs lie."""
    top1 = rows["top1"].to_numpy(dtype=float)
    low, high = (end.to_numpy(dtype=float) for end in _ends(rows, axis).values())
    more, least = top1[None, :] > top1[:, None], top1[None, :] >= top1[:, None]
    certain = _dominates(more, least, high[None, :] - low[:, None])
    # An unknown interval excludes nothing.
    possible = _dominates(more, least, np.nan_to_num(low[None, :] - high[:, None], nan=-math.inf))
    for answers in (certain, possible):
        np.fill_diagonal(answers, False)
    return pd.Series(certain.any(axis=1) | ~possible.any(axis=1), index=rows.index)


def _dominates(
    more: npt.NDArray[np.bool_], least: npt.NDArray[np.bool_], dearer: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Better in one respect and not worse in the other; ``dearer`` is the difference in cost."""
    return (more & (dearer <= 0)) | (least & (dearer < 0))


def overlap_of_fronts(rows: pd.DataFrame, first: str, second: str) -> Estimate:
    """``front_overlap`` of the fronts by two costs, with the interval that follows from the costs' intervals.

    Measured costs are drawn from their t-distributions on logarithms; the overlap of counted costs is exact.

    Args:
        rows: columns ``top1`` and both costs, of one configuration and training, with ``n`` and ``<cost>_low`` and
            ``<cost>_high`` of measured costs.
        first, second: columns.
    """
    top1 = rows["top1"].to_numpy(dtype=float)
    costs = {cost: rows[cost].to_numpy(dtype=float) for cost in (first, second)}
    members = {cost: on_front(values, top1) for cost, values in costs.items()}
    value = front_overlap(members[first], members[second])
    spreads = {cost: _log_error(rows, cost) for cost in costs if f"{cost}_low" in rows}
    if not spreads:
        return exact(value, len(rows))
    if (rows["n"] < 2).any():
        return Estimate(value, math.nan, math.nan, len(rows))
    random = np.random.default_rng(0)
    freedom = rows["n"].to_numpy(dtype=float) - 1
    overlaps = []
    for _ in range(_DRAWS):
        drawn = members | {
            cost: on_front(costs[cost] * np.exp(error * random.standard_t(freedom)), top1)
            for cost, error in spreads.items()
        }
        overlaps.append(front_overlap(drawn[first], drawn[second]))
    return resampled(value, overlaps, len(rows))


def _log_error(rows: pd.DataFrame, cost: str) -> npt.NDArray[np.float64]:
    """Standard error of the log of a measured cost, from its t-interval."""
    width = np.log(rows[f"{cost}_high"].to_numpy(dtype=float) / rows[f"{cost}_low"].to_numpy(dtype=float))
    return np.asarray(width / 2 / special.stdtrit(rows["n"].to_numpy(dtype=float) - 1, 0.5 + LEVEL / 2), dtype=float)


def front_overlap(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Models on both fronts over models on either (Jaccard); NaN where both are empty.

    Args:
        a, b: whether each model is on the front, booleans of equal length.
    """
    on_a, on_b = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    either = int((on_a | on_b).sum())
    return int((on_a & on_b).sum()) / either if either else math.nan
