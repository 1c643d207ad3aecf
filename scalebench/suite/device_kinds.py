"""Kinds of devices: what a suite may ask of each, and how its work is timed. A pure table, without torch.

Only this file and ``measure/accelerator.py`` know the kinds by name; ``tests/test_device_layer.py`` checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from scalebench.suite.precisions import PRECISIONS

PLUGINS = "scalebench.device_kinds"
"""Group of entry points of further kinds, for devices that another package adds to torch. Each loads a ``DeviceKind``
and has its name; loading must not import torch."""

_TORCH = frozenset({"fp32", "bf16", "fp16", "amp_fp16", "amp_bf16"})
_TENSOR_CORES = _TORCH | {"tf32"}


@dataclass(frozen=True)
class DeviceKind:
    """One kind. The defaults are those of a discrete GPU that torch knows only through ``torch.accelerator``.

    Attributes:
        name: in suites and, before the colon, in ``Case.device``; torch's type of device unless ``torch_type`` has it.
        label: in messages.
        runtimes: runtime -> precisions that it offers; whether the card has them is asked of the card.
        torch_type: where it is not the name: torch calls AMD's devices ``cuda``.
        on_host: its work runs on the host's cores, so that calls return when it is done, threads count, memory is the
            host's, and cases take turns.
        fork: a child forked from a process that has imported torch, and used no device, may use it.
        events: torch has events with timing for it.
        memory_statistics: torch's allocator counts peaks of allocated and reserved memory.
        telemetry: library of its counters: ``nvml``, ``amdsmi``, ``xpu``; empty where there is none.
        energy_domain: prefix of its own energy counters.
        emulated: precisions that it has only in software, 10 to 500 times slower.
        byte_products: formats of one byte that torch multiplies on it, with the least compute capability, if any.
        cudnn: whether cuDNN, or what stands for it, chooses its convolutions.
        nodes: files that exist where its driver is loaded.
        pci_vendor: of such cards, whether their driver is loaded or not.
        install: how to get what drives it.
        macs_per_s: low end of eager fp32 convolutional networks, per device, on the host per core.
        start_s: seconds before a round builds its model: a fork, or an interpreter with torch and timm.
        peaks_s: time for measuring all peaks.
        stream_bytes: size of the buffers for the memory's bandwidth.
        canary_side: of square matrices; 0.9 GFLOP take 10 ms on a slow core; less on a GPU would time its launches.
        canary_mib: of the canary's copy: source and target exceed the last-level cache.
        drift: change of the canary's product that flags a round.
        floor: usual noise between two runs of a machine.
        operator_prices: usual seconds per operator, multiply-add, activation byte and weight byte.
    """

    name: str
    label: str
    runtimes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    torch_type: str = ""
    on_host: bool = False
    fork: bool = True
    events: bool = True
    memory_statistics: bool = True
    telemetry: str = ""
    energy_domain: str = "gpu_board"
    emulated: frozenset[str] = frozenset()
    byte_products: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    cudnn: bool = False
    nodes: tuple[str, ...] = ()
    pci_vendor: str = ""
    install: str = ""
    macs_per_s: float = 2e12
    start_s: float = 3.0
    peaks_s: float = 20.0
    stream_bytes: int = 2**30
    canary_side: int = 4096
    canary_mib: int = 128
    drift: float = 0.02
    floor: float = 0.02
    operator_prices: tuple[float, ...] = (1e-5, 2e-13, 1e-12, 1e-12)

    @property
    def products(self) -> frozenset[str]:
        """Formats of factors that its matrix products may have."""
        return frozenset(PRECISIONS[name].product for name in self.runtimes["eager"]) | self.byte_products.keys()

    @property
    def device_type(self) -> str:
        """Torch's name of it."""
        return self.torch_type or self.name

    def device(self, index: int) -> str:
        """``Case.device`` of its device with this number."""
        return self.device_type if self.on_host else f"{self.device_type}:{index}"


