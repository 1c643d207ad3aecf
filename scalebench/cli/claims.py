"""scalebench claims: the published claims, and what stored records say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer

from scalebench.analysis.analyse import analyse
from scalebench.claims.judge import Verdict, expected_false, judge
from scalebench.claims.registry import Claim, select_claims, with_file
from scalebench.cli.output import print_json, print_table
from scalebench.errors import StoreError
from scalebench.report.document import verdict_document
from scalebench.store.jsonl import read_results, result_files
from scalebench.suite.case import COUNT
from scalebench.units import digits, interval

EXIT_REFUTED = 1


def claims(
    ids: list[str] = typer.Argument(None, metavar="[CLAIM]...", help="Ids or globs; counted, measured; default all."),
    check: list[Path] = typer.Option([], help="Result files or folders to judge the claims by; of several suites too."),
    file: Path | None = typer.Option(None, "--claims", help="File of your own claims beside the shipped ones."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """List the published claims, or judge them by stored records: exit code 1 if published ones are refuted."""
    chosen = select_claims(ids or ["all"], with_file(file))
    if not check:
        _list(chosen, json_)
        return
    verdicts = _judge(chosen, check)
    _show(verdicts, json_)
    if any(verdict.verdict == "refuted" and not verdict.claim.ours for _, verdict in verdicts):
        raise typer.Exit(EXIT_REFUTED)


def decided_by(claim: Claim) -> str:
    """How a claim is decided: ``measuring``, ``counting``, ``arithmetic``, or ``not here``."""
    if claim.cannot:
        return "not here"
    return "measuring" if claim.measured else "counting" if claim.counts() else "arithmetic"


def _judge(chosen: tuple[Claim, ...], paths: list[Path]) -> list[tuple[str, Verdict]]:
    """Verdicts with the suite they come from, which is judged by itself: rounds of different runs are not compared.

    A claim has every verdict from measurements; what is exact, or was measured nowhere, is there once.
    """
    stored = read_results(result_files(paths))
    if not stored.plans:
        raise StoreError("none of the files starts with a plan", "pass the files that scalebench run wrote, whole")
    counts = [record for record in stored.records if record.case.mode == COUNT]
    verdicts: dict[str, list[tuple[str, Verdict]]] = {claim.id: [] for claim in chosen}
    for suite in dict.fromkeys(plan.suite for plan in stored.plans):
        plans = [plan for plan in stored.plans if plan.suite == suite]
        own = [record for record in stored.records if record.suite == suite and record.case.mode != COUNT]
        elsewhere = [case for plan in plans[:-1] for case in plan.cases]
        for verdict in judge(chosen, analyse(plans[-1], [*counts, *own], elsewhere)):
            verdicts[verdict.claim.id].append((suite, verdict))
    return [row for rows in verdicts.values() for row in [(s, v) for s, v in rows if v.way] or [("", rows[0][1])]]


def _list(chosen: tuple[Claim, ...], json_: bool) -> None:
    if json_:
        rows = [claim.model_dump(exclude_none=True, exclude_defaults=True) for claim in chosen]
        print_json([{**row, "decided_by": decided_by(claim)} for row, claim in zip(rows, chosen, strict=True)])
        return
    body = [[claim.id, decided_by(claim), claim.stance, claim.claim, claim.source] for claim in chosen]
    print_table(
        f"{len(chosen)} claims, {sum(not claim.cannot for claim in chosen)} can be decided",
        ["id", "decided by", "stance", "claim", "source"],
        body,
    )
    for claim in chosen:
        if claim.cannot:
            typer.echo(f"{claim.id}: {claim.cannot}")


def _show(verdicts: Sequence[tuple[str, Verdict]], json_: bool) -> None:
    if json_:
        print_json([{"suite": suite, **verdict_document(verdict)} for suite, verdict in verdicts])
        return

    def effect(v: Verdict) -> list[str]:
        return [digits(v.effect), interval(v.low, v.high, v.exact)] if v.n else ["-", "-"]

    columns = ["verdict", "id", ">effect", ">95 % interval", ">n", "suite", "where", "claim"]
    body = [
        [v.verdict, v.claim.id, *effect(v), str(v.n), suite, ", ".join(filter(None, (v.machine, v.way))), v.claim.claim]
        for suite, v in verdicts
    ]
    counts = Counter(verdict.verdict for _, verdict in verdicts)
    print_table(", ".join(f"{number} {word}" for word, number in counts.items()), columns, body)
    decided, false = expected_false([verdict for _, verdict in verdicts])
    if decided:
        typer.echo(f"Measurements decided {decided}; up to {digits(false, 2)} of them are to be expected to be false.")
