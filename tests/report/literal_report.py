"""Literal records of a small suite: two families, three sizes, one matched group, and every kind of bad ending."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from scalebench.analysis.analyse import Analysis, analyse
from scalebench.claims.judge import Verdict, judge
from scalebench.claims.registry import Claim
from scalebench.record import Environment, Outcome, Record
from scalebench.report.content import Chart
from scalebench.report.figures.curves import resolution_curves
from scalebench.report.findings import Findings
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.write_report import write_report
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Group, Member, Plan

MACHINE = Environment("cpu-a", "aaaaaaaaaaaa", "111111111111", {"device": "cpu"}, {"torch": "2.15.0"})
MEMBERS = (
    Member("compound", 1.2, 1.1, 260, 2_000_000_000, 0.0),
    Member("depth", 2.0, 1.0, 224, 2_010_000_000, 0.005),
    Member("width", 1.0, 1.4, 224, 1_990_000_000, -0.005),
)
GROUP = Group("efficientnet_b0", 224, 1_000_000_000, 2.0, 0.02, MEMBERS)
CLAIMS = tuple(
    Claim.model_validate(content)
    for content in (
        {
            "id": "EN-18", "claim": "Compound costs no more time.", "stance": "for compound scaling",
            "source": "a paper", "published": "nothing", "conditions": "none",
            "parts": [{
                "kind": "group_ratio", "label": "latency of compound over {against}", "metric": "latency_s",
                "base": "efficientnet_b0", "method": "compound", "against": ["depth", "width"], "at_most": 1.0,
            }],
        },
        {
            "id": "EN-02", "claim": "The constants satisfy it.", "stance": "for compound scaling",
            "source": "a paper", "published": "about 2", "conditions": "none",
            "parts": [
                {"kind": "constant", "label": "product", "quantity": "compound_constant", "near": 2, "margin": 0.05}
            ],
        },
        {
            "id": "EN-12", "claim": "One is faster.", "stance": "for compound scaling",
            "source": "a paper", "published": "5.7x", "conditions": "one core", "under": {"threads": 1},
            "parts": [{
                "kind": "measured_ratio", "label": "latency ratio", "metric": "latency_s",
                "over": "resnet152@224", "under": "efficientnet_b1@240", "at_least": 4.8,
            }],
        },
    )
)  # fmt: skip


class SizeQuestion(Question):
    """What a larger image costs a ResNet-50: (320 / 128) squared is 6.25 in the literal records."""

    name = "size"
    text = "What does a larger image cost here?"
    details = "cases"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """Time at 320 px over that at 128 px."""
        cases = evidence.analysis.cases
        others = ~cases["model"].str.startswith("efficientnet") & cases["memory_bytes"].notna()
        first = cases[others & (cases["batch"] == 1)].drop_duplicates("resolution")
        times = dict(zip(first["resolution"], first["latency_s"], strict=True))
        if not {128, 320} <= times.keys():
            return None
        ratio = float(times[320] / times[128])
        return Answer(
            (f"From 128 to 320 px, ResNet-50 takes {ratio:.3g} times as long.", "It has 6.25 times the pixels."),
            {"ratio": ratio, "pixels": 6.25, "smallest_s": float(times[128])},
            (f"At 128 px it takes {1e3 * times[128]:.3g} ms.",),
            "more sizes between the two.",
        )

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Time and memory against resolution."""
        assert answer.numbers["ratio"]
        return resolution_curves(evidence.analysis.cases)


class CountQuestion(Question):
    """How much was measured: words without a figure."""

    name = "count"
    text = "How much was measured?"
    details = "nowhere"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """Number of cases."""
        cases = len(evidence.analysis.cases)
        return Answer((f"There are {cases} cases.",), {"cases": cases}) if cases else None

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """None: words are enough."""
        assert answer.numbers["cases"] == len(evidence.analysis.cases)
        return None


class AskedFindings(Findings):
    """Findings that answer the two questions above, whatever the package asks."""

    @cached_property
    def answers(self) -> dict[Question, Answer]:
        """Of the two."""
        answers = {question: question.answer(self.evidence) for question in (SizeQuestion(), CountQuestion())}
        return {question: answer for question, answer in answers.items() if answer is not None}


