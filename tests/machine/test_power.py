"""Energy counters against folders that look like the kernel's, and a GPU that is a plain object."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.machine.gpu import Gpu, Unavailable
from scalebench.machine.nvml import NvmlGpu
from scalebench.machine.power import Board, Counter, Rapl, open_counters

RANGE_UJ = 262_143_328_850  # of a Xeon
SERVER = {
    "intel-rapl:0": "package-0", "intel-rapl:0:0": "dram", "intel-rapl:0:1": "core",
    "intel-rapl:1": "package-1", "intel-rapl:1:0": "dram", "intel-rapl:2": "psys",
    "intel-rapl-mmio:0": "package-0",
}  # fmt: skip


def powercap(root: Path, zones: dict[str, str], energy_uj: str = "1000000") -> Path:
    """A powercap folder with these zones, by folder and name; the control type itself has no colon."""
    (root / "intel-rapl").mkdir(parents=True)
    for folder, name in zones.items():
        (root / folder).mkdir()
        (root / folder / "name").write_text(f"{name}\n")
        (root / folder / "energy_uj").write_text(f"{energy_uj}\n")
        (root / folder / "max_energy_range_uj").write_text(f"{RANGE_UJ}\n")
    return root


def cpuinfo(folder: Path, flags: str) -> Path:
    file = folder / "cpuinfo"
    file.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\n\nprocessor\t: 1\n")
    return file


def domains(found: tuple[Counter, ...] | Unavailable) -> list[str]:
    assert not isinstance(found, Unavailable), found
    return [counter.domain for counter in found]


def reason(found: tuple[Counter, ...] | Unavailable) -> str:
    assert isinstance(found, Unavailable)
    return found.reason


def gpu(**answers: Any) -> Gpu:
    return NvmlGpu(
        SimpleNamespace(**{name: lambda *_, value=value: value for name, value in answers.items()}), "handle"
    )


def test_domains_stay_apart_and_packages_come_first(tmp_path: Path) -> None:
    """Each memory belongs to its package; cores are part of theirs, and the memory-mapped zone repeats one."""
    found = open_counters("cpu", root=powercap(tmp_path, SERVER))
    assert domains(found) == ["cpu_package-0", "cpu_package-1", "dram-0", "dram-1", "psys"]


def test_dies_of_a_package_are_told_apart(tmp_path: Path) -> None:
    zones = {"intel-rapl:0": "package-0-die-0", "intel-rapl:1": "package-0-die-1", "intel-rapl:1:0": "dram"}
    found = open_counters("cpu", root=powercap(tmp_path, zones))
    assert domains(found) == ["cpu_package-0-die-0", "cpu_package-0-die-1", "dram-0-die-1"]


def test_a_counter_reads_its_file_and_counts_in_joules(tmp_path: Path) -> None:
    found = open_counters("cpu", root=powercap(tmp_path, {"intel-rapl:0": "package-0"}))
    assert not isinstance(found, Unavailable)
    (counter,) = found
    before = counter.read()
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("3500000\n")
    after = counter.read()
    assert (before, after) == (1_000_000, 3_500_000)
    assert counter.joules(1_000_000, 3_500_000) == 2.5
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    assert counter.read() is None


@given(before=st.integers(0, RANGE_UJ - 1), spent=st.integers(0, RANGE_UJ - 1))
def test_a_counter_that_wrapped_is_followed(before: int, spent: int) -> None:
    """Wherever it stood, up to a whole range of energy is counted rightly, and never negative."""
    counter = Rapl("cpu_package-0", Path("energy_uj"), RANGE_UJ)
    assert counter.joules(before, (before + spent) % RANGE_UJ) == pytest.approx(spent * 1e-6)


def test_a_counter_that_went_back_without_a_known_range_tells_nothing(tmp_path: Path) -> None:
    zone = powercap(tmp_path, {"intel-rapl:0": "package-0"}) / "intel-rapl:0"
    (zone / "max_energy_range_uj").unlink()
    found = open_counters("cpu", root=tmp_path)
    assert not isinstance(found, Unavailable)
    assert found[0].joules(10, 5) is None
    assert found[0].joules(5, 10) == pytest.approx(5e-6)


@pytest.mark.parametrize(("flags", "word"), [("avx2 hypervisor sse", "virtual_machine"), ("avx2 sse", "no_rapl")])
def test_no_powercap_has_a_reason(tmp_path: Path, flags: str, word: str) -> None:
    """A virtual machine is told by its processor's flags; otherwise the kernel has no such driver."""
    assert reason(open_counters("cpu", root=tmp_path / "absent", cpuinfo=cpuinfo(tmp_path, flags))) == word


