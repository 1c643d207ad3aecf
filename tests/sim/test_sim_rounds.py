"""Rounds on the simulated device, whose durations are exact: what the package says against what the model implies.

Kernels of ResNet-18 take the same time each here, so a pass takes a whole number of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.execute.client import Worker
from scalebench.execute.one_round import run_round
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from tests.sim.model import NVML_FILE, UUID, Fault
from tests.sim.replay import device

MIB = 2**20
FAST = Protocol(
    rounds=1, warmup_s=0.001, warmup_cuda_s=0.001, warmup_max_s=0.5, chunk_s=0.01, chunk_max_s=0.5, min_iterations=9,
    timeout_s=60, turns=0,
)  # fmt: skip
MACHINE = Environment("test", "hw", "sw")
exactly = pytest.approx
Simulate = Callable[..., None]


@pytest.fixture
def case(plugin: None) -> Case:
    return Case("resnet18", 64, device="sim:0", threads=1, protocol=FAST)


def measured(worker: Worker, case: Case) -> Record:
    return run_round(worker, "s", case, 0, MACHINE)


def good(record: Record) -> Record:
    assert record.outcome == "ok", record.error
    return record


def test_a_pass_takes_its_operations(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    """torchvision gives 1.814 billion multiply-adds for ResNet-18 at 224 pixels: 3.628 s at 1e9 operations per s.

    Its 70 kernels add 0.1 ms each.
    """
    simulate(kernel_s=1e-4, flops_per_s=1e9)
    record = good(measured(sim_worker, replace(case, resolution=224)))
    assert record.facts["latency_s"] == exactly(3.628, rel=3e-3)
    assert record.facts["throughput_ips"] == exactly(1 / 3.628, rel=3e-3)
    assert max(record.samples["latency_s"]) - min(record.samples["latency_s"]) < 1e-9


def test_throughput_hides_the_launches_that_latency_waits_for(
    sim_worker: Worker, simulate: Simulate, case: Case
) -> None:
    """Kernels of 100 us are launched every 40 us: a lap starts with one launch, a chunk only once."""
    simulate(kernel_s=100e-6, launch_s=40e-6)
    facts = good(measured(sim_worker, case)).facts
    kernels = round((facts["latency_s"] - 40e-6) / 100e-6)
    assert 60 <= kernels <= 90
    assert facts["latency_s"] == exactly(kernels * 100e-6 + 40e-6)
    calls = facts["chunk_calls"]
    assert facts["throughput_ips"] == exactly(calls / (calls * kernels * 100e-6 + 40e-6))


@pytest.mark.parametrize(
    ("kernel_s", "launch_s", "bound"), [(10e-6, 50e-6, True), (100e-6, 20e-6, False), (20e-6, 15e-6, False)]
)
def test_launch_bound_is_where_issuing_takes_the_whole_lap(
    sim_worker: Worker, simulate: Simulate, case: Case, kernel_s: float, launch_s: float, bound: bool
) -> None:
    """Host over event time is 1 in all three cases; issue time over lap is 1.0, 0.2 and 0.75."""
    simulate(kernel_s=kernel_s, launch_s=launch_s)
    record = good(measured(sim_worker, case))
    assert any(note.startswith("launch_bound") for note in record.notes) == bound, record.notes


def test_memory_is_that_of_the_card(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    """ResNet-18 has 11 689 512 weights of 4 bytes. Without a library of counters nobody knows the whole process."""
    simulate(context=300 * MIB, capacity=2**30)
    facts = good(measured(sim_worker, case)).facts
    weights = 4 * 11_689_512
    assert weights < facts["allocated_bytes"] < weights + 12 * MIB
    assert facts["allocated_bytes"] <= facts["memory_bytes"] < facts["allocated_bytes"] + 2 * MIB
    assert facts["process_bytes"] is None


def test_the_second_device_is_the_one_that_is_used(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    first, second = (good(measured(sim_worker, replace(case, device=f"sim:{n}"))).facts for n in (0, 1))
    for name in ("latency_s", "throughput_ips", "allocated_bytes", "memory_bytes"):
        assert first[name] == exactly(second[name])


def test_copies_are_timed_from_an_idle_device(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    """Each copy has a device of its own here, so two of them do twice the work of one, whatever they queued before."""
    simulate(kernel_s=1e-3)
    slow = replace(case, model="resnet10t", resolution=32, protocol=replace(FAST, chunk_s=0.5, chunk_max_s=2.0))
    alone = good(measured(sim_worker, slow)).facts
    both = good(measured(sim_worker, replace(slow, instances=2))).facts
    assert both["latency_s"] == exactly(alone["latency_s"])
    assert both["copies_ips"] == exactly([1 / alone["latency_s"]] * 2)
    assert both["throughput_ips"] == exactly(2 / alone["latency_s"])
    assert both["memory_bytes"] == 2 * alone["memory_bytes"]


def test_training_steps(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    """Without a launch cost the three parts of a step, each waited for, take together what a step takes."""
    simulate(kernel_s=50e-6)
    training = replace(case, model="resnet10t", mode="training", batch=2, resolution=32, optimizer="sgd")
    record = good(measured(sim_worker, replace(training, protocol=replace(FAST, min_iterations=3))))
    parts = [record.facts[name] for name in ("forward_s", "backward_s", "optimizer_s")]
    assert all(part > 0 for part in parts)
    assert sum(parts) == exactly(record.facts["latency_s"])
    assert record.facts["throughput_ips"] == exactly(2 / record.facts["latency_s"])
    assert all(0 < loss < 20 for loss in record.facts["losses"])
    assert record.facts["allocated_bytes"] > 3 * 4 * 5_400_000  # weights, gradients, momenta


def test_blocks_add_up_to_the_pass(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    simulate(kernel_s=50e-6)
    facts = good(measured(sim_worker, replace(case, mode="blocks"))).facts
    rows = facts["parts"]
    assert sum(row["seconds"] for row in rows) == exactly(facts["whole_s"])
    assert facts["whole_s"] == exactly(facts["with_hooks_s"])  # hooks launch nothing
    kernels = [row["seconds"] / 50e-6 for row in rows]
    assert kernels == exactly([round(number) for number in kernels], abs=1e-6)
    assert sum(kernels) > 60


def test_a_cold_cache_holds_no_weights(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    """ResNet-18's 46.8 MB lie in a cache of 128 MiB; after it is overwritten they come from a memory of 1 GB/s.

    Overwriting it takes 268 ms, which are not timed.
    """
    simulate(kernel_s=1e-4, bytes_per_s=1e9, cache=128 * MIB, computed_bytes=100 * MIB)
    warm, cold = (good(measured(sim_worker, replace(case, resolution=32, cache=cache))) for cache in ("warm", "cold"))
    weights_s = 4 * 11_689_512 / 1e9
    assert warm.facts["latency_s"] < 0.2 * weights_s
    assert cold.facts["latency_s"] - warm.facts["latency_s"] == exactly(weights_s, rel=0.05)
    assert cold.facts["throughput_ips"] == exactly(1 / cold.facts["latency_s"], rel=0.01)


def test_autotuned_convolutions_are_those_that_are_timed(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    """All but 0.03 % of ResNet-18's operations are convolutions, which autotuning makes twice as fast here."""
    simulate(kernel_s=1e-5, flops_per_s=1e9, benchmark_speedup=2.0)
    usual, tuned = (
        good(measured(sim_worker, replace(case, cudnn_benchmark=on))).facts["latency_s"] for on in (False, True)
    )
    assert usual / tuned == exactly(2.0, rel=0.01)


