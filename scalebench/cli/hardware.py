"""scalebench hardware: what chips are rated at, how far each number can be trusted, and how this machine compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.examine import measure_peaks
from scalebench.procure.catalogue import catalogue as read_catalogue
from scalebench.procure.catalogue import catalogue_version, select_chips
from scalebench.procure.chip import MARKS, NOT_PUBLISHED, NUMBERS, Chip
from scalebench.procure.rated_peaks import RatedDevice, rate_device
from scalebench.units import si


def hardware(
    ids: list[str] = typer.Argument(None, metavar="[ID]...", help="Ids or globs, quoted: 'nvidia-h*'; default all."),
    here: bool = typer.Option(
        False, "--here", help="Compare this machine's peaks with its row; measures them where none are stored."
    ),
    catalogue: Path | None = typer.Option(None, "--catalogue", help="File of your own rows beside the shipped ones."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """List the hardware catalogue: dense peaks with their marks; an unpublished number is shown as such, never as 0."""
    rows = read_catalogue(catalogue)
    chips = select_chips(ids or [], rows)
    devices: list[RatedDevice] = []
    if here:
        with show_progress() as announce:
            peaks = measure_peaks(announce)
        devices = [rate_device(environment.hardware, ability, tuple(rows.values())) for environment, ability in peaks]
    if json_:
        document = {"version": catalogue_version(), "chips": [chip_content(chip) for chip in chips]}
        print_json({**document, "here": [device_content(device) for device in devices]} if here else document)
        return
    if ids or not here:
        _print_chips(chips)
    for device in devices:
        _print_device(device)


def chip_content(chip: Chip) -> dict[str, Any]:
    """A row for JSON: null where there is no number, a mark for every number and every conflict."""
    marks = {name: chip.mark_of(name) for name in NUMBERS if chip.cell(name) != NOT_PUBLISHED}
    return {**chip.model_dump(mode="json", exclude={"mark"}), "marks": marks, "remarks": chip.remarks}


def device_content(device: RatedDevice) -> dict[str, Any]:
    """A device of this machine for JSON: the id of its row, null where it is not in the catalogue."""
    return {**asdict(device), "chip": None if device.chip is None else device.chip.id}


def _print_chips(chips: Sequence[Chip]) -> None:
    columns = ("id", "memory, GB", "GB/s", "fp32, TFLOP/s", "fp16/bf16", "int8, TOP/s", "W", "note")
    rows = [[chip.id, *(chip.cell(name) for name in NUMBERS), chip.remarks] for chip in chips]
    title = f"{len(chips)} rows, catalogue of {catalogue_version()}; dense peaks"
    print_table(title, columns, rows)
    typer.echo("; ".join(f"{mark}: {meaning}" for mark, meaning in MARKS.items()))


def _print_device(device: RatedDevice) -> None:
    chip = device.chip
    if chip is None:
        title = f"{device.device}: {device.name!r} is not in the catalogue"
    elif device.cores < 1:
        title = f"{device.device}: {device.name}, {device.threads} of {chip.cores} cores of {chip.id}"
    else:
        title = f"{device.device}: {device.name}, row {chip.id}"
    rows = [
        [
            peak.what,
            si(peak.measured, peak.unit),
            "-" if chip is None else NOT_PUBLISHED if peak.rated is None else si(peak.rated, peak.unit),
            "-" if peak.share is None else f"{peak.share:.0%}",
            peak.note,
        ]
        for peak in device.peaks
    ]
    typer.echo(title)  # as a title it would be broken at the width of the table
    print_table("", ["peak", ">measured", ">rated", ">share", "note"], rows)
    if chip is not None:
        socket = "rated: whole socket; share: of the cores used" if device.cores < 1 else ""
        typer.echo("; ".join(filter(None, (socket, chip.remarks))))
