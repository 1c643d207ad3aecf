"""What the way of running changes, from literal rounds and from committed records."""

from __future__ import annotations

from dataclasses import replace
from statistics import geometric_mean

import pytest

from scalebench.flags import is_bad
from scalebench.record import Record
from scalebench.report.questions.question import Answer
from scalebench.report.questions.running_models import Configurations
from scalebench.suite.case import Case
from tests.report.questions.literal_rounds import NOISY, evidence, reference, rounds, words

B0, R50 = Case("efficientnet_b0", 224, threads=2), Case("resnet50", 224, threads=2)


def _onnx(case: Case) -> Case:
    return replace(case, runtime="onnxruntime")


def _plain() -> list[Record]:
    return [*rounds(B0, 0.020), *rounds(R50, 0.040)]


def _answer(records: list[Record]) -> Answer:
    answer = Configurations().answer(evidence(records))
    assert answer is not None
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def test_the_gain_of_both_models_and_how_the_lead_changes() -> None:
    """20 to 5 ms and 40 to 20 ms: 4 and 2 times, the lead from 2 to 4.

    Rounds at 1, 1.01 and 1.02 have a standard deviation of 0.99 % (logarithms); with 4 degrees of freedom a ratio of
    two such cases has t = 2.776, so factors of exp(-0.0224) and exp(0.0224).
    """
    answer = _answer([*_plain(), *rounds(_onnx(B0), 0.005, prepare_s=3.0), *rounds(_onnx(R50), 0.020, prepare_s=3.0)])
    assert answer.sentences == (
        "ONNX Runtime makes EfficientNet-B0 4.00x (3.91 to 4.09) and ResNet-50 2.00x (1.96 to 2.05) faster than eager "
        "fp32.",
        "The lead of EfficientNet-B0 over ResNet-50 grows from 2.00x (1.96 to 2.05) to 4.00x (3.91 to 4.09).",
    )
    assert answer.numbers["lead"]["change"]["ratio"] == pytest.approx(2.0)
    assert answer.numbers["comparisons"] == {"more": 2, "less": 0, "equal": 0, "undecided": 0}
    assert answer.closes == ""
    # 3 s of preparing pay after 200 images at 15 ms saved on each, and after 150 at 20 ms; rounds are 1 % slower.
    assert "Preparing a model once pays for itself after 149 to 199 images." in answer.points


def test_a_gain_that_may_be_none_is_undecided() -> None:
    answer = _answer([*_plain(), *rounds(_onnx(B0), 0.018, NOISY), *rounds(_onnx(R50), 0.036, NOISY)])
    assert answer.sentences[0].startswith("No configuration is clearly faster than eager fp32; ONNX Runtime runs")
    assert "is undecided" in answer.sentences[1]
    assert answer.numbers["comparisons"]["undecided"] == 2
    assert answer.closes == "More rounds: 2 of 2 comparisons with eager fp32 are undecided."


def test_one_model_gains_and_the_other_is_undecided() -> None:
    answer = _answer([*_plain(), *rounds(_onnx(B0), 0.005), *rounds(_onnx(R50), 0.038, NOISY)])
    assert answer.sentences[0].startswith(
        "ONNX Runtime makes EfficientNet-B0 4.00x (3.91 to 4.09) faster than eager fp32; ResNet-50 is undecided, 1."
    )


def test_what_keeps_fp32_comes_before_what_rounds_more() -> None:
    """int8 is faster still, and its outputs differ: a line below."""
    b0, r50 = (replace(case, precision="int8", runtime="openvino") for case in (B0, R50))
    records = [
        *_plain(), *rounds(_onnx(B0), 0.010), *rounds(_onnx(R50), 0.020),
        *rounds(b0, 0.004, relative_error=0.015),
        *rounds(r50, 0.004, relative_error=0.02),
    ]  # fmt: skip
    answer = _answer(records)
    assert answer.sentences[0].startswith("ONNX Runtime makes EfficientNet-B0 2.00x")
    lower = (
        "Lower precision: OpenVINO in int8 is 5.00x (EfficientNet-B0) to 10.0x (ResNet-50) as fast as eager fp32; "
        "outputs differ by up to 2.0 %."
    )
    assert lower in answer.points


