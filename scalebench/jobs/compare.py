"""Compares two stored result sets case by case."""

from __future__ import annotations

from dataclasses import replace

from scalebench.analysis.compare.comparison import Comparison
from scalebench.analysis.compare.result_sets import CompareOptions, compare
from scalebench.execute.events import Listener, Note, silent
from scalebench.store.floors import read_floors
from scalebench.store.revisions import load_results


def compare_results(a: str, b: str, options: CompareOptions | None = None, announce: Listener = silent) -> Comparison:
    """Compare B with A, two result files or folders; ``REV:PATH`` reads one at a git revision.

    Noise between runs is what ``scalebench aa`` has stored for the machines, unless the options give it.

    Raises:
        StoreError: there is nothing to read or to compare.
    """
    before, after = load_results(a), load_results(b)
    for problem in (*before.problems, *after.problems):
        announce(Note(f"note: {problem}"))
    floors = read_floors((*before.records, *after.records))
    return compare(before.records, after.records, replace(options or CompareOptions(), floors=floors))
