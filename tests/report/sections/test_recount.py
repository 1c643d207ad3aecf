"""The section says how many printed figures agree, and shows those that do not, worst first."""

from __future__ import annotations

import pandas as pd

from scalebench.analysis.printed_counts import COLUMNS, HALVED
from scalebench.report.sections.recount import recount_section


def frame(*rows: tuple[str, str, str, float, float, bool, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (table, name, "a_model", 224, quantity, printed, counted, counted / printed, agrees, reason)
            for table, name, quantity, printed, counted, agrees, reason in rows
        ],
        columns=pd.Index(COLUMNS),
    )


FOUND = frame(
    ("efficientnet-t2", "EfficientNet-B0", "macs", 0.39e9, 0.3858e9, True, ""),
    ("resnet-t1", "ResNet-50", "macs", 3.8e9, 4.089e9, False, "A stride."),
    ("efficientnet-t2", "SENet-154", "params", 146e6, 115.1e6, False, ""),
    ("resnet-rs-t3", "EfficientNet-B7", "macs", 37e9, 37.7e9, True, HALVED),
)


def test_the_sentences_count() -> None:
    text = " ".join(recount_section(FOUND).text)
    assert "4 printed figures of 3 sources were counted again: 2 agree and 2 do not." in text
    assert "within 3 % for parameters and 6 % for MACs" in text
    assert "1 figure was printed with two operations per MAC and halved." in text
    assert "For 1 of the 2 no reason is known." in text


def test_contradicted_figures_come_worst_first_with_source_and_reason() -> None:
    wrong = recount_section(FOUND).tables[0]
    assert [row[0] for row in wrong.rows] == ["SENet-154", "ResNet-50"]
    senet, resnet = wrong.rows
    assert senet[1:5] == ("parameters", "146 M", "115 M", "0.788")
    assert senet[-2] == "not known"
    assert resnet[-2] == "A stride."
    assert "arXiv:1512.03385" in resnet[-1]


def test_agreement_is_told_by_source() -> None:
    table = recount_section(FOUND).tables[1]
    assert [row[2:] for row in table.rows] == [
        ("2", "1", "0.788 to 0.989"), ("1", "0", "1.08 to 1.08"), ("1", "1", "1.02 to 1.02")
    ]  # fmt: skip
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_where_all_agree_only_the_agreement_is_shown() -> None:
    section = recount_section(FOUND.iloc[:1])
    assert "1 printed figure of 1 source was counted again: 1 agree and 0 do not." in section.text[0]
    assert len(section.tables) == 1
    assert len(section.text) == 2


def test_nothing_counted_is_said_in_one_sentence() -> None:
    section = recount_section(pd.DataFrame(columns=pd.Index(COLUMNS)))
    assert (section.id, section.title) == ("printed", "Printed numbers that do not add up")
    assert len(section.text) == 1
    assert not section.tables
