"""A trained network, whose outputs mean something, is the one that it is taken for."""

from __future__ import annotations

import torch

from tests.measure.trained import MILITARY_UNIFORM, photographs, trained_lite0


def test_the_trained_network_names_the_photograph() -> None:
    """The whole picture is Rear Admiral Grace Hopper in uniform."""
    with torch.inference_mode():
        logits = trained_lite0()(photographs(1, 224))
    assert logits.argmax(dim=1).tolist() == [MILITARY_UNIFORM]
