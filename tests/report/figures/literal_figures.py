"""Figures of every kind, from literal records and frames, with intervals wide enough to be seen."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scalebench.analysis.way import WAY
from scalebench.procure.outcome import weigh
from scalebench.record import Record
from scalebench.report.content import Absent, Chart, Elsewhere
from scalebench.report.figures.forest import forest
from scalebench.report.figures.roof import under_the_roof
from scalebench.report.figures.speedup_dots import speedup_dots
from scalebench.report.findings import Findings
from scalebench.report.questions.asked import answers
from scalebench.report.sections.change import compare_runs
from scalebench.report.sections.inputs import inputs_section
from scalebench.report.sections.parts import parts_section
from scalebench.report.sections.purchase import pareto_section, sensitivity_section
from scalebench.report.sections.results import draw_figures
from scalebench.report.sections.time_predictors import study_section
from scalebench.store.jsonl import Results
from tests.analysis.test_roofline import ABILITY
from tests.procure.literal_plan import box, buy, capacity, plan, rent
from tests.report.literal_report import GROUP, find_in, make_record, specifications
from tests.report.sections.test_accuracy_section import _planted, chart
from tests.report.sections.test_inputs import PAIRS, RATES
from tests.report.sections.test_parts import analysis_of_parts
from tests.report.sections.test_time_predictors import PREDICTORS, RANKS, RESIDUALS

SIZES = (128, 192, 256, 320)
SWEPT = {"efficientnet_b0": 0.4, "efficientnet_b1": 0.7, "resnet50": 4.1}
"""Models that are measured at every size, two of them of one family, with their GMACs at 224 px."""
_NOISE = (0.85, 1.0, 1.2, 0.95)
"""Time of each round over the usual one."""
_PLACE = dict(zip(WAY, ("cpu-a", "inference", 1, "fp32", "contiguous", "eager", 2, "", "cpu", "{}"), strict=True))


def swept(factor: float = 1.0) -> list[Record]:
    """Rounds of every model and size at batch 1 and 8, and of the matched group."""
    cases = [(name, size, gmacs * 1e9 * (size / 224) ** 2) for name, gmacs in SWEPT.items() for size in SIZES]
    members = [row for row in specifications() if row[0].startswith(GROUP.base)]
    return [
        _record(model, size, macs, round_, batch, factor)
        for model, size, macs in dict.fromkeys([*cases, *members])
        for batch in (1, 8)
        for round_ in range(len(_NOISE))
    ]


def _record(model: str, size: int, macs: float, round_: int, batch: int, factor: float) -> Record:
    latency = factor * macs * batch**0.8 / 1e11 * _NOISE[(round_ + size + len(model)) % len(_NOISE)]
    memory = (5e7 + macs * batch / 50) * (1 + 0.1 * round_)
    facts = {"latency_s": latency, "throughput_ips": batch / latency, "memory_bytes": memory}
    return make_record(model, size, macs, round_, batch=batch, facts=facts)


def sweep() -> Findings:
    """The analysis of these rounds, and of one case that ran out of memory."""
    return find_in([*swept(), make_record("resnet50", 384, 9e9, 0, outcome="oom", batch=8)])


def charts_of_cases(now: Findings) -> Iterator[Chart]:
    """Charts of measured cases and rounds; ``now`` is a ``sweep``."""
    answered = (question.chart(now.evidence, answer) for question, answer in answers(now.evidence).items())
    yield from (chart for chart in answered if chart)
    yield from (chart for chart in draw_figures(now.analysis).values() if not isinstance(chart, Absent))
    placed = now.analysis.cases.assign(
        intensity=now.analysis.cases["macs"] / 2e7, ridge=4.0, machine=ABILITY.machine, threads=2, device="cpu",
        utilisation=0.5, t_min_s=0.01, t_eager_s=0.02, label="compute", violation=False, why="",
    )  # fmt: skip
    yield _chart(under_the_roof(placed[placed["macs"].notna()], [ABILITY]))


def charts_of_sections() -> Iterator[Chart]:
    """Charts of studies, and of a comparison."""
    earlier, later = (Results((), tuple(swept(factor)), (), ()) for factor in (1.0, 1.1))
    yield _chart(forest(compare_runs(earlier, later), "latency_s", "change-0"))
    yield chart(*_planted())
    for section in (
        inputs_section(RATES, PAIRS), parts_section(analysis_of_parts().parts),
        study_section(PREDICTORS, RESIDUALS, RANKS),
    ):  # fmt: skip
        yield from section.charts
    yield speedup_dots(_optimised(), Elsewhere("runtimes", "How the models are run"))


def charts_of_offers() -> Iterator[Chart]:
    """Charts of a decision among three offers."""
    capex = {"value": 24000, "low": 20000, "high": 40000, "unit": "currency", "source": "a", "date": "2026-01-20"}
    offers = plan([buy(capex=capex), rent(), rent("other", "small", per_hour=0.9)], [box(), box("small")])
    serving = [capacity(), capacity("small", 500.0)]
    outcome = weigh(offers, serving, (), lambda _: serving)
    for section in (sensitivity_section(outcome), pareto_section(outcome.decision)):
        yield from section.charts


def _chart(chart: Chart | Absent) -> Chart:
    assert isinstance(chart, Chart)
    return chart


def _optimised() -> pd.DataFrame:
    """Three models in two configurations; columns as in ``analysis.speedups``."""
    return pd.DataFrame([
        {**_PLACE, "runtime": runtime, "model": model, "resolution": 224, "n": 3, "speedup": speed,
         "speedup_low": 0.8 * speed, "speedup_high": 1.2 * speed, "memory": 1.0, "relative_error": 1e-6,
         "top1_agreement": 1.0, "prepare_s": 1.0, "break_even": 100.0}
        for model, fast in (("resnet50", 1.7), ("efficientnet_b0", 3.6), ("convnext_tiny", 2.0))
        for runtime, speed in (("onnxruntime", fast), ("openvino", 1.1 * fast))
    ])  # fmt: skip
