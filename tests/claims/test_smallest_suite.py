from pathlib import Path

import pytest

from scalebench.claims.registry import Claim, registry, select_claims
from scalebench.claims.smallest_suite import as_yaml, suite_for
from scalebench.errors import ClaimError
from scalebench.suite.load import load_suite
from scalebench.suite.suite_schema import Suite
from scalebench.suite.variant import parse_at

DECIDABLE = [claim for claim in registry().values() if claim.parts]


def test_a_measured_claim_gets_its_cases_under_its_sources_conditions() -> None:
    """One core, one image, on the CPU: as Table 4 says."""
    assert suite_for(select_claims(["EN-12"]), "en12") == {
        "schema": 1,
        "name": "en12",
        "title": "What decides EN-12",
        "models": [
            {"timm": ["resnet152"], "resolution": [224]},
            {"timm": ["efficientnet_b1"], "resolution": [240]},
        ],
        "grid": {"batch": [1], "threads": [1], "device": ["cpu"]},
        "protocol": "standard",
        "claims": ["EN-12"],
    }


def test_a_counted_claim_gets_a_suite_that_measures_nothing() -> None:
    """What counting decides needs no device."""
    suite = suite_for(select_claims(["EN-13"]), "en13")
    assert suite["grid"] == {"mode": ["count"]}


def test_matched_groups_are_asked_for_once() -> None:
    """SB-02 wants compound against three axes, FS-04 resolution against width: one entry per base and targets."""
    entries = suite_for(select_claims(["SB-02", "FS-04"]), "both")["models"]
    assert entries == [
        {"scale": "efficientnet_b0", "by": ["compound", "depth", "width", "resolution"], "target": [2, 4, 8]},
        {"scale": "resnet50", "by": ["resolution", "width"], "target": [2, 4]},
    ]


def test_what_only_another_claim_wants_at_a_batch_is_excluded() -> None:
    """RG-01 is about batch 64, SB-01 about no batch in particular: B4 is not measured at 64."""
    suite = suite_for(select_claims(["RG-01", "SB-01"]), "two")
    assert suite["grid"]["batch"] == [1, 64]
    assert {"model": "efficientnet_b4", "resolution": 380, "batch": 64} in suite["exclude"]
    assert {"model": "regnetx_080", "resolution": 224, "batch": 1} in suite["exclude"]
    assert len(suite["exclude"]) == 5


def test_both_batches_of_a_growth_are_measured() -> None:
    """How a gap grows with the batch needs both."""
    assert suite_for(select_claims(["V2-11"]), "growth")["grid"]["batch"] == [1, 4]


@pytest.mark.parametrize("claim", DECIDABLE, ids=lambda claim: claim.id)
def test_every_decidable_claim_has_a_suite_with_all_it_needs(claim: Claim, tmp_path: Path) -> None:
    """The file is read back as it was meant, and names every case of the claim."""
    suite = suite_for([claim], "one")
    file = tmp_path / "one.yaml"
    file.write_text(as_yaml(suite, f"scalebench suite-for {claim.id}"))
    assert load_suite(file).suite == Suite.model_validate(suite)
    named = {(model, size) for e in suite["models"] if "timm" in e for model in e["timm"] for size in e["resolution"]}
    for need in claim.needs():
        for text in need.cases:
            variant, resolution = parse_at(text)
            assert (variant.name, resolution) in named


def test_a_claim_that_no_suite_decides_is_refused_with_its_reason() -> None:
    """The error gives the reason; no empty file is written."""
    with pytest.raises(ClaimError, match="EN-27: It says how B0 was found"):
        suite_for(select_claims(["EN-27"]), "none")
