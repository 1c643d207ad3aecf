"""A small batching server on loopback around a prepared model: what a load test puts its load on.

One thread reads requests; the main thread takes batches, runs the model and answers. A batch is taken when it is full,
or when its oldest request has waited for the delay; it is padded to the next size that was prepared, because a runtime
is prepared for one shape.
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
from scalebench.measure.session import Session, beforehand, open_session, pin
from scalebench.suite.case import Case
from scalebench.suite.wire_format import ANSWER, LOOPBACK, REQUEST, image_bytes

_CONNECT_S = 30.0
_SCALE = np.float32(1 / 127.5)
"""Bytes to -1..1."""


@dataclass(frozen=True)
class Request:
    """One image, 3 x side x side bytes, and when it had been read (``time.perf_counter``, seconds)."""

    number: int
    pixels: bytearray
    arrived_s: float


class Inbox:
    """Requests that wait for their batch; one thread puts, another takes.

    Args:
        cap: largest batch.
        delay_s: longest time that a request waits for its batch to fill, seconds.
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
        """Say that no request will follow: those that wait are not held back any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self) -> list[Request]:
        """The next batch, once it is due; empty when the inbox is closed and nothing waits."""
        with self._changed:
            while (left := self._left_s()) > 0:
                self._changed.wait(None if left == inf else left)
            return [self._waiting.popleft() for _ in range(min(self._cap, len(self._waiting)))]

    def _left_s(self) -> float:
        if self._closed or len(self._waiting) >= self._cap:
            return 0.0
        return self._waiting[0].arrived_s + self._delay_s - time.perf_counter() if self._waiting else inf


def serve(cases: Sequence[Case], delay_s: float) -> Iterator[dict[str, Any]]:
    """Serve one client until it closes the connection; this process has used no thread and no device yet.

    Args:
        cases: one per size that batches are padded to, which differ in nothing else; the largest is the cap.
        delay_s: longest time that a request waits for its batch to fill, seconds.

    Yields: ``{"port"}`` once the server is warm and listens; ``{"batches", "facts"}`` when it has ended: how many
    batches of each number of images, and how the largest ran.

    Raises:
        ScalebenchError, RuntimeError: the model cannot be prepared.
        OSError: nobody connects, or the connection breaks.
    """
    pin(cases[0])
    for case in cases:
        beforehand(case)  # of all, before the first of them starts a thread that a fork would not survive
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
        batches = Counter(_answered(connection, inbox, sessions))
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


def _answered(connection: socket.socket, inbox: Inbox, sessions: Sequence[Session]) -> Iterator[int]:
    """Answer batch by batch; gives the number of images in each."""
    fitting = [_Padded(session) for session in sessions]
    while batch := inbox.take():
        padded = next(one for one in fitting if one.size >= len(batch))
        connection.sendall(padded.answer(batch))
        yield len(batch)


class _Padded:
    """The model prepared for one size, with an input that is filled anew for every batch."""

    def __init__(self, session: Session) -> None:
        self._session, self.size = session, session.case.batch
        self._images = torch.zeros(tuple(session.first.shape))
        self._rows = self._images.numpy()

    def answer(self, batch: Sequence[Request]) -> bytes:
        """Frames of the answers, one per request."""
        started = time.perf_counter()
        for row, request in zip(self._rows, batch, strict=False):  # rows beyond the batch keep older pixels
            # In numpy, on this thread: torch's threads would meet those of another runtime, which wait by spinning.
            np.multiply(np.frombuffer(request.pixels, np.uint8).reshape(row.shape), _SCALE, out=row)
            np.subtract(row, 1, out=row)
        images = self._images.to(self._session.device)
        ready = time.perf_counter()
        output = self._session.runtime.tensor(self._session.forward(images))
        classes = output[: len(batch)].argmax(1).tolist()
        ended = time.perf_counter()
        return b"".join(
            ANSWER.pack(request.number, len(batch), found, request.arrived_s, started, ready, ended)
            for request, found in zip(batch, classes, strict=True)
        )
