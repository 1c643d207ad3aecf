"""The layer against a CPU and against fakes of torch's modules; tests/sim has it on a device that runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import SimpleNamespace

import pytest
import torch

from scalebench.errors import MachineError
from scalebench.machine.environment import collect
from scalebench.machine.gpu import Gpu, Unavailable
from scalebench.measure import accelerator as module
from scalebench.measure.accelerator import accelerator_of, choose_device, software
from scalebench.measure.memory import device_peak
from scalebench.suite.device_kinds import CPU, CUDA, MPS, ROCM, XPU

H100 = SimpleNamespace(
    name="NVIDIA H100 80GB HBM3", total_memory=85_026_209_792, multi_processor_count=132, major=9, minor=0,
    L2_cache_size=50 * 2**20, uuid="nowhere", pci_domain_id=0, pci_bus_id=0x3B, pci_device_id=0,
)  # fmt: skip


def present(monkeypatch: pytest.MonkeyPatch, kind: str | None, count: int = 1, hip: str | None = None) -> None:
    """Torch sees so many devices of this kind."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: kind is not None)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: kind and torch.device(kind))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: count)
    monkeypatch.setattr(torch.version, "hip", hip)
    fake = SimpleNamespace(get_device_properties=lambda _device: H100)
    monkeypatch.setattr(torch, "get_device_module", lambda _device: fake)


@pytest.mark.parametrize(
    ("kind", "hip", "word", "device"),
    [
        ("cuda", None, "auto", "cuda:0"), ("cuda", None, "cuda", "cuda:0"), ("cuda", None, "cuda:1", "cuda:1"),
        ("cuda", "6.4", "auto", "cuda:0"), ("cuda", "6.4", "rocm:1", "cuda:1"), ("cuda", "6.4", "cuda:1", "cuda:1"),
        ("xpu", None, "auto", "xpu:0"), ("mps", None, "auto", "mps:0"), ("mps", None, "mps", "mps:0"),
        ("cuda", None, "cpu", "cpu"), (None, None, "auto", "cpu"),
    ],
)  # fmt: skip
def test_a_word_names_a_device(
    monkeypatch: pytest.MonkeyPatch, kind: str | None, hip: str | None, word: str, device: str
) -> None:
    present(monkeypatch, kind, 2, hip)
    assert choose_device(word)[0] == device


def test_auto_says_what_it_is_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    present(monkeypatch, "cuda", 4)
    assert choose_device("auto")[1] == "the accelerator that torch uses, NVIDIA H100 80GB HBM3, 1 of 4"
    present(monkeypatch, None)
    assert choose_device("auto")[1] == f"torch {torch.__version__} sees no accelerator"


@pytest.mark.parametrize(
    ("kind", "hip", "word", "reason"),
    [
        ("cuda", None, "cuda:2", "sees 2 of kind cuda"), ("cuda", None, "rocm", "sees 2 of kind cuda"),
        ("cuda", None, "xpu", "sees 2 of kind cuda"), ("xpu", None, "cuda", "sees 2 of kind xpu"),
        (None, None, "cuda:99", "sees no accelerator"), (None, None, "nonsense", "no device 'nonsense'"),
        ("hpu", None, "auto", "kind 'hpu', which is not supported"),
    ],
)  # fmt: skip
def test_a_device_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, kind: str | None, hip: str | None, word: str, reason: str
) -> None:
    """Before anything is measured, and never replaced by the CPU."""
    present(monkeypatch, kind, 2, hip)
    with pytest.raises(MachineError) as refused:
        choose_device(word)
    assert reason in refused.value.message
    assert refused.value.hint.startswith("use cpu")


def test_amd_and_nvidia_have_different_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch calls both ``cuda``; facts of NVIDIA's are those of earlier records, key for key."""
    present(monkeypatch, "cuda")
    nvidia = accelerator_of("cuda:0")
    assert nvidia.kind == CUDA
    assert nvidia.facts() == {
        "gpu": "NVIDIA H100 80GB HBM3", "gpu_memory_gib": 79, "multiprocessors": 132, "compute_capability": "9.0",
    }  # fmt: skip
    assert software(nvidia).keys() == {"cuda", "cudnn"}
    present(monkeypatch, "cuda", hip="6.4.43482")
    amd = accelerator_of("cuda:0")
    assert (amd.kind, amd.facts()["flavour"], software(amd)["hip"]) == (ROCM, "rocm", "6.4.43482")
    keys = {collect("cuda:0", device.facts(), software(device)).hw_key for device in (nvidia, amd)}
    assert len(keys) == 2


