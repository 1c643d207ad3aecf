"""scalebench claims: the published claims, and what stored records say of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from scalebench.claims.evaluate import Verdict
    from scalebench.claims.registry import Claim

EXIT_REFUTED = 1


def claims(
    ids: list[str] = typer.Argument(None, metavar="[CLAIM]...", help="Ids or globs; counted, measured; default all."),
    check: list[Path] = typer.Option([], help="Result files or folders to judge the claims by; of several suites too."),
    file: Path | None = typer.Option(None, "--claims", help="File of your own claims beside the shipped ones."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """List the published claims, or judge them by stored records: exit code 1 where some are refuted."""
    from scalebench.claims.registry import select_claims, with_file

    chosen = select_claims(ids or ["all"], with_file(file))
    if not check:
        _list(chosen, json_)
        return
    found = _judged(chosen, check)
    _show(found, json_)
    if any(verdict.verdict == "refuted" for verdict in found):
        raise typer.Exit(EXIT_REFUTED)


def decided_by(claim: Claim) -> str:
    """How a claim is decided: ``measuring``, ``counting``, ``arithmetic``, or ``not here``."""
    if claim.cannot:
        return "not here"
    return "measuring" if claim.measured else "counting" if claim.counts() else "arithmetic"


def _judged(chosen: tuple[Claim, ...], paths: list[Path]) -> tuple[Verdict, ...]:
    from scalebench.analysis.run import analyse
    from scalebench.claims.evaluate import judge
    from scalebench.errors import StoreError
    from scalebench.store.jsonl import read_results, result_files
    from scalebench.suite.plan import merged

    stored = read_results(result_files(paths))
    if not stored.plans:
        raise StoreError("none of the files starts with a plan", "pass the files that scalebench run wrote, whole")
    newest = {(plan.suite, plan.machines): plan for plan in stored.plans}
    return judge(chosen, analyse(merged(list(newest.values())), stored.records, abilities=stored.abilities))


def _list(chosen: tuple[Claim, ...], json_: bool) -> None:
    from scalebench.cli.output import print_json, print_table

    if json_:
        rows = [claim.model_dump(exclude_none=True, exclude_defaults=True) for claim in chosen]
        print_json([{**row, "decided_by": decided_by(claim)} for row, claim in zip(rows, chosen, strict=True)])
        return
    columns = [("id", False), ("decided by", False), ("stance", False), ("claim", False), ("source", False)]
    body = [[claim.id, decided_by(claim), claim.stance, claim.claim, claim.source] for claim in chosen]
    print_table(f"{len(chosen)} claims, {sum(not claim.cannot for claim in chosen)} can be decided", columns, body)
    for claim in chosen:
        if claim.cannot:
            typer.echo(f"{claim.id}: {claim.cannot}")


def _show(found: tuple[Verdict, ...], json_: bool) -> None:
    from collections import Counter

    from scalebench.cli.output import print_json, print_table
    from scalebench.report.document import verdict_document
    from scalebench.units import digits, interval

    if json_:
        print_json([verdict_document(verdict) for verdict in found])
        return

    def effect(v: Verdict) -> list[str]:
        return [digits(v.effect), interval(v.low, v.high, v.exact)] if v.n else ["-", "-"]

    columns: list[Any] = [
        ("verdict", False), ("id", False), ("effect", True), ("95 % interval", True), ("n", True),
        ("where", False), ("claim", False),
    ]  # fmt: skip
    body = [
        [v.verdict, v.claim.id, *effect(v), str(v.n), ", ".join(filter(None, (v.machine, v.way))), v.claim.claim]
        for v in found
    ]
    counts = Counter(verdict.verdict for verdict in found)
    print_table(", ".join(f"{number} {word}" for word, number in counts.items()), columns, body)
