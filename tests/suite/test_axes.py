"""Axes of a case in words, and what they mean for its key."""

from dataclasses import asdict, replace

import pytest

from scalebench.suite.case import AXES, Case, configuration_text
from scalebench.suite.suite_grid import Exclude, Grid

CASE = Case("resnet18", 64)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "batch 1, fp32 eager, cpu, 1 thread"),
        ({"threads": 0}, "batch 1, fp32 eager, cpu"),
        ({"threads": 2, "layout": "channels_last"}, "batch 1, fp32 channels_last eager, cpu, 2 threads"),
        ({"device": "cuda:0", "threads": 8}, "batch 1, fp32 eager, cuda:0"),
        ({"mode": "training", "optimizer": "adamw", "checkpointing": True},
         "training, batch 1, fp32 eager, cpu, 1 thread, adamw, checkpointing"),
        ({"instances": 2, "affinity": "pinned"}, "batch 1, fp32 eager, cpu, 1 thread, 2 instances, pinned"),
    ],
    ids=str,
)  # fmt: skip
def test_a_configuration_in_words(change: dict[str, object], text: str) -> None:
    assert replace(CASE, **change).configuration == text  # type: ignore[arg-type]


def test_what_is_not_given_is_left_out() -> None:
    assert configuration_text({"precision": "bf16", "layout": "contiguous", "runtime": "compile"}) == "bf16 compile"


def test_the_setting_of_a_row_stands_for_the_axes_without_a_column() -> None:
    assert configuration_text({"batch": 8, "setting": "2 instances", "instances": 2}) == "batch 8, 2 instances"


def test_every_axis_that_can_be_listed_can_be_excluded() -> None:
    listed = {name for name, row in AXES.items() if row.values is not None} | {"threads", "device"}
    assert set(Grid.model_fields) == listed
    assert set(Exclude.model_fields) == listed | {"model", "resolution"}


def test_every_setting_of_a_run_is_an_axis() -> None:
    assert set(asdict(CASE)) - set(AXES) == {"model", "resolution", "protocol", "procedure"}