def test_what_is_slower_is_named() -> None:
    slow = replace(B0, precision="bf16")
    answer = _answer([*_plain(), *rounds(slow, 0.060)])
    assert answer.sentences[0].startswith("No configuration is clearly faster than eager fp32; Bf16 runs")
    slower = "Slower: bf16 makes EfficientNet-B0 3.00x (2.93 to 3.07) slower, in 1.00x the memory."
    assert slower in answer.points


def test_training_is_compared_with_plain_sgd() -> None:
    """Three settings are eager fp32: checkpointing was taken as the plain one, because it came last."""
    sgd = replace(R50, mode="training", optimizer="sgd")
    kept = replace(sgd, checkpointing=True)
    records = [*rounds(sgd, 0.1), *rounds(kept, 0.15), *rounds(replace(sgd, precision="amp_bf16"), 0.05)]
    for order in (records, records[::-1]):
        answer = _answer(order)
        assert answer.sentences == ("Mixed bf16 makes ResNet-50 2.00x (1.96 to 2.05) faster than eager fp32.",)
        slower = "Slower: checkpointing makes ResNet-50 1.50x (1.47 to 1.53) slower, in 1.00x the memory."
        assert slower in answer.points


def test_models_are_compared_at_the_same_resolution() -> None:
    """B0 was also measured at 128 px: 4 ms, where its lead would be 10."""
    small = replace(B0, resolution=128)
    answer = _answer([
        *rounds(small, 0.004), *_plain(), *rounds(_onnx(small), 0.002), *rounds(_onnx(B0), 0.005),
        *rounds(_onnx(R50), 0.020),
    ])  # fmt: skip
    assert answer.numbers["lead"]["eager"]["ratio"] == pytest.approx(2.0)
    assert answer.numbers["lead"]["of"] == "EfficientNet-B0 at 224 px"


def test_without_another_configuration_the_question_is_not_asked() -> None:
    assert Configurations().answer(evidence(_plain())) is None
    assert Configurations().answer(evidence(rounds(_onnx(B0), 0.005))) is None, "nothing to compare with"


def test_the_figure_has_a_row_per_configuration() -> None:
    given = evidence([*_plain(), *rounds(_onnx(B0), 0.005), *rounds(replace(R50, layout="channels_last"), 0.04)])
    question = Configurations()
    answer = question.answer(given)
    assert answer is not None
    chart = question.chart(given, answer)
    assert chart is not None
    for name in ("ONNX Runtime", "channels last"):
        assert f">{name}</text>" in chart.panels[0].svg


def test_committed_records_give_the_same_ratios() -> None:
    """Geometric means of images per second over the rounds that no bad flag sets aside."""
    findings, given = reference("edge")
    answer = Configurations().answer(given)
    assert answer is not None
    values: dict[tuple[str, str, str, str], list[float]] = {}
    for record in findings.stored.records:
        if record.outcome == "ok" and record.case.mode == "inference" and not is_bad(record.notes):
            case = record.case
            key = (case.model, case.runtime, case.precision, case.layout)
            values.setdefault(key, []).append(record.facts["throughput_ips"])
    speed = {key: geometric_mean(own) for key, own in values.items()}

    def gain(model: str) -> float:
        runtime = answer.numbers["runtime"]
        return speed[model, runtime, "fp32", "contiguous"] / speed[model, "eager", "fp32", "contiguous"]

    b0, r50 = gain("efficientnet_b0"), gain("resnet50")
    assert answer.numbers["speedups"]["EfficientNet-B0"]["ratio"] == pytest.approx(b0, rel=1e-9)
    assert answer.numbers["speedups"]["ResNet-50"]["ratio"] == pytest.approx(r50, rel=1e-9)
    assert answer.numbers["lead"]["change"]["ratio"] == pytest.approx(b0 / r50, rel=1e-9)
