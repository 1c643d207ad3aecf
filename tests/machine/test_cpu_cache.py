"""The last cache, from made-up descriptions of CPUs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.machine.cpu_cache import last_cache

Grow = Callable[[dict[str, str]], Path]
KIB = 1024


def cache(core: int, index: int, level: int, size: str, shared: str) -> dict[str, str]:
    folder = f"sys/devices/system/cpu/cpu{core}/cache/index{index}"
    return {f"{folder}/level": f"{level}\n", f"{folder}/size": f"{size}\n", f"{folder}/shared_cpu_list": f"{shared}\n"}


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)


def test_a_system_that_tells_nothing(tmp_path: Path) -> None:
    assert last_cache(tmp_path) is None


def test_cores_that_share_a_cache_count_it_once(grow: Grow) -> None:
    files = {}
    for core in range(4):
        files |= cache(core, 0, 1, "32K", str(core)) | cache(core, 2, 2, "1024K", str(core))
        files |= cache(core, 3, 3, "32768K", "0-3")
    assert last_cache(grow(files)) == 32768 * KIB


def test_parts_are_added_up(grow: Grow) -> None:
    """Two complexes of two cores each, and a third that this process may not use."""
    files = {}
    for core, shared in enumerate(["0-1", "0-1", "2-3", "2-3", "4-5", "4-5"]):
        files |= cache(core, 3, 3, "16384K", shared)
    assert last_cache(grow(files)) == 2 * 16384 * KIB


def test_without_a_third_level_the_second_is_the_last(grow: Grow) -> None:
    files = cache(0, 0, 1, "64K", "0") | cache(0, 2, 2, "2048K", "0-3")
    assert last_cache(grow(files)) == 2048 * KIB


def test_sizes_that_make_no_sense_are_left_out(grow: Grow) -> None:
    assert last_cache(grow(cache(0, 3, 3, "", "0") | cache(1, 3, 3, "lots", "1"))) is None
