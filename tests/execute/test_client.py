"""The parent's end against servers that misbehave: real processes, which need no torch."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.errors import WorkerError
from scalebench.execute import client
from scalebench.execute.client import Worker
from scalebench.execute.one_round import outcome_of

HEAD = """\
import ctypes, json, os, signal, socket, sys, time
channel = socket.socket(fileno=int(sys.argv[3]))  # python -m scalebench.execute.worker FD
jobs = channel.makefile("r")

def say(text):
    channel.sendall(text.encode())

def children(work):
    for _ in jobs:
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(tell)
            os.read(told, 1)  # the line that names this process comes first
            os.setsid()
            work()
            os._exit(0)
        say(json.dumps({"pid": pid}) + "\\n")
        os.close(told), os.close(tell)
        _, status = os.waitpid(pid, 0)
        say("\\n" + json.dumps({"exit": os.waitstatus_to_exitcode(status), "stderr": "last words"}) + "\\n")
"""

Serve = Callable[[str], Worker]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Makes a worker whose server runs the given lines."""

    def make(lines: str) -> Worker:
        script = tmp_path / "server"
        script.write_text(f"#!{sys.executable}\n{HEAD}{textwrap.dedent(lines)}")
        script.chmod(0o755)
        return Worker(python=str(script))

    return make


def gone(pid: int) -> bool:
    """Whether a process has ended, at most five seconds from now."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


ANSWER = """say(json.dumps({"index": 0, "answer": os.getpid()}) + "\\n")"""


def test_an_answer_arrives_whole(serve: Serve) -> None:
    with serve(f"children(lambda: {ANSWER})") as worker:
        ending = worker.run({"do": "x"}, 10)
    assert (ending.exit, ending.error, ending.timed_out, ending.stderr) == (0, None, False, "last words")
    assert list(ending.answers) == [0]


def test_a_child_that_ignores_sigterm_is_killed_and_the_next_one_measured(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_GRACE_S", 0.2)
    stubborn = f"""
    def stubborn():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        {ANSWER}
        time.sleep(600)
    children(stubborn)
    """
    with serve(stubborn) as worker:
        for _ in range(2):
            ending = worker.run({"do": "x"}, 0.3)
            assert (ending.timed_out, ending.exit) == (True, -signal.SIGKILL)
            assert outcome_of(ending, "cpu") == ("timeout", "timeout")
            assert gone(ending.answers[0])


def test_a_child_that_forks_is_killed_with_its_children(serve: Serve) -> None:
    """A time-out ends the whole group: a left-over would be the next round's noise."""
    forking = """
    def forking():
        pid = os.fork()
        if pid:
            say(json.dumps({"index": 0, "answer": pid}) + "\\n")
        time.sleep(600)
    children(forking)
    """
    with serve(forking) as worker:
        ending = worker.run({"do": "x"}, 0.3)
    assert ending.timed_out
    assert gone(ending.answers[0])


def test_a_segmentation_fault_is_named(serve: Serve) -> None:
    """The null pointer is really read."""
    with serve("children(lambda: ctypes.string_at(0))") as worker:
        ending = worker.run({"do": "x"}, 30)
    assert ending.exit == -signal.SIGSEGV
    assert outcome_of(ending, "cpu") == ("crashed", "killed_signal(SIGSEGV)")


@pytest.mark.parametrize("torn", ['{"index": 0, "ans', '{"index": 0, "answer": [1, 2', "[3]", "\\n\\n", "null\\n"])
def test_half_an_answer_of_a_killed_child_is_no_answer(serve: Serve, torn: str) -> None:
    """What comes after it is understood all the same."""
    lines = f"""
    def torn():
        say('{torn}')
        os.kill(os.getpid(), signal.SIGKILL)
    children(torn)
    """
    with serve(lines) as worker:
        ending = worker.run({"do": "x"}, 10)
    assert (ending.answers, ending.error, ending.exit) == ({}, None, -signal.SIGKILL)
    assert outcome_of(ending, "cpu") == ("crashed", "killed_signal(SIGKILL)")


def test_a_child_that_answers_and_then_dies_has_not_ended_well(serve: Serve) -> None:
    """Its numbers may be half of the truth."""
    lines = f"""
    def dying():
        {ANSWER}
        os.kill(os.getpid(), signal.SIGKILL)
    children(dying)
    """
    with serve(lines) as worker:
        assert outcome_of(worker.run({"do": "x"}, 10), "cpu")[0] == "crashed"


def test_an_answer_counts_though_its_process_hangs_while_exiting(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has closed its socket; taking a GPU's libraries apart may take longer than anybody waits."""
    monkeypatch.setattr(client, "_GRACE_S", 0.2)
    lines = f"""
    jobs.readline()
    say('{{"pid": 1}}\\n')
    {ANSWER}
    channel.shutdown(socket.SHUT_RDWR)
    channel.close()
    time.sleep(600)
    """
    with serve(lines) as worker:
        ending = worker.run({"do": "x"}, 10)
    assert outcome_of(ending, "cuda:0") == ("ok", "ok")


def test_a_server_that_dies_with_its_child_is_an_ending(serve: Serve) -> None:
    lines = """
    jobs.readline()
    say('{"pid": 1}\\n')
    os.kill(os.getpid(), signal.SIGKILL)
    """
    with serve(lines) as worker:
        for _ in range(2):  # the second one gets a new server
            ending = worker.run({"do": "x"}, 10)
            assert ending.exit == -signal.SIGKILL
            assert outcome_of(ending, "cpu")[0] == "crashed"


def test_a_server_that_never_answers_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_START_S", 0.5)
    with serve("time.sleep(600)") as worker, pytest.raises(WorkerError, match="did not start"):
        worker.run({"do": "x"}, 10)


def test_a_server_that_fails_at_import_says_why(serve: Serve) -> None:
    with (
        serve("raise ImportError('libcudart.so.13')") as worker,
        pytest.raises(WorkerError, match=r"libcudart\.so\.13"),
    ):
        worker.run({"do": "x"}, 10)


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with Worker(python=str(tmp_path / "python")) as worker, pytest.raises(WorkerError, match="python"):
        worker.run({"do": "x"}, 10)


def test_leaving_kills_what_still_runs(serve: Serve) -> None:
    """An exception in the parent, Ctrl-C above all, leaves no process behind."""
    heard: list[int] = []

    def interrupt(_: int, pid: int) -> None:
        heard.append(pid)
        raise KeyboardInterrupt

    lines = f"""
    import ctypes
    def endless():
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # as the real child does: die with the server
        {ANSWER}
        time.sleep(600)
    children(endless)
    """
    with serve(lines) as worker:
        with pytest.raises(KeyboardInterrupt):
            worker.run({"do": "x"}, 10, interrupt)
        assert gone(heard[0])


def test_a_child_that_a_scheduler_ends_first_is_no_crashed_round(serve: Serve) -> None:
    """It terminates all processes of a job, and the parent's signal may come after the child has died."""

    def our_turn(*_: object) -> None:
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGALRM, our_turn)
    terminated = f"""
    def terminated():
        {ANSWER}
        os.kill(os.getpid(), signal.SIGTERM)
    children(terminated)
    """
    try:
        with serve(terminated) as worker, pytest.raises(KeyboardInterrupt):
            worker.run({"do": "x"}, 10, lambda *_: signal.setitimer(signal.ITIMER_REAL, 0.3))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
