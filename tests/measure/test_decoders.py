"""All decoders give the picture that Pillow gives."""

from __future__ import annotations

import io
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image

from scalebench.errors import MachineError
from scalebench.measure import decoders
from scalebench.measure.decoders import MEAN, STD, available, normalise, open_decoder
from scalebench.measure.photographs import jpeg, photograph
from scalebench.suite.decoder_table import DECODERS
from scalebench.suite.suite_schema import Decoder

SIDE = 96
PICTURE = photograph(640, 480)
DATA = jpeg(PICTURE)
HERE = [
    pytest.param(name, marks=pytest.mark.skipif(not available(name), reason="of the extra [input]"))
    for name in DECODERS
]


def prepared(name: str) -> torch.Tensor:
    decoder = open_decoder(name)
    return decoder.resize(decoder.decode(DATA, SIDE), SIDE)


@pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")  # torchvision 0.29, see Torchvision
@pytest.mark.parametrize("name", HERE)
def test_a_decoder_gives_pillows_picture(name: str) -> None:
    """A grey level on average, as scaled decoding and other filters differ; colours in the same order."""
    found, wanted = prepared(name).float(), prepared("pillow").float()
    assert found.shape == (3, SIDE, SIDE)
    assert prepared(name).dtype == torch.uint8
    assert (found - wanted).abs().mean() < 1.5
    assert (found.mean((1, 2)) - wanted.mean((1, 2))).abs().max() < 0.5


def test_pillow_is_pillow() -> None:
    """The reference of the others is Pillow's own bilinear reduction of the whole picture."""
    image = Image.open(io.BytesIO(DATA)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    assert (prepared("pillow").permute(1, 2, 0).numpy() == np.asarray(image)).all()


@pytest.mark.parametrize(("name", "scaled"), [("pillow", False), ("pillow_draft", True)])
def test_draft_decodes_at_a_smaller_scale(name: str, scaled: bool) -> None:
    """Four times smaller still has 96 pixels each way; eight times would not."""
    assert open_decoder(name).decode(DATA, SIDE).size == ((160, 120) if scaled else (640, 480))


def test_scaled_decoding_never_enlarges() -> None:
    pytest.importorskip("simplejpeg")
    decoder = open_decoder("simplejpeg")
    assert tuple(decoder.decode(DATA, SIDE).shape) == (3, 120, 160)
    assert tuple(decoder.decode(DATA, 479).shape) == (3, 480, 640)


def test_normalising_is_imagenets() -> None:
    """(x / 255 - mean) / deviation for each colour, contiguous whatever the order in memory was."""
    picture = prepared("pillow")
    found = normalise(picture)
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    assert found.dtype == torch.float32
    assert found.is_contiguous()
    torch.testing.assert_close(found, (picture / 255 - mean) / deviation, atol=1e-5, rtol=0)


def test_normalising_leaves_the_picture_alone() -> None:
    picture = prepared("pillow")
    before = picture.clone()
    normalise(picture)
    assert picture.equal(before)


def test_a_decoder_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MachineError, match=r"pip install 'scalebench\[input\]'"):
        open_decoder("opencv")


def test_suites_can_name_every_decoder() -> None:
    assert set(get_args(Decoder)) == set(DECODERS)
