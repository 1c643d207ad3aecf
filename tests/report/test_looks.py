"""Looks of the figures: families that can be distinguished, and grey for the rest."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from scalebench.report.looks import COLOURS, GREY, METHODS, drawn_family, look, nth_look, series
from scalebench.suite.families import FAMILIES, NAMES
from scalebench.suite.scaling import RULES


def test_every_listed_family_has_a_look_of_its_own() -> None:
    looks = [look(name) for name in NAMES]
    assert len({(style.colour, style.marker) for style in looks}) == len(NAMES)
    assert GREY not in {style.colour for style in looks}


def test_families_that_a_suite_can_name_have_a_colour_each() -> None:
    assert len({look(name).colour for name in FAMILIES}) == len(FAMILIES)


SUITES = sorted((Path(__file__).parents[2] / "suites").glob("*.yaml"))


def _models(suite: Path) -> Iterator[str]:
    """Names of its models; of a whole family one member."""
    for entry in YAML(typ="safe").load(suite.read_text(encoding="utf-8")).get("models", ()):
        yield from entry.get("timm", ())
        yield from (entry[key] for key in ("scale", "family") if key in entry)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.stem)
def test_families_of_one_suite_never_look_alike(suite: Path) -> None:
    """A colour each while there are enough of them; with more families a colour and a marker."""
    looks = {family: look(family) for family in map(drawn_family, _models(suite)) if family != "other"}
    assert len({(style.colour, style.marker) for style in looks.values()}) == len(looks)
    if len(looks) <= len(COLOURS):
        assert len({style.colour for style in looks.values()}) == len(looks), looks


def test_a_scaled_model_is_a_hollow_marker_of_its_family_in_the_same_colour() -> None:
    scaled, plain = look(series("resnet50[d=2]")), look("resnet")
    assert (scaled.hollow, scaled.colour, scaled.marker) == (True, plain.colour, plain.marker)
    assert not plain.hollow


def _linear(colour: str) -> list[float]:
    """Red, green and blue of sRGB in linear light (IEC 61966-2-1)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def _luminance(colour: str) -> float:
    return float(np.dot(_linear(colour), (0.2126, 0.7152, 0.0722)))


def test_luminance_is_that_of_the_web_guidelines() -> None:
    """#767676 on white is WCAG's own example of 4.54 to 1."""
    assert 1.05 / (_luminance("#767676") + 0.05) == pytest.approx(4.54, abs=0.005)


PALETTES = {"families": COLOURS, "methods": [style.colour for style in METHODS.values()], "other": [GREY]}


@pytest.mark.parametrize("palette", list(PALETTES))
def test_every_colour_stands_out_on_the_light_and_on_the_dark_page(palette: str) -> None:
    for colour in PALETTES[palette]:
        for page in ("#ffffff", "#16181d"):
            bright, dark = sorted((_luminance(colour), _luminance(page)), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 3, (colour, page)


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear light.
SEEN = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def _lab(colour: str, eyes: str) -> Any:
    """CIELAB of what these eyes see, by skimage's matrix for D65."""
    seen = np.clip(np.array(SEEN[eyes]) @ _linear(colour), 0, 1)
    to_xyz = [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
    scaled = np.array(to_xyz) @ seen / (0.95047, 1.0, 1.08883)
    x, y, z = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", list(SEEN))
@pytest.mark.parametrize(("palette", "least"), [("families", 11), ("methods", 25)])
def test_colours_of_one_table_differ_for_everyone(palette: str, least: float, eyes: str) -> None:
    """2.3 is the just noticeable difference of CIELAB; ten that of a glance."""
    for one, other in combinations(PALETTES[palette], 2):
        assert np.linalg.norm(_lab(one, eyes) - _lab(other, eyes)) >= least, (one, other)


def test_methods_of_scaling_have_their_own_five_colours() -> None:
    assert set(METHODS) == set(RULES)
    assert len({style.colour for style in METHODS.values()}) == 5
    assert not {style.colour for style in METHODS.values()} & {*COLOURS, GREY}


def test_a_family_without_a_look_is_drawn_as_other() -> None:
    assert drawn_family("unet:resnet50") == drawn_family("levit_128") == "other"
    assert drawn_family("mobilenetv2_100") == "mobilenetv2"
    assert (look("other").colour, look("other").shape) == (GREY, "cross")


def test_markers_have_names_for_captions() -> None:
    assert [nth_look(index).shape for index in (0, 2, 7)] == ["circle", "triangle up", "circle"]
