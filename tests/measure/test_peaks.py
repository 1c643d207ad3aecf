"""What torch is asked to do for a peak; the rules of the climb are tested with it."""

from __future__ import annotations

import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from scalebench.machine.ability import EMULATED
from scalebench.machine.climb import Run
from scalebench.machine.telemetry import Reading
from scalebench.measure import accelerator, peaks
from scalebench.measure.accelerator import Accelerator, accelerator_of
from scalebench.measure.peaks import measure_peaks, products, streams
from scalebench.suite.device_kinds import CUDA

CPU = accelerator_of("cpu")
MIB = 2**20


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 64 MiB of free memory, so that nothing takes long, and without other work on it."""
    monkeypatch.setattr(peaks, "read", lambda: Reading(0.0, 0.0, 0))
    monkeypatch.setattr(accelerator, "free_memory", lambda: 64 * MIB)
    monkeypatch.setattr(accelerator, "last_cache", lambda: MIB)


@pytest.fixture(autouse=True)
def threads_as_before() -> Any:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def timer(run: Run, calls: int) -> float:
    """A machine on which every call takes a hundredth of a second."""
    run()
    return 0.01 * calls


def test_every_peak_is_found_with_its_unit(small: None) -> None:
    found = list(measure_peaks("cpu", 1, cap_s=0.6, timer=timer))
    assert [(kind, name) for kind, name, _ in found] == [
        ("matmul", "fp32"), ("matmul", "bf16"), ("matmul", "fp16"),
        ("bandwidth", "copy"), ("bandwidth", "triad"), ("bandwidth", "llc"),
    ]  # fmt: skip
    assert {peak.unit for kind, _, peak in found if kind == "matmul"} == {"FLOP/s"}
    assert {peak.unit for kind, _, peak in found if kind == "bandwidth"} == {"B/s"}
    assert all(0 < peak.sustained <= peak.best for _, _, peak in found)
    json.dumps([asdict(peak) for _, _, peak in found])


def test_rates_count_two_flops_per_multiply_add_and_every_byte(small: None) -> None:
    found = {name: peak for _, name, peak in measure_peaks("cpu", 1, cap_s=0.6, formats=["fp32"], timer=timer)}
    side = int(found["fp32"].shape.partition("x")[0])
    assert found["fp32"].best == pytest.approx(2 * side**3 / 0.01)
    assert found["copy"].best == pytest.approx(2 * 8 * MIB / 0.01)
    assert found["triad"].best == pytest.approx(3 * 8 * MIB / 0.01)
    assert found["llc"].best == pytest.approx(MIB / 4 / 0.01)
    assert (found["copy"].shape, found["triad"].shape) == ("2 x 8 MiB", "3 x 8 MiB")


def test_a_precision_far_below_fp32_is_called_emulated(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(run: Run, calls: int) -> float:
        out: Any = run()
        rate = {torch.float32: 1e9, torch.bfloat16: 0.3e9, torch.float16: 0.2e9}[out.dtype]
        return calls * 2 * len(out) ** 3 / rate

    monkeypatch.setattr(peaks, "streams", lambda _device: {})
    found = {name: peak.note for _, name, peak in measure_peaks("cpu", 1, cap_s=1.2, timer=slow)}
    assert found == {"fp32": "", "bf16": "", "fp16": EMULATED}


def test_without_fp32_nothing_is_called_emulated(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "streams", lambda _device: {})
    assert [peak.note for _, _, peak in measure_peaks("cpu", 1, 0.1, ["bf16"], timer)] == [""]


def test_threads_that_waited_for_a_core_are_noted(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "between", lambda *_: SimpleNamespace(waited_share=0.4))
    found = list(measure_peaks("cpu", 1, cap_s=0.6, timer=timer))
    assert all(peak.contended for _, _, peak in found)
    assert found[0][2].note == "contended: waited 40% of the time for a core"


def test_the_real_clock_finds_believable_rates(small: None) -> None:
    found = {name: peak for _, name, peak in measure_peaks("cpu", 1, cap_s=0.4, formats=["fp32"])}
    assert 1e6 < found["fp32"].best < 1e15
    assert 1e6 < found["copy"].best < 1e14


def test_matrices_grow_and_fit_into_an_eighth_of_the_memory(small: None) -> None:
    steps = products(CPU, "fp32")
    assert [step.shape for step in steps] == [f"{n}x{n}x{n}" for n in (128, 256, 512, 1024)]
    assert [step.amount for step in products(CPU, "bf16")][-1] == 2 * 2048**3
    assert [step.amount for step in steps] == sorted(step.amount for step in steps)


@pytest.mark.parametrize(
    ("free_mib", "cache_mib", "buffer_mib"),
    [(100_000, 32, 256), (100_000, 512, 2048), (100_000, None, 256), (800, 32, 100)],
)
def test_buffers_exceed_the_cache_and_spare_the_memory(
    free_mib: int, cache_mib: int | None, buffer_mib: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least four times the last cache, and at most an eighth of what is free."""
    monkeypatch.setattr(accelerator, "free_memory", lambda: free_mib * MIB)
    monkeypatch.setattr(accelerator, "last_cache", lambda: None if cache_mib is None else cache_mib * MIB)
    steps = streams(CPU)
    assert steps["copy"].amount == pytest.approx(2 * buffer_mib * MIB)
    assert steps["triad"].amount == pytest.approx(3 * buffer_mib * MIB)
    assert ("llc" in steps) == (cache_mib is not None)
    if cache_mib is not None:
        assert steps["llc"].amount == pytest.approx(cache_mib * MIB / 4)


