"""Looks of the figures: families that can be distinguished, and grey for the rest."""

from scalebench.report.looks import GREY, drawn_family, look, nth_look, series
from scalebench.suite.families import NAMES


def test_every_listed_family_has_a_look_of_its_own() -> None:
    looks = [look(name) for name in NAMES]
    assert len({(style.colour, style.marker) for style in looks}) == len(NAMES)
    assert GREY not in {style.colour for style in looks}


def test_a_scaled_model_is_a_hollow_grey_marker_of_its_family() -> None:
    scaled = look(series("resnet50[d=2]"))
    assert (scaled.hollow, scaled.colour, scaled.marker) == (True, GREY, look("resnet").marker)


def test_a_family_without_a_look_is_drawn_as_other() -> None:
    assert drawn_family("unet:resnet50") == drawn_family("levit_128") == "other"
    assert drawn_family("mobilenetv2_100") == "mobilenetv2"
    assert (look("other").colour, look("other").shape) == (GREY, "cross")


def test_markers_have_names_for_captions() -> None:
    assert [nth_look(index).shape for index in (0, 2, 7)] == ["circle", "triangle up", "circle"]
