"""The image that a model takes: three channels, unless a model of the user's has others; and how it is counted."""

from __future__ import annotations

from itertools import chain

import torch
from torch import nn

from scalebench.suite.own_files import COLOURS

_CHANNELS, _NOTE = "scalebench_channels", "scalebench_note"


def mark(model: nn.Module, channels: int, note: str = "") -> nn.Module:
    """Write on the model how many channels its images have, and how it is counted where that is not as usual."""
    setattr(model, _CHANNELS, channels)
    setattr(model, _NOTE, note)
    return model


def note_of(model: nn.Module) -> str:
    """How the model is counted; empty where it is as usual."""
    note: str = getattr(model, _NOTE, "")
    return note


def channels_in(model: nn.Module) -> int:
    """Channels of its images."""
    channels: int = getattr(model, _CHANNELS, COLOURS)
    return channels


def blank_images(model: nn.Module, resolution: int, batch: int = 1) -> torch.Tensor:
    """Zeros, batch x channels x resolution x resolution, where the model's weights are: as a rule the meta device."""
    weight = next(chain(model.parameters(), model.buffers()), None)
    device = torch.device("meta") if weight is None else weight.device
    return torch.zeros(batch, channels_in(model), resolution, resolution, device=device)
