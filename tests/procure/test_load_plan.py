"""Bad plans and what is said about them: each refusal names file, line and key, and the nearest valid word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.errors import PlanError
from scalebench.procure.load_plan import PlanFile, load_plan
from scalebench.procure.purchase_plan import Buy, Rent

Load = Callable[..., PlanFile]

# what is replaced by what, words of the line that is named, key, words of the message, words of the hint
REFUSED = {
    "misspelt top key": ("currency:", "curency:", "curency:", "curency", "unknown key", "'currency'"),
    "misspelt key of the demand": (
        "peak_definition:", "peak_defintion:", "demand:", "workload.demand.peak_defintion", "unknown key",
        "'peak_definition'"),
    "misspelt key of the policy": (
        "redundancy:", "redundncy:", "redundncy:", "policy.redundncy", "unknown key", "'redundancy'"),
    "misspelt key of a node": ("load_w:", "laod_w:", "laod_w", "nodes[0].laod_w", "unknown key", "'load_w'"),
    "misspelt key of a bought offer": (
        "residual:", "resdual:", "resdual:", "offers[0].resdual", "unknown key", "'residual'"),
    "misspelt key of a rented offer": (
        "per_hour:", "per_houre:", "per_houre", "offers[1].per_houre", "unknown key", "'per_hour'"),
    "misspelt key of a quote": ("vendor:", "vender:", "quote:", "offers[0].quote.vender", "unknown key", "'vendor'"),
    "misspelt key of a quantity": (
        "low: 1.1, high", "lo: 1.1, high", "pue:", "site.pue.lo", "unknown key", "'low'"),
    "a key that is like nothing": ("currency:", "zzz: 1\ncurrency:", "zzz:", "zzz", "unknown key", "valid keys"),
    "misspelt kind": ("kind: rent", "kind: rnet", "id: rent", "offers[1]", "'buy', 'rent'", "'rent'"),
    "misspelt power source": (
        "measured_wall", "measured_wal", "power_source", "nodes[0].power_source", "'measured_wall'", "'measured_wall'"),
    "unit missing": (
        "capex: 24000", "capex: {value: 24000}", "capex", "offers[0].capex", "unit is missing: this key is in currency",
        ""),
    "another unit": (
        "latency_ms: 60", "latency_ms: {value: 0.06, unit: s}", "slo:", "workload.slo.latency_ms", "in ms, not in s",
        ""),
    "a unit where there is none": (
        'high: 1.8, unit: ""', "high: 1.8, unit: W", "pue:", "site.pue", "in no unit, not in W", ""),
    "a number that is text": ("per_hour: 1.1", "per_hour: cheap", "per_hour", "offers[1].per_hour", "", ""),
    "range out of order": ("value: 1.5, low: 1.1", "value: 1.5, low: 1.6", "pue:", "site.pue", "not in order", ""),
    "less than one PUE": ("low: 1.1", "low: 0.9", "pue:", "site.pue", "at least 1", ""),
    "a share above one": (
        "max_utilisation: 0.6", "max_utilisation: 60", "max_utilisation", "policy.max_utilisation", "at most 1", ""),
    "rent without a date": (
        "per_hour: 1.1\n    date: 2026-07-20", "per_hour: 1.1", "id: rent", "offers[1].date", "required", ""),
    "quote without a date": (
        "vendor: fictional, date: 2026-07-20", "vendor: fictional", "quote:", "offers[0].quote.date", "required", ""),
    "price without a quote": (
        "    quote: {vendor: fictional, date: 2026-07-20}\n", "", "id: buy", "offers[0].quote", "required", ""),
    "peak below mean": (
        "peak_images_per_s: 2500", "peak_images_per_s: 800", "demand:", "workload.demand",
        "peak_images_per_s 800 is below mean_images_per_s 875", ""),
    "residual above price": (
        "residual: 3000", "residual: 30000", "id: buy", "offers[0]", "capex 24000 is below residual 30000", ""),
    "idle above load": ("idle_w: 180", "idle_w: 480", "id: box", "nodes[0]", "load_w 420 is below idle_w 480", ""),
    "percentile not offered": ("percentile: 99", "percentile: 90", "slo:", "workload.slo.percentile", "95 or 99", ""),
    "no runs": ("runs: [box.jsonl]", "runs: []", "runs", "runs", "at least 1 item", ""),
    "a run that is not there": (
        "runs: [box.jsonl]", "runs: [box.jsonl, ../nowhere]", "runs:", "runs[1]", "no such file or folder",
        "relative to the plan file"),
    "offer of an unknown node": (
        "id: buy\n    node: box", "id: buy\n    node: bax", "node: bax", "offers[0].node", "no node is called 'bax'",
        "'box'"),
    "estimate from an unknown node": (
        "machine: l4-box", "estimate: {from: bx, method: roofline}", "estimate", "nodes[0].estimate.from",
        "no measured node is called 'bx'", "measured nodes here: none"),
    "misspelt key of an estimate": (
        "machine: l4-box", "estimate: {fron: bx, method: roofline}", "estimate", "nodes[0].estimate.fron",
        "unknown key", "'from'"),
    "misspelt method": (
        "machine: l4-box", "estimate: {from: bx, method: rofline}", "estimate", "nodes[0].estimate.method",
        "'roofline'", "'roofline'"),
    "neither measured nor estimated": (
        "    machine: l4-box\n", "", "id: box", "nodes[0]", "give either machine, of its records, or estimate", ""),
    "two offers of one name": ("id: rent", "id: buy", "schema:", "", "duplicate offer 'buy'", ""),
    "accuracy of a model without its resolution": (
        "policy:\n", "  accuracy: {metric: f1, min: 0.9, values: {resnet50: 0.91}}\npolicy:\n", "accuracy:",
        "workload.accuracy.values.resnet50", "not written model@resolution", "resnet50@224"),
    "accuracy of nothing": (
        "policy:\n", "  accuracy: {metric: f1, min: 0.9}\npolicy:\n", "accuracy:", "workload.accuracy",
        "give values", ""),
    "accuracy twice": (
        "policy:\n", "  accuracy: {metric: top1, min: 0.9, from: a, values: {b@224: 0.9}}\npolicy:\n", "accuracy:",
        "workload.accuracy", "not both", ""),
    "a metric that records lack": (
        "policy:\n", "  accuracy: {metric: f1, min: 0.9, from: a}\npolicy:\n", "accuracy:", "workload.accuracy",
        "records give top1, not f1", ""),
    "misspelt key of the accuracy": (
        "policy:\n", "  accuracy: {metric: top1, min: 0.9, form: a}\npolicy:\n", "accuracy:",
        "workload.accuracy.form",
        "unknown key", "'from'"),
    "records of accuracy that are not there": (
        "policy:\n", "  accuracy: {metric: top1, min: 0.9, from: nowhere}\npolicy:\n", "accuracy:",
        "workload.accuracy.from", "nowhere: no such file or folder", "relative to the plan"),
    "accuracy above one": (
        "policy:\n", "  accuracy: {metric: f1, min: 0.9, values: {resnet50@224: 91}}\npolicy:\n", "accuracy:",
        "workload.accuracy.values.resnet50@224", "at most 1", ""),
    "a camera that is none": (
        "policy:\n", "  images: {camera: big, decoder: pillow}\npolicy:\n", "images:", "workload.images",
        "WIDTHxHEIGHT", ""),
    "a decoder that is none": (
        "policy:\n", "  images: {camera: 4000x3000, decoder: pilow}\npolicy:\n", "images:", "workload.images.decoder",
        "'pillow'", "'pillow'"),
    "a node's id with spaces": ("id: box", "id: my box", "id: my box", "nodes[0].id", "pattern", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_plan_is_refused_where_it_is_wrong(plan_file: Load, tmp_path: Path, case: str) -> None:
    """The message has file, line and key and says what is wrong; the hint names the nearest word."""
    old, new, words, key, message, hint = REFUSED[case]
    with pytest.raises(PlanError) as caught:
        plan_file((old, new))
    text = (tmp_path / "plan.yaml").read_text(encoding="utf-8").splitlines()
    line = next(number for number, row in enumerate(text, 1) if words in row)
    place = f"{tmp_path / 'plan.yaml'}:{line}: {key}: " if key else f"{tmp_path / 'plan.yaml'}:{line}: "
    messages = [row for row in caught.value.message.splitlines() if row.startswith(place)]
    assert messages, caught.value.message
    assert message in messages[0]
    assert hint in caught.value.hint


def test_a_quantity_without_a_unit_may_say_none(plan_file: Load) -> None:
    """Where a key has no unit none need be written."""
    assert plan_file(('high: 1.8, unit: ""', "high: 1.8")).plan.site.pue.most == 1.8


def test_one_mistake_is_said_once(plan_file: Load) -> None:
    """The two kinds of offers do not turn one misspelt key into several complaints."""
    with pytest.raises(PlanError) as caught:
        plan_file(("hosting_per_year: 1800", "hosting_per_year: 1800\n    hostin: 3"))
    assert len(caught.value.message.splitlines()) == 1


def test_a_plan_is_read(plan_file: Load, tmp_path: Path) -> None:
    """Numbers, dates and aliases arrive, and runs are found beside the file, wherever it is read from."""
    file = plan_file()
    buy, rent = file.plan.offers
    assert file.runs == (tmp_path / "box.jsonl",)
    assert (buy.id, rent.id) == ("buy", "rent")
    assert isinstance(rent, Rent)
    assert rent.date == dt.date(2026, 7, 20)
    assert rent.per_hour.value == 1.1
    assert rent.per_hour.unit == "currency/h"
    assert file.plan.site.pue.least == 1.1


def test_no_file_and_no_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.yaml:1: this file must be a mapping of keys, not a seq"):
        load_plan(tmp_path / "plan.yaml")
    with pytest.raises(PlanError, match="no such file") as caught:
        load_plan(tmp_path / "plam.yaml")
    assert caught.value.hint == "did you mean 'plan.yaml'?"


def test_the_shipped_plan_loads_and_points_to_its_schema(root: Path) -> None:
    """It has measured nodes and estimated ones, bought and rented offers, and one quote that has expired."""
    path = root / "plans" / "example.yaml"
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")
    plan = load_plan(path).plan
    assert {node.estimate is None for node in plan.nodes} == {True, False}
    assert {offer.kind for offer in plan.offers} == {"buy", "rent"}
    assert any(isinstance(o, Buy) and o.quote.valid_until and o.quote.valid_until < plan.as_of for o in plan.offers)
