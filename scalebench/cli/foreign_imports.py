"""scalebench import of other tools' result files: one command per tool, all with the same options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from scalebench.cli.output import print_json, print_table
from scalebench.store.foreign.foreign_file import ForeignSetup, model_setup
from scalebench.store.foreign.openvino_report import read_openvino
from scalebench.store.foreign.optimum_report import read_optimum_benchmark
from scalebench.store.foreign.pytest_results import read_pytest_benchmark
from scalebench.store.foreign.trtexec_times import read_trtexec
from scalebench.store.published_tables import Imported, write_imported

Reader = Callable[[Path, ForeignSetup], Imported]
TOOLS: dict[str, tuple[Reader, str]] = {
    "pytest-benchmark": (read_pytest_benchmark, "Import JSON files of pytest-benchmark."),
    "trtexec": (read_trtexec, "Import times of TensorRT's trtexec --exportTimes."),
    "optimum-benchmark": (read_optimum_benchmark, "Import benchmark.json or benchmark_report.json."),
    "openvino": (read_openvino, "Import reports of OpenVINO's benchmark_app -json_stats."),
}
"""Reader and first line of help by command."""


def foreign_command(tool: str) -> Callable[..., None]:
    """The command that imports files of a tool."""
    read = TOOLS[tool][0]

    def command(
        files: list[Path] = typer.Argument(metavar="FILE...", help="Files that the tool wrote."),
        model: str = typer.Option("", metavar="MODEL@RES", help="What was measured, where the file does not say."),
        batch: int | None = typer.Option(None, min=1, help="Images per pass; default as the file says, or 1."),
        precision: str = typer.Option("", help="Default as the file says, or fp32."),
        runtime: str = typer.Option("", help="Default as the file says, or the tool's."),
        device: str = typer.Option("", help="Default as the file says, or the tool's."),
        threads: int | None = typer.Option(None, min=1, help="Threads on the CPU."),
        machine: str = typer.Option("", help="Name of the machine; default as the file says, or unknown."),
        out: Path = typer.Option(Path("results") / tool, "--out", help="Folder of the results files, one per file."),
        json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
    ) -> None:
        setup = ForeignSetup("", 0, batch or 0, precision, runtime, device, threads or 0, machine).over(
            model_setup(model)
        )
        imported = [read(file, setup) for file in files]
        _print(imported, write_imported(imported, out), json_)

    return command


def _print(imported: list[Imported], written: list[Path], json_: bool) -> None:
    for source in imported:
        for remark in source.remarks:
            typer.echo(f"note: {remark}", err=True)
    if json_:
        print_json([_document(source, file) for source, file in zip(imported, written, strict=True)])
        return
    rows = [
        [str(source.path), ", ".join(_machines(source)), str(len(source.records)), str(_samples(source)), str(file)]
        for source, file in zip(imported, written, strict=True)
    ]
    columns = ["file", "machine", ">cases", ">samples", "written"]
    print_table("imported: one process each, so no interval", columns, rows)


def _document(source: Imported, file: Path) -> dict[str, Any]:
    return {
        "file": str(source.path), "machines": _machines(source), "cases": len(source.records),
        "samples": _samples(source), "remarks": list(source.remarks), "sha256": source.sha256, "written": str(file),
    }  # fmt: skip


def _machines(source: Imported) -> list[str]:
    return sorted({record.environment.machine for record in source.records})


def _samples(source: Imported) -> int:
    return sum(len(record.samples.get("latency_s", ())) for record in source.records)
