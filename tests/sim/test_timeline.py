"""The simulated device's time against sums by hand. All times are virtual, and exact to the nanosecond."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.sim.conftest import Simulator

MS = 1e-3
exactly = pytest.approx


def launches(number: int, device: str = "sim:0") -> Callable[[], None]:
    """So many kernels on a device, each of one addition to a small tensor."""
    numbers = torch.zeros(4, device=device)

    def launch() -> None:
        for _ in range(number):
            numbers.add_(1)

    return launch


def spent(sim: Simulator, work: Callable[[], Any]) -> float:
    """Seconds by the host's clock."""
    start = sim.now_s
    work()
    return sim.now_s - start


def drained(work: Callable[[], Any], device: str = "sim:0") -> Callable[[], None]:
    """The work, and a wait for the device."""

    def both() -> None:
        work()
        torch.accelerator.synchronize(device)

    return both


def test_kernels_of_one_stream_follow_each_other(sim: Simulator) -> None:
    work = launches(10)
    sim.set(kernel_s=MS)
    assert spent(sim, work) == 0  # a launch costs the host nothing here, and it does not wait
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:0")) == exactly(10 * MS)
    assert sim.kernels == 10
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:0")) == 0


def test_a_launch_costs_the_host_its_time(sim: Simulator) -> None:
    """Launch-bound: 100 launches of 50 us keep the host busy; the last kernel of 10 us follows the last launch."""
    work = launches(100)
    sim.set(kernel_s=10e-6, launch_s=50e-6)
    assert spent(sim, work) == exactly(5 * MS)
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:0")) == exactly(0.01 * MS)


def test_a_full_queue_blocks_the_host(sim: Simulator) -> None:
    """Four places and ten kernels of 1 ms: the last launch waits until the sixth has ended."""
    work = launches(10)
    sim.set(kernel_s=MS, queue=4)
    assert spent(sim, work) == exactly(6 * MS)
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:0")) == exactly(4 * MS)


def test_two_streams_overlap_unless_one_waits_for_the_other(sim: Simulator) -> None:
    work = launches(10)
    sim.set(kernel_s=MS)
    first, second = torch.Stream("sim:0"), torch.Stream("sim:0")

    def both(wait: bool) -> None:
        with first:
            work()
        if wait:
            second.wait_event(first.record_event())
        with second:
            work()

    assert spent(sim, drained(lambda: both(wait=False))) == exactly(10 * MS)
    assert spent(sim, drained(lambda: both(wait=True))) == exactly(20 * MS)


def test_waiting_for_one_stream_leaves_the_other_running(sim: Simulator) -> None:
    short, long = launches(2), launches(9)
    sim.set(kernel_s=MS)
    other = torch.Stream("sim:0")
    short()
    with other:
        long()
    assert spent(sim, torch.accelerator.current_stream("sim:0").synchronize) == exactly(2 * MS)
    assert spent(sim, other.synchronize) == exactly(7 * MS)


def test_two_devices_work_at_the_same_time(sim: Simulator) -> None:
    first, second = launches(5, "sim:0"), launches(8, "sim:1")
    sim.set(kernel_s=MS)
    first()
    second()
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:0")) == exactly(5 * MS)
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:1")) == exactly(3 * MS)


def timed_event() -> torch.Event:
    return torch.Event(device="sim:0", enable_timing=True)


@pytest.mark.parametrize("queued_before", [0, 3])
def test_events_take_the_time_between_them_on_the_device(sim: Simulator, queued_before: int) -> None:
    """Whatever was queued before the first of them, and however long the host takes to launch."""
    before, work = launches(queued_before), launches(7)
    sim.set(kernel_s=MS, launch_s=0.2 * MS)
    start, end = timed_event(), timed_event()
    before()
    start.record()
    work()
    end.record()
    end.synchronize()
    # On an idle device the start is stamped at once, and the first kernel is launched 0.2 ms later.
    assert start.elapsed_time(end) == exactly(7.0 if queued_before else 7.2)


def test_events_of_an_idle_device_see_the_launches_of_a_launch_bound_model(sim: Simulator) -> None:
    """Kernels of 10 us, launched every 50 us: the last of 100 ends at 5.01 ms. Host over event time is 1."""
    work = launches(100)
    sim.set(kernel_s=10e-6, launch_s=50e-6)
    start, end = timed_event(), timed_event()

    def lap() -> None:
        start.record()
        work()
        end.record()
        end.synchronize()

    assert spent(sim, lap) == exactly(5.01 * MS)
    assert start.elapsed_time(end) == exactly(5.01)


