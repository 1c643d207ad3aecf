"""Files for other tools: their content by their published schemas, and by golden files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from scalebench.report.exports.asv_files import asv_documents
from scalebench.report.exports.chart_files import bencher_document, github_action_document
from scalebench.report.exports.pytest_benchmark_file import pytest_benchmark_document
from tests.report.exports.literal_export import make_export

COMMIT = "0123456789abcdef0123456789abcdef01234567"
RESNET50 = "resnet50@224, batch 1, fp32 eager, cpu, 1 thread"
BENCHER = {
    "$schema": "http://json-schema.org/draft-07/schema",
    "type": "object",
    "patternProperties": {".+": {"type": "object", "patternProperties": {".+": {
        "type": "object",
        "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
        "required": ["value"],
    }}}},
}  # fmt: skip
"""https://bencher.dev/bmf.json"""
GITHUB = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            **{key: {"type": "string"} for key in ("name", "unit", "range", "extra")},
        },
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
    },
}  # fmt: skip
"""BenchmarkResult in github-action-benchmark's src/extract.ts."""


def rounded(content: Any) -> Any:
    """Ten digits of every number: the last ones are the platform's."""
    return json.loads(json.dumps(content), parse_float=lambda text: float(f"{float(text):.10g}"))


def test_pytest_benchmark_statistics_are_between_rounds(golden: Callable[[str, Any], None]) -> None:
    """Of 0.1, 0.11 and 0.121: mean 0.331 / 3, sample standard deviation 0.010504, median 0.11."""
    document = pytest_benchmark_document(make_export(), COMMIT)
    stats = next(row for row in document["benchmarks"] if row["name"] == RESNET50)["stats"]
    assert stats["data"] == [0.1, 0.11, 0.121]
    assert (stats["min"], stats["max"], stats["median"], stats["rounds"]) == (0.1, 0.121, 0.11, 3)
    assert (stats["mean"], stats["stddev"], stats["ops"]) == pytest.approx((0.1103333, 0.0105040, 9.063444), rel=1e-5)
    (failure,) = document["scalebench"]["not_exported"]
    assert (failure["name"].partition("@")[0], failure["ending"]) == ("resnet152", "oom")
    assert document["version"]
    golden(
        "export/pytest_benchmark", {**document, "version": "", "scalebench": {**document["scalebench"], "version": ""}}
    )


def test_bencher_has_our_interval(golden: Callable[[str, Any], None]) -> None:
    """Its latency is in nanoseconds."""
    document = bencher_document(make_export())
    jsonschema.validate(document, BENCHER)
    latency = document[RESNET50]["latency"]
    assert latency["value"] == pytest.approx(1.1e8)
    assert latency["lower_value"] == pytest.approx(1.1e8 / 1.26715, rel=1e-4)
    assert latency["upper_value"] == pytest.approx(1.1e8 * 1.26715, rel=1e-4)
    assert document[RESNET50]["macs-per-image"] == {"value": 4_089_184_256.0}
    assert set(document[RESNET50.replace("50", "18")]["latency"]) == {"value"}
    golden("export/bencher", rounded(document))


def test_github_action_entries_are_seconds_with_the_longer_side(golden: Callable[[str, Any], None]) -> None:
    document = github_action_document(make_export())
    jsonschema.validate(document, GITHUB)
    entry = next(row for row in document if row["name"] == RESNET50)
    assert (entry["unit"], entry["value"]) == ("s", pytest.approx(0.11))
    assert entry["range"] == "± 0.0293856"
    assert "n: 3\n" in entry["extra"]
    assert "range" not in next(row for row in document if row["name"].startswith("resnet18"))
    golden("export/github_action_benchmark", rounded(document))


def test_asv_files_hold_samples_and_a_99_percent_interval(golden: Callable[[str, Any], None]) -> None:
    """t(0.995, 2) = 9.92484 makes it 0.11 times e^(9.92484 x 0.0953102 / sqrt 3) = 1.72657, and divided by it."""
    documents = asv_documents(make_export(), COMMIT)
    results = documents["cpu-a/01234567-scalebench-111111111111.json"]
    row = dict(zip(results["result_columns"], results["results"][RESNET50], strict=False))
    assert row["result"] == [pytest.approx(0.11)]
    assert row["stats_ci_99_a"] == [pytest.approx(0.11 / 1.72657, rel=1e-4)]
    assert row["stats_ci_99_b"] == [pytest.approx(0.11 * 1.72657, rel=1e-4)]
    assert (row["samples"], row["stats_repeat"]) == ([[0.1, 0.11, 0.121]], [3])
    assert results["results"][RESNET50.replace("50", "152")] == [[None], []], "a failure, as asv stores one"
    assert results["date"] == 1_795_471_202_000
    golden("export/asv", rounded(documents))


def test_no_file_has_a_number_that_json_lacks() -> None:
    export = make_export()
    documents = (
        pytest_benchmark_document(export), bencher_document(export), github_action_document(export),
        asv_documents(export, COMMIT),
    )  # fmt: skip
    for document in documents:
        json.dumps(document, allow_nan=False)
