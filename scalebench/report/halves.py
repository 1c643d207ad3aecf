"""Two halves of a page on two cores."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Results of both; a forked process computes the first one where there are two cores and no other thread.

    Args:
        first: has no effect but its result, which can be pickled.
        second: anything.
    """
    if not _may_fork():
        return first(), second()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_send, args=(first, there), daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # idle threads of numpy survive no fork, and need not
        child.start()
    there.close()
    try:
        second_result = second()
        with suppress(EOFError):
            return here.recv(), second_result
        return first(), second_result  # the process was killed, or failed: so it fails where the user sees it
    finally:
        here.close()
        child.join()


def _may_fork() -> bool:
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def _send(compute: Callable[[], Any], there: Connection) -> None:
    with suppress(Exception):
        there.send(compute())
