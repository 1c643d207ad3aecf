"""Capacity at the service level, on records built from literals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scalebench.analysis.sessions import Spread
from scalebench.errors import PlanError
from scalebench.machine.ability import Ability, Peak
from scalebench.procure.capacity import capacities
from scalebench.procure.catalogue import catalogue
from scalebench.procure.evidence import Evidence, examine, gather
from scalebench.procure.load_plan import PlanFile, load_plan
from scalebench.procure.serving import Capacity, Refusal
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results
from scalebench.suite.protocol import PROTOCOLS

Load = Callable[..., PlanFile]
Make = Callable[..., list[Record]]

A4 = {1: 4, 2: 5, 4: 7, 8: 11, 16: 19, 32: 35, 64: 67}
"""p99 of each batch in ms: worked example 1."""
ON_CPU = (("accelerator: nvidia-l4", "accelerator: cpu"), ("machine: l4-box", "machine: cpu-box"))


@pytest.fixture(scope="module", autouse=True)
def _no_spread_between_sessions() -> Iterator[None]:
    """Draws over rounds alone; ``test_evidence`` has those over sessions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scalebench.procure.evidence.DEFAULT", Spread((0.0, 1.0), (0.0, 1.0)))
        yield


def evidence(file: PlanFile, *records: list[Record], abilities: Sequence[Ability] = ()) -> Evidence:
    every = tuple(record for some in records for record in some)
    return examine(file, Results((), every, (), (), tuple(abilities)), catalogue())


def served(file: PlanFile, *records: list[Record], **more: Any) -> tuple[tuple[Capacity, ...], tuple[Refusal, ...]]:
    return capacities(file.plan, evidence(file, *records, **more), draws=200, seed=1)


def only(file: PlanFile, *records: list[Record], **more: Any) -> Capacity:
    (capacity,), refused = served(file, *records, **more)
    assert refused == ()
    return capacity


def why(file: PlanFile, *records: list[Record], **more: Any) -> Refusal:
    serving, (refused,) = served(file, *records, **more)
    assert serving == ()
    return refused


def a4(make: Make, **options: Any) -> list[Record]:
    return [record for batch, ms in A4.items() for record in make(batch, ms / 1e3, **options)]


@pytest.fixture
def l4(environment_of: Callable[..., Environment]) -> Environment:
    return environment_of("l4-box", device="cuda", gpu="NVIDIA L4", gpu_memory_gib=22)


def test_1_batch_at_the_service_level(plan_file: Load, service_rounds: Make, l4: Environment) -> None:
    """A lone request takes 4 ms and 10 ms of overhead; larger batches serve more, within 60 ms."""
    file = plan_file()
    capacity = only(file, a4(service_rounds, where=l4, device="cuda:0"))
    assert capacity.batch in (32, 64)
    assert capacity.images_per_s.value == pytest.approx(1e3 * capacity.batch / A4[capacity.batch])
    assert capacity.counted_on == capacity.images_per_s.low
    assert capacity.images_per_s.low == pytest.approx(capacity.images_per_s.value), "all laps are equal"
    assert 0.014 <= capacity.latency_s <= 0.060 + 1e-9
    assert 0 < capacity.slo_counted_on < capacity.counted_on, "no queue serves at saturation"
    planned = capacity.planned_ips(file.plan.policy.max_utilisation.value)
    assert planned == min(file.plan.policy.max_utilisation.value * capacity.counted_on, capacity.slo_counted_on)
    assert capacity.draws == pytest.approx([capacity.images_per_s.value] * 200)
    assert capacity.slo_draws == pytest.approx([capacity.slo_images_per_s.value] * 200)
    assert (capacity.origin, capacity.machine, capacity.n, capacity.memory_bytes) == ("measured", "l4-box", 5, 1e8)


def test_twice_the_service_time_decides_nothing(plan_file: Load, service_rounds: Make) -> None:
    """2 x 20 + 10 ms are 50 of 60; at 60 % of saturation one request in a hundred still takes 110 ms.

    M/D/1 by the exponential tail of the wait: 4.53 service times at 0.6, and at most 1.5 only below 0.22.
    """
    file = plan_file(*ON_CPU)
    capacity = only(file, service_rounds(1, 0.020))
    assert capacity.images_per_s.value == pytest.approx(50)
    assert 0 < capacity.slo_images_per_s.value < 0.24 * 50
    assert capacity.planned_ips(0.6) == capacity.slo_counted_on
    assert capacity.latency_s <= 0.060 + 1e-9
    assert capacity.limit == "the service level under random arrivals"


