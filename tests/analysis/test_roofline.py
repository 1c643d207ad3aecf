"""Places on the roofline, computed by hand and bounded for any model."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.roofline import COLUMNS, Placed, Task, find, place, roofline
from scalebench.machine.ability import Ability, Peak

G, MIB = 1e9, 2**20


def flops(best: float, note: str = "") -> Peak:
    return Peak(best, best / 2, "FLOP/s", "1024", 5, note)


def rate(best: float, note: str = "") -> Peak:
    return Peak(best, best / 2, "B/s", "2 x 256 MiB", 5, note)


ABILITY = Ability(
    "epyc-1", "hw", "sw-new", "cpu", 2, "2026-11-24T00:00:00+00:00",
    {"fp32": flops(200 * G), "bf16": flops(400 * G)},
    {"copy": rate(40 * G), "triad": rate(50 * G), "llc": rate(200 * G)}, 32 * MIB,
)  # fmt: skip
"""Ridge at 4 FLOPs per byte."""
HEAVY = (1_000_000_000, 10_000_000, 4_000_000, 2)
"""MACs, activation bytes, weight bytes, count: 200 FLOPs per byte of activation."""
LIGHT = (0, 50_000_000, 0, 3)
TASK = Task(2e9, 1, 224, "fp32", 8e6, (HEAVY, LIGHT))
IMAGE = 3 * 4 * 224**2


def test_times_by_hand() -> None:
    found = place(TASK, 0.1, ABILITY)
    assert found.t_min_s == pytest.approx(2 * 2e9 / 200e9)
    assert found.t_eager_s == pytest.approx(2 * (2e9 / 200e9) + 3 * (50e6 / 50e9))
    assert found.utilisation == pytest.approx(0.2)
    assert found.intensity == pytest.approx(4e9 / (2 * 14e6 + 3 * 50e6))
    assert found.ridge == pytest.approx(4.0)
    assert (found.label, found.violation, found.why) == ("overhead", False, "")


def test_the_batch_multiplies_work_and_activations_but_not_weights() -> None:
    task = replace(TASK, batch=8, work=((0, 1000, 9000, 1),), macs=0)
    assert place(task, 1.0, ABILITY).t_eager_s == pytest.approx((8 * 1000 + 9000) / 50e9)
    assert place(replace(TASK, batch=8), 1.0, ABILITY).t_min_s == pytest.approx(8 * 0.02)


def test_half_the_bytes_and_another_peak_in_bf16() -> None:
    found = place(replace(TASK, precision="bf16"), 0.1, ABILITY)
    assert found.t_min_s == pytest.approx(4e9 / 400e9)
    assert found.t_eager_s == pytest.approx(2 * (2e9 / 400e9) + 3 * (25e6 / 50e9))
    assert found.ridge == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("precision", "flops_per_s", "heavy_s", "light_s"),
    [
        ("fp32", 200 * G, 2e9 / 200e9, 50e6 / 50e9), ("tf32", 800 * G, 2e9 / 800e9, 50e6 / 50e9),
        ("fp16", 1000 * G, 2e9 / 1000e9, 25e6 / 50e9), ("amp_fp16", 1000 * G, 2e9 / 1000e9, 25e6 / 50e9),
        ("bf16", 400 * G, 2e9 / 400e9, 25e6 / 50e9), ("amp_bf16", 400 * G, 2e9 / 400e9, 25e6 / 50e9),
    ],
)  # fmt: skip
def test_each_precision_has_the_peak_of_its_products(
    precision: str, flops_per_s: float, heavy_s: float, light_s: float
) -> None:
    """tf32 has a peak of its own; autocast that of half precision, with activations of two bytes."""
    card = replace(ABILITY, matmul={**ABILITY.matmul, "tf32": flops(800 * G), "fp16": flops(1000 * G)})
    found = place(replace(TASK, precision=precision), 0.1, card)
    assert found.t_min_s == pytest.approx(4e9 / flops_per_s)
    assert found.t_eager_s == pytest.approx(2 * heavy_s + 3 * light_s)
    assert found.ridge == pytest.approx(flops_per_s / 50e9)


@pytest.mark.parametrize(
    ("precision", "bytes_"), [("fp32", 602_112 + 8e6), ("amp_fp16", 602_112 + 8e6), ("fp16", 301_056 + 4e6)]
)
def test_autocast_reads_images_and_weights_in_fp32(precision: str, bytes_: float) -> None:
    """224 x 224 x 3 numbers of four bytes are 602 112 bytes."""
    assert replace(TASK, precision=precision).least_bytes == bytes_


@pytest.mark.parametrize(
    ("latency_s", "work", "label"),
    [
        (0.03, (HEAVY, LIGHT), "compute"),
        (0.03, (LIGHT,) * 8, "memory"),
        (0.0695, (HEAVY, LIGHT), "overhead"),
        (0.0685, (HEAVY, LIGHT), "compute"),
    ],
)
def test_labels(latency_s: float, work: tuple[Any, ...], label: str) -> None:
    assert place(replace(TASK, work=work), latency_s, ABILITY).label == label


@pytest.mark.parametrize(
    ("weight_bytes", "cache", "least_s"),
    [
        (8 * MIB, 32 * MIB, (8 * MIB + IMAGE) / (200 * G)),
        (200 * MIB, 32 * MIB, (168 * MIB + IMAGE) / (50 * G)),
        (200 * MIB, 0, (200 * MIB + IMAGE) / (50 * G)),
        (34 * MIB, 32 * MIB, (34 * MIB + IMAGE) / (200 * G)),
    ],
)
def test_weights_come_from_memory_only_as_far_as_the_cache_cannot_hold_them(
    weight_bytes: int, cache: int, least_s: float
) -> None:
    task = Task(1, 1, 224, "fp32", weight_bytes, ((1, IMAGE, weight_bytes, 1),))
    found = place(task, 1.0, replace(ABILITY, llc_bytes=cache))
    assert found.t_min_s == pytest.approx(least_s)


def test_weights_that_no_operator_reads_are_not_counted() -> None:
    task = Task(1, 1, 224, "fp32", 200 * MIB, ((1, IMAGE, 1000, 2),))
    assert place(task, 1.0, replace(ABILITY, llc_bytes=0)).t_min_s == pytest.approx((2000 + IMAGE) / (50 * G))


def test_nothing_is_claimed_about_a_cache_of_unknown_size() -> None:
    bandwidth = {"copy": rate(40 * G), "triad": rate(50 * G)}
    task = Task(1, 1, 224, "fp32", 200 * MIB, ((1, IMAGE, 200 * MIB, 1),))
    found = place(task, 1.0, replace(ABILITY, llc_bytes=None, bandwidth=bandwidth))
    assert found.t_min_s == pytest.approx(2 / (200 * G))


@pytest.mark.parametrize(("latency_s", "violation"), [(0.0193, True), (0.0195, False), (0.02, False)])
def test_too_fast_to_be_true(latency_s: float, violation: bool) -> None:
    found = place(TASK, latency_s, ABILITY)
    assert found.violation is violation
    assert ("faster than the peaks" in found.why) is violation


@pytest.mark.parametrize(
    ("task", "latency_s", "ability", "why"),
    [
        (TASK, math.nan, ABILITY, "no latency"),
        (TASK, 0.0, ABILITY, "no latency"),
        (replace(TASK, work=()), 0.1, ABILITY, "its operators were not counted"),
        (replace(TASK, precision="fp16"), 0.1, ABILITY, "no peak for fp16"),
        (replace(TASK, precision="int8"), 0.1, ABILITY, "no peak for int8"),
        (TASK, 0.1, replace(ABILITY, bandwidth={"llc": rate(1.0)}), "no memory bandwidth"),
    ],
)
def test_what_is_not_known_is_said(task: Task, latency_s: float, ability: Ability, why: str) -> None:
    found = place(task, latency_s, ability)
    assert (found.label, found.why, found.violation) == ("unknown", why, False)
    assert math.isnan(found.t_min_s)
    assert math.isnan(found.utilisation)


@pytest.mark.parametrize("kind", ["matmul", "bandwidth"])
def test_peaks_from_beside_other_work_are_doubted(kind: str) -> None:
    note = "contended: waited 40%"
    peaks = {"matmul": {"fp32": flops(1.0, note)}, "bandwidth": {"copy": rate(1.0, note)}}
    found = place(TASK, 0.1, replace(ABILITY, **{kind: peaks[kind]}))
    assert found.why.startswith("the peaks were measured while other work ran")


operators = st.lists(
    st.tuples(st.integers(0, 10**10), st.integers(1, 10**9), st.integers(0, 10**9), st.integers(1, 50)),
    min_size=1,
    max_size=8,
)


@given(operators, st.integers(1, 64), st.integers(32, 512), st.integers(1, 10**9), st.floats(1e-6, 10), st.booleans())
def test_the_eager_time_is_never_below_the_least_time(
    work: list[tuple[int, int, int, int]], batch: int, resolution: int, weights: int, latency_s: float, cached: bool
) -> None:
    """Some operator reads the image, so the activations hold at least that."""
    work = [(0, 12 * resolution**2, 0, 1), *work]
    macs = sum(macs * count for macs, _, _, count in work)
    task = Task(macs, batch, resolution, "fp32", weights, work)
    found = place(task, latency_s, ABILITY if cached else replace(ABILITY, llc_bytes=0))
    assert 0 < found.t_min_s <= found.t_eager_s * (1 + 1e-9)
    assert found.utilisation == pytest.approx(found.t_min_s / latency_s)
    assert found.violation == (found.utilisation > 1 / 0.97)
    assert not (found.violation and found.label == "overhead")


@given(operators, st.integers(1, 32))
def test_a_faster_machine_never_has_a_later_bound(work: list[tuple[int, int, int, int]], batch: int) -> None:
    task = Task(sum(w[0] * w[3] for w in work), batch, 64, "fp32", 10**8, work)
    fast = replace(ABILITY, matmul={"fp32": flops(1e15)}, bandwidth={"copy": rate(1e14), "llc": rate(1e15)})
    slow, quick = place(task, 1.0, ABILITY), place(task, 1.0, fast)
    assert quick.t_min_s <= slow.t_min_s
    assert quick.t_eager_s <= slow.t_eager_s


def case(**changes: Any) -> dict[str, Any]:
    row = {
        "machine": "epyc-1", "case": "k1", "model": "resnet18", "resolution": 224, "batch": 1, "mode": "inference",
        "precision": "fp32", "device": "cpu", "threads": 2, "macs": 2e9, "latency_s": 0.1,
    }  # fmt: skip
    return {**row, **changes}


def counts(**changes: Any) -> pd.DataFrame:
    row = {"model": "resnet18", "resolution": 224, "work": [list(HEAVY), list(LIGHT)], "weight_bytes": 8e6}
    return pd.DataFrame([{**row, "uncounted": [], **changes}])


def test_a_frame_goes_in_and_a_frame_comes_out() -> None:
    cases = pd.DataFrame([case(), case(case="k2", machine="other")], index=[7, 3])
    found = roofline(cases, counts(), [ABILITY])
    assert list(found.columns) == ["machine", "case", *COLUMNS]
    assert list(found.index) == [7, 3]
    assert list(found["case"]) == ["k1", "k2"]
    assert Placed(**{name: found.loc[7, name] for name in COLUMNS}) == place(TASK, 0.1, ABILITY)
    assert found.loc[3, "why"] == "no peaks of this machine on cpu with 2 threads"
    assert math.isnan(found.loc[3, "utilisation"])


def test_no_cases_make_an_empty_frame_with_its_columns() -> None:
    found = roofline(pd.DataFrame([case()])[:0], counts(), [ABILITY])
    assert list(found.columns) == ["machine", "case", *COLUMNS]
    assert len(found) == 0


@pytest.mark.parametrize(
    ("row", "facts", "why"),
    [
        (case(mode="training"), counts(), "operators are counted for inference, not for training"),
        (case(resolution=256), counts(), "its operators were not counted"),
        (case(), counts(work=math.nan), "its operators were not counted"),
        (case(), counts(work=[]), "its operators were not counted"),
        (case(threads=1), counts(), "no peaks of this machine on cpu with 1 threads"),
        (case(precision="bf8"), counts(), "no peak for bf8"),
        (case(), counts().drop(columns=["work"]), "its operators were not counted"),
    ],
)
def test_rows_without_an_answer_say_why(row: dict[str, Any], facts: pd.DataFrame, why: str) -> None:
    found = roofline(pd.DataFrame([row]), facts, [ABILITY])
    assert (found["label"][0], found["why"][0]) == ("unknown", why)


def test_operators_without_a_formula_are_named() -> None:
    found = roofline(pd.DataFrame([case()]), counts(uncounted=["aten.gru"]), [ABILITY])
    assert found["why"][0] == "no formula for aten.gru"
    assert found["t_min_s"][0] == pytest.approx(0.02)


def test_the_newest_of_the_same_software_counts() -> None:
    old, new, other = ABILITY, replace(ABILITY, started="later"), replace(ABILITY, sw_key="zz")
    assert find("epyc-1", "cpu", 2, [old, new, other]) is other
    assert find("epyc-1/sw-new", "cpu", 2, [old, new, other]) is new
    assert find("epyc-1/other", "cpu", 2, [old, new]) is new
    assert find("epyc-10", "cpu", 2, [old]) is None
    assert find("epyc-1", "cuda:0", 2, [old]) is None


def test_threads_matter_on_the_cpu_only() -> None:
    gpu = replace(ABILITY, device="cuda:0", threads=16)
    assert find("epyc-1", "cuda:0", 2, [gpu]) is gpu
    assert find("epyc-1", "cpu", 16, [ABILITY]) is None
