"""Commands that measure nothing, from their arguments to what they print: they may run beside other tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scalebench.cli import COMMANDS, load_command
from scalebench.execute.client import Worker

TINY = Path(__file__).parent.parent / "fixtures" / "tiny.yaml"
Run = Callable[..., Any]


def test_plan_without_counting_needs_no_worker(scalebench: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "run", None)
    done = scalebench("plan", TINY, "--no-count", "--json")
    assert json.loads(done.stdout)["suite"] == "tiny"


def test_plan_chooses_within_a_budget(scalebench: Run) -> None:
    arguments = ("plan", TINY, "--budget", "1h", "--out", "chosen.yaml")
    document = json.loads(scalebench(*arguments, "--json").stdout)
    assert document["budget_s"] == 3600
    assert document["open"] == len(document["chosen"]) == 5
    assert {"model", "key", "seconds", "total_s", "variance_left"} <= document["chosen"][0].keys()
    again = scalebench(*arguments)
    assert again.returncode == 2
    assert "error: chosen.yaml exists" in again.stderr
    assert "5 of 5 open cases" in scalebench(*arguments[:4]).stdout


def test_count_prints_the_contract(scalebench: Run) -> None:
    names = ("resnet18@64", "efficientnet_b0", "resnet18[d=1.5]@64")
    rows = json.loads(scalebench("count", *names, "--json").stdout)
    counted = {"params", "macs", "activations", "weight_bytes", "peak_bytes_inference", "uncounted"}
    wanted = {"model", "resolution"} | counted
    assert all(wanted <= row.keys() for row in rows)
    assert rows[1]["macs"] == 385_814_752
    assert not {"macs_training", "peak_bytes_training"} & rows[1].keys()


def test_count_takes_a_training_step_only_where_it_is_asked_for(scalebench: Run) -> None:
    (row,) = json.loads(scalebench("count", "resnet18@64", "--training", "--json").stdout)
    assert 2.9 < row["macs_training"] / row["macs"] < 3  # gradients of input and weights; the image needs none
    assert row["peak_bytes_training"] > row["peak_bytes_inference"]
    assert "MACs, training" in scalebench("count", "resnet18@64", "--training").stdout
    assert "training" not in scalebench("count", "resnet18@64").stdout


def test_count_lists_what_it_cannot_count_and_shows_the_rest(scalebench: Run) -> None:
    done = scalebench("count", "resnet18@64", "vit_tiny_patch16_224@8")
    assert done.returncode == 0
    assert "resnet18" in done.stdout
    assert "not counted: vit_tiny_patch16_224@8" in done.stderr


def test_count_checks_with_fvcore(scalebench: Run) -> None:
    done = scalebench("count", "resnet18@64", "--check")
    assert "in the same convention (+0.0 %)" in done.stdout
    assert "normalisation layers" in done.stdout


def test_models_lists_native_sizes(scalebench: Run) -> None:
    rows = json.loads(scalebench("models", "tf_efficientnet_b?", "--json").stdout)
    assert [r["native_resolution"] for r in rows[:8]] == [224, 240, 260, 300, 380, 456, 528, 600]


def test_structure_compares_models(scalebench: Run) -> None:
    rows = json.loads(scalebench("structure", "resnet18@64", "mobilenetv3_small_100@64", "--json").stdout)
    assert [row["model"] for row in rows] == ["resnet18", "mobilenetv3_small_100"]
    assert rows[0]["structure"]["stages"] == [[2, 64, 16], [2, 128, 8], [2, 256, 4], [2, 512, 2]]
    assert rows[1]["structure"]["kinds"]["depthwise"][0] == 11
    table = scalebench("structure", "resnet18@64").stdout
    assert "max pooling, by 2" in table


def test_models_lists_families(scalebench: Run) -> None:
    (row,) = json.loads(scalebench("models", "efficientnetv*", "--families", "--json").stdout)
    assert row["family"] == "efficientnetv2"
    assert row["members"]["tf_efficientnetv2_b3"] == 300
    assert "convnext_tiny@224" in scalebench("models", "--families").stdout


@pytest.mark.parametrize(("kind", "folder"), [("suite", "suites"), ("procure", "plans")])
def test_schema_is_what_the_files_point_to(root: Path, scalebench: Run, kind: str, folder: str) -> None:
    done = scalebench("schema", kind)
    assert json.loads(done.stdout) == json.loads((root / folder / "schema.json").read_text())


def test_reports_of_nothing_are_refused(scalebench: Run, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    for path in ("results", "nowhere"):
        done = scalebench("report", path)
        assert done.returncode == 2
        assert "error:" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_help_imports_no_command(tmp_path: Path) -> None:
    code = (
        "import sys; from scalebench.cli import app\ntry: app(['--help'])\n"
        "except SystemExit: print(*(name for name in sys.modules if name.startswith('scalebench.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) == {"scalebench.cli", "scalebench.cli.stop_signals", "scalebench.errors"}
    assert "suite-for" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_lists_a_command_with_the_first_line_of_its_own(name: str) -> None:
    assert load_command(name).help.partition("\n")[0] == COMMANDS[name]
