"""Figures on the page against the same figures as matplotlib draws them, pixel by pixel, and bands against curves."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image, ImageChops, ImageFilter

from scalebench.report.content import Chart
from scalebench.report.figures import drawing
from scalebench.report.figures.curves import resolution_curves
from scalebench.report.figures.drawing import INK, WIDTH
from scalebench.report.findings import Findings
from tests.report.figures.literal_figures import SWEPT, charts_of_cases, charts_of_offers, charts_of_sections, sweep

DENSITY = 200
"""Pixels per inch in both."""
BLUR, NEAR, MOST = 3.0, 24, 0.003
"""Edges are smoothed differently: both are blurred, and at most this share of the pixels may be further apart."""

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def findings() -> Findings:
    return sweep()


def _drawn(charts: Callable[[], Iterator[Chart]]) -> dict[str, tuple[str, Image.Image]]:
    """The first drawing of every kind by the start of its ids: SVG, and what matplotlib draws without its texts."""
    kept: dict[str, tuple[str, Image.Image]] = {}
    finish = drawing.to_svg

    def keep(figure: Figure, prefix: str, label: str) -> str:
        kind = prefix.rpartition("-")[0]
        if kind not in kept:
            kept[kind] = finish(figure, prefix, label), _pixels(figure)
        return kept[kind][0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "to_svg", keep)
        list(charts())
    return kept


def _pixels(figure: Figure) -> Image.Image:
    """Texts stay in their places, unseen: the browser has other fonts."""
    for text in figure.findobj(Text):
        text.set_alpha(0)
    figure.set_layout_engine("none")
    raw = io.BytesIO()
    with mpl.rc_context({"path.snap": False}):
        figure.savefig(raw, format="png", dpi=DENSITY)
    image = Image.open(raw).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _shown(svgs: dict[str, str], folder: Path) -> str:
    """Address of a page with these drawings, in the style of the report."""
    css = (resources.files("scalebench.report") / "templates" / "report.css").read_text(encoding="utf-8")
    own = (
        f"body {{ margin: 0; padding: 0; max-width: none; }} .plot text {{ visibility: hidden; }}"
        f".plot {{ width: {WIDTH * DENSITY / 2}px; max-width: none; color: {INK}; }}"
    )
    figures = "".join(f'<figure id="{kind}">{svg}</figure>' for kind, svg in svgs.items())
    page = folder / "drawings.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{css}{own}</style>{figures}", encoding="utf-8")
    return page.as_uri()


@pytest.mark.parametrize(
    ("charts", "kinds"),
    [
        (charts_of_cases, {"f1", "f2", "f4", "f6", "f7", "f8"}),
        (charts_of_sections, {"change-0", "accuracy-time", "inputs-rate", "parts", "study", "ways"}),
        (charts_of_offers, {"d1", "d2", "d3"}),
    ],
)
def test_every_kind_of_figure_is_on_the_page_as_matplotlib_draws_it(
    charts: Callable[..., Iterator[Chart]], kinds: set[str], findings: Findings, open_page: Open, tmp_path: Path
) -> None:
    drawn = _drawn(partial(charts, findings) if charts is charts_of_cases else charts)
    assert kinds <= set(drawn)
    page = open_page(url=_shown({kind: svg for kind, (svg, _) in drawn.items()}, tmp_path), device_scale_factor=2)
    far = {}
    for kind, (_, image) in drawn.items():
        shot = Image.open(io.BytesIO(page.locator(f"#{kind} svg").screenshot())).convert("RGBA")
        assert shot.size == pytest.approx(image.size, abs=2)
        far[kind] = _share_apart(shot.crop((0, 0, *image.size)), image)
    assert {kind: share for kind, share in far.items() if share > MOST} == {}


def _share_apart(one: Image.Image, other: Image.Image) -> float:
    blurred = [image.convert("RGB").filter(ImageFilter.GaussianBlur(BLUR)) for image in (one, other)]
    gaps = np.asarray(ImageChops.difference(*blurred)).max(axis=2)
    return float((gaps > NEAR).mean())


BANDS = """svg => {
    const seen = [...svg.querySelectorAll('path')].map(path => ({path, style: getComputedStyle(path)}));
    const ends = path => { const box = path.getBBox(); return [box.x, box.x + box.width]; };
    const at = (path, share) => path.getPointAtLength(path.getTotalLength() * share);
    const along = path => Array.from({length: 39}, (_, step) => at(path, (step + 1) / 40));
    const bands = seen.filter(s => s.style.fill !== 'none' && Math.abs(s.style.opacity - 0.14) < 0.001);
    return bands.map(band => seen
        .filter(s => s.style.fill === 'none' && s.style.stroke === band.style.fill)
        .map(s => ({ends: ends(s.path), band: ends(band.path),
                    inside: along(s.path).filter(point => band.path.isPointInFill(point)).length}))
        .filter(curve => curve.inside === 39));
}"""
"""For each band of a drawing the curves of its colour that lie in it, with the horizontal ends of both."""


def test_every_band_contains_its_curve_and_ends_where_it_ends(
    findings: Findings, open_page: Open, tmp_path: Path
) -> None:
    chart = resolution_curves(findings.analysis.cases)
    svgs = {f"panel-{index}": panel.svg for index, panel in enumerate(chart.panels)}
    page = open_page(url=_shown(svgs, tmp_path))
    for name in svgs:
        bands = page.locator(f"#{name} svg").evaluate(BANDS)
        assert len(bands) == len(SWEPT), "a band for each curve"
        for curves in bands:
            assert curves, "a curve in each band"
            assert all(curve["ends"] == pytest.approx(curve["band"], abs=0.05) for curve in curves)
