"""Every figure of the shipped data against the figures collected from the sources, which lie beside the repository.

Who changes a figure here without a reason, or mistypes one, is told; what differs on purpose is listed with the reason.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from scalebench.claims.printed import Printed
from scalebench.claims.registry import Claim, registry

REFERENCE = Path(__file__).parents[2] / "shared" / "reference"
pytestmark = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the figures collected from the sources were not found beside the repository"
)
Row = Mapping[str, str]

SOURCES = {
    "published_models.csv": {
        "efficientnet-t2": "EfficientNet Table 2", "efficientnet-v1": "EfficientNet Table 2",
        "efficientnet-readme": "tensorflow/tpu efficientnet README", "nasnet-t2": "NASNet", "nasnet-t3": ".*NASNet",
        "resnet-t1": "He et al.", "resnext-t3": "ResNeXt", "densenet-t3": "DenseNet", "mobilenet-t6": "MobileNet arXiv",
        "mobilenet-t7": "MobileNet arXiv", "mobilenetv2-t4": "MobileNetV2", "mobilenetv3-t3": "MobileNetV3",
        "regnet-f15": "RegNet", "regnet-f16": "RegNet", "regnet-t3": "RegNet", "regnet-t4": "RegNet",
        "early-convolutions-t2": "Xiao et al.", "resnet-rs": "tensorflow/tpu models/official/resnet/resnet_rs",
        "resnet-rs-t3": "ResNet-RS", "efficientnetv2-t7": "EfficientNetV2 Table 7",
        "efficientnetv2-readme": "google/automl efficientnetv2", "convnext-t1": "ConvNeXt Table 1",
        "convnext-readme": "facebookresearch/ConvNeXt", "swin-t1": "Swin", "fixres-readme": "facebookresearch/FixRes",
        "coatnet-t13": "CoAtNet", "torchvision": "torchvision",
    },
    "published_latency.csv": {
        "efficientnetv2-nvidia": "NVIDIA tables", "nvidia-efficientnet": "NVIDIA/.* efficientnet",
        "nvidia-resnet50": "NVIDIA/.* resnet50", "regnet-f15": "RegNet", "regnet-f16": "RegNet", "regnet-t3": "RegNet",
        "regnet-t4": "RegNet", "convnext-t1": "ConvNeXt Table 1", "convnext-t12": "ConvNeXt Table 12",
        "resnet-rs": "tensorflow/tpu resnet_rs", "resnet-rs-t3": "ResNet-RS Table 3",
        "resnet-rs-t4": "ResNet-RS Table 4", "keras": "keras.io", "early-convolutions-t2": "Xiao et al.",
        "mobilenetv3-t3": "MobileNetV3", "swin-t1": "Swin", "mobilenetv2-t4": "MobileNetV2",
        "efficientnetv2-t7": ".*2104.00298", "efficientnetv2-t3": "EfficientNetV2 Table 3",
        "efficientdet-readme": "google/automl efficientdet", "efficientnet-t4": "EfficientNet Table 4",
    },
    "published_scaling.csv": {
        "mobilenetv3-t6": "MobileNetV3", "efficientnet-t3": "EfficientNet Table 3", "resnext-t4": "ResNeXt",
        "efficientnet-t2": "tensorflow/tpu efficientnet_builder", "efficientnet-t7": "EfficientNet Table 7",
        "efficientnet-readme": "tensorflow/tpu efficientnet_builder", "resnet-rs": "tensorflow/tpu resnet_rs",
        "resnet-t1": "He et al.", "efficientnetv2-readme": "google/automl efficientnetv2",
        "efficientnetv2-t7": "google/automl effnetv2_configs", "efficientdet-readme": "google/automl efficientdet",
        "mobilenet-t5": "MobileNet Table 5", "mobilenet-t6": "MobileNet Table 6",
        "mobilenet-t7": "MobileNet Table [67]", "mobilenetv2-t4": "MobileNetV2",
    },
}  # fmt: skip
"""How the reference names the source of each of our tables."""
FIGURES = {
    "published_models.csv": {
        "params_m": "params_m", "flops_g": "flops_g", "activations_m": "acts_m", "top1": "top1", "top5": "top5",
    },
    "published_latency.csv": {
        "hardware": "hardware", "batch": "batch", "mode": "mode", "value": "value", "unit": "unit",
        "images_per_s": "images_per_s",
    },
    "published_scaling.csv": {
        "method": "method", "depth": "d", "width": "w", "resolution_multiplier": "r", "flops_g": "flops_b",
        "top1": "top1",
    },
}  # fmt: skip
"""Our columns and those of the reference. What a source does not print is left empty here, and filled in there."""
REFERENCE_FILE = {"published_scaling.csv": "published_scaling_variants.csv"}
DIFFERENCES = {
    ("published_models.csv", "efficientnet-v1"): "accuracies of version 1 stand in the reference's notes, not its rows",
    ("published_models.csv", "regnet-t3", "ResNet-50"): "22.6 M as Table 3 prints; the reference has 25.56 M",
    ("published_models.csv", "resnet-rs-t3"): "FLOPs of Table 3, twice the MACs; the reference has them in its claims",
    ("published_models.csv", "coatnet-t13", "ResNet-RS-152"): "FLOPs at two per MAC; the reference has 31B in RS-08",
    ("published_models.csv", "coatnet-t13", "ResNet-RS-420"): "FLOPs at two per MAC; the reference has 128B in RS-08",
    ("published_models.csv", "convnext-t1", "EfficientNetV2-L"): "as ConvNeXt prints it; there as its own paper",
    ("published_scaling.csv", "mobilenet-t5"): "the reference names the method depth (shallow)",
    ("published_latency.csv", "keras"): "time of a step whose batch is not stated; the reference reads it as one image",
    ("published_scaling.csv", "efficientnet-t7", "efficientnet_b0[d=1.4,w=1.2]"): "1.3 * 224 px; there 300 px of B3",
}  # fmt: skip
"""Rows of ours without an equal in the reference: whole tables, or one name of a table."""
ELSEWHERE = {
    "EN-06": ("EN-05",), "EN-10": ("EN-11",), "EN-11": ("EN-12",), "EN-17": ("EN-10",),
    "EN-24": ("EN-21", "EN-22", "EN-23"), "V2-03": ("V2-02",),
}  # fmt: skip
"""Claims that quote figures of another row of the reference."""
DERIVED = {
    "EN-21": {"1.4", "1.2", "1.3"},  # the multipliers of the compound row, from the table of variants
    "V2-06": {"0.83", "0.63"},  # 17 % fewer and 37 % fewer
    "RN-02": {"77.15", "78.25", "78.57"},  # 100 less the errors 22.85, 21.75 and 21.43 %
    "RG-07": {"2"},  # "about 2 %" of the caption, in words only
}
"""Figures of a claim that follow from those of its row."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def agrees(own: Row, other: Row, columns: Mapping[str, str]) -> bool:
    """Whether every figure that we have is that of the reference; a size, where both have one, too."""
    sizes = {value(row["resolution"]) for row in (own, other)} - {""}
    return len(sizes) <= 1 and all(
        value(own[mine]) == value(other[theirs]) for mine, theirs in columns.items() if own[mine]
    )


