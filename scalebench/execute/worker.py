"""Measuring server: imports torch and timm, and forks a child for every job.

It reads one JSON job per line from a socket, forks, and the child answers on the same socket:

    server -> {"pid": 4711}                          a child has the job
    child  -> {"answer": ..., "index": 0}            any number of answers
           or {"error": {"type", "message", "hint"}}
    server -> {"exit": 0, "stderr": "..."}           0, or minus the signal's number

Forking costs 0.05 s, a fresh interpreter with torch and timm 5 to 10 s. The server only imports: OpenMP and CUDA hang
or fail after a fork if they were used before. With ``once`` there is no fork, for devices that do not bear one at all.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from typing import Any

import timm  # noqa: F401 - imported once, inherited by every child
import torch

from scalebench.errors import BuildError, ScalebenchError
from scalebench.machine.environment import collect, usable_cores
from scalebench.machine.limits import die_with_parent, limit_round
from scalebench.measure.accelerator import accelerator_of, card_facts, choose_device, software
from scalebench.measure.batching_server import serve as serve_batches
from scalebench.measure.canary import canary
from scalebench.measure.classify import class_outputs, classify
from scalebench.measure.failure import describe_error
from scalebench.measure.heat import heat
from scalebench.measure.latency import warm
from scalebench.measure.part_timing import parts
from scalebench.measure.peaks import measure_peaks
from scalebench.measure.probes import measure
from scalebench.measure.selftest.all_checks import CHECKS
from scalebench.measure.selftest.bench import Bench
from scalebench.measure.session import open_session
from scalebench.measure.study_training import train_job
from scalebench.model.architecture import count_with_structure
from scalebench.model.backward import training_macs
from scalebench.model.build import block_count, build, catalogue, default_resolution, head_params
from scalebench.model.complexity import cross_check
from scalebench.model.footprint import peak_and_macs_of_training, static_peak
from scalebench.model.input_images import note_of
from scalebench.model.lifetimes import Lifetimes
from scalebench.model.matching import levels, match
from scalebench.suite.case import case_from_json
from scalebench.suite.labelled_images import kept
from scalebench.suite.model_facts import MatchRequest
from scalebench.suite.own_kinds import OWN_KINDS
from scalebench.suite.variant import parse_variant

_STDERR_TAIL = 4000
_NEIGHBOURS = 4
"""Questions that one process answers together at most: models of a family have most of their operators in common."""
_COLLECT_EVERY = 100_000
"""New objects between two garbage collections while models are counted: by default they traverse every model often."""


def serve(channel: socket.socket, once: bool) -> None:
    """Answer jobs until the parent closes the socket."""
    die_with_parent()
    gc.freeze()  # imported objects are never garbage: children need not traverse them, nor copy their pages
    with channel.makefile("r", encoding="utf-8") as jobs:
        for line in jobs:
            job = json.loads(line)
            if once:
                _send(channel, {"pid": os.getpid()})
                _handle(job, channel)
                _leave()
            _fork(job, channel)


def _fork(job: dict[str, Any], channel: socket.socket) -> None:
    with tempfile.TemporaryFile() as stderr:
        pid_sent, signal_pid_sent = os.pipe()
        pid = os.fork()
        if pid == 0:
            die_with_parent()
            os.close(signal_pid_sent)
            os.read(pid_sent, 1)  # returns once the server has sent the pid, which must precede our answers
            os.close(pid_sent)
            os.setsid()
            os.dup2(stderr.fileno(), 2)
            _handle(job, channel)
            _leave()
        _send(channel, {"pid": pid})
        os.close(pid_sent)
        os.close(signal_pid_sent)
        _, status = os.waitpid(pid, 0)
        stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _STDERR_TAIL))
        tail = stderr.read().decode("utf-8", "replace")
        # The newline completes a line that a killed child may have left unfinished.
        _send(channel, {"exit": os.waitstatus_to_exitcode(status), "stderr": tail}, before="\n")


def _leave() -> None:
    """End at once: taking an interpreter and a GPU's libraries apart can take longer than a round."""
    sys.stderr.flush()
    os._exit(0)


def _handle(job: dict[str, Any], channel: socket.socket) -> None:
    try:
        for index, answer in JOBS[job["do"]](job):
            _send(channel, {"index": index, "answer": answer})
    except BaseException as error:
        traceback.print_exc()
        _send(channel, {"error": describe_error(error)})


Answers = Iterator[tuple[int, Any]]


def _measure(job: dict[str, Any]) -> Answers:
    case = case_from_json(job["case"])
    limit_round(case.device, job.get("limit_bytes"))
    yield 0, dataclasses.asdict(measure(case, job.get("iterations")))


def _heat(job: dict[str, Any]) -> Answers:
    cases = [case_from_json(case) for case in job["cases"]]
    for index, result in heat(cases, job.get("limit_bytes"), job["seed"]):
        yield index, dataclasses.asdict(result)


def _parts(job: dict[str, Any]) -> Answers:
    case = case_from_json(job["case"])
    limit_round(case.device, job.get("limit_bytes"))
    session = open_session(case)
    warm(session)
    yield 0, dataclasses.asdict(parts(session))


def _serve(job: dict[str, Any]) -> Answers:
    cases = [case_from_json(case) for case in job["cases"]]
    limit_round(cases[0].device, job.get("limit_bytes"))
    yield from enumerate(serve_batches(cases, job["delay_s"]))


def _classify(job: dict[str, Any]) -> Answers:
    case = case_from_json(job["case"])
    limit_round(case.device, job.get("limit_bytes"))
    yield from enumerate(classify(case, kept(case.data), job["parts"]))


def _train(job: dict[str, Any]) -> Answers:
    limit_round(job["case"]["device"], job.get("limit_bytes"))
    yield from enumerate(train_job(job))