def test_memory_alone_is_no_processor(tmp_path: Path) -> None:
    root = powercap(tmp_path / "cap", {"intel-rapl:0": "psys"})
    assert reason(open_counters("cpu", root=root, cpuinfo=cpuinfo(tmp_path, "sse"))) == "no_rapl"


def test_a_virtual_machine_that_shows_counters_may_use_them(tmp_path: Path) -> None:
    root = powercap(tmp_path / "cap", {"intel-rapl:0": "package-0"})
    assert domains(open_counters("cpu", root=root, cpuinfo=cpuinfo(tmp_path, "hypervisor"))) == ["cpu_package-0"]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so it steps down for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("closed", ["intel-rapl:0", "intel-rapl:1"])
def test_counters_for_root_only_are_refused(closed: str) -> None:
    """One closed package is enough: the other's energy would be taken for the machine's."""
    with tempfile.TemporaryDirectory() as folder:
        root = powercap(Path(folder) / "cap", SERVER)
        Path(folder).chmod(0o755)
        (root / closed / "energy_uj").chmod(0)
        with as_nobody():
            found = open_counters("cpu", root=root)
    assert reason(found) == "permission"


def test_a_zone_without_a_number_is_no_counter(tmp_path: Path) -> None:
    root = powercap(tmp_path / "cap", {"intel-rapl:0": "package-0"}, energy_uj="")
    assert reason(open_counters("cpu", root=root, cpuinfo=cpuinfo(tmp_path, "hypervisor"))) == "no_rapl"


def test_memory_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """Only the packages have to be whole: the others are shown by themselves."""
    root = powercap(tmp_path, {"intel-rapl:0": "package-0", "intel-rapl:0:0": "dram"})
    (root / "intel-rapl:0:0" / "energy_uj").unlink()
    assert domains(open_counters("cpu", root=root)) == ["cpu_package-0"]


def test_on_cuda_the_board_comes_first_and_the_processor_along(tmp_path: Path) -> None:
    board = gpu(nvmlDeviceGetTotalEnergyConsumption=5_000)
    root = powercap(tmp_path, {"intel-rapl:0": "package-0"})
    assert domains(open_counters("cuda", board, root)) == ["gpu_board", "cpu_package-0"]
    assert domains(open_counters("cuda", board, tmp_path / "absent")) == ["gpu_board"]


def test_the_board_counts_millijoules() -> None:
    board = Board(gpu(nvmlDeviceGetTotalEnergyConsumption=5_000))
    assert board.read() == 5_000
    assert board.joules(5_000, 12_500) == 7.5
    assert board.joules(5_000, 0) is None  # the driver was loaded anew
    assert board.joules(5_000, 5_000) == 0


@pytest.mark.parametrize(
    ("device", "word"),
    [
        (None, "no_library"),
        (Unavailable("permission"), "permission"),
        (gpu(nvmlDeviceGetMigMode=[1, 1], nvmlDeviceGetTotalEnergyConsumption=5), "mig"),
        (gpu(nvmlDeviceGetVirtualizationMode=2, nvmlDeviceGetTotalEnergyConsumption=5), "vgpu"),
        (gpu(nvmlDeviceGetArchitecture=4), "pre_volta"),
        (gpu(nvmlDeviceGetArchitecture=9), "no_nvml"),
        (gpu(), "no_nvml"),
    ],
)
def test_a_board_without_a_counter_of_its_own_has_a_reason(
    tmp_path: Path, device: Gpu | Unavailable | None, word: str
) -> None:
    """The processor's counters do not stand in for the board's."""
    assert reason(open_counters("cuda", device, powercap(tmp_path, SERVER))) == word
