"""Each rule speaks beyond its threshold and is silent up to it, in the words of the flag table."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.flags import FLAGS, word_of
from scalebench.machine import validity
from scalebench.machine.canaries import Canaries
from scalebench.machine.validity import doubts, steadiness
from scalebench.suite.device_kinds import CPU, CUDA

CLEAN = {
    "wall_s": 2.0,
    "cpu_efficiency": 0.99,
    "waited_share": 0.005,
    "involuntary_per_s": 40.0,
    "others_cores": 0.02,
    "steal_share": 0.005,
    "pressure_share": 0.01,
    "throttled_periods": 0,
    "clock_change": -0.01,
    "swapped_per_s": 0.0,
    "temperature_c": 60.0,
}
LAPS = [0.010, 0.011, 0.010, 0.012, 0.010, 0.010, 0.011, 0.010, 0.011, 0.010]
UNTOLD: dict[str, Any] = dict.fromkeys(CLEAN)


def words(stretch: dict[str, Any], laps: list[float] | None = None, **more: Any) -> list[str]:
    terms = {"threads": 2, "kind": CPU, **more}
    return [word_of(note) for note in doubts(CLEAN | stretch, LAPS if laps is None else laps, **terms)]


def beside(product: tuple[float, float]) -> Canaries:
    """Canaries whose products took so many times the usual time, and whose copies the usual one."""
    before, after = ({"matmul_s": 0.009 * factor, "copy_s": 0.001} for factor in product)
    return Canaries(before, after, {"matmul_s": 0.009, "copy_s": 0.001})


def test_nothing_speaks_against_a_clean_round() -> None:
    assert words({}, canaries=beside((1.01, 0.99)), load_before=0.2) == []


def test_what_nobody_told_is_not_held_against_a_round() -> None:
    assert doubts({**UNTOLD, "wall_s": 2.0}, LAPS, 2, CPU) == ()
    assert doubts({}, [], 2, CUDA) == ()


@pytest.mark.parametrize(
    ("stretch", "flagged"),
    [
        ({"waited_share": 0.05}, []),
        ({"waited_share": 0.06}, ["cpu_contended"]),
        ({"involuntary_per_s": 100.0}, []),
        ({"involuntary_per_s": 101.0}, ["involuntary_switches"]),
        ({"steal_share": 0.01}, []),
        ({"steal_share": 0.011}, ["steal"]),
        ({"steal_share": 0.031}, ["steal_heavy"]),
        ({"pressure_share": 0.10}, []),
        ({"pressure_share": 0.11}, ["cpu_pressure"]),
        ({"throttled_periods": 1}, ["cgroup_throttled"]),
        ({"clock_change": -0.05}, []),
        ({"clock_change": -0.06}, ["clock_drop"]),
        ({"clock_change": 0.30}, []),
        ({"swapped_per_s": 100.0}, []),
        ({"swapped_per_s": 101.0}, ["swapping"]),
        ({"wall_s": 0.0}, ["clock_went_back"]),
    ],
)
def test_thresholds_of_a_stretch(stretch: dict[str, Any], flagged: list[str]) -> None:
    assert words(stretch) == flagged


@pytest.mark.parametrize(
    ("stretch", "flagged"),
    [
        # The kernel saw no waiting: the threads slept because they had nothing to do.
        ({"cpu_efficiency": 0.5}, ["cpu_idle"]),
        ({"cpu_efficiency": 0.90}, []),
        ({"cpu_efficiency": 0.5, "pressure_share": 0.5}, ["cpu_pressure", "cpu_idle"]),
        # The kernel does not tell: it takes a second witness.
        ({"cpu_efficiency": 0.5, "waited_share": None}, ["cpu_idle"]),
        ({"cpu_efficiency": 0.5, "waited_share": None, "pressure_share": 0.5}, ["cpu_pressure", "cpu_contended"]),
        (
            {"cpu_efficiency": 0.5, "waited_share": None, "involuntary_per_s": 200.0},
            ["involuntary_switches", "cpu_contended"],
        ),
        ({"cpu_efficiency": 0.95, "waited_share": None, "pressure_share": 0.5}, ["cpu_pressure"]),
        # Stopped by its quota it was not idle of its own will.
        ({"cpu_efficiency": 0.5, "throttled_periods": 4}, ["cgroup_throttled"]),
    ],
)
def test_idle_or_contended(stretch: dict[str, Any], flagged: list[str]) -> None:
    assert words(stretch) == flagged


def test_a_slow_canary_is_a_witness_too() -> None:
    found = words({"cpu_efficiency": 0.5, "waited_share": None}, canaries=beside((2.0, 2.0)))
    assert found == ["host_disturbed", "cpu_contended"]


def test_on_cuda_one_thread_of_the_host_works() -> None:
    """Shares are over all threads of the case; one that does nothing but launch fills an eighth of eight."""
    quiet = {"cpu_efficiency": 1 / 8, "waited_share": 0.001, "involuntary_per_s": 5.0}
    on_cuda: dict[str, Any] = {"threads": 8, "kind": CUDA}
    assert words(quiet, **on_cuda) == []
    assert words({**quiet, "waited_share": 0.01}, **on_cuda) == ["cpu_contended"]
    assert words({**quiet, "involuntary_per_s": 15.0}, **on_cuda) == ["involuntary_switches"]


@pytest.mark.parametrize(("load", "flagged"), [(None, []), (0.5, []), (0.6, ["busy_at_start"])])
def test_neighbours_at_the_start(load: float | None, flagged: list[str]) -> None:
    assert words({}, load_before=load) == flagged


@pytest.mark.parametrize(
    ("seen", "flagged"),
    [
        (None, []),
        ({"unavailable": "no_nvml", "detail": ""}, []),
        ({"throttled": [], "clock_event_reasons": 1, "other_pids": []}, []),
        ({"throttled": ["hw_thermal", "sw_thermal"], "clock_event_reasons": 0x60}, ["throttled"]),
        ({"throttled": [], "clock_event_reasons": 0x4}, ["power_capped"]),
        ({"throttled": None, "clock_event_reasons": None, "other_pids": [17, 4711]}, ["gpu_shared"]),
    ],
)
def test_what_was_seen_of_the_gpu(seen: dict[str, Any] | None, flagged: list[str]) -> None:
    assert words({}, kind=CUDA, gpu=seen) == flagged


def test_a_lap_that_ends_before_it_starts() -> None:
    assert words({}, [0.01] * 9 + [-0.002]) == ["clock_went_back"]


@pytest.mark.parametrize(
    ("laps", "flagged"),
    [
        ([0.010] * 30, []),
        ([0.010] * 10 + [0.0102] * 20, []),
        ([0.010] * 10 + [0.0104] * 20, ["not_steady"]),
        ([0.010 + 0.0001 * i for i in range(30)], ["not_steady"]),
        ([0.010 - 0.0001 * i for i in range(30)], ["not_steady"]),
        ([0.010] * 29 + [0.500], []),
        ([0.010] * 4 + [0.030] * 4, []),  # too few to tell
    ],
)
def test_steadiness_of_a_chunk(laps: list[float], flagged: list[str]) -> None:
    assert words({}, laps) == flagged


def test_scatter_is_not_drift() -> None:
    """Ten laps with 5 % of scatter: medians of thirds differ by 3 % in half of the chunks, and nothing has drifted."""
    rng = random.Random(7)
    chunks = [[rng.lognormvariate(0, 0.05) for _ in range(20)] for _ in range(300)]
    apart = [abs(steadiness(laps)[0]) > validity.SHIFT for laps in chunks]
    flagged = [words({}, laps) == ["not_steady"] for laps in chunks]
    assert fmean(apart) > 0.3
    assert fmean(flagged) < 0.1


@given(st.lists(st.floats(1e-5, 10.0), max_size=40), st.floats(1e-3, 1e3))
def test_steadiness_has_no_unit(laps: list[float], unit: float) -> None:
    change, _ = steadiness(laps)
    assert steadiness([lap * unit for lap in laps])[0] == pytest.approx(change, abs=1e-9)


share = st.none() | st.floats(0, 2)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(CLEAN, share)),
    st.lists(st.floats(-1.0, 10.0), max_size=30),
    st.sampled_from([CPU, CUDA]),
    st.none() | st.tuples(st.floats(1e-6, 1.0), st.floats(1e-6, 1.0)),
)
def test_every_note_is_in_the_flag_table_once(
    stretch: dict[str, Any], laps: list[float], kind: Any, canary: tuple[float, float] | None
) -> None:
    stretch = {name: value for name, value in stretch.items() if name != "wall_s" or value is not None}
    notes = doubts(stretch, laps, 4, kind, beside(canary) if canary else None, 1.0)
    found = [word_of(note) for note in notes]
    assert set(found) <= set(FLAGS)
    assert len(found) == len(set(found))
    assert all(note.partition(": ")[2] for note in notes), "a doubt names its figure"
    assert not {"steal", "steal_heavy"} <= set(found)


@pytest.mark.parametrize(
    ("word", "figures"),
    [
        ("cpu_contended", (100 * validity.WAITED, 100 * validity.EFFICIENCY)),
        ("cpu_idle", (100 * validity.EFFICIENCY,)),
        ("involuntary_switches", (validity.SWITCHES_PER_S,)),
        ("steal", (100 * validity.STEAL,)),
        ("steal_heavy", (100 * validity.STEAL_HEAVY,)),
        ("cpu_pressure", (100 * validity.PRESSURE,)),
        ("busy_at_start", (validity.RUNNABLE,)),
        ("not_steady", (100 * validity.SHIFT, validity.SHIFT_ERRORS)),
        ("clock_drop", (100 * validity.CLOCK_DROP,)),
        ("host_drift", (5, 2, 20)),
        ("host_disturbed", (20, 50)),
        ("swapping", (validity.SWAPPED_PER_S,)),
    ],
)
def test_the_table_tells_the_thresholds_that_are_used(word: str, figures: tuple[float, ...]) -> None:
    for figure in figures:
        assert f" {figure:g} " in f" {FLAGS[word].threshold} "


_ONE_CORE = """
import os, subprocess, sys, time
from dataclasses import asdict
from scalebench.machine.telemetry import between, read
from scalebench.machine.validity import doubts
from scalebench.suite.device_kinds import CPU
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
before, end = read(), time.monotonic() + 0.6
while time.monotonic() < end:
    pass
after = read()
busy.kill()
busy.wait()
print(*doubts(asdict(between(before, after, 1)), [], 1, CPU), sep="\\n")
"""


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel does not count waiting")
def test_a_busy_process_on_the_same_core_is_noticed() -> None:
    """The whole way from the kernel's counters to the word."""
    done = subprocess.run([sys.executable, "-c", _ONE_CORE], capture_output=True, text=True, check=True, timeout=60)
    assert "cpu_contended" in map(word_of, done.stdout.splitlines())