def test_curves_lead_to_the_rates_of_a_capacity(plan_file: Load, service_rounds: Make) -> None:
    """Each curve crosses 60 ms at an end of the rate's interval, and the slow one has the planned latency.

    An almost idle server takes at least 20 ms and 10 ms of overhead; faster passes serve a higher rate.
    """
    file = plan_file(*ON_CPU)
    rounds = [[0.020 * (1 + 0.01 * number)] * 80 for number in range(5)]
    capacity = only(file, service_rounds(1, values=rounds))
    assert list(capacity.curves) == ["value", "low", "high"]
    for end, curve in capacity.curves.items():
        rate = getattr(capacity.slo_images_per_s, end)
        assert np.interp(rate, curve.rates_ips, curve.latency_s) == pytest.approx(0.060, rel=1e-6)
        assert list(curve.latency_s) == sorted(curve.latency_s)
        assert 0.029 <= curve.latency_s[0] < 0.060
    slow = capacity.curves["low"]
    assert np.interp(capacity.planned_ips(0.6), slow.rates_ips, slow.latency_s) == pytest.approx(capacity.latency_s)
    assert capacity.curves["high"].rates_ips[-1] > slow.rates_ips[-1]


def test_nothing_keeps_the_service_level(plan_file: Load, service_rounds: Make, l4: Environment) -> None:
    """The smallest batch comes nearest, so the refusal names it; 4 ms and 10 ms are within 17 ms, with a queue not."""
    refused = why(plan_file(("latency_ms: 60", "latency_ms: 17")), a4(service_rounds, where=l4, device="cuda:0"))
    assert refused.reason == "slo"
    assert "against 17 ms: p99 at 1 % of the capacity of batch 1, and 10 ms of overhead" in refused.text


def test_several_devices_serve_times_as_much(plan_file: Load, service_rounds: Make, l4: Environment) -> None:
    file = plan_file(("accelerator: nvidia-l4", "accelerator: nvidia-l4\n    count: 3"))
    capacity = only(file, a4(service_rounds, where=l4, device="cuda:0"))
    assert capacity.images_per_s.value == pytest.approx(3e3 * capacity.batch / A4[capacity.batch])
    assert capacity.draws == pytest.approx([capacity.images_per_s.value] * 200)
    assert "measured on one device, times 3" in capacity.notes


def test_copies_serve_together(plan_file: Load, service_rounds: Make) -> None:
    """A processor's sockets are in its measurement, so ``count`` multiplies nothing; copies do."""
    file = plan_file(*ON_CPU, ("idle_w: 180", "idle_w: 180\n    count: 2"))
    capacity = only(file, service_rounds(4, 0.02, instances=2))
    assert capacity.images_per_s.value == pytest.approx(2 * 4 / 0.02)
    assert capacity.setup.instances == 2


def test_the_careful_end_decides(plan_file: Load, service_rounds: Make) -> None:
    """One slow round in five widens the interval; the median looks at the value only.

    The p99 of the slow round is 40 ms: 10 ms times 4^(1/5); standard error ln 4 / 5, times t(4) = 2.7764.
    """
    rounds = service_rounds(1, values=[*[[0.010] * 80] * 4, ([0.010] * 39 + [0.040]) * 2])
    slow = ("latency_ms: 60", "latency_ms: 600")
    careful = only(plan_file(*ON_CPU, slow), rounds)
    easy = only(plan_file(*ON_CPU, slow, ("redundancy: 1", "redundancy: 1\n  capacity_bound: median")), rounds)
    assert careful.counted_on == pytest.approx(1 / 0.02849, rel=1e-3)
    assert easy.counted_on == easy.images_per_s.value == pytest.approx(75.79, rel=1e-3)
    assert careful.slo_counted_on == careful.slo_images_per_s.low < easy.slo_counted_on
    assert why(plan_file(*ON_CPU, ("latency_ms: 60", "latency_ms: 36")), rounds).reason == "slo"