def test_mixed_precision_is_verified_against_fp32(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    record = good(measured(sim_worker, replace(case, precision="amp_bf16", layout="channels_last")))
    assert record.facts["verified"] == "ok"
    assert 1e-4 < record.facts["mean_error"] < 0.1


@pytest.mark.parametrize(("precision", "factor"), [("fp32", 1.0), ("tf32", 4.0)])
def test_tf32_is_recorded_as_it_was_while_timing(
    sim_worker: Worker, simulate: Simulate, case: Case, precision: str, factor: float
) -> None:
    """The reference of the verification is computed without; the record tells of the passes.

    ResNet-18 has 1814 million multiply-adds at 224 pixels, so 148 million at 64.
    """
    simulate(kernel_s=1e-6, flops_per_s=1e9, tf32_speedup=4.0)
    record = good(measured(sim_worker, replace(case, precision=precision, layout="channels_last")))
    assert record.facts["verified"] == "ok"
    assert record.facts["allow_tf32"] == (precision == "tf32")
    assert record.facts["latency_s"] == exactly(2 * 148.1e6 / 1e9 / factor, rel=0.02)


def test_verification_does_not_run_out_of_memory_beside_the_loaded_model(
    sim_worker: Worker, simulate: Simulate, case: Case
) -> None:
    """The card holds the case, and not a second model of 47 MB beside it."""
    large = replace(case, batch=8, resolution=32, layout="channels_last")
    peak = good(measured(sim_worker, replace(large, layout="contiguous"))).facts["memory_bytes"]
    simulate(capacity=peak + 16 * MIB)
    record = good(measured(sim_worker, large))
    assert record.facts.get("verified") != "off"


@pytest.mark.parametrize(
    ("faults", "model", "outcome", "ending", "message"),
    [
        ((Fault("max_pool2d", "error"),), {}, "failed", "error", "illegal memory access"),
        ((Fault("max_pool2d", "unsupported"),), {}, "failed", "error", "not implemented on sim"),
        ((Fault("max_pool2d", "crash"),), {}, "crashed", "killed_signal(SIGSEGV)", "SIGSEGV"),
        ((Fault("max_pool2d", "kill"),), {}, "crashed", "killed_signal(SIGKILL)", "SIGKILL"),
        ((Fault("max_pool2d", "hang"),), {}, "timeout", "timeout", "killed after 1.5 s"),
        ((), {"capacity": 40 * MIB}, "oom", "oom_device", "out of memory"),
    ],
)
def test_every_ending_is_a_record_and_the_next_round_is_good(
    sim_worker: Worker,
    simulate: Simulate,
    case: Case,
    faults: tuple[Fault, ...],
    model: dict[str, Any],
    outcome: str,
    ending: str,
    message: str,
) -> None:
    simulate(faults=faults, **model)
    record = measured(sim_worker, replace(case, protocol=replace(FAST, timeout_s=1.5 if ending == "timeout" else 60)))
    assert record.outcome == outcome, record.error
    assert record.ending.startswith(ending)
    assert record.error is not None
    assert message in record.error["message"]
    assert record.facts == record.samples == {}
    simulate()
    good(measured(sim_worker, replace(case, resolution=32)))


def test_a_device_that_gets_slower_never_settles(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    simulate(drift_per_s=50.0)
    record = good(measured(sim_worker, replace(case, resolution=32, protocol=replace(FAST, warmup_max_s=0.02))))
    assert any(note.startswith("warmup_unsettled") for note in record.notes), record.notes


def test_auto_is_the_accelerator_and_says_so(sim_worker: Worker, simulate: Simulate) -> None:
    simulate(capacity=3 * 2**30)
    ending = sim_worker.run({"do": "environment", "devices": ["auto", "sim:1", "cpu"]}, 60)
    assert ending.error is None
    assert [ending.answers[index]["device"] for index in range(3)] == ["sim:0", "sim:1", "cpu"]
    assert "Simulated One" in ending.answers[0]["reason"]
    hardware = ending.answers[0]["environment"]["hardware"]
    assert (hardware["gpu"], hardware["gpu_memory_gib"], hardware["multiprocessors"]) == ("Simulated One", 3, 8)


def test_a_card_says_what_it_lacks_and_what_is_free(sim_worker: Worker, simulate: Simulate) -> None:
    """Free memory, not the card's: 1024 MiB less 300 of other processes and 100 of the own context."""
    simulate(precisions=("fp16",), capacity=2**30, others=300 * MIB, context=100 * MIB)
    answer = sim_worker.run({"do": "environment", "devices": ["sim"]}, 60).answers[0]
    assert set(answer["lacks"]) == {"bf16", "amp_bf16", "tf32"}
    assert answer["free_bytes"] == 624 * MIB


def test_a_device_that_is_not_there_is_refused(sim_worker: Worker, simulate: Simulate) -> None:
    ending = sim_worker.run({"do": "environment", "devices": ["sim:2"]}, 60)
    assert ending.error is not None
    assert "2 of kind sim" in ending.error["message"]


def test_peaks_are_the_rates_of_the_model(sim_worker: Worker, simulate: Simulate) -> None:
    """1 GFLOP/s in fp32, four times that in half precision, 20 MB/s of memory; launches hardly cost time."""
    simulate(kernel_s=1e-5, flops_per_s=1e9, half_speedup=4.0, capacity=4 * MIB)
    job = {"do": "peaks", "device": "sim:0", "threads": 1, "cap_s": 0.5}
    ending = sim_worker.run(job, 60)
    assert ending.error is None
    rates = {answer["name"]: answer["peak"]["best"] for answer in ending.answers.values() if "peak" in answer}
    assert rates["fp32"] == exactly(1e9, rel=0.02)
    assert rates["bf16"] == exactly(4e9, rel=0.02)
    assert rates["fp16"] == exactly(4e9, rel=0.02)
    simulate(kernel_s=1e-5, bytes_per_s=2e7, capacity=4 * MIB)
    rates = {a["name"]: a["peak"]["best"] for a in sim_worker.run(job, 60).answers.values() if "peak" in a}
    assert rates["copy"] == exactly(2e7, rel=0.02)
    assert rates["triad"] == exactly(2e7, rel=0.02)


def test_a_throttled_card_is_flagged(
    sim_worker: Worker, simulate: Simulate, case: Case, environment: dict[str, str]
) -> None:
    """Readings of NVML during the round. In a container the own process is not among those it lists.

    So its memory is what the card's grew by since before the round: from 100 to 500 MiB.
    """
    memory = [f"{2**30}/{100 * MIB}", f"{2**30}/{500 * MIB}"]
    readings = device(
        f"GPU-{UUID}", reasons=[0x0, 0x40], sm_mhz=[1980, 1200], celsius=91, power_mw=300_000, limit_mw=350_000,
        processes="1:1024", memory=memory,
    )  # fmt: skip
    Path(environment[NVML_FILE]).write_text(readings)
    simulate(telemetry="nvml")
    record = good(measured(sim_worker, replace(case, resolution=32)))
    assert any(note.startswith("throttled: hw_thermal") for note in record.notes), record.notes
    seen = record.telemetry["gpu"]
    assert (seen["sm_clock_min_mhz"], seen["temperature_max_c"], seen["other_pids"]) == (1200, 91, None)
    assert seen["power_mean_w"] == exactly(300.0)
    assert record.facts["process_bytes"] == 400 * MIB
    assert record.facts["context_bytes"] == 400 * MIB - record.facts["memory_bytes"]


def test_a_fresh_interpreter_that_is_slow_to_exit_has_answered(simulate: Simulate, case: Case) -> None:
    """The answer counts; the interpreter is not waited for."""
    simulate(fork=False, exit_s=120.0)
    with Worker(fork=False) as fresh:
        record = good(measured(fresh, replace(case, resolution=32)))
    assert record.ending == "ok"
    assert record.wall_s < 60
