"""JSON files of pytest-benchmark, written by ``--benchmark-json``, ``--benchmark-save`` or our own export."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from scalebench.store.foreign.foreign_file import (
    Foreign,
    ForeignFile,
    ForeignSetup,
    Place,
    Positive,
    model_setup,
    open_foreign,
)  # fmt: skip
from scalebench.store.published_tables import NOT_OURS, ONCE, Imported
from scalebench.suite.case import Case
from scalebench.suite.strict import Pixels

NAME = "pytest-benchmark"
_CASE = TypeAdapter(Case)


class _Stats(Foreign):
    median: Positive
    data: Annotated[tuple[Positive, ...], Field(min_length=1)] | None = None


class _PytestBenchmark(Foreign):
    fullname: str
    params: dict[str, Any] | None = None
    extra_info: dict[str, Any] = Field(default_factory=dict)
    stats: _Stats


class _PytestReport(Foreign):
    machine_info: dict[str, Any] = Field(default_factory=dict)
    benchmarks: tuple[_PytestBenchmark, ...]
    started: datetime | None = Field(None, alias="datetime")
    version: str = ""


class _Facts(Foreign):
    """What params and ``extra_info`` may say of a case."""

    model: str = ""
    resolution: Pixels | None = Field(None, validation_alias=AliasChoices("resolution", "image_size", "img_size"))
    batch: int = Field(0, ge=1, validation_alias=AliasChoices("batch", "batch_size"))
    precision: str = ""
    runtime: str = ""
    device: str = ""
    threads: int = Field(0, ge=1)
    machine: str = ""

    @property
    def setup(self) -> ForeignSetup:
        """The same as a setup; a resolution after ``@`` in the model's name counts."""
        own = self.model_dump()
        return ForeignSetup(**{**own, "model": "", "resolution": self.resolution or 0}).over(model_setup(self.model))


def read_pytest_benchmark(path: Path, setup: ForeignSetup) -> Imported:
    """Read a file of pytest-benchmark: a record per benchmark, in seconds per call, which has to be one batch.

    The case is ``extra_info.case`` as our export writes it; else the parameters and ``extra_info`` are searched for the
    names of a case's axes. ``setup`` goes before both. A benchmark without model and resolution is left out.

    Raises:
        StoreError: the file cannot be read or is not pytest-benchmark's: file and key.
    """
    file = open_foreign(path)
    report = file.parse(_PytestReport)
    cpu = report.machine_info.get("cpu")
    brand = str(cpu.get("brand_raw") or "") if isinstance(cpu, dict) else ""
    software = {"measured by": f"{NAME} {report.version}", "python": str(report.machine_info.get("python_version", ""))}
    records, remarks = [], []
    for number, benchmark in enumerate(report.benchmarks):
        case, machine = _case(file, number, benchmark, setup)
        if case is None:
            why = "neither params nor extra_info name model and resolution"
            remarks.append(f"{path.name}: {benchmark.fullname}: {why}; left out")
            continue
        environment = file.environment(setup.machine or machine or brand, case.device, software)
        stats = benchmark.stats
        facts = None if stats.data else {"latency_s": stats.median}
        started = report.started.isoformat() if report.started else ""
        records.append(file.record(NAME, case, environment, stats.data or (), benchmark.fullname, facts, started))
    return file.imported(NAME, NAME, records, remarks)


def _case(file: ForeignFile, number: int, benchmark: _PytestBenchmark, setup: ForeignSetup) -> tuple[Case | None, str]:
    """The case of a benchmark, None where model or resolution are not known, and the name of its machine."""
    stated = {**(benchmark.params or {}), **benchmark.extra_info}
    exported = stated.pop("case", None)
    if isinstance(exported, dict) and not setup.model:
        place = ("benchmarks", number, "extra_info", "case")
        return _exported_case(file, place, exported), str(stated.get("machine", ""))
    if not (setup.model or stated.get("model")):
        return None, ""
    try:
        facts = _Facts.model_validate({key: value for key, value in stated.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        section = "extra_info" if first["loc"][0] in benchmark.extra_info else "params"
        raise file.error(("benchmarks", number, section, *first["loc"]), first["msg"]) from None
    whole = setup.over(facts.setup)
    known = whole.model and whole.resolution
    return file.case(whole, ("benchmarks", number)) if known else None, facts.machine


def _exported_case(file: ForeignFile, place: Place, content: dict[str, Any]) -> Case:
    """The case as our export has it; timed by a procedure that is not ours any more."""
    try:
        case = replace(_CASE.validate_python(content), protocol=ONCE, procedure=NOT_OURS)
    except ValidationError as error:
        first = error.errors()[0]
        raise file.error((*place, *first["loc"]), first["msg"]) from None
    return file.checked(case, place)
