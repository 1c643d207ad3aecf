"""The canary times the same work every time and leaves no trace in the process."""

from __future__ import annotations

import gc
import hashlib
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from scalebench.measure import canary as module
from scalebench.measure.canary import await_idle, canary
from scalebench.measure.runtimes.torchlike import set_tf32
from scalebench.suite.case import Case

CPU = torch.device("cpu")


class Scripted:
    """A clock whose laps are written down beforehand."""

    def __init__(self, laps: list[float]) -> None:
        self.laps = iter(laps)

    def lap(self, run: Callable[[], object]) -> float:
        run()
        return next(self.laps)

    def chunk(self, run: Callable[[], object], calls: int) -> float:
        raise AssertionError("calls are timed one by one")


def test_the_usual_time_is_the_median_without_the_first_call() -> None:
    """Even with no time at all there are three calls to take it from."""
    calls: list[int] = []
    found = module._median_lap(lambda: calls.append(1), Scripted([9.0, 1.0, 5.0, 2.0]), seconds=0.0)
    assert found == 2.0
    assert len(calls) == 4


def test_both_figures_are_seconds() -> None:
    found = canary(CPU, seconds=0.0)
    assert found.keys() == {"idle", "matmul_s", "copy_s"}
    assert all(0 < found[name] < 60 for name in ("matmul_s", "copy_s"))


def test_it_copies_what_it_says_and_multiplies_what_it_says() -> None:
    copy, product = module._copy(CPU)(), module._product(CPU)()
    assert isinstance(copy, torch.Tensor)
    assert isinstance(product, torch.Tensor)
    assert copy.numel() * copy.element_size() == 32 * 2**20
    assert product.shape == (768, 768)
    assert copy.std().item() == pytest.approx(1.0, abs=0.01)  # not zeros, which would draw less power
    assert product.std().item() == pytest.approx(768**0.5, rel=0.01)


def test_it_moves_neither_the_random_numbers_nor_the_memory_of_a_round() -> None:
    before = large_tensors()
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    canary(CPU, seconds=0.0)
    assert torch.equal(torch.rand(4), expected)
    assert large_tensors() <= before


class Process:
    """A process beside whose sleeping thread others take ``cores`` until ``until_s``."""

    def __init__(self, cores: float, until_s: float) -> None:
        self.now = self.cpu = 0.0
        self.cores, self.until_s = cores, until_s

    def sleep(self, seconds: float) -> None:
        self.cpu += self.cores * max(0.0, min(self.until_s, self.now + seconds) - self.now)
        self.now += seconds

    def await_idle(self) -> bool:
        return await_idle(lambda: self.cpu, lambda: self.now, self.sleep)


def test_it_waits_until_workers_no_longer_spin() -> None:
    """One worker on one core for 0.3 s, as ONNX Runtime's after a pass."""
    process = Process(cores=1.0, until_s=0.3)
    assert process.await_idle()
    assert 0.3 <= process.now < 0.35


def test_it_does_not_wait_for_a_process_that_sleeps() -> None:
    process = Process(cores=0.01, until_s=9.0)
    assert process.await_idle()
    assert process.now < 0.05


def test_workers_that_never_sleep_are_reported() -> None:
    process = Process(cores=0.2, until_s=1e9)
    assert not process.await_idle()
    assert 3.0 <= process.now < 3.1


def test_no_thread_of_the_process_runs_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that hashes without the interpreter's lock for 0.3 s; each call of the canary looks for it."""
    running: list[bool] = []

    def spin() -> None:
        data, end = bytes(2**20), time.monotonic() + 0.3
        while time.monotonic() < end:
            hashlib.sha256(data)

    spinner = threading.Thread(target=spin)
    monkeypatch.setattr(module, "_WORK", {"matmul_s": lambda _: lambda: running.append(spinner.is_alive())})
    spinner.start()
    assert canary(CPU, seconds=0.0)["idle"]
    assert running == [False] * 4


def test_onnxruntimes_workers_sleep_when_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its workers spin for a while after a pass. While this thread sleeps, a worker takes CPU time only if it spins."""
    onnx, onnxruntime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    shape = [256, 256]
    matrix = partial(onnx.helper.make_tensor_value_info, elem_type=onnx.TensorProto.FLOAT, shape=shape)
    product = onnx.helper.make_node("MatMul", ["x", "x"], ["y"])
    graph = onnx.helper.make_graph([product], "product", [matrix("x")], [matrix("y")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    images, busy_s = {"x": torch.randn(shape).numpy()}, []

    def watch() -> None:
        start = time.process_time()
        time.sleep(0.02)
        busy_s.append(time.process_time() - start)

    monkeypatch.setattr(module, "_WORK", {"matmul_s": lambda _: watch})
    for _ in range(20):
        session.run(None, images)
    assert canary(CPU, seconds=0.0)["idle"]
    assert max(busy_s) < 0.01


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_it_multiplies_in_fp32_whatever_the_case_uses(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the process during the canary, and its product against float64: bf16 is off by 2e-3."""
    mkldnn: Any = torch.backends.mkldnn
    backends = (torch.backends.cuda.matmul, mkldnn.matmul)
    if not hasattr(backends[0], "fp32_precision"):
        pytest.skip("torch before 2.9")
    during: list[list[str]] = []

    def product(device: torch.device) -> Callable[[], object]:
        a, b = torch.randn(64, 64), torch.randn(64, 64)

        def multiply() -> None:
            during.append([backend.fp32_precision for backend in backends])
            exact = a.double() @ b.double()
            assert ((a @ b) - exact).norm() / exact.norm() < 1e-6

        return multiply

    monkeypatch.setattr(module, "_WORK", {"matmul_s": product})
    before = [backend.fp32_precision for backend in backends]
    try:
        set_tf32(Case("resnet18", 64, precision=precision))
        backends[1].fp32_precision = "bf16"
        outside = [backend.fp32_precision for backend in backends]
        canary(CPU, seconds=0.0)
        assert during == [["ieee", "ieee"]] * 4
        assert [backend.fp32_precision for backend in backends] == outside
        assert torch.backends.cuda.matmul.allow_tf32 == (precision == "tf32")
    finally:
        set_tf32(Case("resnet18", 64))
        for backend, setting in zip(backends, before, strict=True):
            backend.fp32_precision = setting


def large_tensors() -> set[int]:
    gc.collect()
    return {id(found) for found in gc.get_objects() if type(found) is torch.Tensor and found.numel() > 100_000}
