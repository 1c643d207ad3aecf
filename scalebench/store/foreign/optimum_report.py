"""Reports of optimum-benchmark: ``benchmark_report.json``, or ``benchmark.json``, which has the configuration too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from scalebench.store.foreign.foreign_file import Foreign, ForeignSetup, Positive, open_foreign
from scalebench.store.published_tables import Imported
from scalebench.suite.device_kinds import CUDA, kind_of
from scalebench.suite.strict import Pixels

NAME = "optimum-benchmark"
_PRECISIONS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
_RUNTIMES = {"pytorch": "eager"}


class _Latency(Foreign):
    unit: Literal["s"]
    values: Annotated[tuple[Positive, ...], Field(min_length=1)]


class _Measurements(Foreign):
    latency: _Latency


class _OptimumReport(Foreign):
    forward: _Measurements


class _Backend(Foreign):
    name: str = ""
    version: str | None = None
    model: str = ""
    device: str = ""
    dtype: str | None = Field(default=None, validation_alias=AliasChoices("torch_dtype", "dtype"))
    compiled: bool | None = Field(default=None, alias="torch_compile")


class _Shapes(Foreign):
    batch: int = Field(default=0, ge=1, alias="batch_size")
    height: Pixels | None = None
    width: Pixels | None = None


class _Scenario(Foreign):
    input_shapes: _Shapes = _Shapes()


class _OptimumConfiguration(Foreign):
    backend: _Backend = _Backend()
    scenario: _Scenario = _Scenario()
    environment: dict[str, Any] = Field(default_factory=dict)


class _OptimumRun(Foreign):
    config: _OptimumConfiguration = _OptimumConfiguration()
    report: _OptimumReport


def read_optimum_benchmark(path: Path, setup: ForeignSetup) -> Imported:
    """Read a report: the samples of ``forward``, seconds per batch.

    ``benchmark.json`` gives model, batch, image size, precision, runtime, device and machine where they are set; a
    report alone gives none, and ``setup`` has to name the model.

    Raises:
        StoreError: the file cannot be read or is not optimum-benchmark's: file and key; or no model is named.
    """
    file = open_foreign(path)
    nested = b'"report"' in file.data
    report = file.parse(_OptimumRun).report if nested else file.parse(_OptimumReport)
    configuration = file.parse(_OptimumRun).config if nested else _OptimumConfiguration()
    case = file.case(setup.over(_setup(configuration)))
    backend = configuration.backend
    software = {"measured by": NAME, backend.name or "backend": backend.version or ""}
    machine = setup.machine or _machine(configuration, case.device)
    environment = file.environment(machine, case.device, software)
    record = file.record(NAME, case, environment, report.forward.latency.values, "forward")
    return file.imported(NAME, NAME, [record])


def _setup(configuration: _OptimumConfiguration) -> ForeignSetup:
    """``timm/resnet50.a1_in1k`` is ``resnet50``: time does not depend on the weights."""
    backend, shapes = configuration.backend, configuration.scenario.input_shapes
    runtime = "compile" if backend.compiled else _RUNTIMES.get(backend.name, backend.name)
    return ForeignSetup(
        model=backend.model.rpartition("/")[2].partition(".")[0],
        resolution=shapes.height if shapes.height and shapes.height == shapes.width else 0, batch=shapes.batch,
        precision=_PRECISIONS.get(backend.dtype or "", backend.dtype or ""), runtime=runtime,
        device=CUDA.device(0) if backend.device == CUDA.name else backend.device,
    )  # fmt: skip


def _machine(configuration: _OptimumConfiguration, device: str) -> str:
    facts = configuration.environment
    name = facts.get("cpu") if kind_of(device).on_host else facts.get("gpu")
    first = name[0] if isinstance(name, list) and name else name
    return str(first or "").strip()
