"""scalebench predict and plan --from, end to end on synthetic records that hold their counts: torch does not start."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebench.cli import main
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan

WHEN = "2026-11-24T19:00:00+00:00"
BOX = Environment("box", "hw", "sw", {"memory": {"gib": 8}}, {"torch": "2"})
NAMES = [f"{a}{b}net" for a in "bcdfg" for b in "aeiou"]
"""Twenty-five families of one model each."""


Said = tuple[int, str, str]
"""Exit code, standard output and standard error."""


@pytest.fixture
def scalebench(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Said]:
    """Runs a command in this process, in a folder without results."""

    def run(*arguments: str | Path) -> Said:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["scalebench", *map(str, arguments)])
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        return int(code), out, err

    return run


def facts(random: np.random.Generator, kinds: tuple[str, ...] = ("dense", "norm", "activation")) -> dict[str, Any]:
    scale = float(random.lognormal(0, 0.8))
    operators = [[kind, int(2e8 * scale) if kind == "dense" else 0, int(1e6 * scale), 50_000, 20] for kind in kinds]
    return {
        "macs": sum(group[1] * group[4] for group in operators), "activations": int(1e7 * scale), "params": 10**6,
        "weight_bytes": 40_000, "operators": operators, "work": [group[1:] for group in operators],
        "peak_bytes_inference": int(2e7 * scale),
    }  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rounds of 25 models at 10 ns per MAC-thousand, and three counted models that were not measured."""
    folder = tmp_path_factory.mktemp("predict")
    random = np.random.default_rng(0)
    writer = Writer(folder / "records.jsonl", Plan("made", "", "schema: 1\n", (), (), (), (), 2))
    odd = {"strangenet": ("dense", "attention"), "hugenet": ("dense", "norm", "activation")}
    for name in [*NAMES, "newnet", *odd]:
        counted = facts(random, odd.get(name, ("dense", "norm", "activation")))
        if name == "hugenet":
            counted |= {"peak_bytes_inference": 10**11}
        case = Case(name, 64, threads=2)
        writer.append(Record("made", case.counted(), 0, "ok", WHEN, Environment("on-paper", "", ""), facts=counted))
        for number in range(2 if name in NAMES else 0):
            latency = 1e-11 * counted["macs"] * random.lognormal(0, 0.05)
            memory = 3e7 + 1.2 * counted["peak_bytes_inference"]
            measured = {"latency_s": latency, "throughput_ips": 1 / latency, "memory_bytes": memory}
            writer.append(Record("made", case, number, "ok", WHEN, BOX, facts=measured, wall_s=1.0))
    return folder


def test_a_prediction_says_all_it_has_to(results: Path, scalebench: Callable[..., Said]) -> None:
    code, out, err = scalebench("predict", "--from", results, "newnet@64", f"{NAMES[0]}@64", "--json")
    assert code == 0, err
    new, old = json.loads(out)
    guess = new["latency_s"]
    assert new["predicted"] is True
    assert guess["low"] < guess["value"] < guess["high"]
    assert (guess["tier"], guess["n_train"]) == ("T2", 25)
    assert 0 < guess["error"] < 0.2
    assert guess["method"]
    assert new["memory_bytes"]["low"] <= new["memory_bytes"]["value"] <= new["memory_bytes"]["high"]
    assert old["predicted"] is False
    assert old["refusals"] == []


def test_the_table_and_the_refusals(results: Path, scalebench: Callable[..., Said]) -> None:
    """What is refused is said on stderr with its reasons; what is not appears."""
    code, out, err = scalebench("predict", "--from", results, "newnet@64", "strangenet@64", "hugenet@64")
    assert code == 0, err
    assert "newnet" in out
    assert "strangenet" not in out
    assert "strangenet@64 on box" in err
    assert "none of those measured has attention operators" in err
    assert "hugenet@64" in err
    assert "would not fit into memory" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("newnet@64", "--batch", "8"), "nothing was measured with mode inference, batch 8"),
        (("newnet@64", "--precision", "bf16"), "another precision, runtime or batch is not predicted"),
        (("strangenet@64",), "attention"),
        ((), "name a model"),
    ],
)
def test_nothing_to_say_ends_with_two(
    results: Path, scalebench: Callable[..., Said], arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = scalebench("predict", "--from", results, *arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_the_evaluation_covers_what_it_leaves_out(results: Path, scalebench: Callable[..., Said]) -> None:
    code, out, err = scalebench("predict", "--from", results, "--evaluate", "--json")
    assert code == 0, err
    latency, memory = json.loads(out)
    assert (latency["tier"], latency["quantity"], latency["n"]) == ("T2", "latency", 25)
    assert latency["median"] < 0.1
    assert latency["coverage"] >= 0.8
    assert (memory["quantity"], memory["n"]) == ("memory", 25)
    assert memory["median"] < 1e-6
    _, table, _ = scalebench("predict", "--from", results, "--evaluate")
    assert "within 10 %" in table
