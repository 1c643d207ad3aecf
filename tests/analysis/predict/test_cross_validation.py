"""The three tiers on literals and synthetic machines, and what each refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scalebench.analysis.predict import other_machine, other_model, same_model
from scalebench.analysis.predict.cases import MeasuredCase, Place, Work
from scalebench.analysis.predict.cross_validation import evaluate
from scalebench.analysis.predict.operator_prices import operator_table
from scalebench.analysis.predict.process_memory import learn_memory

PLACE = Place("box", "cpu", "inference", "fp32", "contiguous", "eager", 2, "", 1)


def net(name: str, resolution: int) -> Work:
    """MACs and activations grow with the area: 1e9 and 1e6 at 100 pixels."""
    area = (resolution / 100) ** 2
    return Work(name, resolution, 1, {"macs": 1e9 * area, "activations": 1e6 * area, "params": 1e6})


def test_a_line_through_three_resolutions() -> None:
    """t = 2 ms + 3 ms per GMAC: 14 ms at 200 pixels, which is 4 GMACs."""
    works = [net("a", r) for r in (100, 150, 300)]
    times = np.array([2e-3 + 3e-12 * w.macs for w in works])
    learned = same_model.learn_same_model(works, times, net("a", 200))
    assert learned.method == "a + b MACs + c bytes"
    assert learned.predict([net("a", 200)])[0] == pytest.approx(14e-3)
    assert math.isnan(learned.half_width)  # no model has four resolutions to leave one out of


def test_one_resolution_is_scaled() -> None:
    learned = same_model.learn_same_model([net("a", 100)], np.array([5e-3]), net("a", 120))
    assert (learned.method, learned.n_train) == ("scaled by MACs to the power 1.00", 1)
    assert learned.predict([net("a", 120)])[0] == pytest.approx(5e-3 * 1.44)


def test_two_resolutions_scale_from_the_nearer_one() -> None:
    works = [net("a", 100), net("a", 200)]
    learned = same_model.learn_same_model(works, np.array([5e-3, 30e-3]), net("a", 190))
    assert learned.predict([net("a", 190)])[0] == pytest.approx(30e-3 * (190 / 200) ** 2)


def test_the_interval_comes_from_all_models_of_the_place() -> None:
    """Twelve models of two resolutions each: ten follow their MACs, and two are 10 % off."""
    works = [net(f"m{name}", r) for name in "abcdefghijkl" for r in (100, 130)]
    late = ("mb", "mc")
    times = np.array([5e-3 * (w.resolution / 100) ** 2 for w in works])
    times *= [1.1 if w.model in late and w.resolution == 130 else 1.0 for w in works]
    learned = same_model.learn_same_model(works, times, net("ma", 140))
    assert learned.error == pytest.approx(0, abs=1e-9)
    assert learned.half_width == pytest.approx(math.log(1.1))


def test_beyond_the_measured_range_the_interval_is_wider() -> None:
    """Times that bend, which no line does: at a resolution beyond all others 90 % intervals have to cover 90 % too."""
    random, sizes = np.random.default_rng(5), (100, 120, 145, 175)
    hits: list[bool] = []
    inside: list[bool] = []
    for _ in range(60):
        works = [net(f"m{name}", r) for name in "abcdefghijkl" for r in sizes]
        bends = np.repeat(random.normal(0, 0.1, 12), len(sizes))
        bent = np.array([math.log(work.resolution / 130) for work in works])
        times = np.array([3e-12 * work.macs for work in works]) * np.exp(bends * (2 * bent) ** 2)
        own, bend = [net("new", r) for r in sizes], random.normal(0, 0.1)
        own_times = [3e-12 * work.macs * math.exp(bend * (2 * math.log(work.resolution / 130)) ** 2) for work in own]
        for left, scores in ((3, hits), (1, inside)):
            rest = [at for at in range(4) if at != left]
            measured = [*works, *(own[at] for at in rest)]
            seconds = np.append(times, [own_times[at] for at in rest])
            learned = same_model.learn_same_model(measured, seconds, own[left])
            error = abs(math.log(learned.predict([own[left]])[0] / own_times[left]))
            scores.append(error <= learned.half_width)
    assert np.mean(hits) >= 0.8
    assert np.mean(inside) >= 0.8


def test_few_ends_give_no_interval_beyond_them() -> None:
    """Four models of four resolutions have eight ends and eight inside; an interval takes nine of a kind."""
    works = [net(f"m{name}", r) for name in "abcde" for r in (100, 110, 120, 130)]
    times = np.array([3e-12 * work.macs for work in works])
    rest = [at for at in range(20) if at != 3]
    works, times = [works[at] for at in rest], times[rest]
    learned = {r: same_model.learn_same_model(works, times, net("ma", r)) for r in (115, 140)}
    assert len(learned[115].scores) == len(learned[140].scores) == 8
    assert math.isnan(learned[140].half_width)


def test_the_power_is_that_of_the_other_models() -> None:
    """Six models whose time grows with the root of the MACs tell how a seventh does."""
    works = [net(f"m{name}", r) for name in "abcdef" for r in (100, 150)]
    times = np.array([1e-3 * w.resolution for w in works])
    learned = same_model.learn_same_model([*works, net("new", 100)], np.append(times, 7e-3), net("new", 130))
    assert learned.predict([net("new", 130)])[0] == pytest.approx(7e-3 * 1.3)
    assert learned.method == "scaled by MACs to the power 0.50"


@pytest.mark.parametrize(("resolution", "refused"), [(71, False), (70, True), (141, False), (142, True)])
def test_same_model_does_not_extrapolate_beyond_twice_the_macs(resolution: int, refused: bool) -> None:
    assert bool(same_model.why_not([net("a", 100)], net("a", resolution))) is refused


def test_another_model_is_not_the_same() -> None:
    assert "no other resolution" in same_model.why_not([net("a", 100)], net("b", 100))


@pytest.mark.parametrize(("families", "members", "word"), [(19, 1, "19 models"), (5, 5, "5 families"), (20, 1, "")])
def test_other_models_have_to_be_enough(models: Any, families: int, members: int, word: str) -> None:
    (asked,) = models(1, 1, first=900)
    why = other_model.why_not(models(0, families, members), asked)
    assert word in why
    assert bool(why) is bool(word)


def test_unmeasured_kinds_are_refused(models: Any) -> None:
    (asked,) = models(1, 1, first=900, kinds=("dense", "attention"))
    assert "none of those measured has attention operators" in other_model.why_not(models(0, 30), asked)


def test_coverage_over_many_families(models: Any, prices: np.ndarray) -> None:
    """Families whose times are off by a factor of their own: 90 % intervals cover 85 to 95 % of new families."""
    hits = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        known, new = models(seed, 22), models(seed + 50, 60, first=3000)
        times = operator_table(known) @ prices * random.lognormal(0, 0.15, 22)
        true = operator_table(new) @ prices * random.lognormal(0, 0.15, 60)
        learned = other_model.learn_other_model(known, times)
        hits += list(np.abs(np.log(learned.predict(new) / true)) <= learned.half_width)
    assert 0.85 <= np.mean(hits) <= 0.95


def test_the_evaluation_predicts_a_family_without_it(models: Any, prices: np.ndarray) -> None:
    """On a machine that is exactly linear nothing is off, but for the one model whose time is three times that."""
    works = models(3, 24)
    times = np.array([[1e-5, 1e-11, 1e-10, 1e-10]]) @ _totals(works)
    spoilt = times.ravel() * np.where(np.arange(24) == 0, 3.0, 1.0)
    rows = evaluate({PLACE: [MeasuredCase(w, float(t)) for w, t in zip(works, spoilt, strict=True)]})
    (row,) = [row for row in rows if row.tier == "T2"]
    assert row.n == 24
    assert row.median < 0.2
    assert 0.9 <= row.coverage <= 1


def _totals(works: list[Work]) -> np.ndarray:
    return operator_table(works).reshape(len(works), -1, 4).sum(axis=1).T


def test_without_kinds_the_totals_answer(models: Any, prices: np.ndarray) -> None:
    works = models(4, 25)
    bare = [replace(w, facts={k: v for k, v in w.facts.items() if k != "operators"}) for w in works]
    learned = other_model.learn_other_model(bare, operator_table(works) @ prices)
    assert learned.method == "sum of totals"


def test_folds_leave_every_family_out_once() -> None:
    families = [f"f{i % 70}" for i in range(200)]
    masks = list(other_model.folds(families))
    assert len(masks) == 30
    assert np.sum(masks, axis=0).tolist() == [1] * 200
    for mask in masks:
        own, rest = ({families[at] for at in np.flatnonzero(m)} for m in (mask, ~mask))
        assert not own & rest


def test_a_machine_twice_as_slow() -> None:
    there = [MeasuredCase(net(f"m{n}", 100), 1e-3 * n) for n in range(1, 9)]
    here = [MeasuredCase(s.work, 2 * s.latency_s) for s in there[:5]]
    learned = other_machine.learn_other_machine(here, there)
    assert learned.predict([there[7].work])[0] == pytest.approx(16e-3)
    assert learned.error == pytest.approx(0, abs=1e-12)
    assert not other_machine.why_not(here, there, there[7].work)
    assert "4 shared cases; at least 5 are needed" in other_machine.why_not(here[:4], there, there[7].work)
    assert "not measured there" in other_machine.why_not(here, there, net("else", 100))


def test_other_precisions_are_not_compared() -> None:
    other = replace(PLACE, machine="gpu")
    assert other_machine.comparable(PLACE, other)
    assert not other_machine.comparable(PLACE, replace(other, precision="fp16"))
    assert not other_machine.comparable(PLACE, replace(PLACE, threads=1))


def test_memory_is_base_plus_factor(models: Any) -> None:
    """30 MB and 1.5 times the static peak."""
    seen = [
        MeasuredCase(replace(w, facts={**w.facts, "peak_bytes_inference": 1e7 * (n + 1)}), 1.0, 3e7 + 1.5e7 * (n + 1))
        for n, w in enumerate(models(0, 10))
    ]
    learned = learn_memory(PLACE, seen)
    assert learned is not None
    asked = replace(seen[0].work, facts={**seen[0].work.facts, "peak_bytes_inference": 2.5e7})
    assert learned.predict([asked])[0] == pytest.approx(3e7 + 1.5 * 2.5e7)
    assert learn_memory(PLACE, seen[:4]) is None


def test_bytes_mean_the_same_with_and_without_operators(models: Any) -> None:
    """Imported cases have no operators, the model that is asked for does: one fit serves both."""
    (work,) = models(0, 1)
    bare = replace(work, facts={k: v for k, v in work.facts.items() if k != "operators"})
    assert work.bytes == bare.bytes == 4 * work.facts["activations"] + 4e6
    assert replace(work, batch=3).bytes == 12 * work.facts["activations"] + 4e6
