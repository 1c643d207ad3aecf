"""Pages that are written again while a run goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from scalebench.errors import MachineError, StoreError
from scalebench.execute.events import Event, Listener, Note, RoundEnded
from scalebench.execute.lock import machine_lock
from scalebench.jobs.page_options import PageOptions
from scalebench.jobs.publish import publish
from scalebench.report.content import Live
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.suite.suite_plan import Plan

RELOAD_S = 10
"""How often an open page loads itself again."""
SHARE = 10
"""A page is written again after this many times as long as writing it took: a run gives it a tenth of its time."""
_POLL_S = 1.0


class LivePage:
    """Writes the page between two rounds, never beside one: what is timed has the machine to itself.

    Args:
        read: reads what is stored by now.
        plan: of the suite.
        options: where the page goes.
        announce: hears everything first, and where the page is.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        read: Callable[[], Results],
        plan: Plan,
        options: PageOptions,
        announce: Listener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._plan, self._options = read, plan, options
        self._announce, self._clock = announce, clock
        self._next = -math.inf

    def hear(self, event: Event) -> None:
        """Pass an event on; write the page after a round, where it is time to."""
        self._announce(event)
        if isinstance(event, RoundEnded) and self._clock() >= self._next:
            self._write(event)

    def _write(self, event: RoundEnded) -> None:
        started = self._clock()
        live = Live(f"The run goes on: {event.done} of at least {event.total} rounds are done.", RELOAD_S)
        try:
            page, _ = publish(self._read(), self._options, self._plan, live)
        except StoreError as error:  # a full disk under the page is no reason to stop measuring
            self._announce(Note(f"note: the live report was not written: {error.message}"))
        else:
            if self._next < 0:
                self._announce(Note(f"live report: {page}"))
        self._next = self._clock() + SHARE * (self._clock() - started)


def keep_writing(path: Path, options: PageOptions, announce: Listener) -> None:
    """Write the report of a file or folder whenever it has changed, until interrupted; the last page is a still one.

    Raises:
        StoreError: as ``publish``.
        KeyboardInterrupt: the user stopped it, and the last page is written.
    """
    if _machine_is_measuring():
        announce(Note(
            "note: a run is under way on this machine, and writing pages beside it disturbs its rounds; "
            "scalebench run SUITE --watch writes between them"
        ))  # fmt: skip
    written: object = None
    try:
        while True:
            state = _state(path)
            if state != written:
                written, started = state, time.monotonic()
                stored = read_results(result_files([path]))
                live = Live(f"{len(stored.records)} records so far; written again as more arrive.", RELOAD_S)
                page, _ = publish(stored, options, live=live)
                announce(Note(f"{len(stored.records)} records: {page}"))
                time.sleep(SHARE * (time.monotonic() - started) if _machine_is_measuring() else 0)
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        page, _ = publish(read_results(result_files([path])), options)
        announce(Note(f"report: {page}"))
        raise


def _state(path: Path) -> object:
    """Changes when records arrive."""
    files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
    return [(file, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()]


def _machine_is_measuring() -> bool:
    try:
        with machine_lock():
            return False
    except MachineError:
        return True