def test_too_few_iterations_or_rounds(plan_file: Load, service_rounds: Make) -> None:
    """F13: what is there, what it takes, and how much more."""
    file = plan_file(*ON_CPU)
    few = why(file, service_rounds(1, laps=60))
    assert few.reason == "percentile_not_established"
    assert few.text == "p99 of batch 1: 60 of 70 iterations in the shortest round"
    assert why(file, service_rounds(1, rounds=2)).text.endswith("2 of 3 rounds")
    assert only(plan_file(*ON_CPU, ("percentile: 99", "percentile: 95")), service_rounds(1, laps=20)).batch == 1
    both = only(
        plan_file(*ON_CPU, ("latency_ms: 60", "latency_ms: 600")), service_rounds(1), service_rounds(2, laps=10)
    )
    assert (both.batch, both.limit) == (1, "the percentile is not established beyond: batch 2")


def test_memory_of_all_copies(plan_file: Load, service_rounds: Make) -> None:
    """Nine tenths of the device may be used; who says nothing about memory is not assumed to fit."""
    file = plan_file(*ON_CPU)
    refused = why(file, service_rounds(1, memory=0.91 * 24 * 2**30))
    assert refused.reason == "memory"
    assert refused.text == "batch 1 takes 21.8 GiB, more than 90% of 24 GiB"
    lax = plan_file(*ON_CPU, ("latency_ms: 60", "latency_ms: 600"))
    fits = only(lax, service_rounds(1, memory=0.89 * 24 * 2**30), service_rounds(8, 0.011, memory=0.91 * 24 * 2**30))
    assert (fits.batch, fits.limit) == (1, "memory: batch 8 does not fit")
    assert set(fits.draws) == {fits.images_per_s.value}
    small = plan_file(*ON_CPU, ("idle_w: 180", "idle_w: 180\n    memory_gib: 0.1"))
    assert why(small, service_rounds(1)).reason == "memory"
    assert why(file, service_rounds(1, memory=None)).reason == "not_measured"


def test_a_device_whose_memory_nobody_knows(
    plan_file: Load, service_rounds: Make, environment_of: Callable[..., Environment]
) -> None:
    refused = why(plan_file(*ON_CPU), service_rounds(1, where=environment_of("cpu-box", memory={"gib": None})))
    assert (refused.reason, "memory_gib" in refused.text) == ("memory", True)


def test_accuracy_floor(plan_file: Load, service_rounds: Make) -> None:
    values = "  accuracy: {metric: f1, min: 0.9, values: {resnet50@224: 0.91, resnet18@224: 0.89}}\npolicy:\n"
    file = plan_file(*ON_CPU, ("policy:\n", values))
    models = [service_rounds(1, model=name) for name in ("resnet50", "resnet18", "resnet34")]
    (capacity,), refused = served(file, *models)
    assert capacity.setup.model == "resnet50"
    assert [(refusal.reason, refusal.text) for refusal in refused] == [
        ("accuracy", "f1 0.89 of resnet18@224 is below 0.9"),
        ("accuracy_not_assessed", "the plan gives no f1 of resnet34@224"),
    ]
    assert len(served(plan_file(*ON_CPU), *models)[0]) == 3, "no floor, no question"


def test_a_wrong_answer_is_refused(plan_file: Load, service_rounds: Make) -> None:
    """However fast it is, and if only one round said so."""
    rounds = [*service_rounds(1), *service_rounds(1, rounds=1, outcome="wrong", why="relative error 0.4")]
    refused = why(plan_file(*ON_CPU), rounds)
    assert (refused.reason, refused.text) == ("wrong", "relative error 0.4")


def test_what_no_chip_can_do_is_refused(plan_file: Load, service_rounds: Make, l4: Environment) -> None:
    """F14: 4.1 GMACs in 0.2 ms are 41 TFLOP/s, of a peak of 30.3."""
    rounds = service_rounds(1, 0.0002, where=l4, device="cuda:0")
    count = replace(rounds[0], case=rounds[0].case.counted(), facts={"macs": 4.1e9}, samples={})
    refused = why(plan_file(), rounds, [count])
    assert (refused.reason, refused.text) == ("wrong", "5000 img/s would be 1.35 of the fp32 peak of nvidia-l4")
    assert only(plan_file(), service_rounds(1, 0.0003, where=l4, device="cuda:0"), [count]).batch == 1


@pytest.mark.parametrize(("outcome", "reason"), [("oom", "memory"), ("timeout", "not_measured")])
def test_what_ended_badly_serves_nothing(plan_file: Load, service_rounds: Make, outcome: str, reason: str) -> None:
    refused = why(plan_file(*ON_CPU), service_rounds(1, outcome=outcome, why="it ended"))
    assert (refused.reason, refused.text) == (reason, f"{outcome}: it ended")