def test_a_lowered_power_limit_makes_no_other_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can set the limit in force; the one that the board comes with is a fact of its model."""

    class Lowered(Gpu):
        def power_limit_w(self) -> float:
            return 300.0

        def default_power_limit_w(self) -> float:
            return 700.0

    present(monkeypatch, "cuda")
    monkeypatch.setattr(module.Accelerator, "readings", lambda _: Lowered())
    assert accelerator_of("cuda:0").facts()["power_limit_w"] == 700.0


def test_every_kind_says_why_it_has_no_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """None only on the host, which has its own; else readings, or one word and a sentence."""
    present(monkeypatch, "cuda")
    reasons = {}
    for kind, device in ((CPU, "cpu"), (CUDA, "cuda:0"), (XPU, "xpu:0"), (MPS, "mps:0")):
        found = accelerator_of(device).readings()
        reasons[kind.name] = asdict(found)["reason"] if isinstance(found, Unavailable) else found
    assert reasons == {"cpu": None, "cuda": "no_nvml", "xpu": "no_sysman", "mps": "no_library"}


def test_the_cache_of_a_gpu_comes_from_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    present(monkeypatch, "cuda")
    assert accelerator_of("cuda:0").cache_bytes() == 50 * 2**20
    monkeypatch.setattr(H100, "L2_cache_size", None)
    assert accelerator_of("cuda:0").cache_bytes() is None


@pytest.mark.parametrize(
    ("capability", "lacking"), [((7, 0), {"fp8", "int8"}), ((7, 5), {"fp8"}), ((8, 6), {"fp8"}), ((8, 9), set()),
                                ((9, 0), set()), ((10, 0), set())],
)  # fmt: skip
def test_products_of_one_byte_depend_on_the_generation(
    capability: tuple[int, int], lacking: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """cuBLAS multiplies int8 on tensor cores from Turing on, fp8 from Ada (8.9) and Hopper on."""
    seen = SimpleNamespace(major=capability[0], minor=capability[1])
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: seen)
    assert {name for name in ("fp8", "int8") if accelerator_of("cuda:0").lacks(name)} == lacking


@pytest.mark.parametrize(("major", "lacking"), [(7, {"tf32", "bf16", "amp_bf16"}), (8, set()), (9, set())])
def test_precisions_are_asked_of_the_card(monkeypatch: pytest.MonkeyPatch, major: int, lacking: set[str]) -> None:
    """A T4 (7.5) has neither tf32 nor bf16, which torch emulates on it without saying so."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device=0: SimpleNamespace(major=major))
    names = ("fp32", "tf32", "bf16", "fp16", "amp_fp16", "amp_bf16")
    assert {name for name in names if accelerator_of("cuda:0").lacks(name)} == lacking
    assert not any(accelerator_of("cpu").lacks(name) for name in names)


def test_an_older_torch_is_asked_through_the_devices_own_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before torch 2.9 memory has no function of its own in torch.accelerator."""
    calls: list[str] = []
    older = SimpleNamespace(
        empty_cache=lambda: calls.append("empty"), reset_peak_memory_stats=lambda _: calls.append("reset"),
        max_memory_reserved=lambda _: 7, max_memory_allocated=lambda _: 5, mem_get_info=lambda _: (3, 9),
        set_device=lambda device: calls.append(str(device)), synchronize=lambda _: calls.append("wait"),
    )  # fmt: skip
    monkeypatch.setattr(torch, "accelerator", SimpleNamespace())
    monkeypatch.setattr(torch, "get_device_module", lambda _device: older)
    device = accelerator_of("cuda:1")
    device.select()
    device.reset_peaks()
    device.synchronize()
    assert calls == ["cuda:1", "empty", "reset", "wait"]
    assert (device.peaks(), device.free_bytes()) == ((7, 5), 3)


def test_apples_memory_has_no_peak_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch counts none there: unknown, never 0."""
    apple = SimpleNamespace(recommended_max_memory=lambda: 12 * 2**30, driver_allocated_memory=lambda: 2**30)
    monkeypatch.setattr(torch, "get_device_module", lambda _device: apple)
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda _device: None)
    device = accelerator_of("mps:0")
    facts, notes = device_peak(lambda: None, device)
    assert (facts["memory_bytes"], notes) == (None, ("memory_unavailable: torch counts no peak on mps",))
    assert device.free_bytes() == 11 * 2**30


def test_a_graph_is_recorded_after_a_warm_up_on_a_stream_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of torch's documentation: each stream waits for the other's work, or weights are read unwritten."""
    log: list[str] = []

    @dataclass
    class Stream:
        name: str

        def wait_stream(self, other: Stream) -> None:
            log.append(f"{self.name} waits for {other.name}")

    @contextmanager
    def within(name: str) -> Iterator[None]:
        log.append(f"begin {name}")
        yield
        log.append(f"end {name}")

    fake = SimpleNamespace(
        Stream=lambda: Stream("side"), current_stream=lambda: Stream("current"),
        stream=lambda stream: within(stream.name), graph=lambda _: within("graph"),
        CUDAGraph=lambda: SimpleNamespace(replay=lambda: log.append("replay")),
    )  # fmt: skip
    monkeypatch.setattr(torch, "get_device_module", lambda _device: fake)
    accelerator_of("cuda:0").recorded(lambda: log.append("run"), 2)()
    assert log == [
        "side waits for current", "begin side", "run", "run", "end side", "current waits for side",
        "begin graph", "run", "end graph", "replay",
    ]  # fmt: skip


def test_the_host_is_an_accelerator_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers ask nothing: events, waiting and selecting work, and its facts are those of the machine."""
    times = iter([2_000_000, 5_000_000])
    monkeypatch.setattr(module.time, "perf_counter_ns", lambda: next(times))
    host = accelerator_of("cpu")
    start, end = host.event(), host.event()
    start.record()
    end.record()
    end.synchronize()
    assert start.elapsed_time(end) == pytest.approx(3.0)
    host.select()
    host.synchronize()
    host.reset_peaks()
    assert (host.facts(), software(host), host.peaks()) == ({}, {}, None)


def test_a_server_that_only_imports_has_not_touched_the_gpu() -> None:
    """Children may use a device after a fork if nothing asked the driver before; imports alone must not."""
    program = (
        "import torch\nasked = []\n"
        "for name in ('_cuda_getDeviceCount', '_cuda_init', '_xpu_getDeviceCount'):\n"
        "    if hasattr(torch._C, name):\n"
        "        setattr(torch._C, name, lambda name=name: asked.append(name) or 0)\n"
        "import timm, scalebench.execute.worker\nprint(asked)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
