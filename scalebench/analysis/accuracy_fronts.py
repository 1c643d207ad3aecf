"""Published accuracy at the cost counted and measured here: who is on the front by each cost, and who stays on it.

Accuracy is never measured here. Two published figures are comparable only where the training was, so fronts are worked
out within sets of rows: one table at a time, and ``BEST``, the highest published figure of each model and resolution.
Rows whose recipe says that a model saw more than ImageNet-1k are kept out of both, in a set of their own; variants that
only a scaling study prints are held against their own table alone. A figure from several crops is left out: it took
several passes, and the cost here is of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from scalebench.analysis.frontier import on_front, pareto
from scalebench.analysis.stats import LEVEL, Estimate, exact
from scalebench.analysis.way import WAY
from scalebench.published import PublishedModel, PublishedVariant

PUBLISHED = "published"
BEST = "best published"
EXTRA_DATA = "extra data"
SEVERAL_CROPS = r"\d+-crop"
"""How recipes write it, see ``published.PublishedModel``."""
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
SURVIVOR_COLUMNS = [*WAY, "set", *ROW, "top1", "axis", "stays", "sure"]
SHARE_COLUMNS = [*WAY, "set", "family", "axis", "on_macs", "stays", "share", "sure", "joins", "overlap", "compared",
                 "families"]  # fmt: skip
BASELINE, SCALED = "baseline", ", scaled"
_FEWEST = 2
_DRAWS = 200


def accuracy_at_cost(
    cases: pd.DataFrame, counts: pd.DataFrame, published: Iterable[PublishedModel | PublishedVariant]
) -> pd.DataFrame:
    """Published top-1 of each measured model beside what the model costs.

    Args:
        cases: ``summary.summarise``; those of mode ``inference`` are used.
        counts: ``store.frame.counts_frame``.
        published: ``published.models()``, ``published.variants()`` or both.

    Returns: columns ``COLUMNS``; one row per way of running and published figure whose model was measured at its
        resolution, so a model with figures in several tables or by several recipes has several rows.
        ``latency_image_s`` is seconds per image, ``memory_bytes`` is of the whole batch, ``extra`` says whether more
        than ImageNet-1k was seen; ``POINTS`` are per cent of top-1 per ms, GMAC and MiB. A cost that is not known is
        NaN.
    """
    printed = _printed(published)
    paper = counts.reindex(columns=pd.Index(["model", "resolution", *ON_PAPER]))
    found = (
        _measured(cases).merge(printed, on=["model", "resolution"]).merge(paper, on=["model", "resolution"], how="left")
    )
    found[[*AXES]] = found[[*AXES]].astype(float)
    for name, (cost, unit) in POINTS.items():
        found[name] = found["top1"] / (found[cost] / unit)
    return found.assign(kind=PUBLISHED)[COLUMNS]


def _printed(published: Iterable[PublishedModel | PublishedVariant]) -> pd.DataFrame:
    """Figures that name a model and a resolution and took one pass; one that a table prints twice counts once."""
    known = [row for row in published if row.model and row.resolution and row.top1 is not None]
    models = [row for row in known if isinstance(row, PublishedModel)]
    variants = [row for row in known if isinstance(row, PublishedVariant)]
    named: list[tuple[PublishedModel | PublishedVariant, str, str]] = [(row, row.family, row.recipe) for row in models]
    rows = [
        (row.table, row.name, family, recipe, row.model, row.resolution, row.top1)
        for row, family, recipe in [*named, *_named(variants, models)]
    ]
    found = pd.DataFrame(rows, columns=pd.Index([*ROW, "top1"])).astype({"resolution": int, "top1": float})
    recipe = found["recipe"].astype(str)
    found = found.assign(extra=recipe.str.contains(EXTRA_DATA, regex=False))[~recipe.str.contains(SEVERAL_CROPS)]
    return found.drop_duplicates(["table", "model", "resolution", "top1"])


def _named(
    variants: Iterable[PublishedVariant], models: Iterable[PublishedModel]
) -> Iterator[tuple[PublishedVariant, str, str]]:
    """Variants with family and recipe: of the model printed with the same accuracy, or else of their scaled base."""
    same = {(row.model, row.top1): row for row in models}
    families = {row.model: row.family for row in models}
    for row in variants:
        family = families.get(row.base, row.base) + ("" if row.method == BASELINE else SCALED)
        model = same.get((row.model, row.top1))
        yield (row, model.family, model.recipe) if model else (row, family, "")


def _measured(cases: pd.DataFrame) -> pd.DataFrame:
    """Cost of each inference case; latency per image, with its interval."""
    here = cases[cases["mode"] == "inference"]
    images = {
        f"latency_image_s{end}": here[f"latency_s{end}"].astype(float) / here["batch"].astype(float)
        for end in ("", "_low", "_high")
    }
    kept = [*WAY, "model", "resolution", "n", "memory_bytes", "memory_bytes_low", "memory_bytes_high"]
    return here[kept].assign(**images).astype({"resolution": int})


def fronts(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Whether each model is on the front of published top-1 against each cost, within each set of rows.

    Only models with every cost that anything in the set has are held against each other, so that a model leaves a
    front because another one is better, and not because a number of its is missing.

    Args:
        accuracy: ``accuracy_at_cost``.

    Returns: one row per way, set, model and axis of ``AXES``, columns ``FRONT_COLUMNS``. ``front`` is undecided (NA)
        where the model was not compared, or nothing else was. ``low`` and ``high`` are the cost's 95 % interval over
        ``n`` rounds, or the cost itself where it is counted. ``sure`` says whether every cost within the 95 %
        intervals gives the same answer. ``compared`` counts the models.
    """
    found = [_by_axes(here) for _, here in _sets(accuracy).groupby([*WAY, "set"], sort=False)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=pd.Index(FRONT_COLUMNS))


