"""scalebench compare: two result sets, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from scalebench.analysis.comparison import Comparison
    from scalebench.record import Record
    from scalebench.store.jsonl import Results


def compare(
    a: str = typer.Argument(metavar="A", help="Result file or folder; REV:PATH reads it at a git revision."),
    b: str = typer.Argument(metavar="B", help="The same, for what is compared with A."),
    metric: list[str] = typer.Option(["latency_s"], help="latency_s, throughput_ips, memory_bytes; may be repeated."),
    margin: float = typer.Option(3.0, min=0, help="Difference that does not matter, percent."),
    floor: float | None = typer.Option(None, min=0, help="Noise between two runs, percent, in place of the machine's."),
    strict: bool = typer.Option(False, "--strict", help="Exit with 2 where something could not be decided."),
    force: bool = typer.Option(False, "--force", help="Compare even rounds that were timed by different methods."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
    markdown: bool = typer.Option(False, "--markdown", help="Print a block for a pull request."),
) -> None:
    """Compare B with A. Exit code 0: no case is slower; 1: at least one is, after Holm's correction; 2: no answer."""
    from scalebench.analysis.compare import Terms
    from scalebench.analysis.compare import compare as compare_records
    from scalebench.cli.comparing import exit_code, form, measured_metrics, say

    as_, metrics = form(json_, markdown), measured_metrics(metric)
    before, after = load(a), load(b)
    records = (*before.records, *after.records)
    terms = Terms(metrics, margin / 100, known_floors(records), None if floor is None else floor / 100, force)
    found = compare_records(before.records, after.records, terms)
    for problem in (*before.problems, *after.problems):
        typer.echo(f"note: {problem}", err=True)
    say(found, _footnotes(found), as_, {"a": a, "b": b})
    raise typer.Exit(exit_code(found, strict))


def load(text: str) -> Results:
    """Results of a file or folder, or of one at a git revision, written ``REV:PATH``.

    Raises:
        StoreError: there is nothing to read.
    """
    import tempfile

    from scalebench.errors import StoreError
    from scalebench.store.jsonl import read_results, result_files

    revision, colon, _ = text.partition(":")
    if Path(text).exists() or not colon or not revision:
        return read_results(result_files([Path(text)]))
    with tempfile.TemporaryDirectory() as folder:
        _check_out(text, Path(folder))
        try:
            return read_results(result_files([Path(folder)]))
        except StoreError as error:
            raise StoreError(error.message.replace(folder, text), error.hint) from None


def _check_out(text: str, folder: Path) -> None:
    """Write the result files below ``REV:PATH`` into a folder."""
    if _git("cat-file", "-t", text).strip() == b"blob":
        (folder / f"{Path(text).stem}.jsonl").write_bytes(_git("cat-file", "blob", text))
        return
    root = text if text.endswith((":", "/")) else f"{text}/"
    names = _git("ls-tree", "-r", "-z", "--name-only", "--full-tree", text).decode().split("\0")
    for name in (name for name in names if name.endswith(".jsonl")):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_git("cat-file", "blob", f"{root}{name}"))


def _git(*arguments: str) -> bytes:
    import shutil
    import subprocess

    from scalebench.errors import StoreError

    git = shutil.which("git")
    if git is None:
        raise StoreError(f"{arguments[-1]} names a git revision, and git is not installed")
    done = subprocess.run([git, *arguments], capture_output=True, check=False)  # noqa: S603 - no shell is involved
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        hint = "write a file, a folder, or REV:PATH with the path from the root of the repository"
        raise StoreError(f"{arguments[-1]}: {said[0] if said else 'git failed'}", hint)
    return done.stdout


def known_floors(records: tuple[Record, ...]) -> dict[str, float]:
    """Measured noise floors of the machines behind the records, by hardware key."""
    from scalebench.store.floors import read_floor

    floors = {key: read_floor(key) for key in dict.fromkeys(record.environment.hw_key for record in records)}
    return {key: floor.floor for key, floor in floors.items() if floor is not None}


def _footnotes(found: Comparison) -> list[str]:
    from scalebench.cli.comparing import places

    return [
        "ratios are B / A of geometric means over n rounds, with Welch's 95 % interval widened by the noise between "
        "runs; check: Hodges-Lehmann ratio and Mann-Whitney's U",
        *places(found),
    ]
