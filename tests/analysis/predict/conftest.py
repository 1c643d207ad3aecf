"""Synthetic models, whose operators are drawn at random, and a machine that prices them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scalebench.analysis.predict.cases import Work
from scalebench.analysis.predict.operator_prices import ASPECTS
from scalebench.suite.kinds import OPERATORS

KINDS = tuple(OPERATORS)
Make = Callable[..., list[Work]]


def letters(number: int) -> str:
    """A name that ``family_of`` takes for a family of its own: letters only."""
    return "z" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")


def model(random: np.random.Generator, family: int, member: int, kinds: tuple[str, ...], resolution: int = 224) -> Work:
    scale = float(np.exp(random.normal(0, 0.8)))
    operators = [
        [kind, int(scale * 1e8 * random.lognormal(0, 0.7)) if kind in KINDS[:6] else 0,
         int(scale * 1e6 * random.lognormal(0, 0.7)), int(1e5 * random.lognormal(0, 0.7)), int(random.integers(5, 40))]
        for kind in kinds
    ]  # fmt: skip
    macs = sum(group[1] * group[4] for group in operators)
    facts = {
        "macs": macs, "activations": sum(g[2] * g[4] for g in operators) // 8, "params": 10**6,
        "weight_bytes": 4 * 10**6, "operators": operators, "peak_bytes_inference": 10 * 10**6,
    }  # fmt: skip
    return Work(f"{letters(family)}_{member}", resolution, 1, facts)


@pytest.fixture(scope="session")
def models() -> Make:
    """Makes ``members`` models of each of ``families`` families."""

    def make(
        seed: int, families: int, members: int = 1, first: int = 0, kinds: tuple[str, ...] = KINDS[:4] + KINDS[6:]
    ) -> list[Work]:
        random = np.random.default_rng(seed)
        return [model(random, first + family, m, kinds) for family in range(families) for m in range(members)]

    return make


@pytest.fixture(scope="session")
def prices() -> np.ndarray:
    """A machine: seconds per operator, MAC and byte of each kind, within a factor of three of the usual."""
    random = np.random.default_rng(7)
    usual = np.tile(np.array([1e-5, 1e-11, 1e-10, 1e-10]), len(KINDS))
    assert len(usual) == ASPECTS * len(KINDS)
    return usual * random.uniform(1 / 3, 3, len(usual))
