"""The pytest plugin: a fixture that measures, suites as tests, and both in pytest-benchmark's table and JSON.

Nothing of torch, pandas or scipy is imported until something is measured; models run in the worker's processes.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from scalebench.errors import ScalebenchError

if TYPE_CHECKING:
    from scalebench.analysis.stats import Estimate
    from scalebench.jobs.measured_cases import MeasuredCase, MeasuredCases
    from scalebench.record import Record

_RECORDS = pytest.StashKey[list["Record"]]()
_METRICS = ("latency_s", "throughput_ips", "memory_bytes")


class InconclusiveWarning(UserWarning):
    """An interval contains the limit that it was compared with."""


@dataclass(frozen=True)
class Quantity:
    """A measured value that is compared by its 95 % interval.

    An interval on the right side of the limit is true, one on the wrong side false. One that contains the limit, or
    has not been given by enough rounds, warns and is true; it is false where the test has the marker
    ``scalebench(strict=True)``. A value that was not measured is false.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    strict: bool = False

    def __lt__(self, limit: float) -> bool:
        return self._judged(self.high < limit, self.low >= limit, f"< {limit:g}")

    def __le__(self, limit: float) -> bool:
        return self._judged(self.high <= limit, self.low > limit, f"<= {limit:g}")

    def __gt__(self, limit: float) -> bool:
        return self._judged(self.low > limit, self.high <= limit, f"> {limit:g}")

    def __ge__(self, limit: float) -> bool:
        return self._judged(self.low >= limit, self.high < limit, f">= {limit:g}")

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3g} [{self.low:.3g}, {self.high:.3g}], n = {self.n}"

    __repr__ = __str__

    def _judged(self, holds: bool, fails: bool, comparison: str) -> bool:
        if holds or fails or math.isnan(self.value):
            return holds
        warnings.warn(f"{self} {comparison}: inconclusive", InconclusiveWarning, stacklevel=3)
        return not self.strict


@dataclass(frozen=True)
class Result:
    """One measured case. Times in seconds, memory in bytes; ``macs`` and ``params`` are counted."""

    measured: MeasuredCase
    together: MeasuredCases
    strict: bool

    @property
    def latency_s(self) -> Quantity:
        """Of one forward pass of the batch, seconds."""
        return self._of("latency_s")

    @property
    def latency_ms(self) -> Quantity:
        """The same in milliseconds."""
        return _quantity("latency_ms", self.measured.estimates["latency_s"].times(1000), self.strict)

    @property
    def throughput_ips(self) -> Quantity:
        """Images per second."""
        return self._of("throughput_ips")

    @property
    def memory_bytes(self) -> Quantity:
        """What a pass takes beside what was there before."""
        return self._of("memory_bytes")

    @property
    def macs(self) -> int:
        """Multiply-adds of one image."""
        return int(self.measured.facts["macs"])

    @property
    def params(self) -> int:
        """Parameters."""
        return int(self.measured.facts["params"])

    def over(self, other: Result) -> Quantity:
        """Latency over that of another result of the same call, by the turns that they took together."""
        estimate = self.together.ratios[self.measured.case, other.measured.case]
        return _quantity(f"{self.measured.case.label} over {other.measured.case.label}", estimate, self.strict)

    def _of(self, metric: str) -> Quantity:
        return _quantity(metric, self.measured.estimates[metric], self.strict)


def _quantity(name: str, e: Estimate, strict: bool) -> Quantity:
    return Quantity(name, e.value, e.low, e.high, e.n, strict)


