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
from scalebench.report.tables import whole
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
        "rounds with a t-interval on logarithms. Two cases that took turns are compared turn by turn; those that share "
        "too few turns through the reference case of their heats; those measured alone by Welch's interval. "
        "A disturbed round that was measured alone stays in the records and is replaced by another, at most five times "
        "per case. One that took turns counts, because its whole heat shares the disturbance. "
        "An interval that spans a claim's threshold gives \u201cundecided\u201d. "
        "Counts are exact and have no interval.",
        *session_sentences(analysis.sessions),
        *protocol_sentences(analysis),
    )
    tables = (_records_table(analysis, document), *method_tables(analysis.machines, document.get("files", ())))
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


def _adapted(protocol: Protocol) -> str:
    return ", after five rounds 9 to 200 of latency, by their spread" if protocol.adaptive else ""


def _rounds(protocol: Protocol) -> str:
    if not protocol.adaptive:
        return f"{protocol.rounds} rounds per case"
    return (
        f"{protocol.rounds} to {protocol.most_rounds} rounds per case, as many as the spread of its first {PILOT} asks "
        f"for, for a half-width of {100 * protocol.target:g} % on the CPU ({100 * protocol.target_cuda:g} % on CUDA), "
        f"which are left out of the estimates then, or until {units.duration(protocol.budget_s)} are spent on it"
    )


def protocol_sentences(analysis: Analysis) -> list[str]:
    """What each protocol of the plan prescribes."""
    return [
        f"Protocol: {_rounds(p)}, at least {p.min_iterations} timed iterations{_adapted(p)}, warm-up of "
        f"{units.seconds(p.warmup_s)} (CUDA: {units.seconds(p.warmup_cuda_s)}) to {units.seconds(p.warmup_max_s)}, "
        f"timed chunk of {units.seconds(p.chunk_s)} to {units.seconds(p.chunk_max_s)}, "
        f"time-out {units.duration(p.timeout_s)}."
        for p in dict.fromkeys(case.protocol for case in analysis.plan.cases)
    ]
