from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from scalebench.claims.registry import Claim, Part, registry, select_claims, with_file
from scalebench.errors import ClaimError, UnknownNameError
from scalebench.suite.scaling import RULES
from scalebench.suite.variant import parse_at

CLAIMS = registry()
PARTS = [(claim.id, part) for claim in CLAIMS.values() for part in claim.parts]


def test_the_registry_is_complete() -> None:
    """The claims that this project set out to judge are there, and the file has no id twice."""
    text = (__import__("importlib.resources").resources.files("scalebench.data") / "claims.yaml").read_text("utf-8")
    assert len(CLAIMS) == text.count("\n- id: ") == 127
    assert sum(bool(claim.parts) for claim in CLAIMS.values()) >= 80


@pytest.mark.parametrize(("claim", "part"), PARTS, ids=[f"{claim}-{part.label}" for claim, part in PARTS])
def test_every_part_can_be_decided(claim: str, part: Part) -> None:
    """A part's models are written as counts and records write them, and its methods exist."""
    needs = part.needs()
    for text in (*needs.counts, *needs.cases):
        variant, resolution = parse_at(text)
        assert resolution
        assert f"{variant.name}@{resolution}" == text, claim
    for group in needs.groups:
        assert set(group.methods) <= set(RULES), claim
    assert len(set(part.labels())) == len(list(part.labels()))


def test_own_claims_are_added_to_the_shipped_ones(tmp_path: Path) -> None:
    """A user's file adds claims; an id that it shares with a shipped one is the user's."""
    file = tmp_path / "mine.yaml"
    file.write_text(MINE + MINE.replace("MY-1", "EN-02"))
    known = with_file(file)
    assert len(known) == len(CLAIMS) + 1
    assert known["EN-02"].claim == known["MY-1"].claim == "Mine."
    assert registry()["EN-02"].claim != "Mine."


MINE = """
- id: MY-1
  claim: Mine.
  stance: baseline
  source: me
  published: nothing
  conditions: none
  parts:
    - {kind: count_ratio, label: x, metric: macs, over: a@1, under: b@1, near: 2}
"""


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ("stance: baseline", "stanze: baseline", ["mine.yaml:4: [0].stanze: unknown key", "did you mean 'stance'"]),
        ("metric: macs", "metrik: macs", ["mine.yaml:9: [0].parts[0].metrik: unknown key", "'metric'"]),
        ("metric: macs", "metric: speed", ["mine.yaml:9: [0].parts[0].metric: 'speed' is not counted"]),
        ("count_ratio", "count_ration", ["mine.yaml:9: [0].parts[0]", "did you mean 'count_ratio'"]),
        ("near: 2", "near: 2, at_most: 3", ["exactly one of near"]),
        ("over: a@1", "over: a", ["needs a resolution"]),
        ("- id: MY-1", "id: MY-1", ["not valid YAML"]),
    ],
)
def test_a_bad_file_of_claims_is_refused_with_its_line(tmp_path: Path, old: str, new: str, texts: list[str]) -> None:
    """File, line, key, and the nearest valid word."""
    file = tmp_path / "mine.yaml"
    file.write_text(MINE.replace(old, new))
    with pytest.raises(ClaimError) as caught:
        with_file(file)
    for text in texts:
        assert text in f"{caught.value.message} {caught.value.hint}"


def test_a_claim_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    """Which of the two is meant cannot be known."""
    file = tmp_path / "mine.yaml"
    file.write_text(MINE + MINE)
    with pytest.raises(ClaimError, match=r"mine.yaml:11: \[1\].id: claim 'MY-1' is defined twice"):
        with_file(file)


def test_a_reason_is_for_counts_only() -> None:
    """Measured verdicts differ between machines, so one reason cannot explain them."""
    content = CLAIMS["EN-12"].model_dump(exclude_none=True, exclude_defaults=True)
    with pytest.raises(ValidationError, match="decided by counts"):
        Claim.model_validate({**content, "reason": "Because."})


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_every_claim_can_be_quoted(claim: Claim) -> None:
    """A claim says what it says, where it is printed and under which conditions; its labels tell its parts apart."""
    assert claim.claim.endswith(".")
    assert all((claim.source, claim.published, claim.conditions))
    labels = [part.label for part in claim.parts]
    assert len(set(labels)) == len(labels)
    assert bool(claim.parts) != bool(claim.cannot)


def test_a_claim_names_what_must_be_counted() -> None:
    """Deciding a claim needs its models counted: both sides of a ratio, a series with its base, or nothing."""
    assert CLAIMS["EN-02"].counts() == {}
    assert {(case.model, case.resolution) for case in CLAIMS["EN-13"].counts()} == {
        ("resnet152", 224), ("efficientnet_b1", 240),
    }  # fmt: skip
    counts = list(CLAIMS["EN-03"].counts())
    assert [(case.model, case.resolution) for case in counts][:2] == [
        ("efficientnet_b0", 224),
        ("efficientnet_b1", 240),
    ]
    assert len(counts) == 8
    assert set(CLAIMS["IS-01"].counts().values()) == {("training",)}
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
    assert {claim.id[:3] for claim in select_claims(["EN-*"])} == {"EN-"}
    counted, measured = (select_claims([word]) for word in ("counted", "measured"))
    assert {claim.id for claim in counted} & {claim.id for claim in measured} == set()
    assert len(counted) + len(measured) == sum(bool(claim.parts) for claim in CLAIMS.values())


@pytest.mark.parametrize(
    ("name", "hint"), [("EN-2", "'EN-29'"), ("EN02", "'EN-02'"), ("zzz", "scalebench claims lists them")]
)
def test_an_unknown_claim_gets_the_nearest(name: str, hint: str) -> None:
    """A misspelt id is refused at its place in the list, with what it may have meant."""
    with pytest.raises(UnknownNameError, match=f"unknown claim '{name}'") as caught:
        select_claims(["EN-03", name])
    assert hint in caught.value.hint
    assert caught.value.location == (1,)
