"""SIGINT (Ctrl-C) and SIGTERM stop a command alike; a second signal ends it at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

_SHOW_CURSOR = b"\x1b[?25h\n"
"""The progress bar hides the terminal's cursor."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the first signal into KeyboardInterrupt, and end the process at the second; the kernel ends its workers.

    A signal that is ignored stays ignored: a shell script ignores SIGINT in what it starts in the background.

    Raises:
        typer.Exit: after KeyboardInterrupt, with 130 for SIGINT and 143 for SIGTERM: 128 plus the signal's number.
    """
    received: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        if received:
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _SHOW_CURSOR)
            os._exit(128 + number)  # not SIG_DFL: that does nothing in the first process of a container
        received.append(number)
        raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM)
    earlier = {number: signal.signal(number, stop) for number in signals if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield
    except KeyboardInterrupt:
        number = received[0] if received else signal.SIGINT
        typer.echo(f"stopped by {signal.Signals(number).name}", err=True)
        raise typer.Exit(128 + number) from None
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
