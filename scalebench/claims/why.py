"""Why a verdict is what it is, in sentences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from scalebench import units
from scalebench.analysis.stats import Estimate
from scalebench.claims.counted import CountSeries
from scalebench.claims.judged_parts import DECISIVE_ALONE, Judged, Word
from scalebench.claims.registry import Claim, PartsRule


def sentences(word: Word, shown: Judged, judged: Sequence[Judged], rule: PartsRule) -> Iterator[str]:
    """What was found, what the claim needs, and what else decides.

    Args:
        word: the claim's.
        shown: the part whose effect is shown.
        judged: all parts.
        rule: of the claim.
    """
    if word == "not measured":
        yield f"Nothing was measured for: {shown.label}."
        return
    e = shown.estimate
    label = f"{shown.label[0].upper()}{shown.label[1:]}"
    spread = spread_words(e, shown.misfit)
    yield f"{label} is {units.digits(e.value)} ({spread}, n = {e.n}); the claim needs {allowed(shown)}."
    if shown.rounded:
        yield f"The rounding of what is printed decides: by the printed digits alone it would be {shown.rounded}."
    if len(judged) > 1:
        yield f"{sum(part.word == 'supported' for part in judged)} of {len(judged)} parts hold."
    yield from _about_choice(word, shown, judged, rule)
    if absent := [part.label for part in judged if part.word == "not measured"]:
        yield f"Not measured: {'; '.join(absent)}."


def _about_choice(word: Word, shown: Judged, judged: Sequence[Judged], rule: PartsRule) -> Iterator[str]:
    """What it does to the effect shown, and to the verdict, that it is one of several."""
    sampled = [part for part in judged if part.sampled]
    if len(sampled) < 2:
        return
    level, of = f"{100 * sampled[0].level:.3g} %", f"of {len(sampled)} measured parts"
    if shown.sampled and word in DECISIVE_ALONE[rule]:
        yield f"It is the most extreme {of}, so its effect is overstated; it decides by its {level} interval."
    elif shown.sampled:
        yield f"It is the {'least' if rule == 'all_of' else 'most'} favourable {of}."
    undone = [part for part in judged if part.uncorrected]
    if undone:
        yield (
            f"{len(undone)} {of} alone would be {undone[0].uncorrected} at 95 %; "
            f"to decide for all of them it has to be so at {level}."
        )


def spread_words(e: Estimate, misfit: float = math.nan) -> str:
    """The uncertainty of an effect in words: ``95 % interval [0.9, 1.1]``, ``exact``, ``rounded [1.0, 1.2]``."""
    span = units.interval(e.low, e.high, e.exact)
    text = f"95 % interval {span}" if span.startswith("[") else span
    return text if math.isnan(misfit) else f"{text}, counts within {units.digits(100 * misfit, 2)} % of the power law"


def allowed(part: Judged) -> str:
    """What a part of a claim allows, in words: ``at most 1.05``, ``0.9 to 1.1``."""
    if math.isinf(part.low):
        return f"at most {units.digits(part.high)}"
    if math.isinf(part.high):
        return f"at least {units.digits(part.low)}"
    return f"{units.digits(part.low)} to {units.digits(part.high)}"


def interchanged(claim: Claim, judged: Sequence[Judged]) -> list[str]:
    """Pairs of printed numbers that would both be right if swapped."""
    by_label = {part.label: part for part in judged}
    remarks = []
    for series in (part for part in claim.parts if isinstance(part, CountSeries)):
        for (model_a, printed_a), (model_b, printed_b) in itertools.combinations(series.models.items(), 2):
            a, b = (by_label[series.label.format(model=model)] for model in (model_a, model_b))
            swapped = a.estimate.value * printed_a / printed_b, b.estimate.value * printed_b / printed_a
            fits = all(part.low <= value <= part.high for part, value in zip((b, a), swapped, strict=True))
            if a.word == b.word == "refuted" and fits:
                remarks.append(f"The printed figures of {model_a} and {model_b} would fit if interchanged.")
    return remarks
