"""The section on the input pipeline, from literal frames."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from scalebench.analysis.input_pipeline import FEEDING, INPUTS
from scalebench.report.content import Table
from scalebench.report.figures import feeding as figure
from scalebench.report.sections.inputs import inputs_section
from scalebench.suite.decoder_table import DECODERS

WAY = {
    "machine": "h100", "mode": "inference", "setting": "", "batch": 8, "precision": "fp32", "layout": "contiguous",
    "runtime": "eager", "threads": 1, "device": "cuda:0", "protocol": "p",
}  # fmt: skip


def rate(decoder: str, ips: float, resolution: int = 224, processes: int = 4, **other: Any) -> dict[str, Any]:
    return {
        "machine": "xeon", "decoder": decoder, "camera": "4000x3000", "resolution": resolution,
        "processes": processes, "per_core_ips": ips, "per_core_ips_low": ips * 0.9, "per_core_ips_high": ips * 1.1,
        "n": 3, "throughput_ips": ips * processes, "latency_s": 1 / ips, "decode_s": 0.6 / ips, "resize_s": 0.3 / ips,
        "normalise_s": 0.1 / ips, "jpeg_bytes_per_pixel": 0.2, "case": f"{decoder}-{resolution}-{processes}", **other,
    }  # fmt: skip


def fed(model: str, decoder: str, per_core: float, cores: float, bottleneck: str, **other: Any) -> dict[str, Any]:
    return {
        **WAY, "model": model, "resolution": 224, "model_ips": per_core * cores, "prepared_on": "xeon",
        "decoder": decoder, "camera": "4000x3000", "processes": 4, "per_core_ips": per_core, "cores": cores,
        "cores_low": cores * 0.9, "cores_high": cores * 1.1, "n": 3, "cores_there": 16, "bottleneck": bottleneck,
        **other,
    }  # fmt: skip


RATES = pd.DataFrame([
    rate("pillow", 8.0), rate("pillow", 7.0, 380), rate("pillow", 10.0, processes=1), rate("simplejpeg", 25.0),
], columns=pd.Index(INPUTS))  # fmt: skip
PAIRS = pd.DataFrame([
    fed("resnet18", "pillow", 8.0, 125.0, "input"), fed("resnet18", "simplejpeg", 25.0, 40.0, "input"),
    fed("resnet152", "pillow", 8.0, 20.0, "input"), fed("resnet152", "simplejpeg", 25.0, 6.4, "model"),
], columns=pd.Index(FEEDING))  # fmt: skip


def column(table: Table, label: str) -> list[str]:
    at = [column.label for column in table.columns].index(label)
    return [row[at] for row in table.rows]


def test_the_first_sentence_says_where_the_input_pipeline_is_the_bottleneck() -> None:
    said = inputs_section(RATES, PAIRS).text[0]
    assert said == (
        "xeon, photographs of 4000x3000: the input pipeline is the bottleneck in 1 of 2 model cases. Most cores are "
        "needed by ResNet-18 at 224 px: 40.0 (36.0 to 44.0). It takes 1000 images/s on cuda:0 at batch 8, prepared by "
        "simplejpeg. There are 16 cores."
    )


def test_the_fastest_decoder_feeds_each_model() -> None:
    (table,) = inputs_section(RATES, PAIRS).tables
    assert column(table, "model") == ["resnet18", "resnet152"]
    assert column(table, "fastest decoder") == ["simplejpeg", "simplejpeg"]
    assert column(table, "bottleneck") == ["input", "model"]
    assert column(table, "cores needed") == ["40.0", "6.40"]


def test_every_rate_is_in_the_figures_table() -> None:
    (chart,) = inputs_section(RATES, PAIRS).charts
    assert isinstance(chart.table, Table)
    assert len(chart.table.rows) == len(RATES)
    assert set(column(chart.table, "decoder")) == {"pillow", "simplejpeg"}
    assert "75.0" in column(chart.table, "decoding, ms per image")  # 0.6 of 1/8 s


def test_the_figure_draws_busy_cores_and_models() -> None:
    (chart,) = inputs_section(RATES, PAIRS).charts
    assert chart.numbers == {"least": 7.0, "most": 25.0}  # the 10 of one process alone is not drawn
    (panel,) = chart.panels
    assert panel.title == "xeon, photographs of 4000x3000, 4 at once"
    texts = set(re.findall(r">([^<>]+)</text>", panel.svg))
    assert {"pillow", "simplejpeg", "ResNet-18, cuda:0", "ResNet-152, cuda:0"} <= texts


def test_without_models_the_rate_is_the_finding() -> None:
    section = inputs_section(RATES, PAIRS.iloc[:0])
    assert "simplejpeg is fastest, with 25.0 images/s per core at 224 px. No model was measured" in section.text[0]
    assert section.tables == ()
    assert section.charts[0].panels


def test_one_round_has_no_interval_and_decides_nothing() -> None:
    """What is not known is said, and drawn without bars."""
    nothing = {"cores_low": math.nan, "cores_high": math.nan, "n": 1, "cores_there": None}
    pairs = pd.DataFrame([fed("resnet18", "pillow", 8.0, 125.0, "not decided", **nothing)], columns=pd.Index(FEEDING))
    ends = {"per_core_ips_low": math.nan, "per_core_ips_high": math.nan, "n": 1}
    section = inputs_section(pd.DataFrame([rate("pillow", 8.0, **ends)], columns=pd.Index(INPUTS)), pairs)
    assert "In 1 it is undecided." in section.text[0]
    assert "125 (no interval)" in section.text[0]
    assert section.text[0].endswith("There are an unknown number of cores.")
    assert column(section.tables[0], "cores available") == ["-"]


def test_every_decoder_has_a_look_of_its_own() -> None:
    assert set(figure.LOOKS) == set(DECODERS)
    assert len({(look.colour, look.marker) for look in figure.LOOKS.values()}) == len(DECODERS)
