"""The sections on configurations, limits and training, on a page from literal records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scalebench.analysis.within_limits import fitting
from scalebench.record import Record
from scalebench.report.sections.suite_limits import fitting_section
from scalebench.report.sections.training import training_section
from scalebench.suite.suite_plan import Limits, Scene
from tests.report.literal_report import Built, build_report, find_in, make_rounds

FACTS = {"prepare_s": 12.0, "relative_error": 2e-6, "top1_agreement": 1.0}


def in_runtime(record: Record, times: float) -> Record:
    facts = {
        **record.facts,
        **FACTS,
        "latency_s": record.facts["latency_s"] / times,
        "throughput_ips": record.facts["throughput_ips"] * times,
    }
    return replace(record, case=replace(record.case, runtime="onnxruntime"), facts=facts)


def in_training(record: Record) -> Record:
    step = record.facts["latency_s"]
    split = {"forward_s": 0.3 * step, "backward_s": 0.6 * step, "optimizer_s": 0.1 * step}
    case = replace(record.case, mode="training", optimizer="adamw")
    return replace(record, case=case, facts={**record.facts, **split})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Built:
    plain = make_rounds(3)
    records = [*plain, *(in_runtime(record, 3.0) for record in plain), *(in_training(record) for record in plain)]
    return build_report(tmp_path_factory.mktemp("ways"), records)


def test_every_configuration_stands_with_its_error(page: Built) -> None:
    table = page.html.partition('<section id="runtimes"')[2].partition("</section>")[0]
    assert table.count("<td>2.00e-06</td>") == 9


def test_every_configuration_is_in_the_json(page: Built) -> None:
    rows = page.json["optimised"]
    assert len(rows) == 9
    assert {row["runtime"] for row in rows} == {"onnxruntime"}
    assert all(row["speedup"] == pytest.approx(3.0) for row in rows)


def test_a_step_is_divided_in_words(page: Built) -> None:
    assert "The forward pass takes 30.0 to 30.0 % of a training step." in page.html
    assert "The loss of every step was a finite number" in page.html


def test_a_doubtful_loss_is_named() -> None:
    record = in_training(make_rounds(1)[0])
    found = find_in([replace(record, notes=("loss_not_finite",))])
    text = " ".join(training_section(found.analysis.cases).text)
    assert "infinite or not a number: resnet50@128" in text


def test_every_case_is_held_against_the_limits_with_the_pixels_of_the_detail() -> None:
    """30 ms; a millimetre of a scene of 640 mm at 320 px is half a pixel."""
    found = find_in(make_rounds(3))
    limits, scene = Limits(latency_s=0.03), Scene(640, 1)
    section = fitting_section(fitting(found.analysis.cases, limits, scene), scene)
    rows = {row[:2]: row for row in section.tables[0].rows}
    assert rows["efficientnet_b0", "320"][2] == "0.500"
    assert {key: "fits" in row for key, row in rows.items() if key[0] == "resnet50"} == {
        ("resnet50", "128"): True, ("resnet50", "192"): False, ("resnet50", "320"): False,
    }  # fmt: skip
