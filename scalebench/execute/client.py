"""The parent's side of the worker: starts it, sends it jobs, sleeps while a child works, kills it at the timeout."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any

from scalebench.errors import WorkerError
from scalebench.machine.kernel import refuse_windows

_WORKER = "scalebench.execute.worker"
_START_S = 180.0
"""Importing torch and timm takes 5 to 10 s, longer on a cold disk."""
_GRACE_S = 5.0
_SIGTERM_S = 1.0
"""A scheduler terminates all processes of a job: after a child's SIGTERM ours may be on its way."""


@dataclass(frozen=True)
class Ending:
    """How a job ended.

    Attributes:
        answers: by index, in order of arrival.
        error: the child's error, or None.
        exit: exit code; negative for a signal.
        timed_out: whether the parent ended it.
        stderr: its last lines.
        wall_s: seconds from sending the job to exit.
    """

    answers: dict[int, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None
    exit: int = 0
    timed_out: bool = False
    stderr: str = ""
    wall_s: float = 0.0

    @property
    def reason(self) -> str:
        """Why the job ended early: the error's message, the end of stderr, or the exit code."""
        return (self.error or {}).get("message") or self.stderr[-500:] or f"exit {self.exit}"


class Worker:
    """A warm server process; a context manager.

    Args:
        fork: one server, forked per job; False starts a fresh interpreter for every job.
        python: interpreter that runs it; it must have scalebench installed.
    """

    def __init__(self, fork: bool = True, python: str = sys.executable) -> None:
        self._fork = fork
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._buffer = b""
        self._stderr: IO[bytes] | None = None

    def __enter__(self) -> Worker:  # noqa: PYI034 - Self is not in Python 3.10
        refuse_windows()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self,
        job: dict[str, Any],
        timeout_s: float,
        on_answer: Callable[[int, Any], None] = lambda _i, _a: None,
    ) -> Ending:
        """Send a job and sleep until it has ended.

        Args:
            job: ``{"do": ...}``, see ``worker.JOBS``.
            timeout_s: the child is terminated after this, then killed.
            on_answer: called with index and answer as each arrives.

        Raises:
            WorkerError: no worker could be started.
        """
        self._start()
        started = time.monotonic()
        try:
            self._send(job)
            return self._follow(started, timeout_s, on_answer)
        except BaseException:
            self.close()  # interrupted: the next message would be the old job's answer
            raise
        finally:
            if not self._fork:
                self.close()

    def close(self) -> None:
        """Stop the server and its children."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._stderr is not None:
            self._stderr.close()
        self._process = self._channel = self._stderr = None
        self._buffer = b""

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._channel, theirs = socket.socketpair()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process; a pipe could fill up
        with theirs:
            command = [self._python, "-m", _WORKER, str(theirs.fileno()), *([] if self._fork else ["once"])]
            # Its own session: Ctrl-C reaches the parent alone, which then decides what to kill.
            try:
                self._process = subprocess.Popen(
                    command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=self._stderr, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                self.close()
                raise WorkerError(f"{self._python} cannot be started: {error.strerror}") from None

    def _send(self, job: dict[str, Any]) -> None:
        assert self._channel is not None  # noqa: S101 - set by _start
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # reported when the pid is missing
            self._channel.sendall(json.dumps(job).encode() + b"\n")

    def _follow(self, started: float, timeout_s: float, on_answer: Callable[[int, Any], None]) -> Ending:
        try:
            child = self._receive(started + _START_S)
        except TimeoutError:
            child = None
        if child is None:
            raise WorkerError(f"the measuring process did not start: {self._stderr_tail()}", "does 'import timm' work?")
        running = time.monotonic()
        answers: dict[int, Any] = {}
        error: dict[str, str] | None = None
        timed_out = False
        deadline = running + timeout_s
        while True:
            try:
                message = self._receive(deadline)
            except TimeoutError:
                self._kill(int(child["pid"]), signal.SIGKILL if timed_out else signal.SIGTERM)
                timed_out, deadline = True, time.monotonic() + _GRACE_S
                continue
            if message is None or "exit" in message:
                break
            if "answer" in message:
                answers[message["index"]] = message["answer"]
                on_answer(message["index"], message["answer"])
            error = message.get("error", error)
        code, tail = self._exit(message)
        if code == -signal.SIGTERM and not timed_out:
            time.sleep(_SIGTERM_S)  # else a stopped round would be stored as a crashed one
        return Ending(answers, error, code, timed_out, tail, time.monotonic() - (running if self._fork else started))

    def _exit(self, message: dict[str, Any] | None) -> tuple[int, str]:
        if message is not None:
            return int(message["exit"]), str(message["stderr"])
        assert self._process is not None  # noqa: S101 - set by _start
        try:
            return self._process.wait(_GRACE_S), self._stderr_tail()
        except subprocess.TimeoutExpired:  # it has closed its socket and hangs while exiting: what it answered counts
            self._kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return 0, self._stderr_tail()

    def _kill(self, pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)

    def _stderr_tail(self) -> str:
        assert self._stderr is not None  # noqa: S101 - set by _start
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace")[-4000:].strip()

    def _receive(self, deadline: float) -> dict[str, Any] | None:
        """Next message; None at the end of the stream. Blocks: polling would take CPU time from the child.

        Raises:
            TimeoutError: the deadline passed.
        """
        assert self._channel is not None  # noqa: S101 - set by _start
        while True:
            line, newline, rest = self._buffer.partition(b"\n")
            if newline:
                self._buffer = rest
                with contextlib.suppress(json.JSONDecodeError):  # a partial line of a killed child
                    message = json.loads(line)
                    if isinstance(message, dict):
                        return message
                continue
            self._channel.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._channel.recv(1 << 20)
            except ConnectionResetError:  # the other side ended without reading its job
                return None
            if not data:
                return None
            self._buffer += data
