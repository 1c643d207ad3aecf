"""The prepared script where there is no card: its steps, its limits, its environment, and a dry run."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scalebench.suite.case import Case
from scalebench.suite.expand import expand
from scalebench.suite.load import load_suite
from scalebench.suite.model_facts import Spec
from scalebench.suite.select_models import Selection
from scalebench.suite.variant import parse_variant
from tests.gpu import prepare, suites
from tests.gpu.check_card import LIMIT_S, Step, main, run_steps, steps

PYTHON = sys.executable


def test_all_steps_fit_into_nine_minutes(tmp_path: Path) -> None:
    planned = steps(PYTHON, tmp_path, "cuda", Path("benchmark.py"), dry=False)
    assert [step.name for step in planned] == [
        "selftest", "tests", "configurations", "core_models", "timm-resnet50", "timm-efficientnet_b0",
    ]  # fmt: skip
    assert LIMIT_S == 540
    assert sum(step.limit_s for step in planned) <= 540, "else the last ones, timm's script, would go short"
    budgets = {step.name: step.command[step.command.index("--budget") + 1] for step in planned if "run" in step.command}
    assert budgets == {"configurations": "65s", "core_models": "70s"}


def cases(tmp_path: Path, suite: dict[str, Any]) -> tuple[Case, ...]:
    file = tmp_path / "suite.yaml"
    file.write_text(json.dumps(suite))
    (entry,) = suite["models"]
    specs = tuple(Spec(parse_variant(name), entry["resolution"][0]) for name in entry["timm"])
    return expand(load_suite(file), [Selection("timm", specs)], {}, {"cuda": "cuda:0"}, 2)[0]


def test_every_configuration_is_measured_once(tmp_path: Path) -> None:
    """Eager PyTorch in six precisions and two layouts; the others in fp32, or in amp with channels_last."""
    measured = cases(tmp_path, suites.configurations("cuda", suites.FULL))
    eager = [case for case in measured if case.runtime == "eager"]
    others = {(case.runtime, case.precision, case.layout) for case in measured if case.runtime != "eager"}
    assert len(eager) == len({(case.precision, case.layout) for case in eager}) == 12
    assert others == {
        ("compile", "fp32", "contiguous"), ("compile", "amp_fp16", "channels_last"),
        ("compile_reduce_overhead", "amp_fp16", "channels_last"),
        ("compile_max_autotune", "amp_fp16", "channels_last"),
        ("cuda_graph", "fp32", "contiguous"), ("cuda_graph", "amp_fp16", "channels_last"),
        ("onnxruntime", "fp32", "contiguous"), ("onnxruntime", "fp16", "contiguous"),
    }  # fmt: skip
    assert {(case.batch, case.protocol.rounds) for case in measured} == {(8, 1)}


def test_core_models_run_at_two_batches_in_three_precisions(tmp_path: Path) -> None:
    measured = cases(tmp_path, suites.core_models("cuda", suites.FULL))
    assert len(measured) == 3 * 2 * 3
    assert {case.requested_batch for case in measured} == {1, "best"}
    assert {(case.precision, case.layout) for case in measured} == {
        ("fp32", "contiguous"), ("tf32", "contiguous"), ("amp_fp16", "channels_last"),
    }  # fmt: skip


def test_a_step_that_fails_or_hangs_does_not_stop_the_next(tmp_path: Path) -> None:
    planned = [
        Step("fails", (PYTHON, "-c", "print('why'); raise SystemExit(3)"), 60),
        Step("hangs", (PYTHON, "-c", "import time; time.sleep(600)"), 0.2),
        Step("works", (PYTHON, "-c", "import scalebench; print(scalebench.__version__)"), 60),
    ]
    ended = run_steps(planned, tmp_path)
    assert [end.code for end in ended] == [3, None, 0]
    assert (tmp_path / "fails.log").read_text() == "why\n"


def test_no_step_begins_after_the_limit(tmp_path: Path) -> None:
    step = Step("late", (PYTHON, "-c", "raise SystemExit(1)"), 60)
    seconds = iter([0.0, 600.0, 600.0])
    (ended,) = run_steps([step], tmp_path, clock=lambda: next(seconds))
    assert ended.code is None
    assert not (tmp_path / "late.log").exists()


def test_what_has_to_be_downloaded() -> None:
    """The machine with the card brings torch; the rest is what pyproject asks for."""
    names = [line.split(">")[0] for line in prepare.to_download()]
    assert {"fvcore", "pydantic", "psutil", "pytest", "nvidia-ml-py"} <= set(names)
    assert not {"torch", "torchvision", "timm"} & set(names)


def wheel(folder: Path, name: str) -> None:
    """The smallest wheel there is: one module with a constant."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "ANSWER = 42\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)


def test_wheels_are_added_to_what_is_installed(tmp_path: Path) -> None:
    """pytest is taken as installed although the folder lacks it; the answer comes from the wheel."""
    # Not imported here: with pip loaded, setuptools leaves distutils to the standard library, and torch.compile fails.
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("environments of uv have no pip")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "carried_along")
    python = prepare.environment(tmp_path / "venv", wheels, ["carried-along", "pytest>=8"])
    code = "import carried_along, pytest; print(carried_along.ANSWER)"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == "42\n", done.stderr
    with pytest.raises(subprocess.CalledProcessError):
        prepare.environment(tmp_path / "venv", wheels, ["nowhere-to-be-found"])


def test_a_dry_run_asks_for_the_same_steps_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an interpreter that prints its arguments and fails for timm's script."""
    stub = tmp_path / "python"
    stub.write_text('#!/bin/sh\necho "$@"\ncase "$1" in *benchmark.py) exit 7;; esac\n')
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stub))
    assert main([str(tmp_path), "--dry-run", "--timm-benchmark", "benchmark.py"]) == 1
    codes = {ended["step"]["name"]: ended["code"] for ended in json.loads((tmp_path / "summary.json").read_text())}
    assert codes == {"selftest": 0, "tests": 0, "configurations": 0, "core_models": 0, "timm-lcnet_035": 7}
    log = {name: (tmp_path / f"{name}.log").read_text() for name in codes}
    assert f"doctor --selftest cpu --out {tmp_path}/selftest.json --quick" in log["selftest"]
    assert f"run {tmp_path}/core_models.yaml --results {tmp_path}/results" in log["core_models"]
    assert "--model lcnet_035" in log["timm-lcnet_035"]
    assert "--device cpu" in log["timm-lcnet_035"]
    assert json.loads((tmp_path / "core_models.yaml").read_text())["grid"]["device"] == ["cpu"]


def test_a_dry_run_measures(tmp_path: Path) -> None:
    assert main([str(tmp_path), "--dry-run", "--steps", "core_models"]) == 0
    (summary,) = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["step"]["name"], summary["code"]) == ("core_models", 0)
    records = [json.loads(line) for file in tmp_path.rglob("*.jsonl") for line in file.read_text().splitlines()]
    outcomes = [
        record["outcome"]
        for record in records
        if record.get("kind") == "record" and record["case"]["mode"] == "inference"
    ]
    assert outcomes
    assert set(outcomes) == {"ok"}