class Bench:
    """What the fixture gives: call it with models, get their results."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def __call__(
        self, *names: str, batch: int = 1, device: str = "auto", threads: int | None = None,
        protocol: str | None = None, **settings: Any,
    ) -> Any:  # fmt: skip
        """Measure models in one configuration; several take turns. What is stored already is not measured again.

        Args:
            names: ``MODEL[@RES]``.
            batch, device, threads: as on the command line.
            protocol: ``quick``, ``standard`` or ``rigorous``; default as ``--scalebench-protocol`` says.
            settings: other fields of a case, such as ``runtime="onnxruntime"`` or ``precision="int8"``.

        Returns: a ``Result``, or a tuple of them where several models are named. A case that fails fails the test, one
            that this machine does not offer skips it.
        """
        from scalebench.jobs.measured_cases import CaseOptions, measure_cases

        node, config = self._request.node, self._request.config
        marker = node.get_closest_marker("scalebench")
        options = CaseOptions(
            names, _suite_name(node.nodeid), batch, device, threads,
            protocol or config.getoption("scalebench_protocol") or "standard", settings,
            Path(config.getoption("scalebench_results")),
        )  # fmt: skip
        try:
            together = measure_cases(options)
        except ScalebenchError as error:
            pytest.fail(_words(error), pytrace=False)
        for measured in together.cases:
            _tell_benchmark(config, node, measured.case.label, measured.records, measured)
        for measured in together.cases:
            if measured.failure is not None:
                _end(measured.case.label, measured.failure)
        strict = bool(marker and marker.kwargs.get("strict"))
        results = tuple(Result(measured, together, strict) for measured in together.cases)
        return results[0] if len(names) == 1 else results


@pytest.fixture
def scalebench(request: pytest.FixtureRequest) -> Bench:
    """Measures models as ``scalebench run`` does: ``scalebench("resnet18@224").latency_ms < 50``."""
    _refuse_beside_others()
    if "benchmark" in request.fixturenames:
        request.getfixturevalue("benchmark")._mode = "scalebench"  # noqa: SLF001 - it is used, through its session
    return Bench(request)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the group ``scalebench``."""
    group = parser.getgroup("scalebench")
    group.addoption("--scalebench", action="store_true", help="Collect suite files (*.yaml): a test per case.")
    group.addoption("--scalebench-results", default="results", metavar="DIR", help="Folder of the records.")
    group.addoption("--scalebench-protocol", choices=("quick", "standard", "rigorous"), help="How cases are timed.")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", "scalebench(strict): with True an interval that contains its limit fails.")
    config.stash[_RECORDS] = []


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Suites, where they are asked for."""
    if parent.config.getoption("scalebench") and file_path.suffix == ".yaml":
        return SuiteTests.from_parent(parent, path=file_path)
    return None


class SuiteTests(pytest.File):
    """A suite file; its cases are measured together when the first of them runs."""

    def collect(self) -> Iterator[pytest.Item]:
        """One test per planned case."""
        from scalebench.jobs.plan import plan_suite

        protocol = self.config.getoption("scalebench_protocol")
        try:
            planned = plan_suite(self.path, protocol=protocol)
        except ScalebenchError as error:
            raise self.CollectError(_words(error)) from None
        for case in planned.prepared.plan.cases:
            yield CaseTest.from_parent(self, name=case.label, key=case.key)

    def records(self) -> dict[str, list[Record]]:
        """What is stored after the suite was run, by key of the case; run once."""
        if not hasattr(self, "_records"):
            _refuse_beside_others()
            from scalebench.jobs.page_options import PageOptions
            from scalebench.jobs.run_suite import RunOptions, run_suite

            protocol = self.config.getoption("scalebench_protocol")
            options = RunOptions(Path(self.config.getoption("scalebench_results")), protocol=protocol)
            self._records: dict[str, list[Record]] = {}
            for record in run_suite(self.path, options, PageOptions()).stored.records:
                self._records.setdefault(record.case.key, []).append(record)
        return self._records


class CaseTest(pytest.Item):
    """One case of a suite: passes where it was measured, fails as it ended, skips where it is not offered."""

    def __init__(self, *, key: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._key = key

    def runtest(self) -> None:
        """Judge the case by its rounds."""
        assert isinstance(self.parent, SuiteTests)  # noqa: S101 - for mypy
        records = self.parent.records().get(self._key, [])
        if not records:
            pytest.fail("not measured: the suite's budget ended, or its configuration is searched", pytrace=False)
        _tell_benchmark(self.config, self, self.name, records)
        if not any(record.outcome == "ok" for record in records):
            _end(self.name, records[-1])

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Place and title of a failure."""
        return self.path, None, self.name


def _words(error: ScalebenchError) -> str:
    return f"{error.message}\nhint: {error.hint}" if error.hint else error.message


def _end(label: str, record: Record) -> None:
    """Skip or fail the test as a round ended."""
    reason = f"{label}: {record.ending}: {(record.error or {}).get('message', '')}".rstrip(": ")
    if record.outcome == "skipped":
        pytest.skip(reason)
    pytest.fail(reason, pytrace=False)


def _refuse_beside_others() -> None:
    if os.environ.get("PYTEST_XDIST_WORKER"):
        pytest.skip("scalebench measures nothing beside the other workers of pytest-xdist: run it with -n 0")


def _suite_name(node: str) -> str:
    """Name of the records of a test: ``tests/test_x.py::test_y`` gives ``pytest-test-x-test-y``."""
    return "pytest-" + re.sub(r"[^a-z0-9]+", "-", node.rpartition("/")[2].lower().replace(".py", "")).strip("-")


def _tell_benchmark(
    config: pytest.Config,
    node: pytest.Item,
    label: str,
    records: Sequence[Record],
    measured: MeasuredCase | None = None,
) -> None:
    """Add a row to pytest-benchmark's table, where it is there: one value per round, its median.

    So its spread is that between processes. Intervals, counts and the machine are its ``extra_info``.
    """
    config.stash[_RECORDS] += records
    session = getattr(config, "_benchmarksession", None)
    medians = [median(record.samples["latency_s"]) for record in records if record.samples.get("latency_s")]
    if session is None or session.disabled or not medians:
        return
    from pytest_benchmark.stats import Metadata

    machine = records[-1].environment
    extra: dict[str, Any] = {"case": label, "unit": "s", "machine": machine.machine, "notes": list(records[-1].notes)}
    if measured is not None:
        extra |= {"macs": measured.facts["macs"], "params": measured.facts["params"]}
        for metric in _METRICS:
            e = measured.estimates[metric]
            extra |= {metric: e.value, f"{metric}_low": e.low, f"{metric}_high": e.high, f"{metric}_n": e.n}
    name = f"{node.name}[{label}]" if node.name != label else label
    entry = SimpleNamespace(
        name=name, fullname=f"{node.nodeid}[{label}]", group=None, param=None, params=None, extra_info=extra,
        cprofile_stats=None, has_error=False,
    )  # fmt: skip
    row = Metadata(entry, iterations=1, options={})
    for round_s in medians:
        row.update(round_s)
    session.benchmarks.append(row)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """The machine's keys, so that pytest-benchmark warns where another one is compared."""
    for record in config.stash[_RECORDS][-1:]:
        environment = record.environment
        machine_info["scalebench"] = {"hw_key": environment.hw_key, "sw_key": environment.sw_key}


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """All records, failures too, which pytest-benchmark itself would drop."""
    output_json["scalebench"] = [record.to_json() for record in config.stash[_RECORDS]]
