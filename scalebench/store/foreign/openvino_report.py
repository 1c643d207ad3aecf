"""Reports of OpenVINO's ``benchmark_app -report_type no_counters -json_stats``, of its Python and its C++ version."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field

from scalebench.store.foreign.foreign_file import Foreign, ForeignSetup, Positive, open_foreign
from scalebench.store.published_tables import Imported
from scalebench.suite.device_kinds import CPU, XPU

NAME, TOOL = "openvino", "OpenVINO benchmark_app"
_REQUESTS = "number of parallel infer requests"
_DEVICES = {"CPU": CPU.name, "GPU": XPU.device(0)}


class _OpenvinoConfiguration(Foreign):
    device: str = Field("", validation_alias=AliasChoices("target device", "target_device"))
    batch: int = Field(ge=1, validation_alias=AliasChoices("batch size", "batch_size"))
    requests: int = Field(ge=1, validation_alias=AliasChoices(_REQUESTS, "nireq"))


class _Results(Foreign):
    median_ms: Positive = Field(validation_alias=AliasChoices("latency (ms)", "latency_median"))
    percentile: Literal[50] = Field(50, alias="percentile_boundary")
    throughput: Positive


class _OpenvinoReport(Foreign):
    configuration: _OpenvinoConfiguration = Field(alias="configuration_setup")
    results: _Results = Field(alias="execution_results")


def read_openvino(path: Path, setup: ForeignSetup) -> Imported:
    """Read a report: the median latency of one pass, and images per second; it has no samples.

    ``setup`` has to name model and resolution: the report has the topology's own name and no size.

    Raises:
        StoreError: the file cannot be read or is not benchmark_app's: file and key; or requests ran in parallel, whose
            latency is not that of a pass alone.
    """
    file = open_foreign(path)
    report = file.parse(_OpenvinoReport)
    configuration, results = report.configuration, report.results
    if configuration.requests > 1:
        raise file.error(
            ("configuration_setup", _REQUESTS),
            f"{configuration.requests} requests ran at once, so its latency is not that of a pass alone",
            "measure it with benchmark_app -api sync, or with -hint none -nireq 1",
        )
    device = _DEVICES.get(configuration.device, configuration.device.lower())
    case = file.case(setup.over(ForeignSetup(batch=configuration.batch, runtime="openvino", device=device)))
    environment = file.environment(setup.machine, case.device, {"measured by": TOOL})
    facts = {"latency_s": results.median_ms / 1e3, "throughput_ips": results.throughput}
    return file.imported(NAME, TOOL, [file.record(NAME, case, environment, (), "execution_results", facts)])