def test_an_event_that_has_not_come_yet_has_no_time(sim: Simulator) -> None:
    work = launches(1)
    sim.set(kernel_s=MS)
    start, end = timed_event(), timed_event()
    start.record()
    work()
    end.record()
    assert not end.query()
    with pytest.raises(RuntimeError, match="must be completed"):
        start.elapsed_time(end)
    end.synchronize()
    assert start.elapsed_time(end) == exactly(1.0)


def test_reading_a_number_waits_for_it(sim: Simulator) -> None:
    total = torch.zeros((), device="sim:0")
    sim.set(kernel_s=MS)
    for _ in range(3):
        total.add_(2)
    assert spent(sim, total.item) == exactly(3 * MS)
    assert total.item() == 6


def test_products_take_their_operations(sim: Simulator) -> None:
    """2 x 100 x 200 x 500 operations at 1e10 per second are 2 ms; fp16 four times as fast, tf32 twice."""
    left, right, bias = (torch.zeros(*shape, device="sim") for shape in ((100, 200), (200, 500), (500,)))
    sim.set(kernel_s=0.0, flops_per_s=1e10, half_speedup=4.0, tf32_speedup=2.0)
    assert spent(sim, drained(lambda: torch.mm(left, right))) == exactly(2 * MS)
    assert spent(sim, drained(lambda: torch.addmm(bias, left, right))) == exactly(2 * MS)
    assert spent(sim, drained(lambda: torch.bmm(left[None], right[None]))) == exactly(2 * MS)
    assert spent(sim, drained(lambda: torch.mm(left.half(), right.half()))) == exactly(0.5 * MS)
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        assert spent(sim, drained(lambda: torch.mm(left, right))) == exactly(1 * MS)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = False


def test_other_kernels_take_their_bytes(sim: Simulator) -> None:
    """A million floats: a triad moves 12 MB, a copy 8, an addition in place 4."""
    a, b, c = (torch.zeros(10**6, device="sim") for _ in range(3))
    sim.set(kernel_s=0.0, bytes_per_s=4e9)
    assert spent(sim, drained(lambda: torch.add(a, b, alpha=3.0, out=c))) == exactly(3 * MS)
    assert spent(sim, drained(lambda: c.copy_(a))) == exactly(2 * MS)
    assert spent(sim, drained(lambda: c.add_(1))) == exactly(1 * MS)


def test_copies_from_and_to_the_host_block_it(sim: Simulator) -> None:
    """4 MB at 1 GB/s are 4 ms; results are copied after the kernels before them."""
    work, target, host = launches(3), torch.zeros(10**6, device="sim:0"), torch.zeros(10**6)
    sim.set(kernel_s=MS, host_bytes_per_s=1e9)
    assert spent(sim, lambda: target.copy_(host)) == exactly(5 * MS)  # and 1 ms of every kernel
    work()
    assert spent(sim, target.cpu) == exactly(8 * MS)
    work()
    assert spent(sim, lambda: target.copy_(host, non_blocking=True)) == exactly(8 * MS)  # its memory may be moved


def test_copies_of_pinned_memory_do_not_block_the_host_where_it_asks_for_that(sim: Simulator) -> None:
    target, host = torch.zeros(10**6, device="sim:0"), torch.zeros(10**6).pin_memory()
    assert host.is_pinned()
    sim.set(kernel_s=0.0, host_bytes_per_s=1e9)
    assert spent(sim, lambda: target.copy_(host)) == exactly(4 * MS)
    assert spent(sim, lambda: target.copy_(host, non_blocking=True)) == 0
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:0")) == exactly(4 * MS)


def test_a_copy_between_devices_starts_when_its_source_is_ready(sim: Simulator) -> None:
    work, source = launches(3, "sim:0"), torch.ones(8, device="sim:0")
    sim.set(kernel_s=MS)
    work()
    copied = source.to("sim:1")
    assert spent(sim, lambda: torch.accelerator.synchronize("sim:1")) == exactly(4 * MS)
    assert copied.sum().item() == 8


def test_drift_makes_later_kernels_slower(sim: Simulator) -> None:
    """Kernels of 0.5 s, slower by 1 per second: 0.5, then 0.5 x 1.5, then 0.5 x 2.25."""
    work = launches(1)
    sim.set(kernel_s=0.5, drift_per_s=1.0)
    assert [spent(sim, drained(work)) for _ in range(3)] == exactly([0.5, 0.75, 1.125])
