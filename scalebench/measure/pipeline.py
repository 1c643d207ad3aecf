"""The input probe: decoding, resizing and normalising one photograph, and what several processes reach together."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing.connection import Connection
from statistics import median
from threading import BrokenBarrierError
from typing import Any

import torch

from scalebench.errors import MachineError
from scalebench.machine.limits import die_with_parent
from scalebench.measure.decoders import Decoder, normalise, open_decoder
from scalebench.measure.latency import no_collection
from scalebench.measure.photographs import jpeg, photograph
from scalebench.measure.sampling import forward, timed, warm_up
from scalebench.measure.session import Measurement
from scalebench.suite.case import Case
from scalebench.suite.decoder_table import camera_size

_START_S = 60.0
"""Within this time every worker has to be at the gate."""
STEPS = ("decode_s", "resize_s", "normalise_s")


@dataclass(frozen=True)
class InputSession:
    """An input case made ready.

    Attributes:
        case: what is measured; its model names the decoder.
        data: the photograph, encoded.
        decoder: what prepares it.
        iterations: timed iterations asked for, or None for the protocol's own rule.
        device: the CPU.
    """

    case: Case
    data: bytes
    decoder: Decoder
    iterations: int | None = None
    device: torch.device = field(default=torch.device("cpu"))

    def prepare(self) -> tuple[float, float, float]:
        """Prepare one image; seconds of each of ``STEPS``."""
        side = self.case.resolution
        start = time.perf_counter_ns()
        picture = self.decoder.decode(self.data, side)
        decoded = time.perf_counter_ns()
        small = self.decoder.resize(picture, side)
        resized = time.perf_counter_ns()
        normalise(small)
        end = time.perf_counter_ns()
        return (decoded - start) * 1e-9, (resized - decoded) * 1e-9, (end - resized) * 1e-9

    @cached_property
    def pixels(self) -> int:
        """Of the photograph."""
        width, height = camera_size(self.case.camera)
        return width * height


def open_intake(case: Case, iterations: int | None = None) -> InputSession:
    """Make and encode the photograph, and open the decoder.

    Raises:
        MachineError: the decoder is not installed.
    """
    torch.set_num_threads(case.threads)
    decoder = open_decoder(case.model)
    return InputSession(case, jpeg(photograph(*camera_size(case.camera))), decoder, iterations)


def warm(intake: InputSession) -> Measurement:
    """Images prepared until their time has settled, and how large the photograph is."""
    found = warm_up(lambda: sum(intake.prepare()), intake.case.protocol, "cpu")
    size = len(intake.data)
    facts = {"jpeg_bytes": size, "jpeg_bytes_per_pixel": size / intake.pixels}
    return Measurement({"warmup_s": found.laps}, facts, () if found.settled else ("warmup_unsettled",))


def steps(intake: InputSession) -> Measurement:
    """Images prepared one by one in this process, each of the three steps timed."""
    laps: list[tuple[float, float, float]] = []

    def lap() -> float:
        laps.append(intake.prepare())
        return sum(laps[-1])

    with no_collection():
        whole = timed(lap, intake.case.protocol, intake.iterations)
    samples = {"latency_s": whole, **{name: list(of) for name, of in zip(STEPS, zip(*laps, strict=True), strict=True)}}
    return Measurement(samples, {name: median(of) for name, of in samples.items()})


def together(intake: InputSession) -> Measurement:
    """Images per second of all workers in one window: this process alone, or ``instances`` processes at once."""
    number = intake.case.instances
    with no_collection():
        found = [_window(intake)] if number == 1 else _at_once(intake, number)
    rates = [images / elapsed for images, elapsed in found]
    samples = {"throughput_chunk_s": [elapsed for _, elapsed in found]}
    return Measurement(samples, {"throughput_ips": sum(rates), "chunk_calls": sum(images for images, _ in found)})


Window = tuple[int, float]
"""Images that one worker prepared, and the seconds it took."""


def _window(intake: InputSession) -> Window:
    images, start = 0, time.perf_counter()
    while True:
        intake.prepare()
        images += 1
        elapsed = forward(time.perf_counter() - start)
        if elapsed >= intake.case.protocol.chunk_s:
            return images, elapsed


def _at_once(intake: InputSession, number: int) -> list[Window]:
    """Windows of ``number`` forked workers that begin together; who has finished works on until the last one has."""
    context = multiprocessing.get_context("fork")
    gate, finished = context.Barrier(number), context.Value("i", 0)
    workers, ends = [], []
    try:
        for _ in range(number):
            listen, tell = context.Pipe(duplex=False)
            worker = context.Process(target=_work, args=(intake, gate, finished, number, tell), daemon=True)
            worker.start()
            tell.close()  # so that reading ends where the worker does
            workers.append(worker)
            ends.append(listen)
        return [_heard(listen) for listen in ends]
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def _work(intake: InputSession, gate: Any, finished: Any, number: int, tell: Connection) -> None:
    die_with_parent()
    try:
        intake.prepare()
        gate.wait(_START_S)
        found = _window(intake)
        with finished.get_lock():
            finished.value += 1
        _while(lambda: finished.value < number, intake)
        tell.send(found)
    except BrokenBarrierError:
        tell.send(f"not all of {number} workers were ready within {_START_S:g} s")


def _while(others: Callable[[], bool], intake: InputSession) -> None:
    """Keep the machine as loaded as it was while the others are still being timed."""
    while others():
        intake.prepare()


def _heard(listen: Connection) -> Window:
    try:
        found = listen.recv()
    except EOFError:
        found = "it was killed, or failed"
    if isinstance(found, str):
        raise MachineError(f"an input worker ended early: {found}")
    images, elapsed = found
    return images, elapsed
