"""Energy windows on a simulated machine: its clock, its counters and its temperature are one object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.machine.gpu import Unavailable
from scalebench.machine.power import Rapl, open_counters
from scalebench.measure.accelerator import accelerator_of
from scalebench.measure.energy import Instruments, Span, Window, cool_down, energy, result, spend, unavailable, window
from scalebench.measure.session import Measurement
from scalebench.measure.watch import GpuReport
from scalebench.suite.device_kinds import CPU
from scalebench.suite.protocol import Protocol

IDLE_W, LOAD_W = 50.0, 250.0


class Machine:
    """Draws 50 W asleep and 250 W at work; heats up by 1 C a second of work and cools down as fast."""

    def __init__(self) -> None:
        self.now = 100.0
        self.joules = 0.0
        self.celsius = 40.0
        self.heard: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.heard.append(f"sleep {seconds:g}")
        self.now += seconds
        self.joules += IDLE_W * seconds
        self.celsius -= seconds

    def work(self) -> None:
        self.heard.append("work")
        self.now += 1.5
        self.joules += LOAD_W * 1.5
        self.celsius += 1.5


class Meter:
    """Shows a share of the machine's energy, in millijoules."""

    def __init__(self, machine: Machine, domain: str, share: float = 1.0) -> None:
        self.machine, self.domain, self.share = machine, domain, share

    def read(self) -> int | None:
        return round(self.machine.joules * self.share * 1000)

    def joules(self, before: int, after: int) -> float | None:
        return (after - before) / 1000


def instruments(machine: Machine, *counters: Any, **other: Any) -> Instruments:
    return Instruments(counters, clock=lambda: machine.now, sleep=machine.sleep, **other)


def test_a_window_sees_idle_and_load_apart() -> None:
    """Chunks of 1.5 s: seven of them reach 10 s; the lead-in before them is not counted."""
    machine = Machine()
    measured = window(machine.work, 32, 10.0, instruments(machine, Meter(machine, "gpu_board")))
    assert measured.idle == Span(5, 5.0, {"gpu_board": 250.0})
    assert measured.load == Span(7, 10.5, {"gpu_board": 10.5 * LOAD_W})
    assert measured.images == 7 * 32
    assert machine.heard == ["sleep 1"] * 6 + ["work"] * 9 + ["sleep 5"]


def test_the_watch_is_on_while_the_window_is_open() -> None:
    """Neither baseline nor lead-in nor cooldown enters the mean of the power samples."""
    machine = Machine()

    @contextmanager
    def watch() -> Iterator[GpuReport]:
        machine.heard.append("on")
        yield lambda: {"power_mean_w": 240.0}
        machine.heard.append("off")

    measured = window(machine.work, 1, 3.0, instruments(machine, Meter(machine, "gpu_board"), watching=watch))
    assert measured.sampled_w == 240.0
    assert machine.heard[8:12] == ["on", "work", "work", "off"]


def test_temperatures_frame_the_load_and_the_machine_cools_down_after_it() -> None:
    """9 chunks heat it from 34 to 47.5 C; it is left alone until it is within 3 C of its start."""
    machine = Machine()
    measured = window(
        machine.work, 1, 10.0, instruments(machine, Meter(machine, "gpu_board"), temperature=lambda: machine.celsius)
    )
    assert (measured.temperature_start_c, measured.temperature_end_c) == (34.0, 47.5)
    assert machine.celsius == 36.5


def test_cooling_down_has_an_end() -> None:
    machine = Machine()
    cool_down(40.0, instruments(machine, temperature=lambda: 90.0))
    assert machine.now == 160.0
    machine.heard.clear()
    cool_down(40.0, instruments(machine, temperature=lambda: 43.0))
    assert machine.heard == []


def test_a_counter_that_wraps_every_other_step_is_followed(tmp_path: Path) -> None:
    """1 kJ of range at 250 W: a window of 60 s goes around it fifteen times."""
    machine = Machine()
    file = tmp_path / "energy_uj"
    range_uj = 10**9

    def work() -> None:
        machine.work()
        file.write_text(str(round(machine.joules * 1e6) % range_uj))

    file.write_text("0")
    spent = spend(work, 60.0, instruments(machine, Rapl("cpu_package-0", file, range_uj)))
    assert spent.joules["cpu_package-0"] == pytest.approx(60.0 * LOAD_W)


