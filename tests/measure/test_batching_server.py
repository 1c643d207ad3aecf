"""The server of a load test: its inbox, and that padding changes no answer."""

from __future__ import annotations

import time
from threading import Thread

import torch
from hypothesis import given
from hypothesis import strategies as st

from scalebench.measure.batching_server import Inbox, Request, _PaddedModel
from scalebench.measure.session import open_session
from scalebench.suite.case import Case
from scalebench.suite.wire_format import ANSWER, image_bytes

SIDE = 32


def request(number: int, arrived_s: float | None = None) -> Request:
    pixels = bytearray(torch.randint(256, (image_bytes(SIDE),), generator=torch.manual_seed(number)).tolist())
    return Request(number, pixels, time.perf_counter() if arrived_s is None else arrived_s)


@given(st.integers(1, 5), st.integers(0, 12))
def test_batches_keep_order_and_cap(cap: int, waiting: int) -> None:
    inbox = Inbox(cap, delay_s=1000.0)
    for number in range(waiting):
        inbox.put(Request(number, bytearray(), time.perf_counter()))
    inbox.close()
    batches = []
    while batch := inbox.take():
        batches.append([one.number for one in batch])
    assert [number for batch in batches for number in batch] == list(range(waiting))
    whole, rest = divmod(waiting, cap)
    assert [len(batch) for batch in batches] == [cap] * whole + [rest] * (rest > 0)


def test_without_a_delay_what_waits_is_taken_and_with_one_it_is_not_taken_before() -> None:
    at_once = Inbox(4, delay_s=0.0)
    at_once.put(request(0))
    assert [one.number for one in at_once.take()] == [0]
    held = Inbox(4, delay_s=0.02)
    first = request(0)
    held.put(first)
    held.take()
    assert time.perf_counter() >= first.arrived_s + 0.02, "a bound by construction, not a timing"


def test_a_full_batch_ends_the_waiting() -> None:
    inbox = Inbox(2, delay_s=1000.0)
    inbox.put(request(0))
    beside = Thread(target=lambda: inbox.put(request(1)))
    beside.start()
    assert [one.number for one in inbox.take()] == [0, 1]
    beside.join()


def test_a_padded_batch_gives_each_image_the_class_it_has_alone() -> None:
    alone, four = (_PaddedModel(open_session(Case("resnet18", SIDE, batch=size, threads=1))) for size in (1, 4))
    requests = [request(number) for number in range(7)]

    def classes(padded: _PaddedModel, batch: list[Request]) -> list[tuple[int, int, int]]:
        return [(number, images, found) for number, images, found, *_ in ANSWER.iter_unpack(padded.answer(batch))]

    apart = [classes(alone, [one])[0][2] for one in requests]
    together = [classes(four, requests[:4]), classes(four, requests[4:])]
    assert together[0] == [(number, 4, apart[number]) for number in range(4)]
    assert together[1] == [(number, 3, apart[number]) for number in range(4, 7)], "rows left from before are ignored"
    assert len(set(apart)) > 1, "else any answer would do"


def test_the_readings_of_an_answer_are_in_order() -> None:
    padded = _PaddedModel(open_session(Case("resnet18", SIDE, batch=2, threads=1)))
    for *_, arrived, started, ready, ended in ANSWER.iter_unpack(padded.answer([request(0), request(1)])):
        assert arrived <= started <= ready <= ended
