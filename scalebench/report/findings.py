"""Stored records -> analysis, verdicts and change: everything that a report or a notebook shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from scalebench.analysis.analyse import Analysis, analyse, with_study
from scalebench.claims.judge import Verdict, judge
from scalebench.claims.registry import Claim, select_claims, with_file
from scalebench.errors import StoreError
from scalebench.report.claim_tables import verdicts_table
from scalebench.report.closing import closing
from scalebench.report.document import build_document
from scalebench.report.questions.asked import answers
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.result_tables import cases_table
from scalebench.report.sections.change import Change, since
from scalebench.report.tables import filled
from scalebench.report.writing.page import render_fragment
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.store.previous import previous_files
from scalebench.suite.case import COUNT
from scalebench.suite.suite_plan import Plan


@dataclass(frozen=True)
class Findings:
    """What the records of one suite show.

    Attributes:
        stored: the records.
        analysis: what they say.
        verdicts: of the suite's claims.
        change: since an earlier run; None where there is none.
        unknown: claims of the suite that are not known here.
    """

    stored: Results
    analysis: Analysis
    verdicts: tuple[Verdict, ...]
    change: Change | None = None
    unknown: tuple[str, ...] = ()

    @cached_property
    def document(self) -> dict[str, Any]:
        """Plain content of the report's JSON."""
        words = closing(self.analysis, self.verdicts, self.stored, self.unknown)
        content = {**build_document(self.analysis, self.verdicts, self.stored), "closing": words}
        return content if self.change is None else {**content, "change": self.change.content}

    @cached_property
    def evidence(self) -> AnswerBasis:
        """What questions are answered from."""
        return AnswerBasis(self.analysis, self.verdicts)

    @cached_property
    def answers(self) -> dict[Question, Answer]:
        """Answers to the questions that the records can answer, in the order of the page."""
        return answers(self.evidence)

    def _repr_html_(self) -> str:
        """What a notebook shows: the answers and tables."""
        tables = filled(
            verdicts_table(self.verdicts),
            cases_table(self.analysis.cases, "Every measured case; values are geometric means over rounds"),
        )
        plan = self.analysis.plan
        text = [" ".join((question.text, *answer.sentences)) for question, answer in self.answers.items()]
        return render_fragment(plan.title or plan.suite, text, tables)


def find(
    stored: Results, plan: Plan | None = None, claims: Path | None = None, previous: Results | None = None,
    study: bool = True,
) -> Findings:  # fmt: skip
    """Analyse what is stored and judge the suite's claims.

    Args:
        stored: records of one suite.
        plan: its plan, the newest stored one by default.
        claims: the user's own file of claims beside the shipped ones.
        previous: an earlier run to compare with.
        study: whether to resample what predicts time too; it takes seconds and no verdict needs it.

    Raises:
        StoreError: there is no plan, or there are plans of several suites.
    """
    plan = plan or suite_plan(stored.plans)
    newest_plans = {stored_plan.machines: stored_plan for stored_plan in (*stored.plans, plan)}
    elsewhere = [case for stored_plan in newest_plans.values() for case in stored_plan.cases]
    analysis = analyse(plan, stored.records, elsewhere, stored.abilities)
    registry = with_file(claims)
    selected = select_claims([name for name in plan.claims if name in registry], registry)
    verdicts = judge(selected, analysis)
    analysis = _without_uncounted(analysis, selected)
    return Findings(
        stored,
        with_study(analysis) if study else analysis,
        verdicts,
        since(previous, stored) if previous is not None and previous.records else None,
        tuple(name for name in plan.claims if name not in registry),
    )


def _without_uncounted(analysis: Analysis, claims: Sequence[Claim]) -> Analysis:
    """The same without failed counts of models that only claims name: the user did not ask for them."""
    for_claims = {(case.model, case.resolution) for claim in claims for case in claim.counts()}
    named = {(case.model, case.resolution) for case in analysis.plan.cases}
    failures = tuple(
        failure
        for failure in analysis.failures
        if failure.case.mode != COUNT or (failure.case.model, failure.case.resolution) not in for_claims - named
    )
    return replace(analysis, failures=failures)


def read_and_find(source: Results | str | Path, claims: Path | None = None, study: bool = True) -> Findings:
    """Findings of records, or of a file or folder of them, compared with the results that a fresh start set aside.

    Raises:
        StoreError: nothing to read, no plan, or plans of several suites.
    """
    stored = source if isinstance(source, Results) else read_results(result_files([Path(source)]))
    return find(stored, claims=claims, previous=read_results(previous_files(stored.files)), study=study)


def suite_plan(plans: Sequence[Plan]) -> Plan:
    """The newest of the plans.

    Raises:
        StoreError: there is none, or they are of several suites.
    """
    suites = sorted({plan.suite for plan in plans})
    if not suites:
        raise StoreError("none of the files starts with a plan", "pass the files that scalebench run wrote, whole")
    if len(suites) > 1:
        raise StoreError(f"records of several suites: {', '.join(suites)}", "pass the files of one suite")
    return plans[-1]