class Script:
    """A counter that reads what it is told to, in joules."""

    domain = "psys"

    def __init__(self, *readings: int | None) -> None:
        self.readings = iter(readings)

    def read(self) -> int | None:
        return next(self.readings)

    def joules(self, before: int, after: int) -> float | None:
        return float(after - before) if after >= before else None


@pytest.mark.parametrize(
    ("readings", "joules"),
    [((0, 4, 9), 9.0), ((0, None, 9), 9.0), ((None, 4, 9), None), ((0, 4, None), None), ((5, 2, 9), None)],
)
def test_a_reading_that_is_missing_is_bridged_or_ends_it(readings: tuple[int | None, ...], joules: float) -> None:
    machine = Machine()
    assert spend(machine.work, 3.0, instruments(machine, Script(*readings))).joules == {"psys": joules}


def seen_window(load: dict[str, float | None], idle: dict[str, float | None], **other: Any) -> Window:
    """10 s of load over 100 images, 5 s of idle before."""
    return Window(Span(5, 5.0, idle), Span(10, 10.0, load), 100, **other)


def test_facts_of_a_gpu_are_the_boards() -> None:
    measurement = result(
        seen_window(
            {"gpu_board": 3000.0, "cpu_package-0": 800.0}, {"gpu_board": 500.0, "cpu_package-0": 200.0},
            temperature_start_c=40, temperature_end_c=60, sampled_w=290.0,
        ),
        "gpu_board",
        700.0,
    )  # fmt: skip
    assert measurement.facts == {
        "energy_status": "ok",
        "energy_j": pytest.approx(30.0),
        "energy_net_j": pytest.approx(20.0),
        "energy_domains": {"gpu_board": pytest.approx(30.0), "cpu_package-0": pytest.approx(8.0)},
        "idle_w": pytest.approx(100.0),
        "mean_w": pytest.approx(300.0),
        "energy_window_s": 10.0,
        "energy_images": 100,
        "temperature_start_c": 40,
        "temperature_end_c": 60,
        "power_limit_w": 700.0,
    }
    assert measurement.notes == ()
    json.dumps(measurement.facts)


def test_a_processor_is_its_packages_and_nothing_else() -> None:
    """Memory and the whole system overlap with them, or lie beside them: they are shown, not added."""
    load = {"cpu_package-0": 1000.0, "cpu_package-1": 500.0, "dram-0": 300.0, "psys": 2500.0}
    measurement = result(seen_window({**load}, {name: joules / 4 for name, joules in load.items()}), "cpu_package")
    assert measurement.facts["energy_j"] == pytest.approx(15.0)
    assert measurement.facts["idle_w"] == pytest.approx(75.0)
    assert measurement.facts["energy_domains"]["psys"] == pytest.approx(25.0)


@pytest.mark.parametrize("stuck", [0.0, None])
def test_a_counter_that_stands_still_is_never_zero_joules(stuck: float | None) -> None:
    """One stuck package of two is as bad: the sum would be half the machine."""
    for load in ({"cpu_package-0": stuck}, {"cpu_package-0": 900.0, "cpu_package-1": stuck}):
        measurement = result(seen_window(load, dict.fromkeys(load, 100.0)), "cpu_package")
        assert measurement.facts["energy_j"] is None
        assert measurement.facts["energy_status"] == "unavailable"
        assert measurement.facts["energy_reason"] == "counter_stuck"
        assert measurement.notes == ("energy_unavailable: counter_stuck",)


def test_a_domain_beside_the_point_may_stand_still() -> None:
    measurement = result(
        seen_window({"gpu_board": 3000.0, "dram-0": 0.0}, {"gpu_board": 0.0, "dram-0": 0.0}), "gpu_board"
    )
    assert measurement.facts["energy_j"] == pytest.approx(30.0)
    assert measurement.facts["energy_domains"]["dram-0"] is None
    assert measurement.facts["idle_w"] is None  # a board never draws nothing
    assert measurement.facts["energy_net_j"] is None


