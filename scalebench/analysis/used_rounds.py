"""Rounds that enter the estimates, found by configuration and model without searching the frame again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.pooling import Pooled, sample
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.way import WAY
from scalebench.flags import is_launch_bound

Configuration = tuple[Hashable, ...]
"""Values of ``WAY``."""
_SAMPLED = (*WAY, "session", "heat", "reference")


@dataclass(frozen=True)
class UsedRounds:
    """Rounds of one configuration that enter the estimates.

    Attributes:
        columns: of the used rounds of all configurations, as lists: a frame per case takes a millisecond.
        positions: places in ``columns``, by model and resolution.
        shared: what all cases of a machine share.
    """

    columns: Mapping[str, Sequence[Any]]
    positions: dict[tuple[str, int], list[int]]
    shared: Pooled

    def of(self, model: str, resolution: int | None, metric: str) -> SessionRounds:
        """Values of a measured metric of one case, one per round; none where it was not measured."""
        places = self.positions.get((model, resolution or 0), [])
        if not places:
            return SessionRounds({})
        names = [name for name in (*_SAMPLED, metric, f"turns_{metric}") if name in self.columns]
        own = {name: [self.columns[name][place] for place in places] for name in names}
        return sample(own, metric, self.shared)

    def launch_bound(self) -> frozenset[tuple[str, int]]:
        """Models and resolutions of which half of the rounds or more waited for the host to launch operators."""
        notes = self.columns["notes"]
        bound = {case: [is_launch_bound(notes[place]) for place in places] for case, places in self.positions.items()}
        return frozenset(case for case, flags in bound.items() if 2 * sum(flags) >= len(flags))

    def first(self, model: str, resolution: int) -> dict[str, Any] | None:
        """Columns of the first round of a case; None where it was not measured."""
        places = self.positions.get((model, resolution))
        return {name: values[places[0]] for name, values in self.columns.items()} if places else None


def by_way(rounds: pd.DataFrame, shared: Pooled) -> dict[Configuration, UsedRounds]:
    """Used rounds of every configuration, in order of appearance.

    Args:
        rounds: ``rounds.with_standing``.
        shared: ``pooling.pooled`` of them.
    """
    used = rounds[rounds["used"].astype(bool)]
    columns = {str(name): used[name].tolist() for name in used}
    found: dict[Configuration, UsedRounds] = {}
    configurations = zip(*(columns[name] for name in WAY), strict=True)
    cases = zip(columns["model"], columns["resolution"], strict=True)
    for place, (configuration, case) in enumerate(zip(configurations, cases, strict=True)):
        of_configuration = found.setdefault(configuration, UsedRounds(columns, {}, shared))
        of_configuration.positions.setdefault(case, []).append(place)
    return found