class FakeGraphs(Accelerator):
    """A GPU that records what it is given, and replays it."""

    def recorded(self, run: Run, warm_calls: int) -> Any:
        self.__dict__["warm"] = warm_calls
        return run

    def free_bytes(self) -> float:
        return 2**30

    def cache_bytes(self) -> int:
        return 8 * MIB


def test_copies_within_a_gpus_cache_are_launched_a_hundred_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of 2 x 1 MiB at 5 TB/s takes 0.4 us, a launch 5 us: one by one the rate would be that of launches."""
    gpu = FakeGraphs(torch.device("cpu"), CUDA)
    copies: list[int] = []
    monkeypatch.setattr(torch.Tensor, "copy_", lambda _self, source: copies.append(source.numel()))
    step = streams(gpu)["llc"]
    step.make()()
    assert copies == [MIB // 4] * 100
    assert step.amount == 100 * 2 * MIB
    assert streams(CPU)["llc"].amount < 100 * 2 * MIB or CPU.cache_bytes() is None


def test_tf32_is_a_precision_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of the same fp32 numbers, with the switch on, where the card has it; fp32 is without."""
    switched: list[bool] = []
    monkeypatch.setattr(peaks, "allow_tf32", switched.append)
    monkeypatch.setattr(peaks, "streams", lambda _device: {})
    monkeypatch.setattr(peaks, "_climb", lambda *_: None)
    monkeypatch.setattr(peaks, "products", lambda _device, _name: [])
    gpu = FakeGraphs(torch.device("cpu"), CUDA)
    monkeypatch.setattr(peaks, "accelerator_of", lambda _device: gpu)
    monkeypatch.setattr(FakeGraphs, "select", lambda _: None)
    monkeypatch.setattr(FakeGraphs, "lacks", lambda _self, name: name == "bf16")
    list(measure_peaks("cuda:0", 1))
    assert switched == [False, True, *[False] * 4], "fp32, tf32, fp16, fp8, int8, and what follows"