CPU = DeviceKind(
    "cpu", "CPU",
    {
        "eager": _TORCH, "compile": _TORCH, "compile_max_autotune": _TORCH,
        "onnxruntime": frozenset({"fp32", "int8"}), "openvino": frozenset({"fp32", "bf16", "int8"}),
    },
    on_host=True, events=False, memory_statistics=False, energy_domain="cpu_package",
    emulated=frozenset({"fp16", "amp_fp16"}), macs_per_s=15e9, start_s=1.0, peaks_s=10.0, stream_bytes=2**28,
    canary_side=768, canary_mib=32, drift=0.05, floor=0.05, operator_prices=(2e-5, 1e-11, 1e-10, 1e-10),
)  # fmt: skip
CUDA = DeviceKind(
    "cuda", "NVIDIA GPU",
    {
        **dict.fromkeys(
            ("eager", "compile", "compile_max_autotune", "compile_reduce_overhead", "cuda_graph"), _TENSOR_CORES
        ),
        "onnxruntime": frozenset({"fp32", "fp16"}),
    },
    byte_products={"fp8": (8, 9), "int8": (7, 5)},  # Ada and Hopper; Turing
    cudnn=True, telemetry="nvml", nodes=("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"), pci_vendor="0x10de",
    install="install NVIDIA's driver and a torch for CUDA, see pytorch.org/get-started",
)  # fmt: skip
ROCM = replace(
    CUDA, name="rocm", label="AMD GPU", torch_type="cuda", telemetry="amdsmi", nodes=("/dev/kfd",),
    pci_vendor="0x1002", byte_products={},  # torch's fp8 there is another format
    runtimes={name: _TORCH for name in CUDA.runtimes if name != "onnxruntime"},
    install="install AMD's ROCm and a torch for ROCm, see pytorch.org/get-started",
)  # fmt: skip
XPU = DeviceKind(
    "xpu", "Intel GPU", dict.fromkeys(("eager", "compile", "compile_max_autotune"), _TORCH),
    telemetry="xpu", nodes=("/sys/module/xe", "/sys/module/i915"), pci_vendor="0x8086",
    install="install Intel's GPU driver and a torch for XPU, see pytorch.org/get-started",
)  # fmt: skip
MPS = DeviceKind(
    "mps", "Apple GPU", {"eager": _TORCH},
    fork=False, memory_statistics=False, start_s=12.0, macs_per_s=5e11, stream_bytes=2**28,
    install="needs macOS 14 on Apple silicon and torch for arm64",
)  # fmt: skip
META = DeviceKind("meta", "no device")
"""Of cases that are only counted."""
KINDS = {kind.name: kind for kind in (CPU, CUDA, ROCM, XPU, MPS)}
"""Kinds that a suite may name without a plugin."""
AUTO = "auto"
"""In place of a device: the accelerator that torch uses, else the CPU."""
ACCELERATOR = "accelerator"
"""In place of a kind: every one whose work does not run on the host's cores."""
DEVICE_WORDS = ", ".join((AUTO, *(name if kind.on_host else f"{name}:N" for name, kind in KINDS.items())))
"""What a suite or a command takes as a device."""


def kind_of(device: str) -> DeviceKind:
    """Kind of a device or of a word in a suite: ``cuda:1`` -> ``CUDA``; ``DeviceKind(name)`` where it is not known.

    Stored records may be of a kind that only another machine knows, and are still read.
    """
    name = device.partition(":")[0]
    return known_kind(name) or (META if name == META.name else DeviceKind(name, name))


def known_kind(name: str) -> DeviceKind | None:
    """The kind of this name, from the table or from a plugin; None where it is not known here."""
    return KINDS.get(name) or (None if name == META.name else plugins().get(name))


@lru_cache(maxsize=1)
def plugins() -> Mapping[str, DeviceKind]:
    """Kinds that installed packages add, by name."""
    from importlib.metadata import entry_points

    return {point.name: point.load() for point in entry_points(group=PLUGINS)}


def is_device(word: str) -> bool:
    """Whether a word names a device of a known kind, as ``cpu``, ``cuda`` and ``cuda:1`` do."""
    name, numbered, number = word.partition(":")
    kind = known_kind(name)
    return kind is not None and (not numbered or (number.isdecimal() and not kind.on_host))


def index_of(device: str) -> int:
    """Number of a device: ``cuda:1`` -> 1, ``cuda`` -> 0."""
    return int(device.partition(":")[2] or 0)
