"""The verdict in at most 60 words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from scalebench import units
from scalebench.claims.judge import Verdict
from scalebench.claims.judged_parts import Word
from scalebench.claims.measured import GroupRatio
from scalebench.report.labels import short

LIMIT = 60
_LONGEST_CLAIM = 20
WORDS: tuple[Word, ...] = get_args(Word)


def count_words(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many verdicts on published claims there are of each word, every word named; on our own where all are."""
    verdicts = [verdict for verdict in verdicts if not verdict.claim.ours] or verdicts
    return {word: sum(verdict.verdict == word for verdict in verdicts) for word in WORDS}


def headline(verdicts: Sequence[Verdict]) -> str:
    """Counts, then the measured comparison of scaling methods, then the refuted claim that is furthest off."""
    if not verdicts:
        return "This suite names no claims, so there is no verdict."
    candidates = [_counts(verdicts), *_compared(verdicts), *_furthest(verdicts)]
    text = ""
    for sentence in candidates:
        longer = f"{text} {sentence}".strip()
        if len(longer.split()) <= LIMIT:
            text = longer
    return text


def effect(verdict: Verdict) -> str:
    """Decisive number with interval and n: ``effect 1.25, 95 % interval [0.919, 1.70], n = 3``."""
    if not math.isfinite(verdict.effect):
        return "no number"
    span = units.interval(verdict.low, verdict.high, verdict.exact)
    how = f"95 % interval {span}" if span.startswith("[") else span
    picked = f", the most extreme of {verdict.chosen_from} parts" if verdict.chosen_from > 1 else ""
    return f"effect {units.digits(verdict.effect)}, {how}, n = {verdict.n}{picked}"


def _counts(verdicts: Sequence[Verdict]) -> str:
    counts = count_words(verdicts)
    body = ", ".join(f"{count} {word}" for word, count in counts.items())
    own = [verdict for verdict in verdicts if verdict.claim.ours]
    published = [verdict for verdict in verdicts if not verdict.claim.ours]
    claims = len({verdict.claim.id for verdict in published or own})
    if not published:
        return f"{claims} sentences of our own, {len(own)} verdicts: {body}."
    apart = f" {len(own)} on sentences of our own are not counted." if own else ""
    return f"{claims} claims, {len(published)} verdicts: {body}.{apart}"


def _compared(verdicts: Sequence[Verdict]) -> list[str]:
    """Group ratios measured somewhere: the first place by name, and how often every other word was found elsewhere."""
    measured = [v for v in verdicts if v.n and any(isinstance(part, GroupRatio) for part in v.claim.parts)]
    if not measured:
        return []
    first, claim = measured[0], measured[0].claim
    others = Counter(v.verdict for v in measured[1:] if v.claim.id == claim.id)
    elsewhere = (
        f" Elsewhere: {', '.join(f'{count} {word}' for word, count in sorted(others.items()))}." if others else ""
    )
    place = f"{short(first.machine)}, {first.way.split(',')[0]}"
    sentence = f"{claim.id} is {first.verdict} on {place}: {effect(first)}.{elsewhere}"
    return [f"\u201c{claim.claim}\u201d {sentence}"] if len(claim.claim.split()) <= _LONGEST_CLAIM else [sentence]


def _furthest(verdicts: Sequence[Verdict]) -> list[str]:
    """The refuted part that lies furthest outside what its claim allows."""
    refuted = [
        (v, part)
        for v in verdicts
        if v.verdict == "refuted" and not v.claim.ours
        for part in v.parts
        if part.word == "refuted"
    ]
    if not refuted:
        return []
    worst, part = max(refuted, key=lambda pair: pair[1].distance)
    shown = replace(worst, effect=part.estimate.value, low=part.estimate.low, high=part.estimate.high,
                    n=part.estimate.n, exact=part.estimate.exact)  # fmt: skip
    return [f"Furthest from its claim: {worst.claim.id}, {part.label} ({effect(shown)})."]
