from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from scalebench.metrics import COUNTED, MEASURED, METRICS
from scalebench.record import Record
from scalebench.store.frame import CASE_COLUMNS, counts_frame, rounds_frame
from scalebench.suite.case import Case

Make = Callable[..., Record]


def test_metrics_are_counted_or_measured() -> None:
    """Every metric is a column of one kind."""
    assert set(COUNTED) | set(MEASURED) == set(METRICS)
    assert not set(COUNTED) & set(MEASURED)


def test_one_row_per_round(measured: Make, counted: Make) -> None:
    """Each round is a row with its case taken apart; counts are no rows but columns."""
    case = Case("resnet50[d=2,w=1.5]", 224, 8, threads=4)
    frame = rounds_frame([counted(case.model, 224, 8_000), measured(0, case), measured(1, case)])
    assert len(frame) == 2
    row = frame.iloc[1]
    assert {name: row[name] for name in CASE_COLUMNS} == {name: getattr(case, name) for name in CASE_COLUMNS}
    assert (row["case"], row["base"], row["depth"], row["width"]) == (case.key, "resnet50", 2.0, 1.5)
    assert (row["machine"], row["hw_key"], row["sw_key"]) == ("xeon-abc123", "aaaaaaaaaaaa", "bbbbbbbbbbbb")
    assert (row["round"], row["outcome"], row["why"]) == (1, "ok", "")
    assert (row["latency_s"], row["throughput_ips"], row["memory_bytes"]) == (0.1, 10.0, 5e6)
    assert (row["macs"], row["params"], row["blocks"]) == (8_000, 80, 16)


def test_failed_rounds_stay_as_rows(measured: Make) -> None:
    """A round that ended badly is a row with its outcome and reason, and no number."""
    bad = measured(1, outcome="oom", facts={}, error={"type": "OutOfMemory", "message": "no room"})
    frame = rounds_frame([measured(0), bad])
    assert frame["outcome"].tolist() == ["ok", "oom"]
    assert frame["why"].tolist() == ["", "no room"]
    assert frame.loc[1, list(MEASURED)].isna().all()


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "12"])
def test_what_a_round_did_not_deliver_is_nan(measured: Make, value: object) -> None:
    """A metric that is absent, null or no number is NaN in a column of floats."""
    frame = rounds_frame([measured(0, facts={"latency_s": 0.1, "memory_bytes": value})])
    assert frame["memory_bytes"].isna().all()
    assert frame["throughput_ips"].isna().all()
    assert {str(frame[name].dtype) for name in MEASURED} == {"float64"}


def test_counts_join_by_model_and_resolution(measured: Make, counted: Make) -> None:
    """A count belongs to its model at its resolution only."""
    records = [
        measured(0, Case("resnet50", 224)), measured(0, Case("resnet50", 128)), measured(0, Case("resnet18", 224)),
        counted("resnet50", 224, 4_000), counted("resnet50", 128, 1_300),
    ]  # fmt: skip
    frame = rounds_frame(records)
    assert frame["macs"].tolist()[:2] == [4_000, 1_300]
    assert pd.isna(frame["macs"][2])


def test_rounds_without_any_count(measured: Make) -> None:
    """Measured rounds can be read before anything was counted; counted columns are there and empty."""
    frame = rounds_frame([measured(0)])
    assert len(frame) == 1
    assert frame[list(COUNTED)].isna().all(axis=None)


@pytest.mark.parametrize("with_counts", [True, False])
def test_no_rounds_at_all(counted: Make, with_counts: bool) -> None:
    """Nothing measured is an empty table with all columns, whether or not something was counted."""
    frame = rounds_frame([counted("resnet50", 224, 4_000)] if with_counts else [])
    assert len(frame) == 0
    assert {*CASE_COLUMNS, *MEASURED, *COUNTED, "case", "outcome", "machine", "round"} <= set(frame.columns)


def test_counts_have_one_row_per_model_and_resolution(measured: Make, counted: Make) -> None:
    """The newest count of a model counts; measured rounds are not in the table."""
    frame = counts_frame(
        [counted("resnet50", 224, 1), measured(0), counted("resnet50", 128, 2), counted("resnet50", 224, 3)]
    )
    assert sorted(zip(frame["model"], frame["resolution"], frame["macs"], strict=True)) == [
        ("resnet50", 128, 2), ("resnet50", 224, 3),
    ]  # fmt: skip


def test_a_count_that_failed_is_a_row_with_its_reason(counted: Make) -> None:
    """What could not be counted says why, and has no number."""
    bad = replace(
        counted("resnet50", 224, 1),
        outcome="failed",
        facts={},
        error={"type": "BuildError", "message": "no such thing"},
    )
    frame = counts_frame([bad])
    assert frame["error"].tolist() == ["no such thing"]
    assert frame["macs"].isna().all()


def test_a_count_that_failed_elsewhere_hides_no_number(counted: Make) -> None:
    """Where one machine could count a model, another machine's failure to does not remove the count."""
    good = counted("resnet50", 224, 4_000)
    bad = replace(good, outcome="failed", facts={}, error={"type": "BuildError", "message": "old timm"})
    assert counts_frame([good, bad])["macs"].tolist() == [4_000]


def test_counts_of_several_suites_are_put_together(counted: Make) -> None:
    """A later count without static memory does not hide an earlier one that has it; a newer word replaces an older."""
    first = counted("resnet18", 224, 1, facts={"macs": 1, "peak_bytes_training": 7, "blocks": None})
    later = counted("resnet18", 224, 2, facts={"macs": 2, "peak_bytes_training": None, "blocks": 8})
    (row,) = counts_frame([first, later]).to_dict("records")
    assert (row["macs"], row["peak_bytes_training"], row["blocks"], row["error"]) == (2, 7, 8, None)
