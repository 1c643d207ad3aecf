"""scalebench blocks: where a model's cost goes, by kind of part and by stage."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from scalebench.cli.arguments import Timing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scalebench.analysis.part_times import Breakdown, PartRow
    from scalebench.record import Environment
    from scalebench.suite.case import Case


@dataclass(frozen=True)
class Measured:
    """What was measured, on which machine, and the fp32 matmul peak in FLOP/s where it is known."""

    case: Case
    environment: Environment
    rounds: Sequence[dict[str, Any]]
    peak_flops: float | None


def blocks(
    name: str = typer.Argument(metavar="MODEL[@RES]", help="Name or variant, with a resolution."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass."),
    threads: int | None = typer.Option(None, min=1, help="Threads on the CPU; default all cores."),
    rounds: int = typer.Option(3, min=1, help="Fresh processes."),
    device: str = typer.Option("auto", help="auto, cpu or cuda:N."),
    protocol: Timing = typer.Option(Timing.standard, help="How long a round warms up and times."),
    peaks: bool = typer.Option(False, "--peaks", help="Measure the machine's peaks where none are kept: 10 to 30 s."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Show where a model's MACs, bytes and time go: by kind of part and by stage.

    Each part is timed within real forward passes. What the parts leave of a pass without hooks is shown as the row
    "between modules", so that the rows sum up to the whole. Without @RES a model runs at its native resolution.
    """
    from scalebench.analysis.part_times import break_down
    from scalebench.cli.output import print_json

    measured = _measure(name, (batch, threads, rounds, device, protocol.value), peaks)
    found = break_down(measured.rounds, batch, measured.peak_flops)
    if json_:
        print_json(document(measured, found))
    else:
        _print(measured, found)


def _measure(name: str, how: tuple[int, int | None, int, str, str], peaks: bool) -> Measured:
    from scalebench.cli.side_by_side import cases_of, starting_case
    from scalebench.execute.abba import describe
    from scalebench.execute.abilities import abilities, kept
    from scalebench.execute.breakdown import parts_of_rounds
    from scalebench.execute.client import Worker
    from scalebench.execute.lock import machine_lock
    from scalebench.units import seconds

    batch, threads, rounds, word, protocol = how
    with machine_lock(), ExitStack() as stack:
        warm = stack.enter_context(Worker())
        device, environment = describe(warm, word)
        (case,) = cases_of([name], starting_case(device, batch, threads, protocol), warm)
        worker = warm if device == "cpu" else stack.enter_context(Worker(fork=False))
        known = kept(environment, device, case.threads)
        if known is None and peaks:
            typer.echo(f"measuring the peaks of {device}", err=True)
            known = abilities(worker, environment, device, case.threads)

        def say(number: int, facts: dict[str, Any]) -> None:
            typer.echo(f"[{number + 1}/{rounds}] {case.label}: {seconds(facts['whole_s'])}", err=True)

        found = parts_of_rounds(worker, case, rounds, say)
    fp32 = known.matmul.get("fp32") if known else None
    return Measured(case, environment, found, fp32.best if fp32 and not fp32.contended else None)


def document(measured: Measured, found: Breakdown) -> dict[str, Any]:
    """The JSON document: macs and activations of one image, bytes and seconds of one pass of the batch."""
    case = measured.case
    return {
        "model": case.model,
        "resolution": case.resolution,
        "batch": case.batch,
        "threads": case.threads,
        "device": case.device,
        "machine": measured.environment.machine,
        "whole_s": _estimate(found.whole),
        "with_hooks_s": _estimate(found.with_hooks),
        "hook_overhead_s": found.hook_overhead_s,
        "pass_spread": found.spread,
        "fp32_peak_flops_per_s": measured.peak_flops,
        "rounds": len(measured.rounds),
        "kinds": [_plain(row, "kind") for row in found.kinds],
        "stages": [_plain(row, "stage") for row in found.stages],
    }


def _plain(row: PartRow, what: str) -> dict[str, Any]:
    return {
        what: row.key,
        "params": row.params,
        "macs": row.macs,
        "activations": row.activations,
        "moved_bytes": row.bytes_,
        "time_s": _estimate(row.seconds),
        "macs_share": row.macs_share,
        "time_share": row.time_share,
        "intensity_flop_per_byte": row.intensity,
        "peak_share": row.peak_share,
    }


def _estimate(found: Any) -> dict[str, Any]:
    return {"value": found.value, "low": found.low, "high": found.high}


def _print(measured: Measured, found: Breakdown) -> None:
    from scalebench.analysis.part_times import UNLIKE, sentences
    from scalebench.suite.kinds import BETWEEN, KINDS
    from scalebench.units import seconds

    case = measured.case
    typer.echo(
        f"{case.label}, {case.threads} threads, {measured.environment.machine}: {_time(found.whole)} per pass, "
        f"{len(measured.rounds)} rounds"
    )
    _table("by kind", KINDS, found.kinds)
    _table("by stage", {BETWEEN: KINDS[BETWEEN]}, found.stages)
    typer.echo("params, MACs and activations of one image; bytes and time of one pass; [95 % interval over rounds]")
    typer.echo(
        f"hooks add {seconds(found.hook_overhead_s)} to a part (found on identity modules); "
        f"a pass with all of them takes {seconds(found.with_hooks.value)}"
    )
    if measured.peak_flops is None:
        typer.echo("no fp32 peak is kept for this machine and these threads: --peaks measures it, or scalebench doctor")
    if found.spread > UNLIKE:
        typer.echo(
            f"doubtful: passes of one round differed by {100 * found.spread:.0f} % (interquartile range), and what "
            "lies between modules is the difference of unlike passes; is something else running?"
        )
    for sentence in sentences(found):
        typer.echo(sentence)


def _table(title: str, labels: dict[str, str], rows: Sequence[PartRow]) -> None:
    from scalebench.cli.output import print_table

    columns = [
        (title, False), ("params", True), ("MACs", True), ("of MACs", True), ("activations", True), ("moved", True),
        ("time", True), ("of time", True), ("FLOP/byte", True), ("of peak", True),
    ]  # fmt: skip
    print_table("", columns, [_cells(labels.get(row.key, row.key), row) for row in rows])


def _cells(label: str, row: PartRow) -> list[str]:
    from math import isnan

    from scalebench.units import bytes_, digits, si

    return [
        label,
        si(row.params),
        si(row.macs),
        f"{100 * row.macs_share:.1f} %",
        si(row.activations),
        bytes_(row.bytes_),
        _time(row.seconds),
        f"{100 * row.time_share:.1f} %",
        "-" if isnan(row.intensity) else digits(row.intensity),
        "-" if isnan(row.peak_share) else f"{100 * row.peak_share:.1f} %",
    ]


def _time(found: Any) -> str:
    from math import isnan

    from scalebench.units import digits, seconds

    if isnan(found.low):
        return seconds(found.value)
    return f"{digits(1e3 * found.value)} [{digits(1e3 * found.low)}, {digits(1e3 * found.high)}] ms"