def _sets(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Each table, its rows with extra data apart, then ``BEST``; a model and resolution once, at its highest figure."""
    extra, scaled = accuracy["extra"].astype(bool), accuracy["family"].astype(str).str.endswith(SCALED)
    tables = accuracy.assign(set=accuracy["table"].where(~extra, accuracy["table"].astype(str) + f", {EXTRA_DATA}"))
    every = pd.concat([tables, accuracy[~extra & ~scaled].assign(set=BEST)]).sort_values("top1", kind="stable")
    return every.drop_duplicates([*WAY, "set", "model", "resolution"], keep="last").sort_values(
        ["set", "family", "top1", "model"], kind="stable", ignore_index=True
    )


def _by_axes(here: pd.DataFrame) -> pd.DataFrame:
    known = [axis for axis in AXES if here[axis].notna().any()]
    complete = here[here[["top1", *known]].notna().all(axis=1)]
    rows = []
    for axis in AXES:
        compared = complete if axis in known and len(complete) >= _FEWEST else complete.iloc[:0]
        answers = {"front": pareto(compared, axis, "top1"), "sure": _sure(compared, axis)}
        rows.append(
            here.assign(
                axis=axis, cost=here[axis], compared=len(complete), **_ends(here, axis),
                **{name: column.astype("boolean").reindex(here.index) for name, column in answers.items()},
            )
        )  # fmt: skip
    return pd.concat(rows)[FRONT_COLUMNS]


def _ends(here: pd.DataFrame, axis: str) -> dict[str, pd.Series]:
    """Ends of the interval of a cost; of a count they are the count."""
    return {end: here.get(f"{axis}_{end}", here[axis]) for end in ("low", "high")}


def _sure(here: pd.DataFrame, axis: str) -> pd.Series:
    """Whether a model is beaten, or unbeaten, wherever in their intervals the costs lie."""
    top1 = here["top1"].to_numpy(dtype=float)
    low, high = (end.to_numpy(dtype=float) for end in _ends(here, axis).values())
    more, least = top1[None, :] > top1[:, None], top1[None, :] >= top1[:, None]
    certain = _beats(more, least, high[None, :] - low[:, None])
    # An interval that is not known excludes nothing.
    possible = _beats(more, least, np.nan_to_num(low[None, :] - high[:, None], nan=-math.inf))
    for answers in (certain, possible):
        np.fill_diagonal(answers, False)
    return pd.Series(certain.any(axis=1) | ~possible.any(axis=1), index=here.index)


def _beats(
    more: npt.NDArray[np.bool_], least: npt.NDArray[np.bool_], dearer: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Better one way without being worse the other; ``dearer`` is the other's cost less one's own."""
    return (more & (dearer <= 0)) | (least & (dearer < 0))


def overlap_of_fronts(rows: pd.DataFrame, first: str, second: str) -> Estimate:
    """``front_overlap`` of the fronts by two costs, with the interval that the costs' own intervals give it.

    Measured costs are drawn from their t-distributions on logarithms, counted ones are as they are; the overlap is
    exact where both are counted.

    Args:
        rows: columns ``top1`` and both costs, all run one way and trained alike, with ``n`` and ``<cost>_low`` and
            ``<cost>_high`` of measured costs.
        first, second: columns.
    """
    top1 = rows["top1"].to_numpy(dtype=float)
    costs = {cost: rows[cost].to_numpy(dtype=float) for cost in (first, second)}
    best = {cost: on_front(values, top1) for cost, values in costs.items()}
    value = front_overlap(best[first], best[second])
    spreads = {cost: _log_error(rows, cost) for cost in costs if f"{cost}_low" in rows}
    if not spreads:
        return exact(value, len(rows))
    if (rows["n"] < 2).any():
        return Estimate(value, math.nan, math.nan, len(rows))
    random = np.random.default_rng(0)
    freedom = rows["n"].to_numpy(dtype=float) - 1
    found = []
    for _ in range(_DRAWS):
        drawn = {
            cost: on_front(costs[cost] * np.exp(error * random.standard_t(freedom)), top1)
            for cost, error in spreads.items()
        }
        again = best | drawn
        found.append(front_overlap(again[first], again[second]))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high), len(rows))


