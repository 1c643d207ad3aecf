"""Section: what changed since an earlier run on the same machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalebench.errors import StoreError
from scalebench.report.comparison_text import HOW, banners, document, headline, places, remarks, standing
from scalebench.report.content import Chart, Section
from scalebench.report.labels import capitalised
from scalebench.report.tables import SHOWN
from scalebench.store.floors import read_floors
from scalebench.store.jsonl import Results

if TYPE_CHECKING:
    from scalebench.analysis.compare.comparison import Comparison

ID, TITLE = "change", "Change since the previous run"


@dataclass(frozen=True)
class Change:
    """An earlier run beside this one.

    Attributes:
        comparison: B is this run; None where the two cannot be compared.
        why: the reason for that.
        files: names of the earlier run's files.
    """

    comparison: Comparison | None
    why: str
    files: tuple[str, ...]

    @property
    def content(self) -> dict[str, object]:
        """The same for JSON."""
        content = document(self.comparison) if self.comparison else {}
        return {**content, "why": self.why, "files": list(self.files)}


def compare_runs(before: Results, after: Results) -> Comparison:
    """B over A in every metric, with the noise floors that are known of their machines.

    Raises:
        StoreError: they have nothing in common, or were timed by different methods.
    """
    from scalebench.analysis.compare.result_sets import CompareOptions, compare  # scipy.stats

    records = (*before.records, *after.records)
    return compare(before.records, after.records, CompareOptions(SHOWN, floors=read_floors(records)))


def since(before: Results, now: Results) -> Change:
    """Compare with an earlier run, or give the reason why not; for two machines see ``sidebyside``."""
    files = tuple(file.name for file in before.files)
    try:
        comparison = compare_runs(before, now)
    except StoreError as error:
        return Change(None, error.message, files)
    if any(difference.kind == "cross-hardware" for difference in comparison.differences):
        return Change(None, f"it was made on other hardware: {'; '.join(banners(comparison))}", files)
    return Change(comparison, "", files)


def change_section(change: Change) -> Section:
    """Forest plots of this run over the earlier one."""
    from scalebench.report.figures.forest import forest  # as above

    of = f"The earlier run is {', '.join(change.files)}."
    comparison = change.comparison
    if comparison is None:
        return Section(ID, TITLE, (of, f"Not compared: {change.why}."))
    charts = [forest(comparison, metric, f"change-{index}") for index, metric in enumerate(SHOWN)]
    counts = Counter(map(standing, comparison.rows))
    words = ", ".join(f"{counts[word]} {word}" for word in ("better", "worse", "same", "inconclusive"))
    text = (
        *banners(comparison), *(f"{capitalised(part)}." for part in headline(comparison).split("; ")),
        f"{of} Over all metrics {words}. {len(comparison.only_b)} cases are new and {len(comparison.only_a)} gone. "
        "A is the earlier run, B this one.",
        *(f"{capitalised(line)}." for line in (*remarks(comparison), *HOW, *places(comparison))),
    )  # fmt: skip
    return Section(ID, TITLE, text, tuple(chart for chart in charts if isinstance(chart, Chart)))
