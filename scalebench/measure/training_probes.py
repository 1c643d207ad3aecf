"""Training probes: time of forward, backward and optimiser within a step, and the losses."""

from __future__ import annotations

from statistics import median

from scalebench.measure.latency import no_collection
from scalebench.measure.sampling import timed
from scalebench.measure.session import Measurement, Session

_LOSSES = 20
"""First steps whose losses are kept."""


def step_parts(session: Session) -> Measurement:
    """Forward, backward and optimiser, each synchronised; their sum exceeds the whole step, which waits once."""
    steps, images, clock = session.steps, session.first, session.clock
    samples: dict[str, list[float]] = {"forward_s": [], "backward_s": [], "optimizer_s": []}

    def step() -> float:
        losses = []
        samples["forward_s"].append(clock.lap(lambda: losses.append(steps.forward(images))))
        samples["backward_s"].append(clock.lap(lambda: losses.append(steps.backward(losses[0]))))
        samples["optimizer_s"].append(clock.lap(lambda: steps.update(losses[0])))
        return sum(laps[-1] for laps in samples.values())

    with no_collection():
        timed(step, session.case.protocol, session.iterations)
    return Measurement(samples, {name: median(laps) for name, laps in samples.items()})


def stability(session: Session) -> Measurement:
    """Losses of the first steps, and whether every loss was finite."""
    notes = () if session.steps.finite else ("loss_not_finite",)
    return Measurement(facts={"losses": session.steps.losses(_LOSSES)}, notes=notes)
