"""Counted compute is what is matched, within the tolerance and with the residual said."""

from __future__ import annotations

import pytest

from scalebench.errors import UnreachableError
from scalebench.model.complexity import count
from scalebench.model.matching import match
from scalebench.suite.model_facts import MatchRequest
from scalebench.suite.variant import Variant


@pytest.mark.parametrize("method", ["depth", "width", "resolution", "compound", "fast"])
def test_b0_at_twice_its_compute(method: str) -> None:
    """The residual is that of an independent count of the named variant."""
    found = match(MatchRequest("efficientnet_b0", 224, method, 2.0, 0.02))
    m = found.member
    recount = count(Variant("efficientnet_b0", m.depth, m.width, m.trim), m.resolution).macs
    assert recount == m.macs
    assert m.residual == pytest.approx(recount / (2 * 385_814_752) - 1)
    assert abs(m.residual) <= 0.02
    assert found.base_macs == 385_814_752


def test_one_axis_methods_move_one_axis() -> None:
    depth, width, resolution = (
        match(MatchRequest("resnet18", 64, method, 2.0, 0.05)).member for method in ("depth", "width", "resolution")
    )
    assert (depth.width, depth.resolution) == (1.0, 64)
    assert (width.depth, width.resolution) == (1.0, 64)
    assert (resolution.depth, resolution.width) == (1.0, 1.0)


def test_depth_trims_where_rounding_up_would_jump_over_the_target() -> None:
    """ResNet-50 goes from 1.86 to 2.07 times its MACs when d passes 2; one block less fits."""
    m = match(MatchRequest("resnet50", 224, "depth", 2.0, 0.02)).member
    assert m.trim > 0
    assert abs(m.residual) <= 0.02


def test_a_target_that_no_rounding_reaches_names_the_nearest() -> None:
    with pytest.raises(UnreachableError, match=r"resnet18 by depth.*nearest is"):
        match(MatchRequest("resnet18", 64, "depth", 1.02, 0.001))


def test_a_variant_as_the_base_is_matched_to_its_own_compute() -> None:
    """A model below B0: 4.08 MMACs at 64 pixels, of which four times are found with its own depth kept."""
    base = "efficientnet_b0[d=0.5,w=0.35]"
    found = match(MatchRequest(base, 64, "width", 4.0, 0.05))
    assert found.base_macs / 1e6 == pytest.approx(4.08, abs=0.005)
    assert found.member.depth == 0.5
    recount = count(found.member.variant(base), found.member.resolution).macs
    assert recount == found.member.macs
    assert recount / found.base_macs == pytest.approx(4.0, rel=0.05)
