"""scalebench hardware: what chips are rated at, how far each number can be trusted, and how this machine compares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from scalebench.procure.chip import Chip
    from scalebench.procure.rated_peaks import RatedDevice


def hardware(
    ids: list[str] = typer.Argument(None, metavar="[ID]...", help="Ids or globs, quoted: 'nvidia-h*'; default all."),
    here: bool = typer.Option(
        False, "--here", help="Hold this machine's measured peaks against its row; measures where none are known."
    ),
    catalogue: Path | None = typer.Option(None, "--catalogue", help="File of your own rows beside the shipped ones."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """List the hardware catalogue: dense peaks with their marks; what nobody publishes is said, never 0."""
    from scalebench.cli.output import print_json
    from scalebench.procure.catalogue import catalogue as rows
    from scalebench.procure.catalogue import catalogue_version, select_chips

    known = rows(catalogue)
    chosen = select_chips(ids or [], known)
    found = _measured(tuple(known.values())) if here else []
    if json_:
        document = {"version": catalogue_version(), "chips": [chip_content(chip) for chip in chosen]}
        print_json({**document, "here": [here_content(one) for one in found]} if here else document)
        return
    if ids or not here:
        _print_chips(chosen)
    for one in found:
        _print_here(one)


def chip_content(chip: Chip) -> dict[str, Any]:
    """A row for JSON: null where there is no number, a mark for every number and every conflict."""
    from scalebench.procure.chip import NOT_PUBLISHED, NUMBERS

    marks = {name: chip.mark_of(name) for name in NUMBERS if chip.cell(name) != NOT_PUBLISHED}
    return {**chip.model_dump(mode="json", exclude={"mark"}), "marks": marks, "remarks": chip.remarks}


def here_content(one: RatedDevice) -> dict[str, Any]:
    """This machine for JSON: the row's id, or null if it is not in the catalogue."""
    from dataclasses import asdict

    return {**asdict(one), "chip": None if one.chip is None else one.chip.id}


def _measured(chips: tuple[Chip, ...]) -> list[RatedDevice]:
    from scalebench.cli.examining import measured_peaks
    from scalebench.procure.rated_peaks import rate_device

    return [rate_device(environment.hardware, ability, chips) for environment, ability in measured_peaks()]


def _print_chips(chips: Sequence[Chip]) -> None:
    from scalebench.cli.output import print_table
    from scalebench.procure.catalogue import catalogue_version
    from scalebench.procure.chip import MARKS, NUMBERS

    headings = ("memory, GB", "GB/s", "fp32, TFLOP/s", "fp16/bf16", "int8, TOP/s", "W")
    columns = [("id", False), *((heading, False) for heading in headings), ("note", False)]
    rows = [[chip.id, *(chip.cell(name) for name in NUMBERS), chip.remarks] for chip in chips]
    print_table(f"{len(chips)} rows, catalogue of {catalogue_version()}; dense peaks", columns, rows)
    typer.echo("; ".join(f"{mark}: {meaning}" for mark, meaning in MARKS.items()))


def _print_here(one: RatedDevice) -> None:
    from scalebench.cli.output import print_table
    from scalebench.procure.chip import NOT_PUBLISHED
    from scalebench.units import si

    if one.chip is None:
        title = f"{one.device}: {one.name!r} is not in the catalogue"
    elif one.cores < 1:
        title = f"{one.device}: {one.name}, {one.threads} of {one.chip.cores} cores of {one.chip.id}"
    else:
        title = f"{one.device}: {one.name}, row {one.chip.id}"
    columns = [("peak", False), ("measured", True), ("rated", True), ("share", True), ("note", False)]
    rows = [
        [
            peak.what,
            si(peak.measured, peak.unit),
            "-" if one.chip is None else NOT_PUBLISHED if peak.rated is None else si(peak.rated, peak.unit),
            "-" if peak.share is None else f"{peak.share:.0%}",
            peak.note,
        ]
        for peak in one.peaks
    ]
    typer.echo(title)  # as a title it would be broken at the width of the table
    print_table("", columns, rows)
    if one.chip is not None:
        part = "rated is of the whole socket, share of the cores used" if one.cores < 1 else ""
        typer.echo("; ".join(filter(None, (part, one.chip.remarks))))
