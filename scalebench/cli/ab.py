"""scalebench ab: two cases, or one under two interpreters, side by side in one run."""

from __future__ import annotations

from pathlib import Path

import typer

from scalebench.cli.arguments import CHANNELS, Timing, with_channels
from scalebench.cli.compare import exit_code, measured_metrics, output_format, print_comparison
from scalebench.cli.progress import show_progress
from scalebench.jobs.pairs import HEATS, PAIRS, PairOptions, compare_pairs
from scalebench.report.comparison_text import places
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS

_BY_TURNS = (
    "ratios are B / A: geometric means over heats, in each the median over its turns, with a 95 % t-interval that "
    "allows for ending at a decision; check: median of the heats with the sign test's interval"
)
_ALONE = (
    "ratios are B / A: geometric means over pairs of rounds, measured in ABBA order within one run, with a 95 % "
    "t-interval; check: median of the pairs with the sign test's interval"
)


def ab(
    names: list[str] = typer.Argument(metavar="MODEL[@RES]...", help="A and B; or any number of models, both ways."),
    python: str | None = typer.Option(None, metavar="PATH", help="Interpreter of B; it has to have scalebench too."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass."),
    batch_b: int | None = typer.Option(None, min=1, help="The same for B."),
    threads: int | None = typer.Option(None, min=1, help="Threads on the CPU; default all cores."),
    threads_b: int | None = typer.Option(None, min=1, help="The same for B."),
    device: str = typer.Option(AUTO, help=f"{DEVICE_WORDS}."),
    protocol: Timing = typer.Option(Timing.standard, help="How a round is timed."),
    rounds: int | None = typer.Option(
        None, min=2, help=f"Most heats ({HEATS}), or pairs of separate rounds ({PAIRS})."
    ),
    screen: bool = typer.Option(False, "--screen", help="Four pairs of each case, then fresh ones where they differ."),
    metric: list[str] = typer.Option(["latency_s"], help="latency_s, throughput_ips, memory_bytes; may be repeated."),
    margin: float = typer.Option(3.0, min=0, help="Difference that does not matter, percent."),
    out: Path = typer.Option(Path("results/ab"), help="Folder of the result file."),
    seed: int = typer.Option(0, help="Seed of the order."),
    channels: int | None = CHANNELS,
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
    markdown: bool = typer.Option(False, "--markdown", help="Print a block for a pull request."),
) -> None:
    """Measure A and B by turns and compare them.

    On the CPU both processes of a heat take turns, and heats end once the difference is decided, or known to be within
    the margin. On CUDA and with --python rounds follow each other in ABBA order.

    Two models are A and B. With --python, --batch-b or --threads-b each model named is measured both ways. Exit code
    0: B is not slower; 1: it is, in at least one case after Holm's correction; 2: no answer.
    """
    as_ = output_format(json_, markdown)
    options = PairOptions(
        with_channels(names, channels), python, batch, batch_b, threads, threads_b, device, protocol.value, rounds,
        screen, measured_metrics(metric), margin / 100, out, seed,
    )  # fmt: skip
    with show_progress() as announce:
        pairs = compare_pairs(options, announce)
    notes = [
        _BY_TURNS if pairs.by_turns else _ALONE,
        *places(pairs.comparison),
        f"records: {pairs.file}",
    ]
    print_comparison(pairs.comparison, notes, as_, {"file": str(pairs.file)})
    raise typer.Exit(exit_code(pairs.comparison))
