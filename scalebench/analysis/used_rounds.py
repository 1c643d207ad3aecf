"""Rounds that enter the estimates, found by configuration and model without searching the frame again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import pandas as pd

from scalebench.analysis.pooling import Pooled, sample
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.way import WAY

Configuration = tuple[Hashable, ...]
"""Values of ``WAY``."""


@dataclass(frozen=True)
class UsedRounds:
    """Rounds of one configuration that enter the estimates.

    Attributes:
        used: of all configurations.
        positions: rows of ``used``, by model and resolution.
        shared: what all cases of a machine share.
    """

    used: pd.DataFrame
    positions: dict[tuple[str, int], list[int]]
    shared: Pooled

    def of(self, model: str, resolution: int | None, metric: str) -> SessionRounds:
        """Values of a measured metric of one case, one per round; none where it was not measured."""
        rows = self.positions.get((model, resolution or 0), [])
        return sample(self.used.iloc[rows], metric, self.shared)


def by_way(rounds: pd.DataFrame, shared: Pooled) -> dict[Configuration, UsedRounds]:
    """Used rounds of every configuration, in order of appearance.

    Args:
        rounds: ``rounds.with_standing``.
        shared: ``pooling.pooled`` of them.
    """
    used = rounds[rounds["used"].astype(bool)]
    found: dict[Configuration, UsedRounds] = {}
    keys: Sequence[list[Hashable]] = [used[name].tolist() for name in WAY]
    cases = zip(used["model"].tolist(), used["resolution"].tolist(), strict=True)
    for row, (configuration, case) in enumerate(zip(zip(*keys, strict=True), cases, strict=True)):
        of_configuration = found.setdefault(configuration, UsedRounds(used, {}, shared))
        of_configuration.positions.setdefault(case, []).append(row)
    return found
