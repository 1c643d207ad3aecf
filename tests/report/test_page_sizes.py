"""Pages of no record, one, and some; ten thousand are a benchmark, see tests/bench/page_budgets.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scalebench.report.findings import find
from scalebench.report.write_report import write_report
from tests.report.many_records import many_results


@pytest.mark.parametrize(("records", "cases", "shown"), [(0, 0, 0), (1, 1, 1), (40, 8, 8), (400, 80, 5)])
def test_a_page_of_any_size_is_whole(records: int, cases: int, shown: int, tmp_path: Path) -> None:
    findings = find(many_results(records))
    assert len(findings.analysis.cases) == cases
    html = write_report(findings, tmp_path).read_text(encoding="utf-8")
    assert html.rstrip().endswith("</html>")
    assert ('id="explore"' in html) == (cases > 0)
    assert f"{cases} measured" in html
    rows = len(re.findall(r"<tr>", html.partition('<section id="cases"')[2].partition("</section>")[0]))
    if cases:
        assert rows == 1 + shown, "the head, and a preview of a long table"
    assert ("drawn at its resolution nearest to 224 px" in html) == (cases > 1), "what is not drawn is said"
