"""From suite to page on two simulated cards: what they lack, what is free on them, their energy and their clocks.

Both have 1 GiB, of which other processes use all but 45 MiB. They have fp16, and neither tf32 nor bf16.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sim.conftest import page_words, stored_records
from tests.sim.model import CARD_FILE, MODEL_FILE, NVML_FILE, UUID, Model
from tests.sim.replay import device

MIB = 2**20
SUITE = """\
schema: 1
name: cards
models: [{timm: [resnet10t, resnet50], resolution: [32]}]
grid: {device: ["sim:0", "sim:1"], precision: [fp32, fp16, tf32, bf16], threads: [1]}
exclude: [{device: "sim:1", model: resnet50}, {model: resnet10t, precision: fp16}]
protocol: {rounds: 2, warmup_s: 0.001, warmup_cuda_s: 0.001, warmup_max_s: 0.5, chunk_s: 0.01, chunk_max_s: 0.1,
           min_iterations: 9, energy_s: 1, timeout_s: 60}
"""
CARDS = Model(capacity=1024 * MIB, others=979 * MIB, precisions=("fp16",), telemetry="nvml", virtual_waits=True)
COUNTERS = {"energy_mj": "@50/250", "power_mw": 300_000, "is_mig": 0, "virtual": 0, "default_sm_mhz": 1980}
"""50 W, and 250 W more while kernels run."""


@pytest.fixture(scope="module")
def run(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run. A process of its own measures, as a user's does."""
    folder = tmp_path_factory.mktemp("cards")

    def set_clocks(*mhz: int) -> None:
        cards = [device(f"GPU-{UUID[:-1]}{index}", sm_mhz=clock, **COUNTERS) for index, clock in enumerate(mhz)]
        (folder / "nvml.new").write_text("\n".join(cards))
        (folder / "nvml.new").replace(folder / "nvml")

    (folder / "suite.yaml").write_text(SUITE)
    CARDS.write(folder / "model.json")
    set_clocks(1980, 990)
    names = {MODEL_FILE: "model.json", CARD_FILE: "cards", NVML_FILE: "nvml"}
    own = {**environment, **{name: str(folder / file) for name, file in names.items()}}
    command = [sys.executable, "-m", "tests.sim.command", "run", "suite.yaml", "--no-peaks"]
    with (folder / "printed").open("w") as printed, subprocess.Popen(
        command, cwd=folder, env={**os.environ, **own}, stdout=printed, stderr=printed
    ) as measuring:  # fmt: skip
        deadline = time.monotonic() + 240
        while measuring.poll() is None and time.monotonic() < deadline:
            if any(record["outcome"] == "ok" for record in stored_records(folder, device="sim:1")):
                set_clocks(1980, 1980)
            time.sleep(0.05)
        measuring.kill()
    assert measuring.returncode == 0, (folder / "printed").read_text()
    return folder


def test_a_precision_that_a_card_lacks_is_refused_with_the_reason(run: Path) -> None:
    """ResNet-50 would not fit either: its memory in a precision that the card lacks is of no interest."""
    refused = [record for record in stored_records(run) if record["case"]["precision"] in ("tf32", "bf16")]
    cases = {tuple(record["case"][name] for name in ("model", "device", "precision")) for record in refused}
    measured = (("resnet10t", "sim:0"), ("resnet10t", "sim:1"), ("resnet50", "sim:0"))
    assert cases == {(*model, precision) for model in measured for precision in ("tf32", "bf16")}
    for record in refused:
        assert (record["outcome"], record["ending"]) == ("skipped", "skipped_not_offered")
        precision = record["case"]["precision"]
        assert f"simulated accelerator has no {precision}, only an emulation" in record["error"]["message"]


def test_a_case_is_refused_by_its_bytes_and_the_free_memory(run: Path) -> None:
    """ResNet-50's 25 557 032 weights take 102 MB in fp32 and 51 MB in fp16; 45 MiB are 47 MB, of a card of 1074 MB."""
    for precision, weight_bytes in (("fp32", 4), ("fp16", 2)):
        (refused,) = stored_records(run, model="resnet50", precision=precision)
        assert refused["ending"] == "skipped_predicted_oom"
        assert refused["facts"]["free_bytes"] == 45 * MIB
        assert 1 < refused["facts"]["predicted_bytes"] / (weight_bytes * 25_557_032) < 1.1
        assert refused["wall_s"] == 0


def test_joules_per_image_are_power_times_the_time_of_a_pass(run: Path) -> None:
    """Kernels follow each other without a gap: 300 W during a pass, 50 W before it."""
    record = stored_records(run, device="sim:0", model="resnet10t", precision="fp32")[-1]
    facts = record["facts"]
    assert facts["energy_status"] == "ok"
    assert facts["idle_w"] == pytest.approx(50.0, rel=1e-3)
    assert facts["mean_w"] == pytest.approx(300.0, rel=1e-3)
    assert facts["energy_j"] == pytest.approx(300.0 * facts["latency_s"], rel=1e-3)
    assert facts["energy_net_j"] == pytest.approx(250.0 * facts["latency_s"], rel=1e-3)
    assert not any(note.startswith("energy_inconsistent") for note in record["notes"])


def page_case(folder: Path, **settings: str) -> dict[str, Any]:
    """A row of the page's JSON."""
    content = json.loads((folder / "reports" / "cards.json").read_text())
    (row,) = [row for row in content["cases"] if all(row[name] == value for name, value in settings.items())]
    return dict(row)


def test_the_page_has_the_joules(run: Path) -> None:
    """ResNet-10-T launches 49 kernels of 200 us: 9.8 ms at 300 W are 2.94 J, and 2.45 J of them are above idle."""
    row = page_case(run, model="resnet10t", device="sim:0", precision="fp32")
    assert row["energy_j"] == pytest.approx(2.94, rel=1e-3)
    assert row["energy_net_j"] == pytest.approx(2.45, rel=1e-3)
    words = page_words(run, "cards", "energy")
    for reading in ("2.94", "2.45", "300", "50.0"):
        assert f" {reading} " in words


def test_the_page_tells_why_a_precision_has_no_number(run: Path) -> None:
    content = json.loads((run / "reports" / "cards.json").read_text())
    assert content["problems"] == []
    reasons = {row["why"] for row in content["failures"]}
    for precision in ("tf32", "bf16"):
        assert f"not started: this simulated accelerator has no {precision}, only an emulation" in reasons
        assert f"has no {precision}, only an emulation" in (run / "reports" / "cards.html").read_text()


def test_a_round_at_a_low_clock_is_set_aside_and_made_again(run: Path) -> None:
    """The second card runs at half its clock in its first round, and at its default from then on."""
    rounds = stored_records(run, model="resnet10t", device="sim:1", precision="fp32")
    low = [any(note.startswith("gpu_clock_low: in 100%") for note in record["notes"]) for record in rounds]
    assert len(low) >= 3
    assert low == [True, *[False] * (len(low) - 1)]
    assert page_case(run, model="resnet10t", device="sim:1", precision="fp32")["n"] < len(low)
    first = stored_records(run, model="resnet10t", device="sim:0", precision="fp32")
    assert not any(note.startswith("gpu_clock_low") for record in first for note in record["notes"])


def test_the_same_case_takes_the_same_time_on_both_cards(run: Path) -> None:
    first, second = (stored_records(run, device=f"sim:{n}", model="resnet10t", precision="fp32")[-1] for n in (0, 1))
    for name in ("latency_s", "throughput_ips", "memory_bytes"):
        assert first["facts"][name] == pytest.approx(second["facts"][name])
    assert first["case"]["device"] != second["case"]["device"]
