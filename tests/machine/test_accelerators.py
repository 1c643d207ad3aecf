"""What a machine's files say about its accelerators, and what the words of a suite mean there, without torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebench.errors import MachineError
from scalebench.machine import accelerators
from scalebench.machine.accelerators import Accelerators, choose_without_torch, find_accelerators
from scalebench.machine.kernel import refuse_windows
from scalebench.suite.device_kinds import CUDA, MPS, ROCM, XPU

FOR_CUDA = (
    "__version__ = '2.9.0+cu128'\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\nxpu: Optional[str] = None\n"
)
FOR_ROCM = "__version__ = '2.9.0+rocm6.4'\ncuda: Optional[str] = None\nhip: Optional[str] = '6.4.43482'\nxpu = None\n"
FOR_XPU = "__version__ = '2.9.0+xpu'\ncuda = None\nhip = None\nxpu: Optional[str] = '20250201'\n"
NVIDIA, AMD, INTEL = "0x10de", "0x1002", "0x8086"


def machine(
    tmp_path: Path,
    nodes: tuple[str, ...] = (),
    vendors: tuple[str, ...] = (),
    torch: str = FOR_CUDA,
    system: str = "Linux",
) -> Accelerators:
    for node in nodes:
        (tmp_path / node).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / node).touch()
    for number, vendor in enumerate(vendors):
        device = tmp_path / f"sys/bus/pci/devices/0000:0{number}:00.0"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n", encoding="ascii")
        (device / "class").write_text("0x030200\n", encoding="ascii")
    (tmp_path / "version.py").write_text(torch, encoding="utf-8")
    return find_accelerators(tmp_path, tmp_path / "version.py", system)


@pytest.fixture(autouse=True)
def no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerators, "plugins", dict)


@pytest.mark.parametrize(
    ("nodes", "vendors", "torch", "kinds"),
    [
        (("dev/nvidiactl",), (NVIDIA,), FOR_CUDA, (CUDA,)),
        (("dev/dxg",), (), FOR_CUDA, (CUDA,)),  # Windows' Linux
        (("dev/kfd",), (AMD,), FOR_ROCM, (ROCM,)),
        (("sys/module/xe",), (INTEL,), FOR_XPU, (XPU,)),
        (("dev/kfd",), (AMD,), FOR_CUDA, ()),
        (("dev/nvidiactl",), (NVIDIA,), FOR_ROCM, ()),
        (("sys/module/i915",), (INTEL,), FOR_CUDA, ()),
        ((), (NVIDIA,), FOR_CUDA, ()),
        ((), (), FOR_CUDA, ()),
    ],
)
def test_torch_is_only_started_where_it_may_see_a_device(
    tmp_path: Path, nodes: tuple[str, ...], vendors: tuple[str, ...], torch: str, kinds: tuple[object, ...]
) -> None:
    """A driver is loaded, and torch is built for it."""
    found = machine(tmp_path, nodes, vendors, torch)
    assert (found.usable, found.ask_torch) == (kinds, bool(kinds))
    assert (choose_without_torch("auto", found) is None) == bool(kinds)


def test_apple_silicon_is_never_taken_for_a_cpu(tmp_path: Path) -> None:
    assert machine(tmp_path, torch="__version__ = '2.9.0'\n", system="Darwin arm64").usable == (MPS,)
    (tmp_path / "intel").mkdir()
    assert machine(tmp_path / "intel", torch="__version__ = '2.2.0'\n", system="Darwin x86_64").usable == ()


@pytest.mark.parametrize(
    ("nodes", "vendors", "reason"),
    [
        ((), (), "this machine has no accelerator"),
        (("dev/kfd",), (AMD,), "there is an AMD GPU, but torch 2.9.0+cu128 is built for cuda 12.8; install AMD's ROCm"),
        ((), (INTEL,), "there is an Intel GPU, but torch 2.9.0+cu128 is built for cuda 12.8; install Intel's"),
        ((), (NVIDIA,), "there is an NVIDIA GPU, but its driver is not loaded, or not made available"),
    ],
)
def test_auto_says_why_it_is_the_cpu(
    tmp_path: Path, nodes: tuple[str, ...], vendors: tuple[str, ...], reason: str
) -> None:
    choice = choose_without_torch("auto", machine(tmp_path, nodes, vendors))
    assert choice is not None
    assert choice[0] == "cpu"
    assert choice[1].startswith(reason)


@pytest.mark.parametrize(
    ("word", "vendors", "reason"),
    [
        ("cuda:1", (), "no device 'cuda:1': this machine has no NVIDIA GPU"),
        ("xpu", (INTEL,), "no device 'xpu': there is an Intel GPU, but torch 2.9.0+cu128 is built for cuda 12.8"),
        ("mps", (), "no device 'mps': this machine has no Apple GPU"),
        ("rocm", (AMD,), "no device 'rocm': there is an AMD GPU, but torch"),
    ],
)
def test_a_named_device_that_cannot_be_used_is_refused(
    tmp_path: Path, word: str, vendors: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(MachineError) as refused:
        choose_without_torch(word, machine(tmp_path, (), vendors))
    assert refused.value.message.startswith(reason)
    assert refused.value.hint == "use cpu or auto"


def test_the_cpu_is_always_there(tmp_path: Path) -> None:
    assert choose_without_torch("cpu", machine(tmp_path, ("dev/nvidiactl",), (NVIDIA,))) == ("cpu", "named")


def test_the_installed_torch_is_read_without_importing_it() -> None:
    """The version of the package that is installed, whatever it is built for."""
    from importlib.metadata import version

    assert find_accelerators().torch.partition("+")[0] == version("torch").partition("+")[0]


def test_windows_is_told_at_once_what_does_not_work() -> None:
    refuse_windows("linux")
    with pytest.raises(MachineError, match="Linux and macOS only") as refused:
        refuse_windows("win32")
    assert "WSL" in refused.value.hint
