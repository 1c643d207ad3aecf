"""A canary is compared with canaries that were taken alike; both its times count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.flags import word_of
from scalebench.machine.canaries import Canaries, canary_notes, judged_again, usual_canary
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer, read_results
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import CPU, CUDA, DeviceKind
from scalebench.suite.suite_plan import Plan

CASE = Case("resnet18", 64, threads=2)
HERE = Environment("here", "hw", "sw")
USUAL = {"matmul_s": 0.009, "copy_s": 0.001}


def words(product: tuple[float, float], copy: tuple[float, float], kind: DeviceKind = CPU) -> list[str]:
    before, after = ({"matmul_s": 0.009 * p, "copy_s": 0.001 * c} for p, c in zip(product, copy, strict=True))
    return [word_of(note) for note in canary_notes(Canaries(before, after, USUAL), kind)]


@pytest.mark.parametrize(
    ("kind", "product", "flagged"),
    [
        (CPU, (1.049, 0.951), []),
        (CPU, (1.06, 1.0), ["host_drift"]),
        (CPU, (1.0, 0.94), ["host_drift"]),
        (CPU, (1.3, 1.0), ["host_drift"]),
        (CPU, (1.3, 1.22), ["host_disturbed"]),
        (CPU, (1.0, 1.5), ["host_drift"]),
        (CPU, (0.5, 0.5), ["host_drift"]),
        (CUDA, (1.019, 0.981), []),
        (CUDA, (1.021, 1.0), ["host_drift"]),
    ],
)
def test_products(kind: DeviceKind, product: tuple[float, float], flagged: list[str]) -> None:
    assert words(product, (1.0, 1.0), kind) == flagged


@pytest.mark.parametrize(
    ("copy", "flagged"),
    [
        ((1.19, 1.6), []),
        ((0.6, 1.0), []),  # one copy says nothing
        ((0.6, 1.4), []),
        ((1.21, 1.3), ["host_drift"]),
        ((0.5, 0.79), ["host_drift"]),
        ((1.49, 3.0), ["host_drift"]),
        ((1.51, 1.6), ["host_disturbed"]),
    ],
)
def test_copies(copy: tuple[float, float], flagged: list[str]) -> None:
    assert words((1.0, 1.0), copy) == flagged


def test_a_note_gives_all_four_deviations() -> None:
    before, after = {"matmul_s": 0.009, "copy_s": 0.002}, {"matmul_s": 0.0081, "copy_s": 0.003}
    (note,) = canary_notes(Canaries(before, after, USUAL), "cpu")
    assert note == "host_disturbed: product +0.0% before, -10.0% after; copy +100.0% before, +200.0% after"


def measured(product_s: float, case: Case = CASE, *notes: str, idle: bool | None = True, number: int = 0) -> Record:
    """A round with equal canaries before and after; ``idle`` None as before 0.2.0."""
    both = {"matmul_s": product_s, "copy_s": 0.001, **({} if idle is None else {"idle": idle})}
    telemetry = {"canary": {"before": both, "after": both}}
    return Record("s", case, number, "ok", "", HERE, notes=notes, telemetry=telemetry)


def test_the_usual_canary_is_the_median_on_the_same_device_and_threads() -> None:
    rounds = [measured(0.01), measured(0.03)]
    assert usual_canary(CASE, rounds[:1]) is None
    assert usual_canary(CASE, rounds) == {"matmul_s": pytest.approx(0.02), "copy_s": 0.001}
    others = [measured(9.0, replace(CASE, threads=1)), Record("s", CASE, 0, "ok", "", HERE)]
    assert usual_canary(CASE, [*rounds, *others]) == usual_canary(CASE, rounds)


@pytest.mark.parametrize("idle", [None, False])
def test_canaries_beside_spinning_workers_are_not_the_usual_ones(idle: bool | None) -> None:
    """Three rounds of ONNX Runtime to one of eager: the reference stays that of idle processes."""
    spinning = [measured(0.0089, replace(CASE, runtime="onnxruntime"), idle=idle) for _ in range(6)]
    assert usual_canary(CASE, [*spinning, measured(0.0045), measured(0.0045)]) == {"matmul_s": 0.0045, "copy_s": 0.001}


def test_old_rounds_of_onnxruntime_are_judged_within_their_runtime(tmp_path: Path) -> None:
    """8.9 ms beside spinning workers and 4.5 ms without: neither is a disturbed host; 15 ms is."""
    onnx = replace(CASE, runtime="onnxruntime")
    bad = "host_disturbed: +97.0% before, +98.0% after"
    records = [measured(0.0045, number=number) for number in range(8)]
    records += [measured(0.0089, onnx, "not_steady: +4.0%", bad, idle=None, number=number) for number in range(8)]
    records += [measured(0.0045, idle=None, number=number) for number in range(8, 16)]
    records += [measured(0.0150, onnx, bad, idle=None, number=8)]
    Writer(tmp_path / "s.jsonl", Plan("s", "", "", (), (), (), (), 1)).extend(records)
    again = read_results([tmp_path / "s.jsonl"]).records
    assert [[word_of(note) for note in record.notes] for record in again] == [
        *[[]] * 8, *[["not_steady"]] * 8, *[[]] * 8, ["host_disturbed"],
    ]  # fmt: skip
    assert judged_again(again) == list(again)


def test_new_rounds_keep_their_notes() -> None:
    """They were compared with the rounds before them, as the run that replaced them did."""
    rounds = [measured(0.0045, CASE, "host_disturbed: x")] * 5
    assert judged_again(rounds) == rounds