@dataclass(frozen=True)
class Built:
    """A report's inputs and its two files."""

    findings: Findings
    folder: Path

    @property
    def analysis(self) -> Analysis:
        return self.findings.analysis

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return self.findings.verdicts

    @property
    def document(self) -> dict[str, Any]:
        return self.findings.document

    @property
    def html(self) -> str:
        return next(self.folder.glob("*.html")).read_text(encoding="utf-8")

    @property
    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(next(self.folder.glob("*.json")).read_text(encoding="utf-8"))
        return content


def specifications() -> list[tuple[str, int, float]]:
    """Model, resolution and counted MACs of every case."""
    sweep = [
        (m, r, f * (r / 224) ** 2 * 1e9)
        for m, f in (("resnet50", 4.09), ("efficientnet_b0", 0.4))
        for r in (128, 192, 320)
    ]
    return sweep + [(GROUP.model(m), m.resolution, float(m.macs)) for m in MEMBERS]


def make_record(
    model: str, size: int, macs: float, round_: int, *, outcome: Outcome = "ok", environment: Environment = MACHINE,
    facts: dict[str, float] | None = None, batch: int = 1,
) -> Record:  # fmt: skip
    """A round, 1 ms per 100 million MACs, each round 1 % slower than the one before."""
    latency = macs * batch / 1e11 * (1 + round_ / 100)
    good = {"latency_s": latency, "throughput_ips": batch / latency, "memory_bytes": 5e7 + macs / 50}
    error = None if outcome == "ok" else {"type": "Some", "message": f"it ended: {outcome}", "stderr": ""}
    started = f"2026-11-23T22:00:{round_:02d}+00:00"
    return Record(
        "small", Case(model, size, batch=batch), round_, outcome, started, environment,
        facts={} if outcome != "ok" else facts or good, error=error,
    )  # fmt: skip


def make_counts() -> list[Record]:
    """Counted facts of every case."""
    return [
        Record(
            "small", Case(model, size).counted(), 0, "ok", "2026-11-23T21:00:00+00:00", MACHINE,
            facts={"macs": int(macs), "params": 5_000_000, "activations": int(macs / 100), "blocks": 16},
        )
        for model, size, macs in specifications()
    ]  # fmt: skip


def make_rounds(count: int, environment: Environment = MACHINE, batch: int = 1) -> list[Record]:
    """``count`` good rounds of every case."""
    return [
        make_record(model, size, macs, round_, environment=environment, batch=batch)
        for round_ in range(count)
        for model, size, macs in specifications()
    ]


def build_report(
    folder: Path, records: Sequence[Record], *, title: str = "A small suite", text: str = "schema: 1\n",
    claims: Sequence[Claim] = CLAIMS, problems: Sequence[str] = (), counts: bool = True,
    scripts: bool = True,
) -> Built:  # fmt: skip
    """Write the report of literal records."""
    findings = find_in(records, title=title, text=text, claims=claims, problems=problems, counts=counts)
    write_report(findings, folder, scripts=scripts)
    return Built(findings, folder)


def find_in(
    records: Sequence[Record], *, title: str = "A small suite", text: str = "schema: 1\n",
    claims: Sequence[Claim] = CLAIMS, problems: Sequence[str] = (), counts: bool = True,
) -> Findings:  # fmt: skip
    """Analyse literal records."""
    planned = [Case(model, size) for model, size, _ in specifications()]
    cases = tuple(dict.fromkeys([*planned, *(record.case for record in records)]))
    plan = Plan("small", title, text, cases, (), (GROUP,), tuple(c.id for c in claims), 3)
    everything = (*(make_counts() if counts else ()), *records)
    analysis = analyse(plan, everything)
    verdicts = judge(claims, analysis)
    return AskedFindings(Results((plan,), everything, tuple(problems), ()), analysis, verdicts)


def build_full(folder: Path) -> Built:
    """Three rounds on two machines and two batches, with failures and a torn line."""
    other = replace(MACHINE, machine="gpu-b", hw_key="bbbbbbbbbbbb")
    records = [
        *make_rounds(3), *make_rounds(3, batch=8), *make_rounds(3, other),
        make_record("resnet50", 224, 4e9, 0, outcome="oom"), make_record("resnet50", 256, 4e9, 0, outcome="timeout"),
    ]  # fmt: skip
    return build_report(folder, records, problems=["a.jsonl ends in half a line; it was left out"])