@pytest.mark.parametrize(("factors", "sums"), [("int8", torch.int32), ("fp8", torch.bfloat16)])
def test_factors_of_one_byte_are_multiplied_as_such(
    factors: str, sums: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch's own products for them, against float64, with the second factor by columns as cuBLAS takes it."""
    gpu = FakeGraphs(torch.device("cpu"), CUDA)
    multiplied: list[tuple[torch.Tensor, torch.Tensor]] = []
    name = {"int8": "_int_mm", "fp8": "_scaled_mm"}[factors]

    def product(a: torch.Tensor, b: torch.Tensor, *scales: torch.Tensor, **options: Any) -> torch.Tensor:
        multiplied.append((a, b))
        assert [float(scale) for scale in scales] == ([] if factors == "int8" else [1.0, 1.0])
        return (a.double() @ b.double()).to(sums)

    monkeypatch.setattr(torch, name, product)
    first = products(gpu, factors)[0]
    out: Any = first.make()()
    ((a, b),) = multiplied
    assert a.dtype == b.dtype == {"int8": torch.int8, "fp8": torch.float8_e4m3fn}[factors]
    assert (a.shape, b.shape, b.stride()) == ((128, 128), (128, 128), (1, 128))
    assert out.dtype == sums
    assert first.amount == 4_194_304
    assert 0.5 < float(a.double().std()) / {"int8": 40, "fp8": 1}[factors] < 1.1


def test_int8_is_what_torch_makes_of_it() -> None:
    """The real operator: sums of products of whole numbers are exact."""
    gpu = FakeGraphs(torch.device("cpu"), CUDA)
    out: Any = products(gpu, "int8")[0].make()()
    assert out.dtype == torch.int32
    assert float(out.double().std()) == pytest.approx(1600 * 128**0.5, rel=0.1)


def test_peaks_of_a_card_are_two_operations_per_multiply_add(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call takes 10 ms whatever it multiplies, so that the largest product that fits is the peak."""
    gpu = FakeGraphs(torch.device("cpu"), CUDA)
    monkeypatch.setattr(peaks, "accelerator_of", lambda _device: gpu)
    monkeypatch.setattr(peaks, "streams", lambda _device: {})
    monkeypatch.setattr(FakeGraphs, "select", lambda _: None)
    monkeypatch.setattr(FakeGraphs, "lacks", lambda _self, name: name == "tf32")
    monkeypatch.setattr(FakeGraphs, "free_bytes", lambda _: 8 * 256 * 256)  # one matrix: 256 squared in fp8
    peak = {name: found.best for _, name, found in measure_peaks("cuda:0", 1, cap_s=12.0, timer=_ten_ms)}
    assert set(peak) == {"fp32", "bf16", "fp16", "fp8", "int8"}
    assert peak["int8"] == peak["fp8"] == pytest.approx(2 * 256**3 / 0.01)
    assert peak["fp32"] == peak["bf16"] == peak["fp16"] == pytest.approx(2 * 128**3 / 0.01)


def _ten_ms(run: Run, calls: int) -> float:
    return 0.01 * calls


def test_streams_do_what_they_are_named_after(small: None) -> None:
    steps = streams(CPU)
    copied: Any = steps["copy"].make()()
    assert copied.numel() == 2 * MIB
    assert copied.std() == pytest.approx(1.0, abs=0.01)
    added: Any = steps["triad"].make()()
    assert added.std() == pytest.approx((1 + 9) ** 0.5, abs=0.03)


def test_a_gpu_gets_long_shapes_and_large_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = accelerator_of("cuda:0")
    free_and_total = (139 * 2**30, 141 * 2**30)
    monkeypatch.setattr(torch.accelerator, "get_memory_info", lambda _device: free_and_total, raising=False)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: SimpleNamespace(L2_cache_size=50 * MIB))
    shapes = [step.shape for step in products(cuda, "bf16")]
    assert {"1024x10240x5120", "2048x2048x13312", "4096x4096x8192", "16384x16384x16384"} <= set(shapes)
    assert streams(cuda)["copy"].amount == 2 * 2**30
