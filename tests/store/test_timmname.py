"""What the name of a timm table says of its run."""

from __future__ import annotations

import pytest

from scalebench.errors import StoreError
from scalebench.store.timmname import run_of


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("benchmark-infer-amp-nchw-pt113-cu117-rtx3090.csv",
         ("inference", "amp_fp16", "contiguous", "eager", "1.13", "11.7", "rtx3090")),
        ("benchmark-infer-amp-nhwc-pt240-cu124-rtx4090-dynamo.csv",
         ("inference", "amp_fp16", "channels_last", "compile", "2.4.0", "12.4", "rtx4090")),
        ("benchmark-infer-fp32-nchw-pt221-cpu-i9_10940x-dynamo.csv",
         ("inference", "fp32", "contiguous", "compile", "2.2.1", "", "i9_10940x")),
        ("benchmark-train-amp-nhwc-pt112-cu113-rtx3090.csv",
         ("training", "amp_fp16", "channels_last", "eager", "1.12", "11.3", "rtx3090")),
        ("benchmark-infer-amp_bf16-nhwc-pt2100-cu130-rtx_pro_6000-max-q-dynamo.csv",
         ("inference", "amp_bf16", "channels_last", "compile", "2.10.0", "13.0", "rtx_pro_6000-max-q")),
    ],
)  # fmt: skip
def test_the_run_is_in_the_name(name: str, said: tuple[str, ...]) -> None:
    run = run_of(name)
    assert (run.mode, run.precision, run.layout, run.runtime, run.torch, run.cuda, run.name) == said
    assert run.device == ("cuda:0" if run.cuda else "cpu")


@pytest.mark.parametrize(
    "name",
    ["results-imagenet.csv", "benchmark-infer-amp-nchw-rtx3090.csv", "benchmark-infer-amp-nchw-pt240-cu124-rtx3090.txt",
     "benchmark-infer-fp8-nchw-pt240-cu124-rtx3090.csv", "benchmark-infer-amp-nchw-pt240-cu124-.csv"],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(StoreError) as refusal:
        run_of(name)
    assert name in refusal.value.message
    assert refusal.value.hint


def test_machines_are_marked_and_told_apart() -> None:
    """One card under two versions of torch is one machine with two states of its software."""
    older, newer = (
        run_of(f"benchmark-infer-amp-nchw-{version}-rtx3090.csv").environment
        for version in ("pt113-cu117", "pt240-cu124")
    )
    other = run_of("benchmark-infer-amp-nchw-pt240-cu124-rtx4090.csv").environment
    assert older.machine == newer.machine == "imported-rtx3090"
    assert older.imported
    assert older.hw_key == newer.hw_key != other.hw_key
    assert older.sw_key != newer.sw_key == other.sw_key
    assert newer.hardware == {"device": "cuda", "imported": True, "gpu": "rtx3090"}
    assert newer.software["torch"] == "2.4.0"
