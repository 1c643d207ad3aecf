"""Images that models take."""

from __future__ import annotations

import torch
from torch import nn

from scalebench.model.input_images import blank_images, channels_in, mark, note_of


def test_images_follow_the_model() -> None:
    """Three channels on the meta device unless the model says otherwise; on real weights, real images."""
    plain = nn.ReLU()
    assert (channels_in(plain), note_of(plain)) == (3, "")
    assert blank_images(plain, 32).shape == (1, 3, 32, 32)
    assert blank_images(plain, 32).is_meta
    grey = mark(nn.Conv2d(1, 2, 3), 1, "real tensors")
    assert note_of(grey) == "real tensors"
    images = blank_images(grey, 8, batch=2)
    assert images.shape == (2, 1, 8, 8)
    assert images.device == torch.device("cpu")
