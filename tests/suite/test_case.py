import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.suite.case import Case, case_from_json
from scalebench.suite.protocol import PROTOCOLS, Protocol
from scalebench.suite.suite_plan import Group, Member, Plan, plan_from_json
from scalebench.suite.variant import Variant

CASES = st.builds(
    Case,
    st.sampled_from(["resnet50", "efficientnet_b0[d=1.4,w=1.2]"]),
    st.integers(1, 8192),
    st.integers(1, 1024),
    device=st.sampled_from(["cpu", "cuda:0"]),
    threads=st.integers(1, 256),
    protocol=st.builds(
        Protocol,
        rounds=st.integers(1, 50),
        warmup_s=st.floats(0.01, 1.0),
        min_iterations=st.integers(1, 100),
        timeout_s=st.floats(1.0, 1e5),
    ),
)


def test_the_key_is_what_it_was() -> None:
    """Stored records are found by this key: a change of it loses every result measured so far."""
    alone = Protocol(turns=0)
    assert Case("resnet50", 224, procedure=2, protocol=alone).key == "58f9568553e7-f47887c04ed7", "of version 0.1"
    assert Case("resnet50", 224, protocol=alone).key == "58f9568553e7-b17407ffb618"
    assert Case("resnet50", 224).key == "58f9568553e7-0a2766d08265"
    assert Case("resnet50", 224).counted().key == "7bf24ae2ded7-44136fa355b3"


@pytest.mark.parametrize(
    "change",
    [
        {"model": "resnet18"}, {"resolution": 225}, {"batch": 2}, {"mode": "training"}, {"precision": "fp16"},
        {"layout": "channels_last"}, {"runtime": "compile"}, {"device": "cuda:0"}, {"threads": 2},
        {"protocol": Protocol(turns=6)}, {"protocol": Protocol(turn_s=0.1)}, {"protocol": Protocol(heat_s=3.0)},
        {"protocol": Protocol(turns=0)},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_decides_a_number_changes_the_key(change: dict[str, object]) -> None:
    """Each field, and each phase of a round, makes another case."""
    case = Case("resnet50", 224)
    assert replace(case, **change).key != case.key  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [{"warmup_s": 2.0}, {"warmup_max_s": 20.0}, {"chunk_s": 2.0}, {"chunk_max_s": 6.0}, {"min_iterations": 11}],
)
def test_phases_of_a_round_alone_change_the_key_of_that(change: dict[str, float]) -> None:
    """By turns there is no warm-up by time and no chunk."""
    usual = Case("resnet50", 224)
    by_turns, alone = (replace(usual, protocol=Protocol(turns=turns, **change)) for turns in (12, 0))  # type: ignore[arg-type]
    assert by_turns.key == usual.key
    assert alone.key != replace(usual, protocol=Protocol(turns=0)).key


@pytest.mark.parametrize(
    "change", [{"device": "cuda:0"}, {"instances": 2}, {"mode": "input"}, {"mode": "blocks"}], ids=str
)
def test_what_cannot_take_turns_is_measured_alone(change: dict[str, object]) -> None:
    assert Case("resnet50", 224).by_turns
    assert not Case("resnet50", 224, **change).by_turns  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", [Protocol(rounds=50), Protocol(timeout_s=1.0)])
def test_how_many_rounds_there_are_does_not(protocol: Protocol) -> None:
    """Asking for more rounds, or waiting longer for them, keeps what is measured."""
    assert Case("resnet50", 224, protocol=protocol).key == Case("resnet50", 224).key


def test_a_count_does_not_depend_on_the_protocol() -> None:
    """A count has no phases: changing the protocol counts nothing again."""
    quick = Case("resnet50", 224, protocol=PROTOCOLS["quick"])
    assert quick.counted().key == Case("resnet50", 224, batch=8, device="cuda:0").counted().key


@given(case=CASES)
def test_a_case_survives_json(case: Case) -> None:
    """Through JSON and back, the case and its key are the same."""
    back = case_from_json(json.loads(json.dumps(asdict(case))))
    assert back == case
    assert back.key == case.key


def test_an_unknown_field_of_a_protocol_is_refused() -> None:
    """A phase that this version does not know is not dropped in silence."""
    data = asdict(Case("resnet50", 224))
    data["protocol"]["cooldown_s"] = 1.0
    with pytest.raises(TypeError, match="cooldown_s"):
        case_from_json(data)


def test_an_unknown_field_of_a_case_is_refused() -> None:
    """A field that this version does not know may decide the number; it is not dropped in silence."""
    with pytest.raises(TypeError):
        case_from_json({**asdict(Case("resnet50", 224)), "compiler": "inductor"})


def test_the_label_says_what_matters() -> None:
    """Progress lines name model, size, batch, precision, runtime and device; a count only the first two."""
    case = Case("resnet50[d=2]", 224, 8, device="cuda:0")
    assert case.label == "resnet50[d=2]@224 batch 8 fp32 eager cuda:0"
    assert case.counted().label == "resnet50[d=2]@224"
    assert case.variant == Variant("resnet50", 2.0)


@given(cases=st.lists(CASES, max_size=3), target=st.floats(1.5, 64), trim=st.integers(0, 5))
def test_a_plan_survives_json(cases: list[Case], target: float, trim: int) -> None:
    """Through JSON and back, a plan is the same, groups and members included."""
    members = (Member("depth", 2.0, 1.0, 224, 772_000_000, -0.001, trim), Member("fast", 1.1, 1.3, 232, 780, 0.01))
    plan = Plan(
        "a_suite", "Title", "schema: 1\n", tuple(cases), tuple(case.counted() for case in cases),
        (Group("efficientnet_b0", 224, 385_870_000, target, 0.02, members),), ("EN-02",), 3, merged=1,
    )  # fmt: skip
    assert plan_from_json(json.loads(json.dumps(asdict(plan)))) == plan


def test_a_group_names_its_members() -> None:
    """A member's model is the group's base with the member's multipliers and trim."""
    member = Member("depth", 2.0, 1.0, 224, 8_170_000_000, -0.001, trim=2)
    group = Group("resnet50", 224, 4_089_184_256, 2.0, 0.02, (member,))
    assert group.model(member) == "resnet50[d=2,t=2]"


@pytest.mark.parametrize("field", ["rounds", "warmup_s", "warmup_max_s", "chunk_s", "chunk_max_s", "timeout_s"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_protocol_needs_positive_numbers(field: str, value: float) -> None:
    """Nothing, less than nothing and no number are no duration and no count."""
    with pytest.raises(ValueError, match=f"{field} must be greater than 0"):
        Protocol(**{field: value})


@pytest.mark.parametrize("change", [{"warmup_s": 11.0}, {"chunk_s": 5.5}])
def test_a_maximum_below_its_minimum_is_refused(change: dict[str, float]) -> None:
    """A phase cannot end before it may."""
    with pytest.raises(ValueError, match="maximum must not be below its minimum"):
        Protocol(**change)
