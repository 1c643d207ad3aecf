"""What ``ab`` resolves by turns: pairs without any difference, and a planted slowdown that it has to find.

``python -m tests.bench.planted_slowdown`` measures 20 real A/A pairs and, for each model, 10 tries with 5 % planted in
every forward pass of B. Wanted: at most 5 % of the A/A intervals exclude 1; the slowdown is found (the case fails the
gate of ``ab``) in at least 8 of 10 tries, each within 3 minutes. Fewer: ``--pairs 1 --tries 1 --models resnet18@224``.
Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from scalebench.analysis.compare.comparison import Comparison
from scalebench.errors import WorkerError
from scalebench.execute.abba import RoundRunner, describe
from scalebench.execute.client import Worker
from scalebench.execute.events import silent
from scalebench.execute.lock import machine_lock
from scalebench.jobs.named_cases import base_case, resolve_cases
from scalebench.jobs.pairs import HEATS, PairOptions, measure_and_compare
from scalebench.record import Record
from scalebench.suite.case import Case
from tests.bench.slow_python import write

MODELS = ("resnet18@224", "efficientnet_b0@224", "resnet50@224")
LIMIT_S = 180.0
PLANTED_TIMEOUT_S = 599.0


@dataclass(frozen=True)
class Try:
    """One duel of a model with itself.

    Attributes:
        ratio, half_width: B over A, and half of its interval.
        outside: whether the interval excludes 1.
        found: whether B fails the gate, as slower.
        heats: until it was decided.
        seconds: of wall time.
    """

    ratio: float
    half_width: float
    outside: bool
    found: bool
    heats: int
    seconds: float


def measure(case: Case, planted: bool, bench: RoundRunner, options: PairOptions) -> Try:
    """One duel; B is slower where ``planted``."""
    protocol = replace(case.protocol, timeout_s=PLANTED_TIMEOUT_S) if planted else case.protocol
    records: list[Record] = []
    start = time.monotonic()
    duel = (case, replace(case, protocol=protocol))
    comparison = measure_and_compare([duel], (bench, bench), options, records.append, silent)
    done = tried(comparison, time.monotonic() - start)
    kind = "planted" if planted else "A/A"
    print(
        f"{case.model} {kind}: {done.ratio:.3f} +- {done.half_width:.1%}, {done.heats} heats, {done.seconds:.0f} s",
        flush=True,
    )
    return done


def tried(comparison: Comparison, seconds: float) -> Try:
    """What a comparison of one duel came to."""
    if not comparison.rows:
        raise WorkerError("; ".join(comparison.failed))
    (row,) = comparison.rows
    e = row.ratio
    outside = e.low > 1 or e.high < 1
    return Try(e.value, e.half_width, outside, bool(comparison.worse), e.n, seconds)


def line(name: str, same: list[Try], slower: list[Try]) -> str:
    """Row of the table: how often, half-widths and seconds in the median."""
    texts = [name, f"{sum(t.outside for t in same)} of {len(same)}", *_medians(same)]
    found = sum(t.found and t.seconds <= LIMIT_S for t in slower)
    ratio = f"{median(t.ratio for t in slower):.3f}" if slower else "-"
    return f"| {' | '.join([*texts, f'{found} of {len(slower)}', ratio, *_medians(slower)])} |"


def _medians(tries: list[Try]) -> tuple[str, str, str]:
    if not tries:
        return "-", "-", "-"
    widths, heats, seconds = ([getattr(t, name) for t in tries] for name in ("half_width", "heats", "seconds"))
    return f"{median(widths):.1%}", f"{median(heats):g}", f"{median(seconds):.0f}"


def main() -> None:
    """Measure all tries, one after the other, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=20, help="A/A pairs, the models in turn")
    parser.add_argument("--tries", type=int, default=10, help="with the slowdown, of each model")
    parser.add_argument("--share", type=float, default=0.05, help="planted in every pass")
    parser.add_argument("--heats", type=int, default=HEATS, help="at most, of each")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, machine_lock():
        slow = write(Path(folder) / "slow-python", arguments.share, PLANTED_TIMEOUT_S)
        with Worker(python=str(slow)) as warm, Worker(fork=False) as fresh:
            bench = RoundRunner("planted", describe(warm, "cpu")[1], warm, fresh)
            cases = resolve_cases(arguments.models, base_case("cpu", 1, arguments.threads, "standard"), warm)
            options = PairOptions(arguments.models, threads_b=arguments.threads, rounds=arguments.heats)
            same: dict[Case, list[Try]] = {case: [] for case in cases}
            for number, case in enumerate(islice(cycle(cases), arguments.pairs)):
                same[case].append(measure(case, False, bench, replace(options, seed=number)))
            slower = {
                case: [measure(case, True, bench, replace(options, seed=n)) for n in range(arguments.tries)]
                for case in cases
            }
    print("\n| model | A/A outside | half-width | heats | s | planted found | B / A | half-width | heats | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for case in cases:
        print(line(case.model, same[case], slower[case]))
    together = [t for own in same.values() for t in own], [t for own in slower.values() for t in own]
    print(line("all", *together))


if __name__ == "__main__":
    main()
