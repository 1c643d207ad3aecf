"""Measured peaks beside the catalogue's row: which row bears a machine's name, and what share was reached."""

from __future__ import annotations

import pytest

from scalebench.machine.ability import Ability, Peak
from scalebench.procure.catalogue import catalogue
from scalebench.procure.rated_peaks import rate_device, row_of

CHIPS = tuple(catalogue().values())


def ability(device: str, threads: int, **matmul: float) -> Ability:
    peaks = {name: Peak(value, value, "FLOP/s", "1024x1024x1024", 9) for name, value in matmul.items()}
    streams = {name: Peak(value, value, "B/s", "2 x 256 MiB", 9) for name, value in (("copy", 1e11), ("triad", 2e11))}
    return Ability("a-1", "hw", "sw", device, threads, "2026-11-24T01:02:03+00:00", peaks, streams)


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("NVIDIA H100 80GB HBM3", "nvidia-h100-sxm"),
        ("NVIDIA H100 PCIe", "nvidia-h100-pcie"),
        ("NVIDIA L4", "nvidia-l4"),
        ("NVIDIA L40", "nvidia-l40"),
        ("Tesla T4", "nvidia-t4"),
        ("NVIDIA A10G", "nvidia-a10g"),
        ("Intel(R) Xeon(R) Platinum 8380 CPU @ 2.30GHz", "intel-xeon-8380"),
        ("INTEL(R) XEON(R) PLATINUM 8480+", "intel-xeon-8480+"),
        ("AMD EPYC 7763 64-Core Processor", "amd-epyc-7763"),
        ("AMD EPYC", None),
        ("NVIDIA H200 NVL", None),
        ("", None),
    ],
)
def test_a_row_bears_the_name_or_none_does(name: str, id_: str | None) -> None:
    """What virtual machines say of themselves, and a card of another make, match nothing."""
    row = row_of(name, CHIPS)
    assert (row and row.id) == id_


def test_a_board_against_its_row() -> None:
    rated = rate_device(
        {"device": "cuda", "gpu": "NVIDIA L4"}, ability("cuda:0", 4, fp32=15.15e12, bf16=60.5e12), CHIPS
    )
    assert rated.chip is not None
    shares = {peak.what: peak.share for peak in rated.peaks}
    assert shares == {
        "fp32": pytest.approx(0.5), "bf16": pytest.approx(0.5), "memory": pytest.approx(2 / 3),
    }, "the faster stream"  # fmt: skip


def test_some_cores_of_a_processor() -> None:
    """Compute is held against the share of the cores that were used, memory against the whole socket."""
    name = "AMD EPYC 7763 64-Core Processor"
    rated = rate_device({"cpu": {"name": name}}, ability("cpu", 16, fp32=1e12, fp16=1e10), CHIPS)
    assert rated.cores == 0.25
    fp32, fp16, memory = rated.peaks
    assert fp32.share == pytest.approx(1e12 / (5.0e12 / 4))
    assert (fp16.rated, fp16.share) == (None, None), "not published"
    assert memory.share == pytest.approx(2e11 / 204.8e9)


def test_a_machine_that_no_row_bears_the_name_of() -> None:
    rated = rate_device({"cpu": {"name": "AMD EPYC"}}, ability("cpu", 2, fp32=1e11), CHIPS)
    assert rated.chip is None
    assert [peak.what for peak in rated.peaks] == ["fp32", "memory"]
    assert {(peak.rated, peak.share) for peak in rated.peaks} == {(None, None)}
