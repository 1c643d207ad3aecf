"""scalebench procure: from a plan file and stored records to a table, a page, its JSON and an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.errors import PlanError
from scalebench.store.jsonl import read_results, result_files

PLAN = """\
schema: scalebench.procure/1
currency: EUR
as_of: 2026-08-01
workload:
  name: triage
  demand: {{mean_images_per_s: 35, peak_images_per_s: 120, peak_definition: p99 of the 1-minute rate}}
  slo: {{percentile: 99, latency_ms: {latency}, overhead_ms: 5}}
policy: {{max_utilisation: 0.6, redundancy: 1}}
site: {{pue: 1.5, electricity_per_kwh: 0.25}}
finance: {{discount_rate: 0.08, horizon_years: 3}}
nodes:
  - {{id: box, machine: {machine}, accelerator: cpu, idle_w: 12, load_w: 30, power_source: bmc}}
offers:
  - id: own
    node: box
    kind: buy
    capex: {{value: 420, low: 360, high: 520, unit: currency}}
    residual: 40
    life_years: 4
    maintenance_fraction: 0.05
    hosting_per_year: 60
    quote: {{vendor: nobody, date: 2026-07-20}}
  - {{id: hired, node: box, kind: rent, per_hour: 0.034, date: 2026-07-20}}
runs: [{runs}]
"""


@pytest.fixture(scope="module")
def serving() -> dict[str, str]:
    """A machine and the folder of its committed records."""
    folder = Path(__file__).parents[2] / "results" / "reference" / "serving"
    records = read_results(result_files([folder])).records
    machine = next(record.environment.machine for record in records if record.case.mode == "inference")
    return {"machine": machine, "runs": str(folder)}


def run(plan: Path, *options: str) -> Any:
    out = str(plan.parent / "reports")
    return CliRunner().invoke(app, ["procure", str(plan), "--out", out, "--draws", "100", *options])


def test_a_plan_becomes_a_table_a_page_and_its_json(serving: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "small.yaml"
    plan.write_text(PLAN.format(latency=300, **serving), encoding="utf-8")
    done = run(plan)
    assert done.exit_code == 0, done.output
    document = json.loads((tmp_path / "reports" / "small-decision.json").read_text(encoding="utf-8"))
    shown = done.stdout.partition(document["answers"]["take"]["question"])[2].splitlines()
    assert len(shown) <= 15, "the answers, and the path of the page"
    assert document["answers"]["take"]["sentences"][0] in shown[1]
    assert all(answer["question"] in shown for name, answer in document["answers"].items() if name != "take")
    assert shown[-1].startswith("decision:")
    assert {one["offer"] for one in document["ranked"]} == {"own", "hired"}
    assert document["files"][0]["name"] == "small.yaml"
    assert len(document["files"]) > 1
    assert str(tmp_path) not in json.dumps(document), "no path of the machine that decided"
    assert "decision:" in done.output
    assert (tmp_path / "reports" / "small-decision.html").exists()
    assert json.loads(run(plan, "--json").stdout) == document


def test_where_nothing_serves_it_ends_with_3(serving: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "strict.yaml"
    plan.write_text(PLAN.format(latency=5.001, **serving), encoding="utf-8")
    done = run(plan)
    assert done.exit_code == 3, done.output
    assert "None: no offer meets the constraints." in done.output
    assert "rejected: service level" in done.output


def test_a_misspelt_key_is_named(serving: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "wrong.yaml"
    plan.write_text(PLAN.format(latency=300, **serving).replace("currency: EUR", "curency: EUR"), encoding="utf-8")
    done = run(plan)
    assert isinstance(done.exception, PlanError)
    assert done.exception.exit_code == 2
    assert f"{plan}:2" in done.exception.message
    assert not (tmp_path / "reports").exists()


def test_a_decision_needs_no_torch() -> None:
    code = "import sys, scalebench.cli.procure; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "scalebench" in loaded
    assert not loaded & {"torch", "timm"}