def test_select_leaves_the_others_out(plan_file: Load, service_rounds: Make) -> None:
    select = "  select: {models: [resnet1*], runtimes: [onnxruntime]}\npolicy:\n"
    file = plan_file(*ON_CPU, ("policy:\n", select))
    there = [service_rounds(1, model="resnet18", runtime=name) for name in ("eager", "onnxruntime")]
    capacity = only(file, *there, service_rounds(1, runtime="onnxruntime"))
    assert (capacity.setup.model, capacity.setup.runtime) == ("resnet18", "onnxruntime")
    refused = why(file, service_rounds(1))
    assert (refused.reason, refused.setup) == ("not_measured", None)


def test_a_batch_timed_by_two_protocols_is_not_pooled(plan_file: Load, service_rounds: Make) -> None:
    """The one with most iterations counts."""
    quick = service_rounds(1, 0.001, laps=6, protocol=PROTOCOLS["quick"].alone())
    capacity = only(plan_file(*ON_CPU), quick, service_rounds(1, 0.01))
    assert capacity.images_per_s.value == pytest.approx(100)


def test_the_newest_software_counts(
    plan_file: Load, service_rounds: Make, environment_of: Callable[..., Environment]
) -> None:
    old = service_rounds(1, 0.001, where=environment_of("cpu-box", "old"), started="2026-01-01T00:00:00+00:00")
    capacity = only(plan_file(*ON_CPU), old, service_rounds(1, 0.01, where=environment_of("cpu-box", "new")))
    assert capacity.images_per_s.value == pytest.approx(100)
    assert "measured with 2 software versions; only the newest, new, counts" in capacity.notes


def test_doubts_of_the_records_are_passed_on(plan_file: Load, service_rounds: Make) -> None:
    first, *others = service_rounds(1)
    capacity = only(plan_file(*ON_CPU), [replace(first, notes=("host_drift: +6.0 % before",)), *others])
    assert capacity.notes == ("host_drift in 1 of 5 rounds",)


def test_imported_records_satisfy_no_service_level(
    plan_file: Load, service_rounds: Make, environment_of: Callable[..., Environment]
) -> None:
    file = plan_file(("accelerator: nvidia-l4", "accelerator: cpu"), ("machine: l4-box", "machine: imported-xeon"))
    refused = why(file, service_rounds(1, where=environment_of("imported-xeon")))
    assert (refused.reason, refused.setup) == ("imported", None)


@pytest.mark.parametrize(
    ("changes", "hardware", "key", "message", "hint"),
    [
        ([("l4-box", "l4-bax")], {}, "machine", "no records of machine 'l4-bax'", "'l4-box'"),
        ([("nvidia-l4", "nvidia-l44")], {}, "accelerator", "is not in the catalogue", "'nvidia-l4'"),
        ([("nvidia-l4", "nvidia-a10")], {}, "accelerator", "the records are of 'NVIDIA L4'", "that is 'nvidia-l4'"),
        ([("nvidia-l4", "cpu")], {}, "accelerator", "are of NVIDIA L4", ""),
        ([], {"device": "cpu", "gpu": None}, "accelerator", "are of its processor", ""),
    ],
)
def test_a_node_that_its_records_contradict(
    plan_file: Load, service_rounds: Make, environment_of: Callable[..., Environment],
    changes: list[tuple[str, str]], hardware: dict[str, Any], key: str, message: str, hint: str,
) -> None:  # fmt: skip
    where = environment_of("l4-box", **({"device": "cuda", "gpu": "NVIDIA L4", "gpu_memory_gib": 22} | hardware))
    changes = [(f": {old}", f": {new}") for old, new in changes]
    with pytest.raises(PlanError, match=rf"plan\.yaml:1[678]: nodes\[0\]\.{key}: ") as caught:
        served(plan_file(*changes), service_rounds(1, where=where))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_an_unnamed_chip_is_said_to_be_unchecked(
    plan_file: Load, service_rounds: Make, environment_of: Callable[..., Environment]
) -> None:
    """A virtual machine does not say which processor it has."""
    file = plan_file(("nvidia-l4", "amd-epyc-9654"))
    capacity = only(file, service_rounds(1, where=environment_of("l4-box")))
    assert capacity.notes == ("could not check that Some CPU is amd-epyc-9654",)


