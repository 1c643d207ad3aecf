"""Images as the network's own preparation hands them over, in whole batches."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from scalebench.measure.labelled_batches import batches, some_images
from scalebench.measure.runtimes import exporting
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import LabelledImage, LabelledImages


def plain(folder: Path, greys: list[int]) -> list[LabelledImage]:
    """Images of one grey level each."""
    for grey in greys:
        Image.new("RGB", (40, 30), (grey, grey, grey)).save(folder / f"{grey}.png")
    return [LabelledImage(f"{grey}.png", 0, str(grey)) for grey in greys]


def test_pixels_are_normalised_as_the_weights_were_trained(tmp_path: Path) -> None:
    """ResNet-18 by ImageNet's mean and deviation, EfficientNet-Lite0 by 0.5: grey 102 is 0.4."""
    images = plain(tmp_path, [102])
    for model, means, deviations in (
        ("resnet18", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("tf_efficientnet_lite0", (0.5,) * 3, (0.5,) * 3),
    ):
        ((pixels, problems),) = batches(Case(model, 64), str(tmp_path), images)
        expected = (0.4 - np.array(means)) / np.array(deviations)
        assert pixels.shape == (1, 3, 64, 64)
        assert pixels.mean(dim=(0, 2, 3)).numpy() == pytest.approx(expected, abs=0.01)
        assert problems == [""]


def test_the_last_batch_is_filled_up_and_the_order_kept(tmp_path: Path) -> None:
    made = list(
        batches(Case("resnet18", 32, batch=4, threads=2), str(tmp_path), plain(tmp_path, [0, 50, 100, 150, 200]))
    )
    assert [len(pixels) for pixels, _ in made] == [4, 4]
    assert [len(problems) for _, problems in made] == [4, 1]
    first, last = (pixels.mean(dim=(1, 2, 3)) for pixels, _ in made)
    assert first.tolist() == sorted(first.tolist())
    assert torch.equal(last, last[:1].expand(4))
    assert last[0] > first[3]


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    images = plain(tmp_path, [10, 20])
    (tmp_path / "10.png").write_bytes(b"not an image")
    ((pixels, problems),) = batches(Case("resnet18", 32, batch=2), str(tmp_path), images)
    assert problems == ["10.png: UnidentifiedImageError", ""]
    assert pixels[0].abs().max() == 0
    assert pixels[1].abs().min() > 0


def test_some_images_are_spread_over_the_list(tmp_path: Path) -> None:
    train = plain(tmp_path, list(range(0, 120, 10)))
    means = some_images(Case("resnet18", 32, batch=8), str(tmp_path), train, 4).mean(dim=(1, 2, 3))
    greys = (means * 0.226 + 0.449) * 255
    assert greys.tolist() == pytest.approx([0, 30, 60, 90], abs=3)


def test_int8_of_labelled_images_is_calibrated_on_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And of a case without images on the seeded scenes."""
    data = LabelledImages("greys-00000001", str(tmp_path), ("a", "b"), tuple(plain(tmp_path, [200])), ())
    data.keep()
    case = Case("resnet18", 32, precision="int8", runtime="onnxruntime")
    scenes = exporting._calibration_images(case)
    own = exporting._calibration_images(Case("resnet18", 32, precision="int8", runtime="onnxruntime", data=data.name))
    assert len(own) == 1
    assert own.std() < 0.3 < scenes.std()


def test_a_photograph_keeps_its_shape_and_loses_its_border(tmp_path: Path) -> None:
    """timm resizes the short side and crops the centre: 0.875 of it for ResNet-18's first weights."""
    photo = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    (tmp_path / photo.name).write_bytes(photo.read_bytes())
    ((pixels, _),) = batches(Case("tf_efficientnet_lite0", 224), str(tmp_path), [LabelledImage(photo.name, 0, "")])
    with Image.open(photo) as file:  # 512 x 600
        short = round(224 / 0.875)
        whole = file.convert("RGB").resize((short, round(short * 600 / 512)), Image.Resampling.BICUBIC)
    left, top = (whole.width - 224) // 2, round((whole.height - 224) / 2)
    centre = np.asarray(whole.crop((left, top, left + 224, top + 224)), np.float32).transpose(2, 0, 1) / 127.5 - 1
    assert np.abs(pixels[0].numpy() - centre).mean() < 0.02
