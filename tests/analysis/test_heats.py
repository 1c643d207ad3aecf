"""Rounds that took turns: what is paired with what, on heats whose ratios are worked by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest

from scalebench.analysis.exponents import resolution_exponents
from scalebench.analysis.heats import log_ratio, logs_by_turn, repeated
from scalebench.analysis.pooling import pooled, sample, sample_of
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import mean_ratio, ratio
from scalebench.analysis.summary import summarise
from scalebench.record import Environment, Record
from scalebench.store.frame import rounds_frame
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

HERE = Environment("here", "hw", "sw")


def made(
    model: str, heat: str, by_turn: Mapping[int, Sequence[float]], *notes: str, batch: int = 1, number: int = 0,
    started: str = "", outcome: str = "ok", size: int = 64,
) -> Record:  # fmt: skip
    """The round of one case with the laps of each turn."""
    laps = [lap for own in by_turn.values() for lap in own]
    turns = tuple(turn for turn, own in by_turn.items() for _ in own)
    facts = {"latency_s": sorted(laps)[len(laps) // 2], "throughput_ips": batch * len(laps) / sum(laps)}
    case = Case(model, size, batch=batch, protocol=Protocol(rounds=3))
    return Record("s", case, number, outcome, started, HERE, {"latency_s": laps}, facts, notes, heat=heat, turns=turns)  # type: ignore[arg-type]


def samples(records: list[Record], metric: str = "latency_s") -> dict[str, SessionRounds]:
    rounds = with_standing(name_machines(rounds_frame(records)), records)
    shared = pooled(rounds, [metric])
    return {str(name): sample(rows, metric, shared) for name, rows in rounds[rounds["used"]].groupby("model")}


# --- one heat -------------------------------------------------------------------------------------------------------


def test_a_turn_has_the_median_lap_and_the_images_over_all_laps() -> None:
    """Laps of 1, 2 and 6 s, then one of 4 s, four images each: 2 s and 12 / 9 images per s; 4 s and 1."""
    logs = logs_by_turn([1.0, 2.0, 6.0, 4.0], [0, 0, 0, 3], 4)
    assert logs["latency_s"] == pytest.approx({0: math.log(2), 3: math.log(4)})
    assert logs["throughput_ips"] == pytest.approx({0: math.log(4 / 3), 3: 0.0})


def test_a_ratio_is_the_median_over_shared_turns() -> None:
    """2, 3 and 9 in turns 0, 4 and 8; the turns that only one has, a thousand times as long, do not count."""
    over = {0: math.log(2), 2: math.log(1000), 4: math.log(3), 8: math.log(9)}
    under = {0: 0.0, 4: 0.0, 6: math.log(1000), 8: 0.0}
    assert log_ratio(over, under) == pytest.approx(math.log(3))
    assert math.isnan(log_ratio({0: 1.0}, {1: 1.0}))


# --- several heats --------------------------------------------------------------------------------------------------


def disturbed_heats() -> list[Record]:
    """``resnet34`` takes 2, 2.2 and 1.8 times ``resnet18`` in three heats, while the host slows from turn to turn."""
    records = []
    for number, (factor, slow) in enumerate(((2.0, 1.0), (2.2, 3.0), (1.8, 0.5))):
        host = {turn: slow * (1 + turn) for turn in range(4)}
        heat = f"heat-{number}"
        records.append(made("resnet18", heat, {t: [h] * 3 for t, h in host.items()}, number=number))
        records.append(made("resnet34", heat, {t: [factor * h] * 2 for t, h in host.items()}, number=number))
    return records


def test_cases_of_a_heat_are_paired() -> None:
    """Logs of 2, 2.2, 1.8 have mean 0.68980 and standard deviation 0.10038; t(0.975, 2) = 4.302653."""
    own = samples(disturbed_heats())
    e = ratio(own["resnet34"], own["resnet18"])
    half = 4.302653 * 0.1003767 / math.sqrt(3)
    assert (e.value, e.n, e.freedom, e.pairing) == (pytest.approx(1.99331, rel=1e-5), 3, 2, "paired")
    assert math.log(e.high / e.value) == pytest.approx(half, rel=1e-4)
    faster = ratio(*(samples(disturbed_heats(), "throughput_ips")[m] for m in ("resnet34", "resnet18")))
    assert faster.value == pytest.approx(1 / e.value)
    assert mean_ratio([(own["resnet34"], own["resnet18"])]).pairing == "paired"


def test_absolute_values_keep_their_own_interval() -> None:
    """A host that is 6 times slower in one heat than in another makes absolute times uncertain, not the ratio."""
    records = disturbed_heats()
    cases = summarise(with_standing(name_machines(rounds_frame(records)), records)).set_index("model")
    assert cases.loc["resnet34", "latency_s_high"] / cases.loc["resnet34", "latency_s"] > 3


def test_a_case_that_lost_a_heat_is_paired_in_the_others() -> None:
    records = disturbed_heats()
    records[3] = made("resnet34", "heat-1", {0: [1.0]}, outcome="timeout", number=1)
    own = samples(records)
    e = ratio(own["resnet34"], own["resnet18"])
    assert (e.value, e.n) == (pytest.approx(math.sqrt(2 * 1.8)), 2)


def test_a_single_shared_heat_gives_the_value_without_an_interval() -> None:
    """2.2 by turns; the values of the rounds, 2 heats of one and 1 of the other, would say something else."""
    own = samples(
        [record for record in disturbed_heats() if record.heat == "heat-1" or record.case.model == "resnet18"]
    )
    e = ratio(own["resnet34"], own["resnet18"])
    assert (e.value, e.n, e.pairing) == (pytest.approx(2.2), 1, "paired")
    assert math.isnan(e.low)


def test_others_are_compared_through_the_reference() -> None:
    """3 and 2 times a reference whose heats differ tenfold: 1.5 on the spot, although no heat has both."""
    records = []
    for number, host in enumerate((1.0, 10.0, 1.0, 0.1)):
        model, factor = ("resnet34", 3.0) if number < 2 else ("resnet50", 2.0)
        for name, times in (("resnet18", 1.0), (model, factor)):
            records.append(made(name, f"heat-{number}", {t: [times * host] for t in range(3)}, number=number))
    own = samples(records)
    e = ratio(own["resnet34"], own["resnet50"])
    assert (e.value, e.low, e.high) == pytest.approx((1.5, 1.5, 1.5))
    assert (e.n, e.pairing) == (2, "through the reference")
    assert mean_ratio([(own["resnet34"], own["resnet50"]), (own["resnet34"], own["resnet18"])]).pairing == e.pairing


def test_rounds_alone_are_not_paired() -> None:
    """The same laps without heats: Welch's interval of the values."""
    alone = [made(r.case.model, "", {0: r.samples["latency_s"]}, number=r.round) for r in disturbed_heats()]
    own = samples(alone)
    e = ratio(own["resnet34"], own["resnet18"])
    assert e.pairing == "unpaired"
    assert e.high / e.low > 10


