"""Cases that their runtime does not offer, and the case that all others are verified against."""

from __future__ import annotations

from scalebench.suite.case import CLASSIFYING, Case
from scalebench.suite.device_kinds import kind_of
from scalebench.suite.labelled_images import timed_case
from scalebench.suite.offers import OFFERS
from scalebench.suite.own_kinds import misfit


def unoffered(case: Case) -> str | None:
    """Why the case cannot run anywhere; None where its runtime offers it."""
    if case.mode in CLASSIFYING and (case.instances > 1 or case.cache == "cold"):
        return f"{case.mode} runs one copy at a time, with a warm cache"
    return _unoffered(timed_case(case))


def _unoffered(case: Case) -> str | None:
    misfitting = misfit(case.model.partition(":")[0], case.runtime, case.mode, case.precision)
    if misfitting is not None:
        return misfitting
    offer, kind = OFFERS[case.runtime], kind_of(case.device)
    precisions = kind.runtimes.get(case.runtime)
    if precisions is None:
        return f"{case.runtime} does not run on {kind.name}"
    if case.precision not in precisions:
        return f"{case.runtime} offers no {case.precision} on {kind.name}; it offers {', '.join(sorted(precisions))}"
    if case.layout not in offer.layouts:
        return f"{case.runtime} chooses the layout itself and offers no {case.layout}"
    if case.mode not in offer.modes:
        return f"{case.runtime} offers no {case.mode}"
    if case.cudnn_benchmark and not kind.cudnn:
        return f"{kind.name} has no cuDNN"
    if case.cache == "cold" and (case.instances > 1 or case.mode == "blocks"):
        return "a cold cache is offered for whole models, one copy at a time"
    if case.instances > 1 and case.mode in ("training", "blocks"):
        return f"{case.mode} runs one copy at a time"
    return None


def is_reference(case: Case) -> bool:
    """Whether the case runs the configuration that all others are verified against."""
    return (case.runtime, case.precision, case.layout) == ("eager", "fp32", "contiguous")
