import pytest
from pydantic import TypeAdapter, ValidationError

from scalebench.claims.registry import Claim, Part, registry, select_claims
from scalebench.errors import UnknownNameError
from scalebench.metrics import METRICS
from scalebench.suite.scaling import RULES
from scalebench.suite.variant import parse_at

CLAIMS = registry()
PARTS = [(claim.id, part) for claim in CLAIMS.values() for part in claim.parts]
COUNTED = {name for name, metric in METRICS.items() if metric.kind == "counted"} | {"blocks"}
MEASURED = {name for name, metric in METRICS.items() if metric.kind == "measured"}


def test_the_registry_is_complete() -> None:
    """The claims that this project set out to judge are there, and the file has no id twice."""
    text = (__import__("importlib.resources").resources.files("scalebench.data") / "claims.yaml").read_text("utf-8")
    assert len(CLAIMS) == text.count("\n- id: ")
    assert {"EN-02", "EN-03", "EN-12", "EN-13", "EN-16", "EN-18", "EN-19", "EN-23", "FS-02", "RG-02"} <= set(CLAIMS)


@pytest.mark.parametrize(("claim", "part"), PARTS, ids=[f"{claim}-{part.label}" for claim, part in PARTS])
def test_every_part_can_be_worked_out(claim: str, part: Part) -> None:
    """A part's metric is one that its kind can have, its models are named at a resolution, its methods exist."""
    metric = getattr(part, "metric", None)
    if part.kind.startswith("count_"):
        assert metric in COUNTED, claim
    elif part.kind != "constant":
        assert metric in MEASURED, claim
    texts = [*getattr(part, "models", []), *(getattr(part, name, None) for name in ("over", "under"))]
    texts += [part.base] if part.kind == "count_series" else []
    for text in filter(None, texts):
        variant, resolution = parse_at(text)
        assert resolution
        assert f"{variant.name}@{resolution}" == text
    if part.kind == "group_ratio":
        assert {part.method, *part.against} <= set(RULES)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_every_claim_can_be_quoted(claim: Claim) -> None:
    """A claim says what it says, where it is printed and under which conditions; its labels tell its parts apart."""
    assert claim.claim.endswith(".")
    assert all((claim.source, claim.published, claim.conditions))
    labels = [part.label for part in claim.parts]
    assert len(set(labels)) == len(labels)
    for part in claim.parts:
        if part.kind == "count_series":
            assert "{model}" in part.label
        if part.kind == "group_ratio" and len(part.against) > 1:
            assert "{against}" in part.label


def test_a_claim_names_what_must_be_counted() -> None:
    """Deciding a claim needs its models counted: both sides of a ratio, a series with its base, or nothing."""
    assert CLAIMS["EN-02"].counts() == []
    assert {(case.model, case.resolution) for case in CLAIMS["EN-13"].counts()} == {
        ("resnet152", 224), ("efficientnet_b1", 240),
    }  # fmt: skip
    counts = CLAIMS["EN-03"].counts()
    assert [(case.model, case.resolution) for case in counts][:2] == [
        ("efficientnet_b0", 224),
        ("efficientnet_b1", 240),
    ]
    assert len(counts) == 8
    assert all(case.mode == "count" and case.device == "meta" for case in counts)


@pytest.mark.parametrize(
    "part",
    [
        {"kind": "constant", "label": "x", "quantity": "compound_constant"},
        {"kind": "constant", "label": "x", "quantity": "compound_constant", "near": 2, "at_most": 3},
        {"kind": "constant", "label": "x", "quantity": "compound_constant", "near": 2, "margin": -0.1},
        {"kind": "constant", "label": "x", "quantity": "the_answer", "near": 42},
        {"kind": "guess", "label": "x", "near": 2},
        {"kind": "count_ratio", "label": "x", "metric": "macs", "over": "a", "under": "b@224", "near": 2},
        {"kind": "count_ratio", "label": "x", "metric": "macs", "over": "a@0", "under": "b@224", "near": 2},
        {"kind": "count_ratio", "label": "x", "metric": "macs", "over": "a@1", "under": "b@1", "near": 2, "typo": 1},
        {"kind": "count_spread", "label": "x", "metric": "macs", "models": ["a@224"], "at_most": 2},
        {
            "kind": "count_exponent",
            "label": "x",
            "metric": "macs",
            "against": "macs",
            "models": ["a@1", "b@1"],
            "near": 1,
        },
        {
            "kind": "group_ratio",
            "label": "x",
            "metric": "latency_s",
            "base": "a",
            "method": "m",
            "against": [],
            "near": 1,
        },
    ],
    ids=str,
)
def test_a_part_that_cannot_be_decided_is_refused(part: dict[str, object]) -> None:
    """A part needs exactly one expectation, a known kind, models at a resolution, and enough of them."""
    with pytest.raises((ValidationError, UnknownNameError)):
        TypeAdapter(Part).validate_python(part)


def test_claims_are_selected_by_id() -> None:
    """Ids give claims in the order asked for, each once; ``all`` gives every one."""
    assert [claim.id for claim in select_claims(["EN-19", "EN-02", "EN-19"])] == ["EN-19", "EN-02"]
    assert select_claims(["all"]) == tuple(CLAIMS.values())
    assert select_claims([]) == ()


@pytest.mark.parametrize(
    ("name", "hint"), [("EN-2", "'EN-02'"), ("EN02", "'EN-02'"), ("zzz", "claims: all, EN-02, EN-03")]
)
def test_an_unknown_claim_gets_the_nearest(name: str, hint: str) -> None:
    """A misspelt id is refused at its place in the list, with what it may have meant."""
    with pytest.raises(UnknownNameError, match=f"unknown claim '{name}'") as caught:
        select_claims(["EN-03", name])
    assert hint in caught.value.hint
    assert caught.value.location == (1,)