def test_batches_are_in_the_throughput() -> None:
    """Eight images in twice the time of one are four times as many per second."""
    records = []
    for number in range(2):
        records.append(made("resnet18", f"h{number}", {0: [0.1], 1: [0.1]}, number=number))
        records.append(made("resnet34", f"h{number}", {0: [0.2], 1: [0.2]}, batch=8, number=number))
    own = samples(records, "throughput_ips")
    assert ratio(own["resnet34"], own["resnet18"]).value == pytest.approx(4.0)


def test_sessions_are_averaged() -> None:
    """Ratio 2 in three heats of the morning and 8 in one of the evening: their mean is 4."""
    records = []
    for number, factor in enumerate((2.0, 2.0, 2.0, 8.0)):
        started = f"2026-11-{10 if number < 3 else 12}T10:00:00+00:00"
        for name, times in (("resnet18", 1.0), ("resnet34", factor)):
            records.append(made(name, f"h{number}", {0: [times]}, number=number, started=started))
    own = samples(records)
    e = ratio(own["resnet34"], own["resnet18"])
    assert (e.value, e.n) == (pytest.approx(4.0), 4)


def test_pairing_works_without_a_frame() -> None:
    """Records of two configurations, as ``tune`` has them."""
    by_model = {m: [r for r in disturbed_heats() if r.case.model == m] for m in ("resnet18", "resnet34")}
    own = {model: sample_of(records, "latency_s") for model, records in by_model.items()}
    assert ratio(own["resnet34"], own["resnet18"]).value == pytest.approx(1.99331, rel=1e-5)
    assert len(sample_of([], "latency_s")) == 0


# --- flags ----------------------------------------------------------------------------------------------------------


def test_a_flag_sets_no_round_of_a_heat_aside() -> None:
    """Its disturbance is that of the whole heat; the note stays in the table."""
    records = disturbed_heats()
    noted = made("resnet34", "heat-1", {t: [2.2 * 3 * (1 + t)] for t in range(4)}, "steal_heavy: 8 %", number=1)
    records[3] = noted
    rounds = with_standing(name_machines(rounds_frame(records)), records)
    assert rounds["used"].all()
    own = samples(records)
    assert ratio(own["resnet34"], own["resnet18"]).n == 3
    assert "steal_heavy in 1 of 3 rounds" in set(summarise(rounds)["notes"])


def test_a_case_twice_in_a_heat_counts_once() -> None:
    """An A/A pair: the first of the two stands for the case."""
    records = disturbed_heats()
    records += [made("resnet34", r.heat, {t: [99.0] for t in range(4)}, number=9) for r in records[::2]]
    own = samples(records)
    assert ratio(own["resnet34"], own["resnet18"]).value == pytest.approx(1.99331, rel=1e-5)


def test_the_exponent_of_a_curve_is_of_times_relative_to_the_reference() -> None:
    """Doubling the side takes four times as long; each size has heats of its own, the host differs by six."""
    records = []
    for number, (size, slow) in enumerate(((64, 3.0), (64, 2.0), (128, 1.0), (128, 0.5), (256, 0.6), (256, 1.1))):
        pass_s = slow * (size / 64) ** 2
        for model, side, lap in (("alexnet", 64, slow), ("resnet18", size, pass_s)):
            turns = {turn: [lap] for turn in range(3)}
            records.append(made(model, f"heat-{number}", turns, number=number, size=side))
    cases = summarise(with_standing(name_machines(rounds_frame(records)), records))
    exponents = resolution_exponents(cases)
    latency = exponents[(exponents["metric"] == "latency_s") & (exponents["subject"] == "resnet18")].iloc[0]
    assert latency["exponent"] == pytest.approx(2.0)
    assert latency["high"] - latency["low"] < 1e-6


def test_a_case_twice_in_a_heat_is_compared_with_itself() -> None:
    """Its second process takes 1.1 times as long in the one heat that has two."""
    records = [made("resnet18", f"heat-{n}", {t: [1.0 + t] for t in range(3)}, number=n) for n in range(2)]
    records.append(made("resnet18", "heat-1", {t: [1.1 * (1 + t)] for t in range(3)}, number=2))
    rounds = with_standing(name_machines(rounds_frame(records)), records)
    assert repeated(rounds, "latency_s") == pytest.approx([math.log(1.1)])