@pytest.mark.parametrize("file", SOURCES)
def test_every_published_figure_is_the_one_collected(file: str) -> None:
    reference = rows_of(REFERENCE / REFERENCE_FILE.get(file, file))
    differing = set()
    for row in rows_of(Path(str(files("scalebench.data") / file))):
        of_source = [other for other in reference if re.match(SOURCES[file][row["table"]], other["source"])]
        assert any(row[column] for column in FIGURES[file])
        if not any(agrees(row, other, FIGURES[file]) for other in of_source):
            differing.add((file, row["table"], row.get("name", row["model"])))
    explained = [key for key in DIFFERENCES if key[0] == file]
    assert {key for key in differing if key not in explained and key[:2] not in explained} == set()
    assert all(any(key[: len(known)] == known for key in differing) for known in explained), "no longer different"


def figures(text: str) -> set[float]:
    """Numbers of a text, without those in names such as ``B0``; thousands may have commas."""
    joined = re.sub(r"(?<![\d.])(\d{1,3})((?:,\d{3})+)(?![\d.])", lambda m: m[1] + m[2].replace(",", ""), text)
    return {float(number) for number in re.findall(r"(?<![A-Za-z\d.])(?<![A-Za-z]-)\d*\.?\d+", joined)}


def printed(content: Any) -> Iterator[str]:
    """The printed numbers of a part, as printed, without their powers of ten."""
    if isinstance(content, Printed):
        yield re.sub(r"e\d+", "", content.text)
    elif isinstance(content, (dict, list, tuple)):
        for each in content.values() if isinstance(content, dict) else content:
            yield from printed(each)


CLAIMED = {row["id"]: " ".join(row.values()) for row in rows_of(REFERENCE / "claims.csv")} if REFERENCE.exists() else {}


@pytest.mark.parametrize("name", CLAIMED)
def test_every_figure_of_a_claim_is_the_one_collected(name: str) -> None:
    """``published`` and each printed number of the parts stand in the reference's row of the same claim."""
    claim: Claim = registry()[name]
    collected = figures(" ".join(CLAIMED[row] for row in (name, *ELSEWHERE.get(name, ()))))
    own = [claim.published, *(text for part in claim.parts for text in printed(dict(part)))]
    missing = figures(" ".join(own)) - collected
    assert missing == {float(text) for text in DERIVED.get(name, ())} & missing
    assert figures(" ".join(DERIVED.get(name, ()))) <= figures(" ".join(own)), "no longer in the claim"


def test_claims_that_the_reference_does_not_have_are_few() -> None:
    """Two that were added with detectors, and sentences of our own."""
    added = {claim.id for claim in registry().values() if claim.id not in CLAIMED and not claim.ours}
    assert added == {"ED-06"}
