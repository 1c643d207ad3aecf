"""Pages that are written again while a run goes on."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import typer

from scalebench.cli.reporting import write
from scalebench.cli.wanted import Wanted
from scalebench.errors import MachineError, StoreError
from scalebench.execute.events import Event, Listener, RoundEnded
from scalebench.execute.lock import machine_lock
from scalebench.report.content import Live
from scalebench.store.jsonl import Results
from scalebench.store.revisions import load_results
from scalebench.suite.suite_plan import Plan

EVERY_S = 10
"""How often an open page loads itself again."""
SHARE = 10
"""A page is written again after this many times as long as writing it took: a run gives it a tenth of its time."""
_POLL_S = 1.0
Clock = Callable[[], float]


class LivePage:
    """Writes the page between two rounds, never beside one: what is timed has the machine to itself.

    Args:
        stored: reads what is there by now.
        plan: of the suite.
        wanted: where the page goes.
        clock: monotonic seconds.
    """

    def __init__(
        self, stored: Callable[[], Results], plan: Plan, wanted: Wanted, clock: Clock = time.monotonic
    ) -> None:
        self._stored = stored
        self._plan = plan
        self._wanted = wanted
        self._clock = clock
        self._next = -math.inf

    def after(self, listen: Listener) -> Listener:
        """A listener that first tells ``listen``, then writes the page where it is time to."""

        def both(event: Event) -> None:
            listen(event)
            if isinstance(event, RoundEnded):
                self._write(event.done, event.total)

        return both

    def _write(self, done: int, total: int) -> None:
        started = self._clock()
        if started < self._next:
            return
        live = Live(f"The run goes on: {done} of at least {total} rounds are done.", EVERY_S)
        try:
            page, _ = write(self._stored(), self._wanted, self._plan, live)
        except StoreError as error:  # a full disk under the page is no reason to stop measuring
            _aside(f"note: the live report was not written: {error.message}")
        else:
            if self._next < 0:
                _aside(f"live report: {page}")
        self._next = self._clock() + SHARE * (self._clock() - started)


def _aside(text: str) -> None:
    """Say something above the progress bar, which takes over what is printed on stderr."""
    print(text, file=sys.stderr)  # noqa: T201 - Typer's echo would go past the bar


def keep_writing(name: str, wanted: Wanted) -> None:
    """Write the report of one file or folder whenever it has changed, until interrupted; the last page is a still one.

    Raises:
        StoreError: as ``write``.
        KeyboardInterrupt: the user stopped it, and the last page is written.
    """
    if _run_goes_on():
        typer.echo("note: a run goes on on this machine, and writing pages beside it disturbs its rounds; "
                   "scalebench run SUITE --watch writes between them", err=True)  # fmt: skip
    seen: object = None
    try:
        while True:
            now = _state(Path(name))
            if now != seen:
                seen, started = now, time.monotonic()
                stored = load_results(name)
                live = Live(f"{len(stored.records)} records so far; written again as more arrive.", EVERY_S)
                page, _ = write(stored, wanted, live=live)
                typer.echo(f"{len(stored.records)} records: {page}")
                time.sleep(SHARE * (time.monotonic() - started) if _run_goes_on() else 0)
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        page, _ = write(load_results(name), wanted)
        typer.echo(f"report: {page}")
        raise


def _state(path: Path) -> object:
    """What changes when records arrive."""
    files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
    return [(file, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()]


def _run_goes_on() -> bool:
    try:
        with machine_lock():
            return False
    except MachineError:
        return True
