"""How often the bootstrap of a law covers its true exponent, and how often the true law is chosen.

Points scatter by 5 % around a known law, rounds within a point by 3 %.
Run it: ``python tests/bench/law_coverage.py --draws 200``. tests/analysis/laws/test_bootstrap.py holds a short form.
"""

from __future__ import annotations

import argparse

import numpy as np

from scalebench.analysis.laws.bootstrap import bootstrap
from scalebench.analysis.laws.choice import choose, winner
from scalebench.analysis.laws.forms import LAWS

POINTS, ROUNDS = 16, 3
BETWEEN, WITHIN = 0.05, 0.03
X = np.geomspace(1e8, 1e10, POINTS)
TRUTHS = {
    "power": (3e-10 * X**0.9, "c", 0.9),
    "power_floor": (0.02 + 3e-11 * X, "c", 1.0),
    "linear_sqrt": (2e-11 * X + 4e-7 * np.sqrt(X), "", 0.0),
}
"""Law, its values, and the parameter whose interval is tried; linear_sqrt is only chosen or not."""
RIVALS = [LAWS[name] for name in TRUTHS]


def sample(truth: np.ndarray, seed: int) -> list[list[float]]:
    """Rounds of every point."""
    random = np.random.default_rng(seed)
    level = truth * np.exp(random.normal(0, BETWEEN, POINTS))
    return [(value * np.exp(random.normal(0, WITHIN, ROUNDS))).tolist() for value in level]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=200)
    draws = parser.parse_args().draws
    for name, (truth, parameter, value) in TRUTHS.items():
        covered = chosen = 0
        for seed in range(draws):
            rounds = sample(truth, seed)
            best = winner(choose(X.tolist(), [float(np.exp(np.mean(np.log(r)))) for r in rounds], RIVALS))
            chosen += best is not None and best.fit.law.name == name
            if parameter:
                found = bootstrap(LAWS[name], X.tolist(), rounds, draws=100).parameters[parameter]
                covered += found.low <= value <= found.high
        share = f"{covered / draws:.3f} of intervals cover {parameter} = {value}" if parameter else "no exponent"
        print(f"{name:<12} {share}; chosen in {chosen / draws:.3f} of {draws} draws")


if __name__ == "__main__":
    main()