class TestInputPipeline:
    """Images come as photographs that the node's cores prepare."""

    IMAGES = ("policy:\n", "  images: {camera: 4000x3000, decoder: simplejpeg}\npolicy:\n")

    def prepared(self, make: Make, rate: float, processes: int = 2, rounds: int = 3, **options: Any) -> list[Record]:
        """Rounds in which ``processes`` reach ``rate`` images per second together."""
        return make(
            1, 1 / rate, model="simplejpeg", mode="input", camera="4000x3000",
            instances=processes, rounds=rounds, laps=10, **options,
        )  # fmt: skip

    def test_a_processor_does_both(self, plan_file: Load, service_rounds: Make) -> None:
        """100 img/s of the model on two threads are 20 ms of cores per image; preparing takes 25 ms more."""
        file = plan_file(*ON_CPU, self.IMAGES, ("latency_ms: 60", "latency_ms: 600"))
        capacity = only(file, service_rounds(1, 0.01, threads=2), self.prepared(service_rounds, 80))
        assert capacity.images_per_s.value == pytest.approx(2 / (2 / 100 + 1 / 40))
        assert capacity.counted_on == pytest.approx(capacity.images_per_s.value)
        assert capacity.draws == pytest.approx([capacity.images_per_s.value] * 200)
        assert capacity.limit == "the input pipeline on 2 cores"
        assert any("shares its cores" in note for note in capacity.notes)

    def test_preparing_slows_the_passes(self, plan_file: Load, service_rounds: Make) -> None:
        """At 25 images a second preparing takes 25 / 80 of the cores, and a pass 10 ms / (1 - 25 / 80) = 14.5 ms.

        M/D/1 at a load of 0.364 has its p99 at 3.4 passes, 49.5 ms of 50. Alone it is 50 ms at 53 images a second.
        """
        rounds, prepared = service_rounds(1, 0.01, threads=2), self.prepared(service_rounds, 80)
        capacity, alone = only(plan_file(*ON_CPU, self.IMAGES), rounds, prepared), only(plan_file(*ON_CPU), rounds)
        assert 15 < capacity.slo_counted_on < 25.5
        assert 40 < alone.slo_counted_on < 54
        assert capacity.planned_ips(0.6) == capacity.slo_counted_on < 0.6 * capacity.counted_on

    def test_a_model_on_half_of_the_cores_leaves_the_others(self, plan_file: Load, service_rounds: Make) -> None:
        file = plan_file(*ON_CPU, self.IMAGES, ("latency_ms: 60", "latency_ms: 600"))
        capacity = only(file, service_rounds(1, 0.01, threads=1), self.prepared(service_rounds, 8000))
        assert capacity.images_per_s.value == pytest.approx(100)
        assert capacity.limit == "the largest batch measured"

    def test_the_slower_of_a_gpu_and_its_host(
        self, plan_file: Load, service_rounds: Make, l4: Environment, environment_of: Callable[..., Environment]
    ) -> None:
        """The host's records bear another label, as a processor is another device."""
        host = environment_of("host-cpu")
        prepared = self.prepared(service_rounds, 80, where=host)
        capacity = only(plan_file(self.IMAGES), service_rounds(1, 0.01, where=l4, device="cuda:0"), prepared)
        assert capacity.images_per_s.value == pytest.approx(80)
        more = plan_file(self.IMAGES, ("idle_w: 180", "idle_w: 180\n    cores: 64"))
        capacity = only(more, service_rounds(1, 0.01, where=l4, device="cuda:0"), prepared)
        assert capacity.images_per_s.value == pytest.approx(100)

    def test_most_processes_at_work_count(self, plan_file: Load, service_rounds: Make) -> None:
        """Cores that are all busy are slower than one."""
        alone = self.prepared(service_rounds, 60, processes=1)
        file = plan_file(*ON_CPU, self.IMAGES)
        capacity = only(file, service_rounds(1, 0.01, threads=2), alone, self.prepared(service_rounds, 80))
        assert capacity.images_per_s.value == pytest.approx(2 / (2 / 100 + 1 / 40))

    def test_what_was_not_measured_is_refused(self, plan_file: Load, service_rounds: Make) -> None:
        file = plan_file(*ON_CPU, self.IMAGES)
        model = service_rounds(1, 0.01)
        assert why(file, model).text == "simplejpeg from 4000x3000 to 224 was not measured on its host"
        other = self.prepared(service_rounds, 80, resolution=256)
        assert why(file, model, other).reason == "input_pipeline"
        assert "1 round" in why(file, model, self.prepared(service_rounds, 80, rounds=1)).text


