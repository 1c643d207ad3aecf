"""The middle of the page: figures and tables of what was measured, and studies of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scalebench.analysis.analyse import Analysis
from scalebench.metrics import in_section
from scalebench.report import result_tables, trust
from scalebench.report.content import Absent, Chart, Section, Table
from scalebench.report.figures.batches import batch_curves
from scalebench.report.figures.explorer import explorer
from scalebench.report.figures.heatmap import memory_map
from scalebench.report.figures.roof import under_the_roof
from scalebench.report.sections.accuracy_section import accuracy_section
from scalebench.report.sections.inputs import inputs_section
from scalebench.report.sections.laws import laws_section
from scalebench.report.sections.model_structure import built_section, worth_showing
from scalebench.report.sections.optimised import optimised_section
from scalebench.report.sections.own_accuracy import own_accuracy_section
from scalebench.report.sections.parts import parts_section
from scalebench.report.sections.recount import recount_section
from scalebench.report.sections.suite_limits import fitting_section
from scalebench.report.sections.time_predictors import study_section
from scalebench.report.sections.trained_accuracy import training_study_section
from scalebench.report.sections.training import training_section
from scalebench.report.sections.versus import versus_section
from scalebench.report.tables import filled

_ENERGY = (
    "Each value comes from an energy counter of the device over one window of steady load per round. It is not wall "
    "power: the rest of the machine is left out."
)
Figures = Mapping[str, Chart | Absent]


def draw_figures(analysis: Analysis) -> dict[str, Chart | Absent]:
    """Figures of no question by their anchors, or why they are not there."""
    cases = analysis.cases
    return {
        "f6": under_the_roof(analysis.roofline, analysis.abilities),
        "f7": memory_map(cases, analysis.failures),
        "f8": batch_curves(cases),
    }


def results(analysis: Analysis, figures: Figures) -> tuple[Section, ...]:
    """Figures from the question asked most to the one asked least, each beside the tables that go with it.

    A section without any of them does not exist; why a figure is missing stands in the section of ``method.gaps``.
    """
    sections = (
        *_fitting(analysis),
        *_studies(analysis),
        _section("memory", "Memory three ways", figures, ("f7",), filled(trust.memory_table(analysis.memory))),
        _section("batch", "Batch, latency and throughput", figures, ("f8",)),
        _section("trust", "Intervals, tails and doubts", figures, (), filled(
            trust.checks_table(analysis.rounds), trust.trust_table(analysis.cases),
            trust.tails_table(analysis.cases)), trust.tails_note(analysis.cases)),
        _section("roofline", "Roofline", figures, ("f6",), filled(trust.peaks_table(analysis.abilities))),
        *_explorer(analysis),
        _section("cases", "All cases", figures, (), filled(result_tables.cases_table(
            analysis.cases, f"Every measured case; values are geometric means over rounds{_scope(analysis)}",
            counts=in_section("cases", "counted")))),
    )  # fmt: skip
    return tuple(section for section in sections if section.has_evidence)


def _scope(analysis: Analysis) -> str:
    return " of one session" if set(analysis.sessions.values()) == {1} else ""


def _fitting(analysis: Analysis) -> tuple[Section, ...]:
    """First of the details: a suite with limits was written for this answer."""
    limits = analysis.plan.limits
    if limits is None or analysis.fitting.empty:
        return ()
    return (fitting_section(analysis.fitting, analysis.plan.scene),)


def _studies(analysis: Analysis) -> tuple[Section, ...]:
    """Sections that are shown only where there is data for them: most suites need none of them."""
    study, training = analysis.study, analysis.training
    sections: tuple[tuple[int, Callable[[], Section]], ...] = (
        (len(analysis.plan.groups), lambda: versus_section(
            analysis.plan, analysis.groups, analysis.counted_groups, analysis.explained)),
        (len(analysis.exponents), lambda: Section("exponents", "Exponents", tables=(
            result_tables.exponents_table(analysis.exponents),))),
        *([] if training is None else [(len(training.variants), lambda: training_study_section(training))]),
        (len(analysis.accuracies), lambda: own_accuracy_section(analysis.accuracies)),
        (len(analysis.accuracy), lambda: accuracy_section(analysis.accuracy, analysis.fronts)),
        (len(study.predictors), lambda: study_section(study.predictors, study.residuals, study.ranks)),
        (len(study.laws), lambda: laws_section(study.laws)),
        (len(analysis.optimised), lambda: optimised_section(analysis.optimised)),
        (int((analysis.cases["mode"] == "training").sum()), lambda: training_section(analysis.cases)),
        (int(analysis.cases["energy_j"].notna().sum()), lambda: Section("energy", "Energy", (_ENERGY,), tables=(
            result_tables.section_table(analysis.cases, "energy", "Energy and power of every case with a counter"),))),
        (len(analysis.inputs), lambda: inputs_section(analysis.inputs, analysis.feeding)),
        (len(analysis.parts), lambda: parts_section(analysis.parts)),
        (len(analysis.recount), lambda: recount_section(analysis.recount)),
        (worth_showing(analysis.counts), lambda: built_section(analysis.counts)),
    )  # fmt: skip
    return tuple(make_section() for rows, make_section in sections if rows)


def _explorer(analysis: Analysis) -> tuple[Section, ...]:
    chart = explorer(analysis.cases, analysis.roofline)
    if chart is None:
        return ()
    text = (
        "Every measured case is one point, with its 95 % interval where the vertical axis has one. The address of the "
        "page holds the choices, so a link leads to the same view.",
    )
    return (Section("explorer", "Explorer", text, explorer=chart),)


def _section(
    anchor: str,
    title: str,
    figures: Figures,
    names: Sequence[str],
    tables: Sequence[Table] = (),
    notes: Sequence[str] = (),
) -> Section:
    charts = tuple(figure for name in names if isinstance(figure := figures.get(name), Chart))
    return Section(anchor, title, tuple(notes), charts, tuple(tables))
