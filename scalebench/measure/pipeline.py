"""Input probes: decoding, resizing and normalising one photograph, and the joint throughput of several processes."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing.connection import Connection
from statistics import median
from threading import BrokenBarrierError
from typing import Any

import torch

from scalebench.machine.limits import die_with_parent
from scalebench.measure.copies import receive, start_child, work_until_all
from scalebench.measure.decoders import Decoder, normalise, open_decoder
from scalebench.measure.latency import no_collection
from scalebench.measure.photographs import jpeg, photograph
from scalebench.measure.sampling import timed, warm_up, window
from scalebench.measure.session import Measurement
from scalebench.suite.case import Case
from scalebench.suite.decoder_table import camera_size
from scalebench.suite.device_kinds import CPU

_START_S = 60.0
"""Within this time every worker must have reached the gate."""
STEPS = ("decode_s", "resize_s", "normalise_s")


@dataclass(frozen=True)
class InputSession:
    """A prepared input case.

    Attributes:
        case: its model names the decoder.
        data: the photograph as JPEG.
        decoder: of the case.
        iterations: timed iterations, or None for the protocol's own rule.
        device: the CPU.
    """

    case: Case
    data: bytes
    decoder: Decoder
    iterations: int | None = None
    device: torch.device = field(default=torch.device(CPU.name))

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
        """Number of pixels of the photograph."""
        width, height = camera_size(self.case.camera)
        return width * height


def open_input_session(case: Case, iterations: int | None = None) -> InputSession:
    """Create and encode the photograph, and open the decoder.

    Raises:
        MachineError: the decoder is not installed.
    """
    torch.set_num_threads(case.threads)
    decoder = open_decoder(case.model)
    return InputSession(case, jpeg(photograph(*camera_size(case.camera))), decoder, iterations)


def warm(session: InputSession) -> Measurement:
    """Prepare images until their time has settled; facts give the size of the photograph."""
    warmup = warm_up(lambda: sum(session.prepare()), session.case.protocol, CPU.name)
    size = len(session.data)
    facts = {"jpeg_bytes": size, "jpeg_bytes_per_pixel": size / session.pixels}
    return Measurement({"warmup_s": warmup.laps}, facts, warmup.notes)


def latency(session: InputSession) -> Measurement:
    """Images prepared one by one in this process, each of the three steps timed."""
    laps: list[tuple[float, float, float]] = []

    def lap() -> float:
        laps.append(session.prepare())
        return sum(laps[-1])

    with no_collection():
        samples = {"latency_s": timed(lap, session.case.protocol, session.iterations)}
    samples |= {name: list(times) for name, times in zip(STEPS, zip(*laps, strict=True), strict=True)}
    return Measurement(samples, {name: median(times) for name, times in samples.items()})


def throughput(session: InputSession) -> Measurement:
    """Images per second of all workers in one window: this process alone, or ``instances`` processes at once."""
    with no_collection():
        windows = [_window(session)] if session.case.instances == 1 else _concurrent_windows(session)
    rates = [images / elapsed for images, elapsed in windows]
    samples = {"throughput_chunk_s": [elapsed for _, elapsed in windows]}
    return Measurement(samples, {"throughput_ips": sum(rates), "chunk_calls": sum(images for images, _ in windows)})


def _window(session: InputSession) -> tuple[int, float]:
    """Images that one worker prepared, and the seconds it took."""
    return window(session.prepare, session.case.protocol.chunk_s)


def _concurrent_windows(session: InputSession) -> list[tuple[int, float]]:
    """Windows of ``instances`` forked workers that start together; each works on until the last has finished."""
    number = session.case.instances
    context = multiprocessing.get_context("fork")
    gate, finished = context.Barrier(number), context.Value("i", 0)
    workers: list[tuple[Connection, Any]] = []
    try:
        workers.extend(start_child(_work, (session, gate, finished)) for _ in range(number))
        return [receive(receiver, "an input worker") for receiver, _ in workers]
    finally:
        for _, process in workers:
            process.kill()
            process.join()


def _work(session: InputSession, gate: Any, finished: Any, sender: Connection) -> None:
    die_with_parent()
    try:
        session.prepare()
        gate.wait(_START_S)
        result = _window(session)
        work_until_all(finished, gate.parties, session.prepare)
        sender.send(result)
    except BrokenBarrierError:
        sender.send(f"not all of {gate.parties} workers were ready within {_START_S:g} s")
