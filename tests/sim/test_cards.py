"""The simulated device's memory against sums by hand, in this process and between processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch

from scalebench.measure.accelerator import accelerator_of
from tests.sim.conftest import Simulator

MIB = 2**20


def held(size: int, device: str = "sim:0") -> torch.Tensor:
    return torch.empty(size, dtype=torch.uint8, device=device)


def test_blocks_are_of_512_bytes_and_segments_of_two_mebibytes(sim: Simulator) -> None:
    tensor = held(513)
    assert torch.accelerator.memory_allocated("sim:0") == 1024
    assert torch.accelerator.memory_reserved("sim:0") == 2 * MIB
    assert torch.accelerator.memory_allocated("sim:1") == 0
    del tensor
    assert torch.accelerator.memory_allocated("sim:0") == 0


def test_freed_memory_is_kept_until_the_cache_is_emptied(sim: Simulator) -> None:
    sim.set(capacity=100 * MIB)
    kept, freed = held(6 * MIB), held(30 * MIB)
    del freed
    assert torch.accelerator.memory_reserved("sim:0") == 36 * MIB
    assert torch.accelerator.get_memory_info("sim:0") == (64 * MIB, 100 * MIB)
    torch.accelerator.empty_cache()
    assert torch.accelerator.memory_reserved("sim:0") == 6 * MIB
    assert torch.accelerator.get_memory_info("sim:0") == (94 * MIB, 100 * MIB)
    del kept


def test_peaks_are_of_the_time_since_they_were_reset(sim: Simulator) -> None:
    held(30 * MIB)
    assert torch.accelerator.max_memory_allocated("sim:0") == 30 * MIB
    torch.accelerator.empty_cache()
    torch.accelerator.reset_peak_memory_stats("sim:0")
    two = held(4 * MIB), held(8 * MIB)
    del two
    assert torch.accelerator.max_memory_allocated("sim:0") == 12 * MIB
    assert torch.accelerator.max_memory_reserved("sim:0") == 12 * MIB


def test_memory_ends_at_the_capacity(sim: Simulator) -> None:
    """What was freed can be had again, and a failed request costs nothing."""
    sim.set(capacity=10 * MIB)
    first = held(8 * MIB)
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        held(3 * MIB)
    second = held(2 * MIB)
    with pytest.raises(torch.OutOfMemoryError):
        held(1)
    del first
    third = held(8 * MIB)
    assert torch.accelerator.get_memory_info("sim:0") == (0, 10 * MIB)
    assert torch.accelerator.get_memory_info("sim:1") == (10 * MIB, 10 * MIB)  # each device has its own
    del second, third


def test_contexts_and_others_take_their_share(sim: Simulator) -> None:
    sim.set(capacity=100 * MIB, context=10 * MIB, others=20 * MIB)
    assert torch.accelerator.get_memory_info("sim:0") == (70 * MIB, 100 * MIB)
    with pytest.raises(torch.OutOfMemoryError):
        held(71 * MIB)
    assert torch.accelerator.memory_reserved("sim:0") == 0


def test_what_is_not_torchs_is_foreign(sim: Simulator, plugin: None) -> None:
    """Of a runtime with memory of its own; what torch's allocator keeps is not, whether it is in use or cached."""
    sim.set(capacity=100 * MIB, context=10 * MIB, others=20 * MIB)
    kept, freed = held(6 * MIB), held(4 * MIB)
    del freed
    accelerator = accelerator_of("sim:0")
    assert accelerator.foreign_bytes() == 30 * MIB
    assert accelerator.free_bytes() == 60 * MIB
    accelerator.reset_peaks()
    assert accelerator.peaks() == (6 * MIB, 6 * MIB)
    assert accelerator.free_bytes() == 64 * MIB
    del kept


SHARED = """
import json, os, signal, torch
MIB = 2**20

def child(work):
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(readable)
        signal.alarm(20)
        try:
            answer = work()
        except Exception as error:
            answer = type(error).__name__, str(error)
        os.write(writable, json.dumps(answer).encode())
        os.close(writable)
        signal.pause()
    os.close(writable)
    with open(readable) as pipe:
        return pid, json.load(pipe)

def hold(size):
    global kept
    kept = torch.empty(size, dtype=torch.uint8, device="sim:0")
    return torch.accelerator.get_memory_info("sim:0")[0]

free = lambda: torch.accelerator.get_memory_info("sim:0")[0]
signal.alarm(20)
pids, answers = zip(*(child(lambda: hold(60 * MIB)), child(lambda: hold(60 * MIB)), child(free)))
os.kill(pids[0], signal.SIGKILL)
while "Z" not in open(f"/proc/{pids[0]}/stat").read().rpartition(")")[2]:
    pass
later, answer = child(lambda: hold(60 * MIB))
torch.zeros(1, device="sim:0")
used, refused = child(free)
for pid in (*pids[1:], later, used):
    os.kill(pid, signal.SIGKILL)
print(json.dumps([*answers, answer, refused]))
"""


def test_processes_share_a_card_and_return_their_memory_when_they_are_killed(
    simulate: Callable[..., None],
) -> None:
    """The first holds 60 of 100 MiB and a context; the second cannot, and its context stays; after a kill one can.

    A process that was forked after its parent had used the device cannot use it.
    """
    simulate(capacity=100 * MIB, context=MIB)
    done = subprocess.run(
        [sys.executable, "-c", SHARED], env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    assert answers[0] == 39 * MIB
    assert answers[1][0] == "OutOfMemoryError"
    assert answers[2] == 37 * MIB
    assert answers[3] == 37 * MIB  # three contexts and 60 MiB of 100
    assert "forked subprocess" in answers[4][1]
