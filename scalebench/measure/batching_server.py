"""A small batching server on loopback around a prepared model: the target of a load test.

One thread reads requests; the main thread takes batches, runs the model and answers. A batch is taken when it is full,
or when its oldest request has waited for the delay. It is padded to the next prepared size, because a runtime is
prepared for one shape.
"""

from __future__ import annotations

import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from threading import Condition, Thread
from typing import Any

import numpy as np
import torch

from scalebench.measure.latency import warm
from scalebench.measure.session import Session, open_session, pin, prepare_runtime
from scalebench.suite.case import Case
from scalebench.suite.wire_format import ANSWER, LOOPBACK, REQUEST, image_bytes

_CONNECT_S = 30.0
_SCALE = np.float32(1 / 127.5)
"""Bytes to -1..1."""


@dataclass(frozen=True)
class Request:
    """One image, 3 x side x side bytes, and when it was read (``time.perf_counter``, seconds)."""

    number: int
    pixels: bytearray
    arrived_s: float


class Inbox:
    """Queue of requests; one thread puts, another takes batches of at most ``cap``.

    ``delay_s`` is the longest time that a request waits for its batch to fill, seconds.
    """

    def __init__(self, cap: int, delay_s: float) -> None:
        self._cap, self._delay_s = cap, delay_s
        self._waiting: deque[Request] = deque()
        self._closed = False
        self._changed = Condition()

    def put(self, request: Request) -> None:
        """Add a request."""
        with self._changed:
            self._waiting.append(request)
            self._changed.notify()

    def close(self) -> None:
        """No further request will come: those that wait are due at once."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self) -> list[Request]:
        """The next batch, once it is due; empty when the inbox is closed and empty."""
        with self._changed:
            while (wait_s := self._until_due_s()) > 0:
                self._changed.wait(None if wait_s == inf else wait_s)
            return [self._waiting.popleft() for _ in range(min(self._cap, len(self._waiting)))]

    def _until_due_s(self) -> float:
        if self._closed or len(self._waiting) >= self._cap:
            return 0.0
        return self._waiting[0].arrived_s + self._delay_s - time.perf_counter() if self._waiting else inf


def serve(cases: Sequence[Case], delay_s: float) -> Iterator[dict[str, Any]]:
    """Serve one client until it closes the connection. This process must not have used threads or devices before.

    Args:
        cases: one per size that batches are padded to, otherwise equal; the largest is the cap.
        delay_s: longest time that a request waits for its batch to fill, seconds.

    Yields: ``{"port"}`` once the server is warm and listens; ``{"batches", "facts"}`` at the end: number of batches by
    size, and the runtime's facts of the largest size.

    Raises:
        ScalebenchError, RuntimeError: the model cannot be prepared.
        OSError: no client connects, or the connection breaks.
    """
    pin(cases[0])
    for case in cases:
        prepare_runtime(case)  # of all, before the first session starts threads: they do not survive a fork
    sessions = [open_session(case) for case in sorted(cases, key=lambda case: case.batch)]
    for session in sessions:
        warm(session)
    with socket.create_server((LOOPBACK, 0)) as listening:
        listening.settimeout(_CONNECT_S)
        yield {"port": listening.getsockname()[1]}
        connection, _ = listening.accept()
    with connection:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        inbox = Inbox(sessions[-1].case.batch, delay_s)
        Thread(target=_read, args=(connection, inbox, cases[0].resolution), daemon=True).start()
        batches = Counter(_answer_batches(connection, inbox, sessions))
    yield {"batches": dict(sorted(batches.items())), "facts": sessions[-1].describe()}


def _read(connection: socket.socket, inbox: Inbox, side: int) -> None:
    try:
        with connection.makefile("rb") as stream:
            while head := stream.read(REQUEST.size):
                pixels = bytearray(image_bytes(side))
                if stream.readinto(pixels) < len(pixels):
                    return
                inbox.put(Request(REQUEST.unpack(head)[0], pixels, time.perf_counter()))
    finally:
        inbox.close()


def _answer_batches(connection: socket.socket, inbox: Inbox, sessions: Sequence[Session]) -> Iterator[int]:
    """Answer batch by batch; yields the number of images in each."""
    models = [_PaddedModel(session) for session in sessions]
    while batch := inbox.take():
        model = next(model for model in models if model.size >= len(batch))
        connection.sendall(model.answer(batch))
        yield len(batch)


class _PaddedModel:
    """The model prepared for one batch size; its input tensor is reused."""

    def __init__(self, session: Session) -> None:
        self._session, self.size = session, session.case.batch
        self._images = torch.zeros(tuple(session.first.shape))
        self._rows = self._images.numpy()

    def answer(self, batch: Sequence[Request]) -> bytes:
        """Encoded answers, one per request."""
        started = time.perf_counter()
        for row, request in zip(self._rows, batch, strict=False):  # rows beyond the batch keep older pixels
            # numpy, on this thread: torch's threads would compete with another runtime's threads, which spin.
            np.multiply(np.frombuffer(request.pixels, np.uint8).reshape(row.shape), _SCALE, out=row)
            np.subtract(row, 1, out=row)
        images = self._images.to(self._session.device)
        ready = time.perf_counter()
        output = self._session.runtime.tensor(self._session.forward(images))
        classes = output[: len(batch)].argmax(1).tolist()
        ended = time.perf_counter()
        return b"".join(
            ANSWER.pack(request.number, len(batch), label, request.arrived_s, started, ready, ended)
            for request, label in zip(batch, classes, strict=True)
        )
