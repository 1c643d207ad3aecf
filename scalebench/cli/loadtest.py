"""scalebench loadtest: three capacities of one batching server side by side, and why they differ."""

from __future__ import annotations

from math import isinf
from pathlib import Path
from typing import Any

import typer

from scalebench.cli.arguments import CHANNELS, duration_s, with_channels
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.execute.load_generator import Load
from scalebench.jobs.loadtest import LoadTestOutcome, ServedModel, run_loadtest
from scalebench.procure.gap import sentences
from scalebench.procure.load_check import ServiceLevel, Tested
from scalebench.procure.simulate import Search
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS
from scalebench.units import digits, interval, seconds

EXIT_NOTHING = 3
LEVELS = 30
"""Service levels that a run lasts at least: at 3 % past saturation the queue is then longer than one level."""


def loadtest(
    name: str = typer.Argument(metavar="MODEL[@RES]", help="Name or variant, with a resolution; default native."),
    slo: float = typer.Option(..., parser=duration_s, metavar="TIME", help="Service level, as 60ms."),
    percentile: int = typer.Option(99, min=50, max=99, help="Share of the requests that has to meet it, percent."),
    overhead: float | None = typer.Option(
        None, parser=duration_s, metavar="TIME", help="Spent outside the server, as 10ms; taken off the level."
    ),
    batch: int | None = typer.Option(None, min=1, help="Largest batch; default what the bound 2 t(b) allows."),
    delay: float | None = typer.Option(
        None, parser=duration_s, metavar="TIME", help="Longest wait for a batch to fill, as 5ms; default none."
    ),
    runtime: str = typer.Option("eager", help="How the model is executed."),
    precision: str = typer.Option("fp32", help="Precision."),
    threads: int | None = typer.Option(None, min=1, help="Threads of the model on the CPU; default all cores."),
    device: str = typer.Option(AUTO, help=f"{DEVICE_WORDS}."),
    rates: str = typer.Option("", metavar="A,B,...", help="Requests per s; default shares of the simulated capacity."),
    rounds: int = typer.Option(3, min=1, help="Servers, each a fresh process that gets every rate."),
    requests: int = typer.Option(
        400, min=10, help="Requests at each rate, per server; more where they last less than 30 times the level."
    ),
    from_: list[Path] = typer.Option([], "--from", help="Records with service times; default measures them first."),
    results: Path = typer.Option(Path("results/loadtest"), help="Folder of the result file."),
    seed: int = typer.Option(0, help="Seed of arrivals and orders."),
    channels: int | None = CHANNELS,
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Check the simulation that procure decides by, and the bound 2 t(b), against a real server under load.

    The server batches requests on loopback around the model. Exit code 3: no batch meets the service level.
    """
    load = Load(_rates(rates), requests, rounds, seed, LEVELS * slo)
    model = ServedModel(with_channels([name], channels)[0], runtime, precision, threads, device, batch, delay or 0.0)
    level = ServiceLevel(slo, percentile, overhead or 0.0)
    with show_progress() as announce:
        outcome = run_loadtest(model, level, load, Search(seed=seed), from_, results, announce)
    print_json(document(outcome)) if json_ else print_outcome(outcome)
    if outcome.test is None:
        raise typer.Exit(EXIT_NOTHING)


def _rates(text: str) -> tuple[float, ...]:
    """``10,20`` -> rates per second; empty for none.

    Raises:
        BadParameter: something else.
    """
    try:
        rates = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        rates = (0.0,)
    if not all(0 < rate < 1e6 for rate in rates):
        raise typer.BadParameter(f"{text!r} is no list of rates; write them as 20,30,40", param_hint="--rates")
    return tuple(dict.fromkeys(rates))


def document(outcome: LoadTestOutcome) -> dict[str, Any]:
    """The JSON document: rates in images per second, times in seconds; an unbounded ``high`` is null."""
    case, test, server, gap = outcome.case, outcome.test, outcome.server, outcome.gap
    case_fields = ("model", "resolution", "runtime", "precision", "threads", "device")
    return {
        **{name: getattr(case, name) for name in case_fields},
        "machine": outcome.machine,
        "level": vars(outcome.level),
        "server": {"cap": server.cap, "delay_s": server.delay_s, "sizes": sorted(server.curves)},
        "rule": vars(outcome.rule),
        "simulation": vars(outcome.simulated),
        "load_test": test and {"low": test.low, "high": test.high, "rates": [vars(result) for result in test.rates]},
        "gap": gap and {
            **vars(gap), "with_load": vars(gap.with_load), "with_transport": vars(gap.with_transport),
        },
        "words": _sentences(outcome),
        "notes": list(outcome.notes),
        "file": None if outcome.file is None else str(outcome.file),
    }  # fmt: skip


def _sentences(outcome: LoadTestOutcome) -> list[str]:
    if outcome.test is None or outcome.gap is None:
        return []
    return sentences(outcome.server, outcome.rule, outcome.test, outcome.level, outcome.gap)


def print_outcome(outcome: LoadTestOutcome) -> None:
    """Print tables and sentences."""
    case, level, server, rule, test = outcome.case, outcome.level, outcome.server, outcome.rule, outcome.test
    typer.echo(
        f"{case.model}@{case.resolution}, {case.configuration}, {outcome.machine}; "
        f"batches up to {server.cap}, waiting up to {seconds(server.delay_s)} to fill; "
        f"p{level.percentile:g} within {seconds(level.slo_s)}"
    )
    simulated, batch = outcome.simulated, f"batch {rule.batch}" if rule.batch else "no batch meets the level"
    rows = [
        ["bound 2 t(b), deterministic", digits(rule.images_per_s), "-", batch],
        ["simulation", digits(simulated.value), interval(simulated.low, simulated.high),
         f"95 %, {simulated.n} replications"],
    ]  # fmt: skip
    if test is not None:
        between = f"from {digits(test.low)}" if isinf(test.high) else f"[{digits(test.low)}, {digits(test.high)}]"
        rows.append(["load test", digits(test.low), between, "highest rate that meets the level, lowest that does not"])
    print_table("", ["capacity", ">images/s", ">between", ""], rows)
    if test is not None:
        _print_rates(test, level)
    for sentence in (*_sentences(outcome), *outcome.notes):
        typer.echo(sentence)
    if outcome.file is not None:
        typer.echo(f"records: {outcome.file}")
    if test is None:
        typer.echo("No batch meets the service level, so no load was tested; --rates names rates to test.", err=True)


def _print_rates(test: Tested, level: ServiceLevel) -> None:
    columns = [">requests/s", f">p{level.percentile:g}", ">by server", "met", ">images/batch", ">client late",
               ">transport", ">queue", ">pixels to input", ">model"]  # fmt: skip
    rows = [
        [
            digits(rate.rate), seconds(rate.latency_s), " ".join(map(seconds, rate.by_round)),
            "yes" if rate.kept else "no", digits(rate.images_per_batch),
            *(seconds(part) for part in (rate.late_s, rate.transport_s, rate.queue_s, rate.fill_s, rate.model_s)),
        ]
        for rate in test.rates
    ]  # fmt: skip
    print_table("Load test; the last five columns are mean parts of a latency", columns, rows)
