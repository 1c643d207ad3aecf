"""What a report leaves on the terminal beside its answers: what the records hold, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence

from scalebench.analysis.analyse import Analysis
from scalebench.claims.judge import Verdict, by_claim
from scalebench.store.jsonl import Results


def closing(
    analysis: Analysis, verdicts: Sequence[Verdict], stored: Results, unknown: Sequence[str]
) -> dict[str, list[str]]:
    """Sentences by kind: ``unknown`` claims and ``problems`` are notes, ``facts`` follow the answers."""
    return {"unknown": _unknown(unknown), "problems": _problems(stored), "facts": _facts(analysis, verdicts)}


def _facts(analysis: Analysis, verdicts: Sequence[Verdict]) -> list[str]:
    number = len(analysis.cases)
    classified = len(analysis.accuracies)
    parts = [f"{number} case{'' if number == 1 else 's'} measured"] if number else []
    parts += [f"{classified} classified"] if classified else []
    parts += [f"{analysis.training.tested} networks trained and tested"] if analysis.training else []
    parts = parts or ["no case measured"]
    parts += [f"{len(analysis.failures)} failed"] if analysis.failures else []
    parts += [f"{len(analysis.missing)} not yet measured"] if analysis.missing else []
    facts = [", ".join(parts)]
    if single := [machine for machine, number in analysis.sessions.items() if number == 1]:
        facts.append(f"measured in one session on {', '.join(single)}: in another all times may shift together")
    if untested := _untested(verdicts):
        subject = "1 statement of a paper was" if untested == 1 else f"{untested} statements of papers were"
        facts.append(f"{subject} not tested: other models or hardware would be needed, or no suite can")
    return facts


def _untested(verdicts: Sequence[Verdict]) -> int:
    """Statements of papers that the records test in no configuration."""
    papers = by_claim(verdict for verdict in verdicts if not verdict.claim.ours).values()
    return sum(all(verdict.verdict == "not measured" for verdict in own) for own in papers)


def _unknown(claims: Sequence[str]) -> list[str]:
    if not claims:
        return []
    return [f"note: not known here: claims {', '.join(claims)}; --claims FILE names the file that has them"]


def _problems(stored: Results) -> list[str]:
    problems = stored.problems
    more = f"; {len(problems) - 1} more on the page" if len(problems) > 1 else ""
    return [f"note: {problems[0]}{more}"] if problems else []