def _environment(job: dict[str, Any]) -> Answers:
    for index, word in enumerate(job["devices"]):
        device, reason = choose_device(word)
        accelerator = accelerator_of(device)
        environment = collect(device, accelerator.facts(), software(accelerator), bool(job.get("keep_host")))
        card = {} if accelerator.kind.on_host else card_facts(accelerator)
        yield index, {"device": device, "reason": reason, "environment": dataclasses.asdict(environment), **card}


def _peaks(job: dict[str, Any]) -> Answers:
    """The size of the last-level cache, then one peak after the other, each with a canary time."""
    device = torch.device(job["device"])
    yield 0, {"llc_bytes": accelerator_of(device).cache_bytes()}
    peaks = measure_peaks(job["device"], job["threads"], job["cap_s"])
    for index, (kind, name, peak) in enumerate(peaks, 1):
        canary_s = canary(device)["matmul_s"]
        yield index, {"kind": kind, "name": name, "peak": dataclasses.asdict(peak), "canary_s": canary_s}


def _canary(job: dict[str, Any]) -> Answers:
    torch.set_num_threads(job["threads"])
    for block in range(job["blocks"]):
        yield block, canary(torch.device(job["device"]), 2 * job["block_s"])["matmul_s"]


def _selftest(job: dict[str, Any]) -> Answers:
    bench = Bench(job["device"], job["threads"], job["window_s"])
    yield 0, dataclasses.asdict(CHECKS[job["check"]](bench))


def _paper(job: dict[str, Any]) -> Answers:
    """Questions that need no device, answered by a few forked processes before anything is timed."""
    questions = list(enumerate(job["questions"]))
    processes = min(usable_cores(), len(questions))
    if processes < 2:
        yield from map(_answer, questions)
        return
    # Not a multiprocessing.Pool, which waits for ever when one of its processes is killed.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _begin_counting) as pool:
        size = max(1, min(_NEIGHBOURS, len(questions) // (4 * processes)))
        chunks = [questions[start : start + size] for start in range(0, len(questions), size)]
        for future in as_completed([pool.submit(_answer_all, chunk) for chunk in chunks]):
            yield from future.result()


def _answer_all(questions: Sequence[tuple[int, dict[str, Any]]]) -> list[tuple[int, Any]]:
    return [_answer(question) for question in questions]


def _begin_counting() -> None:
    die_with_parent()
    gc.set_threshold(_COLLECT_EVERY)


def _answer(numbered: tuple[int, dict[str, Any]]) -> tuple[int, Any]:
    index, question = numbered
    torch.set_num_threads(1)
    try:
        return index, {"ok": PAPER[question["ask"]](question)}
    except Exception as error:  # a model that fails must not lose the other answers
        return index, {"error": describe_error(error)}


def _catalogue(_: dict[str, Any]) -> Any:
    return {name: dataclasses.asdict(known) for name, known in catalogue().items()}


def _match(question: dict[str, Any]) -> Any:
    return dataclasses.asdict(match(MatchRequest(**question["request"]), question.get("in_full", False)))


def _levels(question: dict[str, Any]) -> Any:
    return levels(MatchRequest(**question["request"]))


def _count(question: dict[str, Any]) -> Any:
    variant, resolution = parse_variant(question["model"]), question["resolution"]
    model = build(variant, resolution, device="meta")
    lifetimes = None
    if "inference" in question["peaks"]:
        lifetimes = Lifetimes([*model.parameters(), *model.buffers()])
    complexity, structure = count_with_structure(model, variant.name, resolution, lifetimes)
    facts = {**dataclasses.asdict(complexity), "structure": structure}
    facts["blocks"] = block_count(model)
    facts["backbone_params"] = facts["params"] - head_params(model)
    facts["default_resolution"] = resolution if variant.task in OWN_KINDS else default_resolution(variant.base)
    facts |= {"counted_on": note_of(model)} if note_of(model) else {}
    optional: dict[str, Callable[[], int]] = {}
    if lifetimes is not None and lifetimes.fused_attention:
        optional["peak_bytes_inference"] = partial(static_peak, model, resolution)
    elif lifetimes is not None:
        facts["peak_bytes_inference"] = lifetimes.peak
    if "training" in question["peaks"]:  # takes two to three times the forward count: only on request
        try:
            peak, macs = peak_and_macs_of_training(model, resolution)
            facts |= {"peak_bytes_training": peak, "macs_training": macs}
        except BuildError:  # one of the two may still be found
            optional["peak_bytes_training"] = partial(static_peak, model, resolution, training=True)
            optional["macs_training"] = partial(training_macs, model, resolution)
    for name, compute in optional.items():
        try:
            facts[name] = compute()
        except ScalebenchError as error:
            facts[name] = None
            facts.setdefault("notes", []).append(error.message)
    return facts


def _check(question: dict[str, Any]) -> Any:
    return dataclasses.asdict(cross_check(parse_variant(question["model"]), question["resolution"]))


JOBS = {
    "measure": _measure,
    "heat": _heat,
    "parts": _parts,
    "serve": _serve,
    "classify": _classify,
    "train": _train,
    "environment": _environment,
    "peaks": _peaks,
    "canary": _canary,
    "selftest": _selftest,
    "paper": _paper,
}
PAPER: dict[str, Callable[[dict[str, Any]], Any]] = {
    "catalogue": _catalogue, "match": _match, "levels": _levels, "count": _count, "check": _check,
    "targets": class_outputs,
}  # fmt: skip


def _send(channel: socket.socket, message: dict[str, Any], before: str = "") -> None:
    channel.sendall(f"{before}{json.dumps(message)}\n".encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), once="once" in sys.argv[2:])
