"""ONNX Runtime on a GPU, against a fake of the library that records what it is asked."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from scalebench.errors import MachineError
from scalebench.measure import memory
from scalebench.measure.accelerator import Accelerator
from scalebench.measure.memory import device_peak
from scalebench.measure.runtimes import onnxruntime as module
from scalebench.measure.runtimes.onnxruntime import OnnxRuntime
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import CUDA

CASE = Case("resnet18", 32, batch=2, device="cuda:0", runtime="onnxruntime")
MIB = 2**20


class FakeLibrary(SimpleNamespace):
    """The module ``onnxruntime``: a session with one input and two outputs."""

    def __init__(self, available: list[str], opened: list[str]) -> None:
        super().__init__(SessionOptions=SimpleNamespace, RunOptions=lambda: self, __version__="1.0")
        self.available, self.opened = available, opened
        self.calls: list[tuple[Any, ...]] = []
        self.settings: dict[str, Any] = {}

    def get_available_providers(self) -> list[str]:
        return self.available

    def InferenceSession(self, _file: str, _options: Any, providers: list[Any]) -> Any:  # noqa: N802
        self.settings = providers[0][1]
        return self

    def get_providers(self) -> list[str]:
        return self.opened

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="x")]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name="logits"), SimpleNamespace(name="aux")]

    def io_binding(self) -> Any:
        return SimpleNamespace(
            bind_input=lambda *arguments: self.calls.append(("input", *arguments)),
            bind_output=lambda *arguments: self.calls.append(("output", *arguments)),
            get_outputs=lambda: ["on the device"],
        )

    def add_run_config_entry(self, name: str, value: str) -> None:
        self.calls.append((name, value))

    def run_with_iobinding(self, _binding: Any, _options: Any) -> None:
        self.calls.append(("run",))


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Torch's current streams, one after the other, of a GPU that is not there."""
    current: list[int] = []
    fake = SimpleNamespace(
        module=SimpleNamespace(
            Stream=lambda: SimpleNamespace(cuda_stream=4711), set_stream=lambda s: current.append(s.cuda_stream)
        ),
        synchronize=lambda: None,
    )
    monkeypatch.setattr(module, "accelerator_of", lambda _device: fake)
    return current


def opened(library: FakeLibrary, case: Case, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "onnxruntime", library)  # type: ignore[arg-type]
    return OnnxRuntime(case, Path()).prepare(None, torch.zeros(2, 3, 32, 32))


def test_input_and_outputs_stay_on_the_device(streams: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """All outputs are bound, none is copied to the host, and a pass returns without waiting."""
    library = FakeLibrary(["CUDAExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"])
    forward = opened(library, CASE, monkeypatch)
    assert library.calls == [
        ("disable_synchronize_execution_providers", "1"), ("output", "logits", "cpu", 0), ("output", "aux", "cpu", 0),
    ]  # fmt: skip  # the example is on the host here
    images = torch.zeros(2, 3, 32, 32)
    assert forward(images) == ["on the device"]
    assert library.calls[3:] == [("input", "x", "cpu", 0, "float32", (2, 3, 32, 32), images.data_ptr()), ("run",)]


def test_it_works_on_the_stream_on_which_torch_casts(streams: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakeLibrary(["CUDAExecutionProvider"], ["CUDAExecutionProvider"])
    opened(library, replace(CASE, precision="fp16"), monkeypatch)
    assert streams == [4711]
    assert library.settings["user_compute_stream"] == "4711"


@pytest.mark.parametrize(
    ("available", "opens", "reason"),
    [
        (["CPUExecutionProvider"], [], "has no CUDA"),
        (["CUDAExecutionProvider"], ["CPUExecutionProvider"], "runs on CPUExecutionProvider"),
    ],
)
def test_it_never_runs_on_the_cpu_instead(
    available: list[str], opens: list[str], reason: str, streams: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that does not find its CUDA opens a session all the same, on the CPU."""
    with pytest.raises(MachineError, match=reason):
        opened(FakeLibrary(available, opens), CASE, monkeypatch)


def test_outputs_are_read_when_the_device_has_written_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass returns before it is done."""
    on_device = torch.zeros(2, 10)
    card = SimpleNamespace(synchronize=lambda: on_device.fill_(3.0))
    monkeypatch.setattr(module, "accelerator_of", lambda _device: card)
    output = SimpleNamespace(numpy=lambda: on_device.numpy().copy())
    assert OnnxRuntime(CASE, Path("model.onnx")).tensor([output]).unique().tolist() == [3.0]


class Card(Accelerator):
    """A card of 1000 MiB; 300 are in use by contexts, torch has reserved 20."""

    foreign = 300 * MIB
    growth = 0

    def reset_peaks(self) -> None: ...

    def synchronize(self) -> None:
        Card.foreign, Card.growth = Card.foreign + Card.growth, 0

    def readings(self) -> None: ...

    def peaks(self) -> tuple[int, int]:
        return 20 * MIB, 12 * MIB

    def foreign_bytes(self) -> int:
        return self.foreign


def test_memory_of_its_own_arena_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An arena grows by 150 MiB while the device works, and the input takes 20 MiB of torch's: 170 MiB, not 20."""
    monkeypatch.setattr(memory, "_EVERY_S", 0.001)
    card = Card(torch.device("cuda:0"), CUDA)

    def load_and_run() -> None:
        Card.growth = 150 * MIB

    try:
        facts, notes = device_peak(load_and_run, card, foreign_before=300 * MIB)
    finally:
        Card.foreign = 300 * MIB
    assert (facts["memory_bytes"], facts["allocated_bytes"], notes) == (170 * MIB, None, ())
    assert device_peak(lambda: None, card)[0]["memory_bytes"] == 20 * MIB
