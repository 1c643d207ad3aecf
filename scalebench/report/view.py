"""Decides what the page shows, without a line of HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scalebench import units
from scalebench.analysis.run import Analysis
from scalebench.claims.evaluate import Verdict
from scalebench.report import tables, trust
from scalebench.report.accuracy import accuracy_section
from scalebench.report.content import Absent, Article, Chart, Report, Ruling, Section, Table
from scalebench.report.dotplot import matched_groups
from scalebench.report.figures import against_resolution, front, latency_against_macs
from scalebench.report.headline import count_words, effect, headline
from scalebench.report.labels import listed
from scalebench.report.laws import laws_section
from scalebench.report.recount import recount_section
from scalebench.report.roof import under_the_roof
from scalebench.report.study import study_section
from scalebench.report.versus import versus_section
from scalebench.suite.protocol import Protocol

Figures = Mapping[str, Chart | Absent]


def compose(analysis: Analysis, verdicts: Sequence[Verdict], document: Mapping[str, Any]) -> Report:
    """Everything on the page, in reading order.

    Args:
        analysis: what the records say.
        verdicts: of the suite's claims.
        document: ``document.build_document``, for what only the stored files know.
    """
    figures = draw_figures(analysis)
    return Report(
        suite=analysis.plan.suite,
        title=analysis.plan.title or analysis.plan.suite,
        facts=_facts(analysis, document),
        headline=headline(verdicts),
        counts=count_words(verdicts),
        verdicts=_filled(tables.verdicts_table(verdicts), tables.undecidable_table(verdicts)),
        articles=articles([verdict for verdict in verdicts if not verdict.claim.cannot]),
        sections=(
            *_results(analysis, figures),
            *_studies(analysis),
            _gaps(analysis, document, figures),
            _method(analysis, document),
        ),
    )


def draw_figures(analysis: Analysis) -> dict[str, Chart | Absent]:
    """Every figure by its anchor, or why it is not there."""
    cases = analysis.cases
    return {
        "f1": latency_against_macs(cases),
        "f2": against_resolution(cases, "throughput_ips", "f2"),
        "f3": against_resolution(cases, "memory_bytes", "f3"),
        "f4": matched_groups(analysis.groups),
        "f5": front(cases),
        "f6": under_the_roof(analysis.roofline, analysis.abilities),
    }


def articles(verdicts: Sequence[Verdict]) -> tuple[Article, ...]:
    """One per claim, in the order of the verdicts, with a ruling per machine and way of running."""
    by_claim: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_claim.setdefault(verdict.claim.id, []).append(verdict)
    return tuple(_article(found) for found in by_claim.values())


def _article(found: Sequence[Verdict]) -> Article:
    claim = found[0].claim
    rulings = tuple(
        Ruling(v.verdict, effect(v), ", ".join(filter(None, (v.machine, v.way))), v.why, tables.parts_table(v.parts))
        for v in found
    )
    return Article(
        f"claim-{claim.id}", claim.id, claim.claim, claim.stance, claim.source, claim.published,
        claim.conditions, rulings,
    )  # fmt: skip


def _facts(analysis: Analysis, document: Mapping[str, Any]) -> dict[str, str]:
    measured = document.get("measured", {})
    first, last = measured.get("first", ""), measured.get("last", "")
    return {
        "suite": analysis.plan.suite,
        "machines": listed(list(analysis.machines)) if analysis.machines else "none yet",
        "measured": f"{first} to {last}" if first else "nothing yet",
        "rounds": f"{len(analysis.rounds)} stored, at least {analysis.plan.rounds} asked for per case; "
        f"{_endings(analysis)}",
        "cases": f"{len(analysis.cases)} measured, {len(analysis.failures)} without a number, "
        f"{len(analysis.missing)} missing",
    }


def _endings(analysis: Analysis) -> str:
    counted = analysis.cases["status"].value_counts()
    return f"ended: {', '.join(f'{n} {word}' for word, n in counted.items())}" if len(counted) else "no case measured"


def _results(analysis: Analysis, figures: Figures) -> tuple[Section, ...]:
    groups = (tables.residuals_table(analysis.plan.groups),) if analysis.plan.groups else ()
    exponents = (tables.exponents_table(analysis.exponents),) if len(analysis.exponents) else ()
    cases = tables.cases_table(
        analysis.cases,
        "Every measured case; values are geometric means over rounds",
        counted=("macs", "params", "activations"),
    )
    return (
        _section("compute", "Latency against compute", figures, ("f1",)),
        _section("resolution", "Resolution curves", figures, ("f2", "f3")),
        _section("matched", "Matched groups", figures, ("f4",), groups),
        _section("pareto", "Pareto front", figures, ("f5",)),
        _section("exponents", "Exponents", figures, (), exponents),
        _section("roofline", "Roofline", figures, ("f6",), _filled(trust.peaks_table(analysis.abilities))),
        _section("memory", "Memory three ways", figures, (), _filled(trust.memory_table(analysis.memory))),
        _section("trust", "Intervals, tails and doubts", figures, (), _filled(
            trust.trust_table(analysis.cases), trust.tails_table(analysis.cases))),
        _section("cases", "All cases", figures, (), _filled(cases)),
    )  # fmt: skip


def _studies(analysis: Analysis) -> tuple[Section, ...]:
    """Sections that stand only where there is something for them: most suites need none of them."""
    study = analysis.study
    wanted: tuple[tuple[int, Callable[[], Section]], ...] = (
        (len(analysis.plan.groups), lambda: versus_section(
            analysis.groups, analysis.counted_groups, analysis.explained)),
        (len(analysis.accuracy), lambda: accuracy_section(analysis.accuracy, analysis.fronts)),
        (len(study.predictors), lambda: study_section(study.predictors, study.residuals, study.ranks)),
        (len(study.laws), lambda: laws_section(study.laws)),
        (len(analysis.recount), lambda: recount_section(analysis.recount)),
    )  # fmt: skip
    return tuple(make() for there, make in wanted if there)


def _filled(*shown: Table) -> tuple[Table, ...]:
    return tuple(table for table in shown if table.rows)


def _section(anchor: str, title: str, figures: Figures, names: Sequence[str], shown: Sequence[Table] = ()) -> Section:
    found = [figures[name] for name in names]
    charts = tuple(figure for figure in found if isinstance(figure, Chart))
    absent = [f"{figure.title}: not drawn, {figure.why}." for figure in found if isinstance(figure, Absent)]
    if not names and not shown:
        absent = ["Nothing was measured for this section."]
    return Section(anchor, title, tuple(absent), charts, tuple(shown))


def _gaps(analysis: Analysis, document: Mapping[str, Any], figures: Figures) -> Section:
    missing = [case.label for case in analysis.missing]
    absent = [f"{f.title}: {f.why}" for f in figures.values() if isinstance(f, Absent)]
    problems = [str(problem) for problem in document.get("problems", ())]
    short = [case.label for case in analysis.short]
    too_low = [
        f"{row['model']}@{row['resolution']}: {', '.join(row['uncounted'])}"
        for row in analysis.counts.to_dict("records")
        if isinstance(row["uncounted"], list) and row["uncounted"]
    ]
    shown = [tables.failures_table(analysis.failures)] if analysis.failures else []
    shown += [
        tables.words_table(caption, heading, texts)
        for caption, heading, texts in (
            ("Cases of the plan that no machine has measured", "case", missing),
            (f"Cases with fewer good rounds than the {analysis.plan.rounds} asked for", "case", short),
            ("Counts that are too low: operators without a formula", "model and operators", too_low),
            ("Figures that could not be drawn", "figure and reason", absent),
            ("Lines of the result files that were left out", "problem", problems),
        )
        if texts
    ]
    well = bool((analysis.rounds["outcome"] == "ok").all())
    end = "every round ended well" if well else "some rounds did not end well, as the notes of their cases say"
    text = () if shown else (f"Every case of the plan was measured, and {end}.",)
    return Section("gaps", "Not measured and failed", text, (), tuple(shown))


def _method(analysis: Analysis, document: Mapping[str, Any]) -> Section:
    text = (
        "Each round is one fresh process; rounds are what every interval is computed from. Values are geometric "
        "means over rounds with a t-interval on logarithms; ratios use Welch's interval. A round with a bad flag is "
        "kept in the records and replaced by another, five times per case at most. An interval that spans "
        "a claim's threshold gives \u201cinconclusive\u201d. Counts are exact and have no interval.",
        *protocol_sentences(analysis),
    )
    shown = (
        tables.metrics_table(),
        trust.flags_table(),
        tables.machines_table(analysis.machines),
        tables.files_table(document.get("files", ())),
    )
    code = {"Suite file, verbatim": analysis.plan.text} if analysis.plan.text else {}
    return Section("method", "Method and environment", text, (), _filled(*shown), code)


def _adapted(protocol: Protocol) -> str:
    adaptive = protocol.most_rounds > protocol.rounds
    return ", from five rounds on 9 to 200 of latency as their spread asks" if adaptive else ""


def _rounds(protocol: Protocol) -> str:
    if protocol.most_rounds == protocol.rounds:
        return f"{protocol.rounds} rounds per case"
    return (
        f"{protocol.rounds} to {protocol.most_rounds} rounds per case, until the half-width of the interval is at most "
        f"{100 * protocol.target:g} % on the CPU ({100 * protocol.target_cuda:g} % on CUDA) twice in a row, or "
        f"{units.duration(protocol.budget_s)} are spent on it"
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
