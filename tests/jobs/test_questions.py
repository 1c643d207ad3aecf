"""Which comparisons a suite asks for beside its groups and claims."""

from __future__ import annotations

from dataclasses import replace

from scalebench.jobs.questions import questions_of
from scalebench.jobs.tune import against_last
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from scalebench.suite.suite_plan import Plan

PLAIN = Case("resnet18", 64, threads=2)
ONNX, INT8 = replace(PLAIN, runtime="onnxruntime"), replace(PLAIN, runtime="onnxruntime", precision="int8")
LAST = replace(PLAIN, layout="channels_last", precision="bf16")


def plan(*cases: Case) -> Plan:
    return Plan("s", "", "schema: 1\n", cases, (), (), (), 3)


def test_every_runtime_and_precision_is_asked_against_eager_fp32() -> None:
    questions = questions_of(plan(ONNX, PLAIN, INT8, LAST))
    assert [(q.over, q.under) for q in questions] == [(ONNX, PLAIN), (INT8, PLAIN), (LAST, PLAIN)]
    assert {(q.margin, q.thresholds) for q in questions} == {(0.05, (1.0,))}


def test_only_the_same_model_in_the_same_setting_is_its_plain_case() -> None:
    others = [
        replace(PLAIN, model="resnet34"), replace(PLAIN, resolution=96), replace(PLAIN, batch=8),
        replace(PLAIN, threads=1), replace(PLAIN, mode="training"),
    ]  # fmt: skip
    assert questions_of(plan(ONNX, *others)) == ()


def test_what_is_measured_alone_asks_nothing() -> None:
    alone = [replace(case, protocol=Protocol(turns=0)) for case in (ONNX, PLAIN)]
    copies = [replace(case, instances=2) for case in (ONNX, PLAIN)]
    gpu = [replace(case, device="cuda:0") for case in (ONNX, PLAIN)]
    assert questions_of(plan(*alone, *copies, *gpu)) == ()


def test_finalists_of_tuning_are_asked_against_the_plain_case() -> None:
    """Other batches too; copies have no turns."""
    larger, copies = replace(ONNX, batch=4), replace(ONNX, instances=2)
    asked = against_last([ONNX, larger, copies, PLAIN])
    assert [(q.over, q.under) for q in asked] == [(ONNX, PLAIN), (larger, PLAIN)]
    assert against_last([PLAIN]) == ()
