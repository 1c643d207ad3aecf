"""The fixture: measures models for a test, and gives their results."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scalebench.errors import ScalebenchError
from scalebench.pytest_plugin.benchmark_rows import add_row
from scalebench.pytest_plugin.bounded_value import BoundedValue, bounded
from scalebench.pytest_plugin.endings import end_test, refuse_beside_others, words_of

if TYPE_CHECKING:
    from scalebench.jobs.measured_cases import EstimatedCase, EstimatedCases


@dataclass(frozen=True)
class ModelResult:
    """One measured case. Times in seconds, memory in bytes; ``macs`` and ``params`` are counted."""

    measured: EstimatedCase
    together: EstimatedCases
    strict: bool

    @property
    def latency_s(self) -> BoundedValue:
        """Of one forward pass of the batch, seconds."""
        return self._of("latency_s")

    @property
    def latency_ms(self) -> BoundedValue:
        """The same in milliseconds."""
        return bounded("latency_ms", self.measured.estimates["latency_s"].times(1000), self.strict)

    @property
    def throughput_ips(self) -> BoundedValue:
        """Images per second."""
        return self._of("throughput_ips")

    @property
    def memory_bytes(self) -> BoundedValue:
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

    def over(self, other: ModelResult) -> BoundedValue:
        """Latency over that of another result of the same call, by the turns that they took together."""
        estimate = self.together.ratios[self.measured.case, other.measured.case]
        return bounded(f"{self.measured.case.label} over {other.measured.case.label}", estimate, self.strict)

    def _of(self, metric: str) -> BoundedValue:
        return bounded(metric, self.measured.estimates[metric], self.strict)


class ModelBench:
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

        Returns: a ``ModelResult``, or a tuple of them where several models are named. A case that fails fails the test,
            one that this machine does not offer skips it.
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
            pytest.fail(words_of(error), pytrace=False)
        for measured in together.cases:
            add_row(config, node, measured.case.label, measured.records, measured)
        for measured in together.cases:
            if measured.failure is not None:
                end_test(measured.case.label, measured.failure)
        strict = bool(marker and marker.kwargs.get("strict"))
        results = tuple(ModelResult(measured, together, strict) for measured in together.cases)
        return results[0] if len(names) == 1 else results


@pytest.fixture
def scalebench(request: pytest.FixtureRequest, benchmark: Any) -> ModelBench:
    """Measures models as ``scalebench run`` does: ``scalebench("resnet18@224").latency_ms < 50``."""
    refuse_beside_others()
    benchmark._mode = "scalebench"  # noqa: SLF001 - it is used, through its session
    return ModelBench(request)


def _suite_name(node: str) -> str:
    """Name of the records of a test: ``tests/test_x.py::test_y`` gives ``pytest-test-x-test-y``."""
    return "pytest-" + re.sub(r"[^a-z0-9]+", "-", node.rpartition("/")[2].lower().replace(".py", "")).strip("-")
