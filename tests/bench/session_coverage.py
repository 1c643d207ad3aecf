"""How often intervals over several sessions cover a machine's mean, where the truth is known.

Run it: ``python tests/bench/session_coverage.py --draws 1000``; tests/analysis/test_sessions.py checks parts of it.
"""

from __future__ import annotations

import argparse

import numpy as np

from scalebench.analysis.sessions import SessionRounds, estimate
from scalebench.analysis.stats import of_rounds


def machine(rng: np.random.Generator, common: float, sessions: int, cases: int = 10) -> list[SessionRounds]:
    """Cases of 1 s: five rounds of 5 % in each session, 3 % of each case, ``common`` of all (logarithms)."""
    levels = rng.normal(0, common, sessions)
    return [
        SessionRounds(
            {s: np.exp(levels[s] + rng.normal(0, 0.03) + rng.normal(0, 0.05, 5)).tolist() for s in range(sessions)}
        )
        for _ in range(cases)
    ]


def coverage(common: float, sessions: int, draws: int) -> tuple[float, float, float]:
    """Share that covers the truth, median half-width, and the share with all rounds taken as exchangeable."""
    rng = np.random.default_rng(1)
    hits, widths, pooled = [], [], []
    for _ in range(draws):
        cases = machine(rng, common, sessions)
        e = of_rounds(SessionRounds(cases[0].by_session, estimate(cases, "latency_s")))
        naive = of_rounds(cases[0].values)
        hits.append(e.low <= 1 <= e.high)
        widths.append(e.half_width)
        pooled.append(naive.low <= 1 <= naive.high)
    return float(np.mean(hits)), float(np.median(widths)), float(np.mean(pooled))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    print("| sessions differ by | 2 sessions | 3 | 6 | exchangeable rounds of 2, 3, 6 |")
    print("|---|---|---|---|---|")
    for common in (0.02, 0.05, 0.10, 0.20, 0.30):
        cells = [coverage(common, sessions, draws) for sessions in (2, 3, 6)]
        own = " | ".join(f"{hit:.3f} (half-width {100 * width:.0f} %)" for hit, width, _ in cells)
        print(f"| {100 * common:.0f} % | {own} | {', '.join(f'{naive:.2f}' for *_, naive in cells)} |")


if __name__ == "__main__":
    main()
