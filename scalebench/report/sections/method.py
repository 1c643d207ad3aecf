"""The end of the page: what was not measured, and how the rest was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalebench import units
from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stopping import PILOT
from scalebench.report.content import Absent, Chart, Column, Section, Table
from scalebench.report.labels import listed, when
from scalebench.report.method_tables import failures_table, method_tables, words_table
from scalebench.report.tables import Field, build_table, filled, whole
from scalebench.suite.protocol import Protocol


def gaps(analysis: Analysis, document: Mapping[str, Any], figures: Mapping[str, Chart | Absent]) -> Section:
    """Missing cases, counts and figures, each with its reason."""
    missing = [case.label for case in analysis.missing]
    absent = [f"{f.title}: {f.why}" for f in figures.values() if isinstance(f, Absent)]
    problems = [str(problem) for problem in document.get("problems", ())]
    short = [case.label for case in analysis.short]
    too_low = [
        f"{row['model']}@{row['resolution']}: {', '.join(row['uncounted'])}"
        for row in analysis.counts.to_dict("records")
        if isinstance(row["uncounted"], list) and row["uncounted"]
    ]
    tables = [failures_table(analysis.failures)] if analysis.failures else []
    tables += [
        words_table(caption, heading, texts)
        for caption, heading, texts in (
            ("Cases of the plan that no machine has measured", "case", missing),
            (f"Cases with fewer good rounds than the {analysis.plan.rounds} requested", "case", short),
            ("Counts that are too low: operators without a formula", "model and operators", too_low),
            ("Figures that could not be drawn", "figure and reason", absent),
            ("Lines of the result files that were left out", "problem", problems),
        )
        if texts
    ]
    return Section("gaps", "Not measured and failed", _not_counted_here(analysis), (), tuple(tables))


def _not_counted_here(analysis: Analysis) -> tuple[str, ...]:
    foreign = len(analysis.counts) - len(analysis.own_counts)
    sentence = (
        f"Parameters, MACs and activations of {foreign} models at their sizes were not counted here: they are rounded "
        "figures from a published table."
    )
    return (sentence,) if foreign else ()


def method(analysis: Analysis, document: Mapping[str, Any]) -> Section:
    """How and on which machines numbers were obtained, from which files, and the suite as it was written."""
    text = (
        "Each round is one fresh process, and every interval is computed from rounds. Values are geometric means over "
        "rounds with a t-interval on logarithms. Two cases that took turns are compared turn by turn. "
        "Those that share too few turns are compared through the reference case of their heats. "
        "Those measured alone are compared by Welch's interval. "
        "A disturbed round that was measured alone stays in the records. Another one replaces it, at most five times "
        "per case. One that took turns counts, because its whole heat shares the disturbance. "
        "An interval that spans a claim's threshold gives \u201cundecided\u201d. "
        "Counts are exact and have no interval.",
        *session_sentences(analysis.sessions),
        *_adaptation(analysis),
        *(() if analysis.plan.groups else analysis.plan.notes),  # else they stand with the groups
    )
    tables = (
        _records_table(analysis, document), *filled(_protocols_table(analysis)),
        *method_tables(analysis.machines, document.get("files", ())),
    )  # fmt: skip
    code = {"Suite file, verbatim": analysis.plan.text} if analysis.plan.text else {}
    return Section("method", "Method and environment", text, (), tables, code)


def _records_table(analysis: Analysis, document: Mapping[str, Any]) -> Table:
    """How many rounds and cases there are, and from when."""
    first, last = (document["measured"][end] for end in ("first", "last"))
    endings = ", ".join(f"{n} {word}" for word, n in analysis.cases["status"].value_counts().items())
    rows = {
        "suite": analysis.plan.suite,
        "machines": listed(list(analysis.machines)) if analysis.machines else "none",
        "measured": when(first, last) if first else "at an unknown time" if len(analysis.rounds) else "nothing",
        "rounds": f"{len(analysis.rounds)} stored, at least {analysis.plan.rounds} requested per case",
        "cases": f"{len(analysis.cases)} measured, {len(analysis.failures)} without a number, "
        f"{len(analysis.missing)} missing",
    } | ({"how cases ended": endings} if endings else {})
    return whole("What the records hold", [Column("of"), Column("there is")], rows.items())


def session_sentences(sessions: Mapping[str, int]) -> list[str]:
    """For how many sessions the values of each machine hold; see ``analysis.sessions``."""
    single = [machine for machine, number in sessions.items() if number == 1]
    texts = [
        f"{machine} was measured in {number} sessions: a value is the mean of its sessions, and its interval has the "
        "spread between them. Cases are compared within the sessions that they share."
        for machine, number in sessions.items()
        if number > 1
    ]
    if single:
        texts.append(
            f"One session: {listed(single)}. Intervals of absolute values, and decisions on limits, hold for that "
            "session; another hour may differ by more. Ratios within the session are not affected."
        )
    return texts


def _protocols(analysis: Analysis) -> list[Protocol]:
    return list(dict.fromkeys(case.protocol for case in analysis.plan.cases))


def _adaptation(analysis: Analysis) -> list[str]:
    """How rounds are chosen where their number follows their spread."""
    return [
        f"The first {PILOT} rounds of a case decide by their spread how many follow. The half-width aimed at is "
        f"{100 * p.target:g} % on the CPU and {100 * p.target_cuda:g} % on CUDA. Where it is reached, these first "
        f"rounds are left out of the estimates. A case ends after {units.duration(p.budget_s)} in any case. "
        f"From round {PILOT + 1} on the spread also decides on the iterations of the latency, between 9 and 200."
        for p in _protocols(analysis) if p.adaptive
    ]  # fmt: skip


def _protocols_table(analysis: Analysis) -> Table:
    """What each protocol of the plan prescribes."""
    return build_table(
        "What the protocol prescribes for each case", _protocols(analysis),
        Field("rounds", lambda p: f"{p.rounds} to {p.most_rounds}" if p.adaptive else p.rounds, number=True),
        Field("least timed iterations", lambda p: p.min_iterations, number=True),
        Field("warm-up on the CPU", lambda p: f"{units.seconds(p.warmup_s)} to {units.seconds(p.warmup_max_s)}"),
        Field("warm-up on CUDA", lambda p: f"{units.seconds(p.warmup_cuda_s)} to {units.seconds(p.warmup_max_s)}"),
        Field("timed chunk", lambda p: f"{units.seconds(p.chunk_s)} to {units.seconds(p.chunk_max_s)}"),
        Field("time-out", lambda p: units.duration(p.timeout_s)),
        shorten=whole,
    )  # fmt: skip
