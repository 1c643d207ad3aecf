"""scalebench loadtest: three capacities of one batching server side by side, and why they differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scalebench.cli.arguments import duration_s

if TYPE_CHECKING:
    from scalebench.cli.serving import Outcome
    from scalebench.procure.load_check import ServiceLevel, Tested

EXIT_NOTHING = 3
LEVELS = 30
"""Service levels that a run lasts at least: at 3 % past saturation the queue is then longer than one level."""


def loadtest(
    name: str = typer.Argument(metavar="MODEL[@RES]", help="Name or variant, with a resolution; default native."),
    slo: float = typer.Option(..., parser=duration_s, metavar="TIME", help="Service level, as 60ms."),
    percentile: int = typer.Option(99, min=50, max=99, help="Share of the requests that has to keep it, percent."),
    overhead: float | None = typer.Option(
        None, parser=duration_s, metavar="TIME", help="Spent outside the server, as 10ms; taken off the level."
    ),
    batch: int | None = typer.Option(None, min=1, help="Largest batch; default what the rule chooses."),
    delay: float | None = typer.Option(
        None, parser=duration_s, metavar="TIME", help="Longest wait for a batch to fill, as 5ms; default none."
    ),
    runtime: str = typer.Option("eager", help="How the model is executed."),
    precision: str = typer.Option("fp32", help="Precision."),
    threads: int | None = typer.Option(None, min=1, help="Threads of the model on the CPU; default all cores."),
    device: str = typer.Option("auto", help="auto, cpu or cuda:N."),
    rates: str = typer.Option("", metavar="A,B,...", help="Requests per s; default shares of the simulated capacity."),
    rounds: int = typer.Option(3, min=1, help="Servers, each a fresh process that gets every rate."),
    requests: int = typer.Option(
        400, min=10, help="Requests at each rate, per server; more where they last less than 30 times the level."
    ),
    from_: list[Path] = typer.Option([], "--from", help="Records with service times; default measures them first."),
    results: Path = typer.Option(Path("results/loadtest"), help="Folder of the result file."),
    seed: int = typer.Option(0, help="Seed of arrivals and orders."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Check the queueing rule of procurement: what it gives, what a simulation gives, what a real server keeps.

    The server batches requests on loopback around the model. Exit code 3: nothing keeps the service level.
    """
    from scalebench.cli.output import print_json
    from scalebench.cli.serving import Way, run_loadtest
    from scalebench.execute.load_generator import Load
    from scalebench.procure.load_check import ServiceLevel
    from scalebench.procure.simulate import Search

    load = Load(_rates(rates), requests, rounds, seed, LEVELS * slo)
    way = Way(name, runtime, precision, threads, device, batch, delay or 0.0)
    outcome = run_loadtest(way, ServiceLevel(slo, percentile, overhead or 0.0), load, Search(seed=seed), from_, results)
    print_json(document(outcome)) if json_ else say(outcome)
    if outcome.test is None:
        raise typer.Exit(EXIT_NOTHING)


def _rates(text: str) -> tuple[float, ...]:
    """``10,20`` -> rates per second; empty for none.

    Raises:
        BadParameter: something else.
    """
    try:
        found = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        found = (0.0,)
    if not all(0 < rate < 1e6 for rate in found):
        raise typer.BadParameter(f"{text!r} is no list of rates; write them as 20,30,40", param_hint="--rates")
    return tuple(dict.fromkeys(found))


def document(outcome: Outcome) -> dict[str, Any]:
    """The JSON document: rates in images per second, times in seconds; an unbounded ``high`` is null."""
    case, test, server = outcome.case, outcome.test, outcome.server
    return {
        "model": case.model, "resolution": case.resolution, "runtime": case.runtime, "precision": case.precision,
        "threads": case.threads, "device": case.device, "machine": outcome.machine,
        "level": vars(outcome.level),
        "server": {"cap": server.cap, "delay_s": server.delay_s, "sizes": sorted(server.curves)},
        "rule": vars(outcome.rule),
        "simulation": vars(outcome.simulated),
        "load_test": None if test is None else {
            "low": test.low, "high": test.high, "rates": [vars(rated) for rated in test.rates],
        },
        "gap": None if outcome.why is None else {
            **vars(outcome.why),
            "with_load": vars(outcome.why.with_load), "with_transport": vars(outcome.why.with_transport),
        },
        "words": _words(outcome),
        "notes": list(outcome.notes),
        "file": None if outcome.file is None else str(outcome.file),
    }  # fmt: skip


def _words(outcome: Outcome) -> list[str]:
    from scalebench.procure.gap import sentences

    if outcome.test is None or outcome.why is None:
        return []
    return sentences(outcome.server, outcome.rule, outcome.test, outcome.level, outcome.why)


def say(outcome: Outcome) -> None:
    """Print it for people."""
    from scalebench.cli.output import print_table
    from scalebench.units import digits, interval, seconds

    case, level, server, rule = outcome.case, outcome.level, outcome.server, outcome.rule
    within = f"p{level.percentile:g} within {seconds(level.slo_s)}"
    typer.echo(
        f"{case.model}@{case.resolution}, {case.configuration}, {outcome.machine}; "
        f"batches up to {server.cap}, held back up to {seconds(server.delay_s)}; {within}"
    )
    found = outcome.simulated
    rows = [
        ["rule 2 t(b)", digits(rule.images_per_s), "-", f"batch {rule.batch}" if rule.batch else "no batch keeps it"],
        ["simulation", digits(found.value), interval(found.low, found.high), f"95 %, {found.n} replications"],
    ]
    if outcome.test is not None:
        bounds = "highest rate kept, lowest not kept"
        rows.append(["load test", digits(outcome.test.low), _bounds(outcome.test), bounds])
    print_table("", [("capacity", False), ("images/s", True), ("between", True), ("", False)], rows)
    if outcome.test is not None:
        _say_rates(outcome.test, level)
    for sentence in (*_words(outcome), *outcome.notes):
        typer.echo(sentence)
    if outcome.file is not None:
        typer.echo(f"records: {outcome.file}")
    if outcome.test is None:
        typer.echo("nothing keeps the service level: no load was tested; --rates names some", err=True)


def _bounds(test: Tested) -> str:
    from math import isinf

    from scalebench.units import digits

    return f"from {digits(test.low)}" if isinf(test.high) else f"[{digits(test.low)}, {digits(test.high)}]"


def _say_rates(test: Tested, level: ServiceLevel) -> None:
    from scalebench.cli.output import print_table
    from scalebench.units import digits, seconds

    columns = [
        ("requests/s", True), (f"p{level.percentile:g}", True), ("by server", True), ("kept", False),
        ("images/batch", True), ("client late", True), ("transport", True), ("queue", True), ("pixels to input", True),
        ("model", True),
    ]  # fmt: skip
    rows = [
        [
            digits(one.rate), seconds(one.latency_s), " ".join(map(seconds, one.by_round)), "yes" if one.kept else "no",
            digits(one.images_per_batch),
            *(seconds(part) for part in (one.late_s, one.transport_s, one.queue_s, one.fill_s, one.model_s)),
        ]
        for one in test.rates
    ]  # fmt: skip
    print_table("Load test; the last five columns are mean parts of a latency", columns, rows)
