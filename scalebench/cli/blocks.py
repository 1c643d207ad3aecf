"""scalebench blocks: where a model's cost goes, by kind of part and by stage."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import typer

from scalebench.analysis.part_times import UNLIKE, PartRow, sentences
from scalebench.analysis.stats import Estimate
from scalebench.cli.arguments import CHANNELS, Timing, with_channels
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.blocks import MeasuredBlocks, measure_blocks
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS
from scalebench.suite.kinds import BETWEEN, KINDS
from scalebench.units import bytes_, digits, seconds, si


def blocks(
    name: str = typer.Argument(metavar="MODEL[@RES]", help="Name or variant, with a resolution."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass."),
    threads: int | None = typer.Option(None, min=1, help="Threads on the CPU; default all cores."),
    rounds: int = typer.Option(3, min=1, help="Fresh processes."),
    device: str = typer.Option(AUTO, help=f"{DEVICE_WORDS}."),
    protocol: Timing = typer.Option(Timing.standard, help="How long a round warms up and times."),
    peaks: bool = typer.Option(False, "--peaks", help="Measure the machine's peaks where none are stored: 10 to 30 s."),
    channels: int | None = CHANNELS,
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Show where a model's MACs, bytes and time go: by kind of part and by stage.

    Each part is timed within real forward passes. The row "between modules" holds what the parts leave of a pass
    without hooks, so that the rows sum up to the whole. Without @RES a model runs at its native resolution.
    """
    with show_progress() as announce:
        measured = measure_blocks(
            with_channels([name], channels)[0], batch, threads, rounds, device, protocol.value, peaks, announce
        )
    print_json(document(measured)) if json_ else print_blocks(measured)


def document(measured: MeasuredBlocks) -> dict[str, Any]:
    """The JSON document: MACs and activations of one image, bytes and seconds of one pass of the batch."""
    case, breakdown = measured.case, measured.breakdown
    return {
        **{name: getattr(case, name) for name in ("model", "resolution", "batch", "threads", "device")},
        "machine": measured.environment.machine,
        "whole_s": _estimate(breakdown.whole),
        "with_hooks_s": _estimate(breakdown.with_hooks),
        "hook_overhead_s": breakdown.hook_overhead_s,
        "pass_spread": breakdown.spread,
        "fp32_peak_flops_per_s": measured.peak_flops,
        "rounds": measured.rounds,
        "kinds": [_row(row, "kind") for row in breakdown.kinds],
        "stages": [_row(row, "stage") for row in breakdown.stages],
    }


def _row(row: PartRow, key_name: str) -> dict[str, Any]:
    return {
        key_name: row.key,
        **{name: getattr(row, name) for name in ("params", "macs", "activations", "macs_share", "time_share")},
        "moved_bytes": row.bytes_,
        "time_s": _estimate(row.seconds),
        "intensity_flop_per_byte": row.intensity,
        "peak_share": row.peak_share,
    }


def _estimate(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def print_blocks(measured: MeasuredBlocks) -> None:
    """Print tables and sentences."""
    case, breakdown = measured.case, measured.breakdown
    typer.echo(
        f"{case.label}, {case.threads} threads, {measured.environment.machine}: {_time(breakdown.whole)} per pass, "
        f"{measured.rounds} rounds"
    )
    _print_rows("by kind", KINDS, breakdown.kinds)
    _print_rows("by stage", {BETWEEN: KINDS[BETWEEN]}, breakdown.stages)
    typer.echo("params, MACs and activations of one image; bytes and time of one pass; [95 % interval over rounds]")
    typer.echo(
        f"hooks add {seconds(breakdown.hook_overhead_s)} to a part (measured on identity modules); "
        f"a pass with all of them takes {seconds(breakdown.with_hooks.value)}"
    )
    if measured.peak_flops is None:
        typer.echo("no fp32 peak is stored for this machine and thread count; --peaks or scalebench doctor measures it")
    if breakdown.spread > UNLIKE:
        typer.echo(
            f"doubtful: passes of one round differed by {100 * breakdown.spread:.0f} % (interquartile range), which "
            'makes the row "between modules" unreliable; is something else running?'
        )
    for sentence in sentences(breakdown):
        typer.echo(sentence)


def _print_rows(title: str, labels: dict[str, str], rows: Sequence[PartRow]) -> None:
    columns = [title, ">params", ">MACs", ">of MACs", ">activations", ">moved", ">time", ">of time", ">FLOP/byte",
               ">of peak"]  # fmt: skip
    print_table("", columns, [_cells(labels.get(row.key, row.key), row) for row in rows])


def _cells(label: str, row: PartRow) -> list[str]:
    return [
        label, si(row.params), si(row.macs), f"{100 * row.macs_share:.1f} %", si(row.activations), bytes_(row.bytes_),
        _time(row.seconds), f"{100 * row.time_share:.1f} %", "-" if isnan(row.intensity) else digits(row.intensity),
        "-" if isnan(row.peak_share) else f"{100 * row.peak_share:.1f} %",
    ]  # fmt: skip


def _time(estimate: Estimate) -> str:
    if isnan(estimate.low):
        return seconds(estimate.value)
    return f"{digits(1e3 * estimate.value)} [{digits(1e3 * estimate.low)}, {digits(1e3 * estimate.high)}] ms"
