"""Exports for services that draw a benchmark's history: github-action-benchmark and Bencher."""

from __future__ import annotations

from typing import Any

from scalebench.analysis.stats import Estimate
from scalebench.report.exports.entries import Export, ExportEntry, number


def github_action_document(export: Export) -> list[dict[str, Any]]:
    """Entries of the tool ``customSmallerIsBetter``: seconds per batch, with the longer side of the interval."""
    return [_github_entry(entry) for entry in export.entries]


def _github_entry(entry: ExportEntry) -> dict[str, Any]:
    latency = entry.latency
    longer_side = number(max(latency.high - latency.value, latency.value - latency.low))
    range_ = {} if longer_side is None else {"range": f"± {longer_side:.6g}"}
    facts = {name: value for name, value in entry.extra_info.items() if name not in ("case", "unit", "value")}
    lines = [f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in facts.items()]
    return {"name": entry.name, "unit": "s", "value": latency.value, **range_, "extra": "\n".join(lines)}


def bencher_document(export: Export) -> dict[str, dict[str, dict[str, float]]]:
    """Bencher Metric Format: measures with their 95 % intervals, by case.

    ``latency`` is in nanoseconds, because Bencher's built-in measure of that name is; the other measures are ours and
    name their unit. https://bencher.dev/docs/reference/bencher-metric-format
    """
    return {entry.name: _measures(entry) for entry in export.entries}


def _measures(entry: ExportEntry) -> dict[str, dict[str, float]]:
    estimates = {
        "latency": entry.latency.times(1e9), "images-per-second": entry.throughput, "memory-bytes": entry.memory
    }  # fmt: skip
    measures = {name: _metric(estimate) for name, estimate in estimates.items() if estimate.n}
    return measures if entry.macs is None else {**measures, "macs-per-image": {"value": float(entry.macs)}}


def _metric(estimate: Estimate) -> dict[str, float]:
    ends = {"lower_value": number(estimate.low), "upper_value": number(estimate.high)}
    return {"value": estimate.value, **{name: end for name, end in ends.items() if end is not None}}
