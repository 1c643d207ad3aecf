"""Accuracies of a plan read from records: a floor is a probability, and the simulation draws it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebench.errors import PlanError
from scalebench.procure.capacity import capacities
from scalebench.procure.catalogue import catalogue
from scalebench.procure.decide import decide
from scalebench.procure.evidence import gather
from scalebench.procure.load_plan import PlanFile
from scalebench.procure.outcome import weigh
from scalebench.procure.serving import Capacity, Refusal
from scalebench.record import Environment, Record
from scalebench.report.offers.certainty import certainty
from scalebench.report.offers.next_step import next_step
from scalebench.report.sections.purchase import capacities_section
from scalebench.suite.case import Case

Load = Callable[..., PlanFile]
Make = Callable[..., list[Record]]
FLOOR = "  accuracy: {metric: top1, min: 0.9, from: classified.jsonl}\npolicy:\n"
ON_CPU = (("accelerator: nvidia-l4", "accelerator: cpu"), ("machine: l4-box", "machine: cpu-box"))
JEFFREYS = 0.7677539191
"""Share of Beta(907.5, 93.5) above 0.9, by adding up its density in 200,000 steps."""


def classified(right: int, of: int = 1000, model: str = "resnet50", **changes: Any) -> Record:
    """Images of two classes; the first ones are right."""
    case = Case(model, 224, **{"mode": "accuracy", "data": "photos-1a2b3c4d", **changes})
    true = np.arange(of) % 2
    predicted = np.where(np.arange(of) < right, true, 1 - true)
    samples = {"true": true.tolist(), "predicted": predicted.tolist(), "group": list(range(of))}
    facts = {"classes": ["dent", "none"], "outputs": 2}
    started = "2026-11-28T00:00:00+00:00"
    return Record("accuracy", case, 0, "ok", started, Environment("m", "hw", "sw"), samples=samples, facts=facts)


@pytest.fixture
def loaded(plan_file: Load, tmp_path: Path) -> Callable[..., PlanFile]:
    """The plan with a floor, its rounds and its classified images."""

    def load(rounds: list[Record], accuracies: list[Record], floor: str = FLOOR) -> PlanFile:
        (tmp_path / "classified.jsonl").write_text("".join(f"{json.dumps(r.to_json())}\n" for r in accuracies))
        file = plan_file(*ON_CPU, ("policy:\n", floor))
        (tmp_path / "box.jsonl").write_text("".join(f"{json.dumps(r.to_json())}\n" for r in rounds))
        return file

    return load


def served(file: PlanFile, draws: int = 4000) -> tuple[tuple[Capacity, ...], tuple[Refusal, ...]]:
    return capacities(file.plan, gather(file, catalogue()), draws=draws)


def test_a_floor_just_met_is_a_probability(loaded: Any, service_rounds: Make) -> None:
    """907 of 1000 right against 0.90; it serves in so many of the draws, and the page says so."""
    file = loaded(service_rounds(1), [classified(907)])
    serving, refused = served(file)
    (capacity,) = serving
    assert refused == ()
    assert capacity.accuracy is not None
    assert (capacity.accuracy.value, capacity.accuracy.n) == (0.907, 1000)
    assert capacity.accurate == pytest.approx(JEFFREYS, abs=1e-6)
    serves = float(np.mean(np.array(capacity.draws) > 0))
    assert serves == pytest.approx(JEFFREYS, abs=0.02)  # three standard errors of 4000 draws
    outcome = weigh(file.plan, serving, refused, lambda _: serving)
    assert outcome.decision.ranked[0].chance.serves == serves
    assert outcome.decision.standing == "open"
    answer = certainty(outcome)
    assert answer is not None
    said = " ".join(answer.sentences)
    assert "resnet50@224 has a top1 of 0.907 on 1,000 images." in said
    assert "at least 0.9 has a probability of 77 %." in said
    assert "It meets the service level and the accuracy in" in said
    assert answer.numbers["accuracy"]["chance"] == capacity.accurate
    step = next_step(outcome)
    assert step is not None
    assert step.sentences == (
        "No value can be given: no offer meets the service level and the accuracy in every case.",
        "Classifying more images would tell whether the model is accurate enough.",
    )
    (table, *_) = capacities_section(outcome.decision).tables
    assert [column.label for column in table.columns][-3:] == ["top1 [95 %]", "test images", "P(at least 0.9)"]
    assert table.rows[0][-2:] == ("1,000", "77 %")


def test_a_floor_missed_is_refused_with_the_probability(loaded: Any, service_rounds: Make) -> None:
    """893 of 1000: Beta(893.5, 107.5) has 0.2283 above 0.9."""
    serving, (refused,) = served(loaded(service_rounds(1), [classified(893)]), 100)
    assert serving == ()
    assert refused.reason == "accuracy"
    assert refused.text == "top1 0.893 of 1,000 images is below 0.9; at least that with a probability of 22.8 %"


def test_what_was_not_classified_is_not_assessed(loaded: Any, service_rounds: Make) -> None:
    """Another precision is another network, and so is int8 with another calibration."""
    rounds = [*service_rounds(1, runtime="onnxruntime"),
              *service_rounds(1, runtime="onnxruntime", precision="int8"),
              *service_rounds(1, runtime="openvino", precision="int8", data="photos-1a2b3c4d"),
              *service_rounds(1, runtime="openvino")]  # fmt: skip
    kinds = (("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("openvino", "int8"))
    accuracies = [classified(950, runtime=runtime, precision=precision) for runtime, precision in kinds]
    serving, refused = served(loaded(rounds, accuracies), 10)
    assert [(c.setup.runtime, c.setup.precision) for c in serving] == [("onnxruntime", "fp32"), ("openvino", "int8")]
    assert {r.setup and (r.setup.runtime, r.setup.precision): r.reason for r in refused} == {
        ("onnxruntime", "int8"): "accuracy_not_assessed", ("openvino", "fp32"): "accuracy_not_assessed",
    }  # fmt: skip


def test_what_models_have_in_common_is_drawn_once(loaded: Any, service_rounds: Make) -> None:
    """The second model errs where the first does and on ten images more: it never passes alone."""
    rounds = [*service_rounds(1), *service_rounds(1, model="resnet18")]
    (first, second), _ = served(loaded(rounds, [classified(910), classified(900, model="resnet18")]))
    passes = np.array(first.draws) > 0, np.array(second.draws) > 0
    assert not (passes[1] & ~passes[0]).any()
    assert passes[0].mean() > passes[1].mean() + 0.2


@pytest.mark.parametrize(
    ("records", "floor", "message", "hint"),
    [
        ([], FLOOR, "holds no records of classified images", "scalebench accuracy"),
        ([classified(900, data="other-00000000"), classified(907)], FLOOR, "records of other-00000000, photos-1a2b3c4d",
         "images: names one"),
        ([classified(907)], FLOOR.replace("from:", "images: photo-1a2b3c4d, from:"), "no records of 'photo-1a2b3c4d'",
         "'photos-1a2b3c4d'"),
        ([classified(907), classified(907, precision="bf16", mode="probe")], FLOOR, "some by a probe", "keep one"),
        ([classified(907), classified(907, 999, precision="bf16")], FLOOR, "could read the same images", ""),
    ],
)  # fmt: skip
def test_records_that_cannot_be_used_are_refused_with_the_line(
    records: list[Record], floor: str, message: str, hint: str, loaded: Any, service_rounds: Make
) -> None:
    with pytest.raises(PlanError, match=r"plan\.yaml:8: workload\.accuracy\.(from|images): ") as caught:
        gather(loaded(service_rounds(1), records, floor), catalogue())
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_the_other_set_of_images_can_be_named(loaded: Any, service_rounds: Make) -> None:
    records = [classified(990, data="other-00000000"), classified(907)]
    floor = FLOOR.replace("from:", "images: photos-1a2b3c4d, from:")
    serving, refused = served(loaded(service_rounds(1), records, floor), 10)
    assert decide(loaded(service_rounds(1), records, floor).plan, serving, refused).ranked
    assert serving[0].accuracy is not None
    assert serving[0].accuracy.value == 0.907
