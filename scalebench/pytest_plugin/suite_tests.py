"""Suite files as tests, one per case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scalebench.errors import ScalebenchError
from scalebench.pytest_plugin.benchmark_rows import add_row
from scalebench.pytest_plugin.endings import end_test, refuse_beside_others, words_of

if TYPE_CHECKING:
    from scalebench.record import Record
    from scalebench.store.jsonl import Results


class SuiteTests(pytest.File):
    """A suite file; its cases are measured together when the first of them runs."""

    def collect(self) -> Iterator[pytest.Item]:
        """One test per planned case."""
        from scalebench.jobs.plan import plan_suite

        protocol = self.config.getoption("scalebench_protocol")
        try:
            planned = plan_suite(self.path, protocol=protocol)
        except ScalebenchError as error:
            raise self.CollectError(words_of(error)) from None
        for case in planned.prepared.plan.cases:
            yield CaseTest.from_parent(self, name=case.label, key=case.key)

    def records(self) -> dict[str, list[Record]]:
        """What is stored after the suite was run, by key of the case; run once."""
        if not hasattr(self, "_records"):
            refuse_beside_others()
            from scalebench.jobs.page_options import PageOptions
            from scalebench.jobs.run_suite import RunOptions, run_suite

            protocol = self.config.getoption("scalebench_protocol")
            options = RunOptions(Path(self.config.getoption("scalebench_results")), protocol=protocol)
            stored = run_suite(self.path, options, PageOptions()).stored
            self._records: dict[str, list[Record]] = {}
            for record in of_this_machine(stored):
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
        add_row(self.config, self, self.name, records)
        if not any(record.outcome == "ok" for record in records):
            end_test(self.name, records[-1])

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Place and title of a failure."""
        return self.path, None, self.name


def of_this_machine(stored: Results) -> list[Record]:
    """Records of the machine that the newest plan is for, under its newest software: a folder may hold others too."""
    own = [record for record in stored.records if record.environment.hw_key in stored.plans[-1].machines]
    return [record for record in own if record.environment.sw_key == own[-1].environment.sw_key]