def _log_error(rows: pd.DataFrame, cost: str) -> npt.NDArray[np.float64]:
    """Standard error of the log of a measured cost, from its t-interval."""
    width = np.log(rows[f"{cost}_high"].to_numpy(dtype=float) / rows[f"{cost}_low"].to_numpy(dtype=float))
    return np.asarray(width / 2 / special.stdtrit(rows["n"].to_numpy(dtype=float) - 1, 0.5 + LEVEL / 2), dtype=float)


def front_overlap(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Models on both fronts over models on either (Jaccard); NaN where both are empty.

    Args:
        a, b: whether each model is on the front, booleans of equal length.
    """
    one, other = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else math.nan


def survivors(found: pd.DataFrame) -> pd.DataFrame:
    """Every model on the front by counted MACs: whether it stays on the front by each other cost.

    Args:
        found: ``fronts``.

    Returns: columns ``SURVIVOR_COLUMNS``, one row per model and other axis; ``stays`` is NA where that cost is not
        known, ``sure`` as in ``fronts``.
    """
    keys = [*WAY, "set", "model", "resolution"]
    start = found.loc[(found["axis"] == REFERENCE) & found["front"].fillna(False).astype(bool), keys]
    others = found[found["axis"] != REFERENCE].rename(columns={"front": "stays"})
    return others.merge(start, on=keys)[SURVIVOR_COLUMNS]


def shares(found: pd.DataFrame) -> pd.DataFrame:
    """How much of each family's place on the front by MACs survives a change of axis.

    Args:
        found: ``fronts``.

    Returns: one row per way, set, family that is on any front, and axis other than MACs, columns ``SHARE_COLUMNS``:
        models on the front by MACs (``on_macs``), of them on that of the axis too (``stays``), their ``share`` (NaN
        of none), how many of these answers the intervals confirm (``sure``), models on the axis' front only
        (``joins``), the Jaccard ``overlap`` of the two whole fronts, and how many models of how many families were
        ``compared``. An axis whose front is undecided has no row.
    """
    rows = []
    for (*way, name), here in found[found["front"].notna()].groupby([*WAY, "set"], sort=False):
        wide = here.pivot_table(
            index=["family", "model", "resolution"], columns="axis", values="front", aggfunc="first"
        )
        sure = here.pivot_table(index=wide.index.names, columns="axis", values="sure", aggfunc="first")
        place = {**dict(zip(WAY, way, strict=True)), "set": name, "compared": len(wide)}
        place["families"] = wide.index.get_level_values("family").nunique()
        for axis in (a for a in AXES if a != REFERENCE and a in wide and REFERENCE in wide):
            both = wide[[REFERENCE, axis]].astype(bool).set_axis(["macs", "here"], axis=1)
            overlap = front_overlap(both["macs"], both["here"])
            known = both.assign(sure=sure[axis].astype(bool))
            rows += [
                {**place, "family": family, "axis": axis, "overlap": overlap, **_kept(mine)}
                for family, mine in known.groupby(level="family")
                if mine[["macs", "here"]].to_numpy().any()
            ]
    return pd.DataFrame(rows, columns=pd.Index(SHARE_COLUMNS))


def _kept(mine: pd.DataFrame) -> dict[str, float]:
    start = mine[mine["macs"]]
    stays = int(start["here"].sum())
    return {
        "on_macs": len(start), "stays": stays, "share": stays / len(start) if len(start) else math.nan,
        "sure": int(start["sure"].sum()), "joins": int((mine["here"] & ~mine["macs"]).sum()),
    }  # fmt: skip
