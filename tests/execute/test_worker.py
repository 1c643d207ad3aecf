"""The server's own rules, held on its real fork."""

from __future__ import annotations

import json
import os
import socket
import time

import pytest

from scalebench.execute import worker


def test_the_line_that_names_a_child_comes_before_anything_the_child_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that fails at once must not be quicker than its server on a busy machine."""
    fork = os.fork

    def busy() -> int:
        pid = fork()
        if pid:
            time.sleep(0.3)
        return pid

    monkeypatch.setattr(os, "fork", busy)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker._fork({"do": "nothing that is known"}, theirs)
        theirs.shutdown(socket.SHUT_WR)
        with ours.makefile("r", encoding="utf-8") as lines:
            said = [next(iter(json.loads(line))) for line in lines if line.strip()]
    assert said == ["pid", "error", "exit"]


def test_a_process_of_one_job_ends_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not take its interpreter apart, as returning would."""
    monkeypatch.setitem(worker.JOBS, "nothing", lambda _job: iter([(0, "done")]))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b'{"do": "nothing"}\n')
        pid = os.fork()
        if pid == 0:
            try:
                worker.serve(theirs, once=True)
            finally:
                os._exit(7)
        theirs.close()
        with ours.makefile("r", encoding="utf-8") as lines:
            assert [next(iter(json.loads(line))) for line in lines] == ["pid", "index"]
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