class TestExtrapolated:
    """A node that was not measured, from one that was."""

    OTHER = (
        "offers:\n",
        "  - {id: big, estimate: {from: box, method: METHOD}, accelerator: amd-epyc-9654, cores: 48, memory_gib: 64,\n"
        "     idle_w: 1, load_w: 2, power_source: tdp_only}\noffers:\n",
    )

    SLOW = ("latency_ms: 60", "latency_ms: 600")

    def ability(self, fp32: float = 0.2e12) -> Ability:
        def peak(value: float, unit: Any) -> Peak:
            return Peak(value, value, unit, "", 1)

        return Ability(
            "cpu-box", "hw-cpu-box", "s", "cpu", 2, "2026-11-24T19:00:00+00:00",
            {"fp32": peak(fp32, "FLOP/s")}, {"copy": peak(20e9, "B/s")},
        )  # fmt: skip

    def load(self, plan_file: Load, method: str, *more: tuple[str, str]) -> PlanFile:
        other = (self.OTHER[0], self.OTHER[1].replace("METHOD", method))
        return plan_file(*ON_CPU, other, *(more or [self.SLOW]))

    def test_by_the_ratio_of_peaks(self, plan_file: Load, service_rounds: Make) -> None:
        """Two threads do 0.2 TFLOP/s on the measured machine, and 2 / 96 of 7.4 TFLOP/s, 0.154167, on the other.

        That is 77.0833 of 100 images a second; the band is half to one and a half.
        """
        file = self.load(plan_file, "flops_ratio")
        (own, other), refused = served(file, service_rounds(1, 0.01, threads=2), abilities=[self.ability()])
        assert refused == ()
        assert (own.origin, other.origin) == ("measured", "extrapolated")
        expected = 77.0833
        assert other.images_per_s.value == pytest.approx(expected, rel=1e-5)
        assert other.images_per_s.low == other.counted_on == pytest.approx(38.5417, rel=1e-5)
        assert other.images_per_s.high == pytest.approx(115.625, rel=1e-5)
        assert 38.54 <= min(other.draws) < 0.7 * expected < 1.3 * expected < max(other.draws) <= 115.63
        assert other.notes[0].startswith("not measured: from box by flops_ratio")
        assert "amd-epyc-9654 (2 of its 96 cores at base clock)" in other.notes[0]

    @pytest.mark.parametrize("cores", [2, 48, 96])
    def test_threads_do_not_become_more(self, plan_file: Load, service_rounds: Make, cores: int) -> None:
        """Two copies of one thread use two cores, however many there are: 154.167 of 200 images a second."""
        file = self.load(plan_file, "flops_ratio", ("cores: 48", f"cores: {cores}"), self.SLOW)
        (own, other), _ = served(file, service_rounds(1, 0.01, instances=2), abilities=[self.ability()])
        assert own.images_per_s.value == pytest.approx(200)
        assert other.images_per_s.value == pytest.approx(154.167, rel=1e-5)

    def test_more_threads_than_cores_share_them(self, plan_file: Load, service_rounds: Make) -> None:
        """One core of 0.0770833 TFLOP/s does the work of two threads of 0.1: 77.0833 of 200 images a second."""
        file = self.load(plan_file, "flops_ratio", ("cores: 48", "cores: 1"), self.SLOW)
        (_, other), _ = served(file, service_rounds(1, 0.01, instances=2), abilities=[self.ability()])
        assert other.images_per_s.value == pytest.approx(77.0833, rel=1e-5)

    def test_peaks_of_as_many_threads_come_first(self, plan_file: Load, service_rounds: Make) -> None:
        """One thread was measured to reach 0.12 TFLOP/s, more than half of what two reach."""
        abilities = [replace(self.ability(0.12e12), threads=1), self.ability()]
        file = self.load(plan_file, "flops_ratio")
        (_, other), _ = served(file, service_rounds(1, 0.01), abilities=abilities)
        assert other.images_per_s.value == pytest.approx(64.2361, rel=1e-5), "100 x 0.0770833 / 0.12"

    def test_nothing_exceeds_the_peak_of_its_threads(self, plan_file: Load, service_rounds: Make) -> None:
        """At half of 77.0833 images a second, 4.1 GMACs each are 316 GFLOP/s on a core of 77."""
        rounds = service_rounds(1, 0.01)
        count = replace(rounds[0], case=rounds[0].case.counted(), facts={"macs": 4.1e9}, samples={})
        file = self.load(plan_file, "flops_ratio")
        (_,), (refused,) = served(file, rounds, [count], abilities=[self.ability()])
        assert (refused.node, refused.reason) == ("big", "wrong")
        assert refused.text == "38.54 img/s would be 4.10 of the fp32 peak of amd-epyc-9654"

    def test_images_are_prepared_by_the_other_cores(self, plan_file: Load, service_rounds: Make) -> None:
        """One of 48 cores runs the model: 48 / (1 / 77.0833 + 1 / 40) is far above 77.0833."""
        pipeline = TestInputPipeline()
        file = self.load(plan_file, "flops_ratio", pipeline.IMAGES, self.SLOW)
        prepared = pipeline.prepared(service_rounds, 80)
        (_, other), _ = served(file, service_rounds(1, 0.01), prepared, abilities=[self.ability()])
        assert other.images_per_s.value == pytest.approx(77.0833, rel=1e-5)

    def test_its_service_level_is_its_own(self, plan_file: Load, service_rounds: Make) -> None:
        """What is too slow on the source may be fast enough on it: its threads are 7.7 times as fast."""
        file = self.load(plan_file, "flops_ratio", ("latency_ms: 60", "latency_ms: 60.0"))
        (capacity,), (refused,) = served(file, service_rounds(8, 0.05), abilities=[self.ability(0.02e12)])
        assert (capacity.node, refused.node, refused.reason) == ("big", "box", "slo")

    def test_by_the_roofline(self, plan_file: Load, service_rounds: Make) -> None:
        """A pass that moves much and computes little is as fast as the memory: 10 GB/s a thread, and 460.8 / 96."""
        rounds = service_rounds(1, 0.01)
        work = [[1e6, 1e6, 1e9, 1]]
        facts = {"macs": 1e6, "params": 1, "activations": 1, "weight_bytes": 1e9, "work": work}
        count = replace(rounds[0], case=rounds[0].case.counted(), facts=facts, samples={})
        file = self.load(plan_file, "roofline")
        (own, other), _ = served(file, rounds, [count], abilities=[self.ability()])
        assert own.images_per_s.value == pytest.approx(100)
        assert other.images_per_s.value == pytest.approx(48.0)
        (_,), (refused,) = served(file, rounds, abilities=[self.ability()])
        assert refused.text == "the bytes of resnet50@224 were not counted"

    def test_a_peak_that_nobody_publishes(self, plan_file: Load, service_rounds: Make) -> None:
        file = self.load(plan_file, "flops_ratio")
        _, (refused,) = served(file, service_rounds(1, 0.01))
        assert refused.text.startswith("no fp32 peak of box: its peaks were not measured")
        _, (refused,) = served(file, service_rounds(1, 0.01, precision="fp16"), abilities=[self.ability()])
        assert refused.reason == "not_measured"
        assert refused.text == "no fp16 peak of box (measured peaks, 1 of 2 threads): not measured"


