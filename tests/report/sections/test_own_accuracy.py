"""The page's section on labelled images that were classified here."""

from __future__ import annotations

import numpy as np

from scalebench.analysis.measured_accuracy import accuracy_rows
from scalebench.record import Environment, Record
from scalebench.report.sections.own_accuracy import own_accuracy_section
from scalebench.suite.case import Case

HERE = Environment("m", "hw", "sw")


def record(runtime: str, precision: str, wrong: list[int]) -> Record:
    """1000 images of two classes, of which those of the numbers given are classified wrongly."""
    true = np.arange(1000) % 2
    predicted = true.copy()
    predicted[wrong] = 1 - predicted[wrong]
    case = Case("resnet18", 64, mode="accuracy", runtime=runtime, precision=precision, data="photos-1a2b3c4d")
    samples = {"true": true.tolist(), "predicted": predicted.tolist(), "group": list(range(1000))}
    facts = {"classes": ["dent", "none"], "outputs": 2}
    return Record("accuracy", case, 0, "ok", "2026-11-28T00:00:00+00:00", HERE, samples=samples, facts=facts)


def test_a_loss_is_a_sentence_and_its_numbers_are_in_the_table() -> None:
    """fp32 errs on 50 of 1000; int8 on 30 more, and is right on 2 of those: 2.8 points."""
    rows = accuracy_rows([
        record("eager", "fp32", list(range(50))), record("onnxruntime", "int8", list(range(2, 80))),
    ])  # fmt: skip
    section = own_accuracy_section(rows)
    assert section.text[0] == "resnet18@64 in int8 onnxruntime loses 2.8 points (1.7 to 3.9)."
    (table,) = section.tables
    assert [column.label for column in table.columns][:3] == ["model", "configuration", "images"]
    assert table.rows[0][4:6] == ("95.0", "[93.5, 96.2]")
    assert table.rows[1][8:10] == ("-2.8", "[-3.90, -1.68]")
    assert rows[1].against is not None
    assert rows[1].content()["against_fp32"]["lost"] == 30


def test_no_difference_is_said_once() -> None:
    rows = accuracy_rows([record("eager", "fp32", [1]), record("onnxruntime", "fp32", [1])])
    assert own_accuracy_section(rows).text[0] == "No configuration was shown to differ from fp32."
