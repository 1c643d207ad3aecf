"""Can I trust this?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median

import pandas as pd

from scalebench import units
from scalebench.analysis.analyse import Analysis
from scalebench.analysis.heats import repeated
from scalebench.analysis.stats import Estimate, ratio
from scalebench.claims.judge import expected_false
from scalebench.flags import is_bad
from scalebench.machine.watched import is_watched
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.deviations import deviations
from scalebench.report.labels import listed
from scalebench.report.model_names import model_name
from scalebench.report.questions.question import Answer, AnswerBasis, Question

FEWEST_PAIRS = 3
"""Heats with the same model twice that are worth a line."""
NARROW = 0.05
"""Ratios that are good to this need no further rounds."""


class Trust(Question):
    """Half-widths of intervals, disturbed rounds, and sessions."""

    name = "trust"
    text = "Can I trust this?"
    details = "trust"
    needs = "a measured case"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """From all cases and rounds; needs one case that was measured."""
        analysis = evidence.analysis
        if analysis.cases.empty:
            return None
        times, ratios = _half_widths(analysis.cases, "latency_s"), _ratio_half_widths(analysis)
        rounds = Disturbed.of(analysis.rounds)
        decided, false = expected_false(evidence.verdicts)
        time, of_ratio = (median(widths) if widths else math.nan for widths in (times, ratios))
        return Answer(
            (_precision(time, of_ratio, _virtual(analysis)), rounds.sentence),
            {
                "time_half_width": time, "ratio_half_width": of_ratio, "ratios": len(ratios), **asdict(rounds),
                "sessions": dict(analysis.sessions), "decided": decided, "expected_false": false,
                "against_itself": {
                    machine: {"times": times, "typical": typical, "most": most}
                    for machine, (times, typical, most) in _against_itself(analysis.rounds).items()
                },
            },
            tuple(_points(analysis, rounds, decided, false)),
            _closes(analysis, of_ratio),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """How far rounds lie from the mean of their case."""
        return deviations(evidence.analysis.rounds, Elsewhere("trust", "Intervals, tails and doubts"))


@dataclass(frozen=True)
class Disturbed:
    """Rounds that ended well, and what checks saw in them.

    Attributes:
        rounds: how many there are.
        watched: of which any check looked for disturbances.
        disturbed: of which one found something that disturbs times.
        repeated: of those measured alone, set aside and measured again.
        by_turns: disturbed rounds that took turns with others; none is set aside.
    """

    rounds: int
    watched: int
    disturbed: int
    repeated: int
    by_turns: int

    @classmethod
    def of(cls, rounds: pd.DataFrame) -> Disturbed:
        """Count them in ``Analysis.rounds``."""
        good = rounds[rounds["outcome"] == "ok"]
        bad = good["notes"].map(is_bad).astype(bool)
        by_turns = bad & (good["heat"] != "")
        repeated = bad & ~by_turns & ~good["used"].astype(bool)
        watched = good["watched"].map(is_watched).astype(bool) | bad
        return cls(len(good), *(int(mask.sum()) for mask in (watched, bad, repeated, by_turns)))

    @property
    def sentence(self) -> str:
        """What was disturbed, and what became of it."""
        if not self.watched:
            return "No round was checked for disturbances."
        of = f"{self.watched} checked rounds" if self.watched < self.rounds else f"{self.rounds} rounds"
        if not self.disturbed:
            return f"None of {of} was disturbed."
        were = "was" if self.disturbed == 1 else "were"
        start = f"{self.disturbed} of {of} {were} disturbed"
        repeated = f"{'was' if self.repeated == 1 else 'were'} repeated"
        if self.by_turns == self.disturbed:
            return f"{start}; models take turns, so this hits all alike and cancels in ratios."
        if self.by_turns:
            return f"{start}; {self.repeated} {repeated}. Those taken by turns count, as it cancels in ratios."
        if self.repeated == self.disturbed:
            return f"{start} and repeated."
        return f"{start}; {self.repeated or 'none'} of them {repeated}."


def _half_widths(rows: pd.DataFrame, name: str, low: str = "", high: str = "") -> list[float]:
    """Half-widths of 95 % intervals over their values, where there is an interval."""
    widths = (rows[high or f"{name}_high"] - rows[low or f"{name}_low"]) / 2 / rows[name]
    return [float(width) for width in widths if math.isfinite(width)]


def _ratio_half_widths(analysis: Analysis) -> list[float]:
    """Of the ratios that the page reports: to compound scaling, and to eager fp32. Without any, of neighbouring cases.

    The latter are the cases of each configuration, each over the one before it.
    """
    groups = analysis.groups
    if len(groups):
        groups = groups[(groups["metric"] == "latency_s") & (groups["method"] != "compound")]
    reported = [
        *(_half_widths(groups, "ratio", "low", "high") if len(groups) else ()),
        *(_half_widths(analysis.optimised, "speedup") if len(analysis.optimised) else ()),
    ]
    return reported or [e.half_width for e in _neighbours(analysis) if math.isfinite(e.half_width)]


def _neighbours(analysis: Analysis) -> Iterator[Estimate]:
    for rounds in analysis.used.values():
        samples = [rounds.of(*model, "latency_s") for model in rounds.positions]
        yield from (ratio(after, before) for before, after in pairwise(own for own in samples if len(own)))


def _virtual(analysis: Analysis) -> bool:
    return any((environment.hardware.get("cpu") or {}).get("virtual") for environment in analysis.machines.values())


def _precision(time: float, of_ratio: float, virtual: bool) -> str:
    """What a typical half-width is."""
    where = ": a virtual machine shares its host" if virtual else ""
    if math.isnan(time):
        return "Each case was measured once, so nothing shows how far its time can be trusted."
    if math.isnan(of_ratio):
        return f"A typical time is good to {_percent(time)}{where}."
    return f"Ratios are typically good to {_percent(of_ratio)}, single times to {_percent(time)}{where}."


def _percent(share: float) -> str:
    return f"{units.digits(100 * share, 2)} %" if share < 1 else f"a factor of {units.digits(1 + share, 2)}"


def _points(analysis: Analysis, rounds: Disturbed, decided: int, false: float) -> Iterator[str]:
    for machine, number in analysis.sessions.items():
        where = f" on {machine}" if len(analysis.sessions) > 1 else ""
        if number == 1:
            load = "ratios with the load of the host"
            yield f"Measured in one session{where}. In another all times may shift together, and {load}."
        else:
            yield f"Measured in {number} sessions{where}. The intervals of times include the spread between them."
    if 0 < rounds.watched < rounds.rounds:
        yield f"{rounds.rounds - rounds.watched} of {rounds.rounds} rounds were not checked for disturbances."
    yield from _turns(analysis.rounds)
    yield from _launch_bound(analysis)
    cases = analysis.cases[analysis.cases["latency_s_high"].notna()]
    if len(cases) > 1:
        widths = (cases["latency_s_high"] - cases["latency_s_low"]) / 2 / cases["latency_s"]
        worst = cases.assign(width=widths).nlargest(1, "width").iloc[0]
        at = f"{model_name(worst['model'])} at {worst['resolution']} px, batch {worst['batch']}"
        yield f"Least certain time: {at}, good to {_percent(float(widths.max()))}."
    if decided:
        yield f"Each decision on a statement is wrong by chance at most once in {decided / false:.0f}."


def _launch_bound(analysis: Analysis) -> Iterator[str]:
    """Cases whose times say nothing about arithmetic."""
    bound = sum(len(rounds.launch_bound()) for rounds in analysis.used.values())
    if bound:
        cases = f"{bound} of {len(analysis.cases)} cases"
        yield f"{cases} are launch-bound: their times are those of launches, not of arithmetic."


def _turns(rounds: pd.DataFrame) -> Iterator[str]:
    """Turns that were made again, and how far a model in two processes of one heat differed from itself."""
    again, turns = int(rounds["retaken"].sum()), sum(len(set(own)) for own in rounds["turns"])
    if again:
        yield f"{again} of {turns + again:,} timings waited for a busy core and were made again."
    for machine, (times, typical, most) in _against_itself(rounds).items():
        where = f" on {machine}" if rounds["machine"].nunique() > 1 else ""
        yield (
            f"The reference model was timed against itself {times} times{where}. The two times differ by "
            f"{_percent(typical)} typically and by {_percent(most)} at most."
        )


def _against_itself(rounds: pd.DataFrame) -> dict[str, tuple[int, float, float]]:
    """By machine: how often a model was in a heat twice, and the median and largest difference of the two times."""
    differences = {}
    for machine, own in rounds[rounds["used"].astype(bool)].groupby("machine", sort=False):
        gaps = [math.expm1(abs(log)) for log in repeated(own, "latency_s") if math.isfinite(log)]
        if len(gaps) >= FEWEST_PAIRS:
            differences[str(machine)] = len(gaps), median(gaps), max(gaps)
    return differences


def _closes(analysis: Analysis, of_ratio: float) -> str:
    """What would make the numbers more certain."""
    single = [machine for machine, number in analysis.sessions.items() if number == 1]
    where = f" on {listed(single)}" if len(analysis.sessions) > 1 else ""
    again = f"A run on another day shows how far times{where} move between sessions." if single else ""
    more = "More rounds make ratios more certain." if not of_ratio <= NARROW else ""
    return f"{more} {again}".strip()
