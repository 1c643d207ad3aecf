"""Batch normalisation statistics for random weights, so that verification compares well-conditioned numbers.

Fresh statistics normalise nothing: activations of a random network then grow or vanish from layer to layer, and two
exact runtimes disagree (EfficientNetV2-S in fp32 differed from fp64 by 54 %, with settled statistics by 0.002 %). A
trained network has statistics of its data; this one gets those of a few seeded images.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from scalebench.measure.artefacts import Example, artefact
from scalebench.measure.scenes import scenes
from scalebench.suite.case import Case

_FILE = "statistics.pt"
_IMAGES = 8
_FIRST_SEED = 5000


def statistics_file(case: Case, example: Example) -> Path:
    """Statistics of the case's model at its resolution, estimated once in a process of its own.

    ``example`` builds the model with fresh statistics. Runtime and precision of the case do not matter.
    """
    eager = Case(case.model, case.resolution, device=case.device, threads=case.threads)
    return artefact(eager, _estimate, example)[0] / _FILE


def load_statistics(model: nn.Module, file: Path) -> None:
    """Give ``model`` the statistics in ``file``; other buffers and all weights stay as they are."""
    model.load_state_dict(torch.load(file, weights_only=True), strict=False)


def _estimate(model: nn.Module, images: torch.Tensor, case: Case, folder: Path) -> None:
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all images
        norm.train()
    if norms:
        with torch.no_grad():
            model(torch.from_numpy(scenes(_IMAGES, case.resolution, first=_FIRST_SEED)).to(images.device))
    statistics = {name: value for name, value in model.state_dict().items() if "running_" in name}
    torch.save(statistics, folder / _FILE)