BATCHES = st.lists(
    st.tuples(st.sampled_from([1, 2, 4, 8, 16]), st.floats(0.001, 0.04)), min_size=1, max_size=4,
    unique_by=lambda pair: pair[0],
)  # fmt: skip
LAPS = st.lists(st.floats(0.5, 2.0), min_size=5, max_size=5)


class TestRules:
    """Whatever is measured: nothing that makes all of the work harder raises what a node is planned for.

    One slower round may, where a queue limits: a simulation of other service times has other luck.
    """

    def counted(self, file: PlanFile, records: list[Record]) -> tuple[float, tuple[float, ...]]:
        """What the node is planned for, and the same of each draw."""
        serving, _ = served(file, records)
        if not serving:
            return 0.0, (0.0,) * 200
        use = file.plan.policy.max_utilisation.value
        drawn = np.minimum(np.array(serving[0].draws) * use, serving[0].slo_draws)
        return serving[0].planned_ips(use), tuple(drawn.tolist())

    def records(self, make: Make, batches: list[tuple[int, float]], speed: list[float]) -> list[Record]:
        laps = [[factor * (1 + 37 * lap % 80 / 1000) for lap in range(80)] for factor in speed]
        return [
            record
            for batch, s in batches
            for record in make(batch, values=[[s * lap for lap in some] for some in laps])
        ]

    @given(batches=BATCHES, speed=LAPS, slow=st.integers(0, 4), factor=st.floats(1, 3))
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_slower_round(
        self, plan_file: Load, service_rounds: Make, batches: list[tuple[int, float]], speed: list[float], slow: int,
        factor: float,
    ) -> None:  # fmt: skip
        """Of the value, where full batches limit; an interval may get narrower, with less of an exception in it."""
        lax = ("latency_ms: 60", "latency_ms: 6000")
        file = plan_file(*ON_CPU, lax, ("redundancy: 1", "redundancy: 1\n  capacity_bound: median"))
        before, _ = self.counted(file, self.records(service_rounds, batches, speed))
        slower = [of_round * factor if at == slow else of_round for at, of_round in enumerate(speed)]
        after, _ = self.counted(file, self.records(service_rounds, batches, slower))
        assert after <= before * (1 + 1e-12)

    @given(batches=BATCHES, speed=LAPS, factor=st.floats(1, 3))
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_slower_case(
        self, plan_file: Load, service_rounds: Make, batches: list[tuple[int, float]], speed: list[float], factor: float
    ) -> None:
        file = plan_file(*ON_CPU)
        before, drawn = self.counted(file, self.records(service_rounds, batches, speed))
        after, drawn_after = self.counted(file, self.records(service_rounds, batches, [factor * s for s in speed]))
        assert after <= before * (1 + 1e-9)
        assert all(b <= a * (1 + 1e-9) for a, b in zip(drawn, drawn_after, strict=True))

    @given(batches=BATCHES, speed=LAPS, overhead=st.floats(0, 50), limit=st.floats(1, 60))
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_more_overhead_or_a_stricter_service_level(
        self, plan_file: Load, service_rounds: Make, batches: list[tuple[int, float]], speed: list[float],
        overhead: float, limit: float,
    ) -> None:  # fmt: skip
        records = self.records(service_rounds, batches, speed)
        before, drawn = self.counted(plan_file(*ON_CPU), records)
        slower = plan_file(*ON_CPU, ("overhead_ms: 10", f"overhead_ms: {10 + overhead}"))
        stricter = plan_file(*ON_CPU, ("latency_ms: 60", f"latency_ms: {limit}"))
        for file in (slower, stricter):
            after, drawn_after = self.counted(file, records)
            assert after <= before
            assert all(b <= a for a, b in zip(drawn, drawn_after, strict=True))

    @given(batches=BATCHES, speed=LAPS, kept=st.integers(1, 2))
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_dropping_rounds_establishes_nothing(
        self, plan_file: Load, service_rounds: Make, batches: list[tuple[int, float]], speed: list[float], kept: int
    ) -> None:
        refused = why(plan_file(*ON_CPU), self.records(service_rounds, batches, speed[:kept]))
        assert refused.reason == "percentile_not_established"

    def test_draws_do_not_depend_on_what_else_is_measured(self, plan_file: Load, service_rounds: Make) -> None:
        """A setup more changes nothing about the others, and without draws the capacity is the same."""
        noisy = service_rounds(1, values=[[0.01 * (1 + at / 10)] * 80 for at in range(5)])
        file = plan_file(*ON_CPU)
        alone, (beside, _) = only(file, noisy), served(file, noisy, service_rounds(1, model="resnet18"))[0]
        assert alone == beside
        assert len(set(alone.draws)) > 2
        (bare,), _ = capacities(file.plan, evidence(file, noisy), draws=0)
        assert (bare.draws, bare.counted_on) == ((), alone.counted_on)


def test_the_shipped_plan_runs_on_the_committed_records(root: Path) -> None:
    """Something measured serves, one node serves by extrapolation only, and one is too slow."""
    file = load_plan(root / "plans" / "example.yaml")
    serving, refused = capacities(file.plan, gather(file, catalogue()), draws=50)
    assert {(capacity.node, capacity.origin) for capacity in serving} == {
        ("two-cores", "measured"),
        ("sixteen-cores", "extrapolated"),
    }
    assert all(capacity.latency_s <= 0.1 * (1 + 1e-9) and capacity.images_per_s.low > 0 for capacity in serving)
    reasons = {refusal.reason for refusal in refused if refusal.node == "two-cores"}
    assert {"percentile_not_established", "accuracy"} <= reasons, (
        "76 correlated iterations are too few for a p99 of two"
    )
    assert "slo" in {refusal.reason for refusal in refused if refusal.node == "one-slow-core"}