@pytest.mark.parametrize(
    ("sampled", "noted"), [(None, False), (300.0, False), (275.0, False), (265.0, True), (340.0, True)]
)
def test_counter_and_samples_have_to_agree(sampled: float | None, noted: bool) -> None:
    """Ten percent between the counter's 300 W and the samples."""
    measurement = result(seen_window({"gpu_board": 3000.0}, {"gpu_board": 500.0}, sampled_w=sampled), "gpu_board")
    assert [note.partition(":")[0] for note in measurement.notes] == (["energy_inconsistent"] if noted else [])
    assert measurement.facts["energy_j"] == pytest.approx(30.0)


@given(
    idle=st.floats(1.0, 500.0), extra=st.floats(0.0, 500.0), images=st.integers(1, 10**6), seconds=st.floats(0.1, 100.0)
)
def test_gross_is_net_and_idle(idle: float, extra: float, images: int, seconds: float) -> None:
    """What an image takes is what it takes on top, and its share of the idle power."""
    load = Span(1, seconds, {"gpu_board": (idle + extra) * seconds})
    facts = result(Window(Span(5, 5.0, {"gpu_board": idle * 5}), load, images), "gpu_board").facts
    assert facts["energy_j"] == pytest.approx(facts["energy_net_j"] + facts["idle_w"] * seconds / images)
    assert facts["energy_net_j"] == pytest.approx(extra * seconds / images, abs=1e-9 * idle * seconds)


def test_no_counter_gives_a_word_and_no_number() -> None:
    measurement = unavailable(Unavailable("permission", "readable by root only"))
    assert measurement.facts == {
        "energy_j": None,
        "energy_status": "unavailable",
        "energy_reason": "permission",
        "energy_detail": "readable by root only",
    }
    assert measurement.notes == ("energy_unavailable: permission",)


def session(energy_s: float, machine: Machine) -> Any:
    """The parts of a session that the probe uses."""
    clock = SimpleNamespace(lap=lambda run: 0.5, chunk=lambda run, calls: [run() for _ in range(calls)])
    case = SimpleNamespace(protocol=Protocol(energy_s=energy_s), batch=4, kind=CPU)
    return SimpleNamespace(case=case, accelerator=accelerator_of("cpu"), clock=clock, run=machine.work)


def test_energy_that_is_not_asked_for_costs_nothing() -> None:
    machine = Machine()
    assert energy(session(0.0, machine)) == Measurement()
    assert machine.heard == []


def test_a_machine_without_counters_gives_a_word_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No window is spent on a number that cannot come."""
    monkeypatch.setattr("scalebench.measure.energy.open_counters", partial(open_counters, cpuinfo=tmp_path / "cpuinfo"))
    machine = Machine()
    measurement = energy(session(10.0, machine), tmp_path, lambda: machine.now, machine.sleep)
    assert measurement.facts["energy_j"] is None
    assert measurement.facts["energy_reason"] == "no_rapl"
    assert machine.heard == []


def test_the_probe_from_counter_to_joules_per_image(tmp_path: Path) -> None:
    """One package in a folder like the kernel's: 250 W at 4 images in 1.5 s, 50 W of them idle."""
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text("262143328850\n")

    class Metered(Machine):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            self.show()

        def work(self) -> None:
            super().work()
            self.show()

        def show(self) -> None:
            (zone / "energy_uj").write_text(f"{round(self.joules * 1e6)}\n")

    machine = Metered()
    machine.show()
    measurement = energy(session(10.0, machine), tmp_path, lambda: machine.now, machine.sleep)
    assert measurement.notes == ()
    assert measurement.facts["energy_images"] == 4 * measurement.facts["energy_window_s"] / 1.5
    assert measurement.facts["energy_j"] == pytest.approx(LOAD_W * 1.5 / 4)
    assert measurement.facts["energy_net_j"] == pytest.approx((LOAD_W - IDLE_W) * 1.5 / 4)
    assert measurement.facts["energy_domains"] == {"cpu_package-0": measurement.facts["energy_j"]}
