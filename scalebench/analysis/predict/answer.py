"""One question, one answer: the tier that was least off on what it had not seen, or why nobody answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict import other_machine, other_model, same_model
from scalebench.analysis.predict.cases import MeasuredCase, Place, Work
from scalebench.analysis.predict.learned import Guess, Learned, guess
from scalebench.analysis.predict.process_memory import learn_memory
from scalebench.analysis.roofline import Task, find
from scalebench.analysis.roofline import place as on_roofline
from scalebench.machine.ability import Ability

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """What is said of one pass at one place.

    Attributes:
        place, work: what was asked.
        latency, memory: predicted seconds and bytes, or None.
        refusals: why there is no latency: one reason per tier.
        measured: the case itself, where it was measured; then nothing is predicted.
    """

    place: Place
    work: Work
    latency: Guess | None = None
    memory: Guess | None = None
    refusals: tuple[str, ...] = ()
    measured: MeasuredCase | None = None


class Predictor:
    """Predicts at one place; learns what it needs when it is first asked.

    Args:
        place: where.
        cases: measured cases of every place, this one among them.
        abilities: peaks of machines, oldest first.
        memory_limit: bytes that a process can have there; None where unknown.
    """

    def __init__(
        self,
        place: Place,
        cases: Mapping[Place, Sequence[MeasuredCase]],
        abilities: Sequence[Ability] = (),
        memory_limit: float | None = None,
    ) -> None:
        self.place = place
        self._here = tuple(cases[place])
        self._elsewhere = {p: s for p, s in cases.items() if other_machine.comparable(place, p)}
        self._works = [seen.work for seen in self._here]
        self._times = np.array([seen.latency_s for seen in self._here])
        self._ability = find(place.machine, place.device, place.threads, abilities)
        self._limit = memory_limit

    def answer(self, work: Work) -> Answer:
        """Answer for one pass of this place's batch."""
        measured = next((seen for seen in self._here if seen.work.key == work.key), None)
        if measured is not None:
            return Answer(self.place, work, measured=measured)
        memory = self._memory_of(work)
        if memory is not None and self._limit is not None and memory.value > self._limit:
            return Answer(self.place, work, None, memory, ("would not fit into memory",))
        found, refusals = self._tiers(work)
        if not found:
            return Answer(self.place, work, None, memory, tuple(refusals))
        best = min(found, key=lambda one: (math.isnan(one.error), one.error))
        return Answer(self.place, work, self._not_below_the_floor(best, work), memory)

    def _tiers(self, work: Work) -> tuple[list[Guess], list[str]]:
        found, refusals = [], []
        why = same_model.why_not(self._works, work)
        if why:
            refusals.append(why)
        else:
            learned = same_model.learn_same_model(self._works, self._times, work.model)
            flags = (f"scaled from {learned.n_train} resolutions",) if learned.method != same_model.LINE else ()
            found.append(guess(learned, work, "T1", flags))
        why = other_model.why_not(self._works, work)
        if why:
            refusals.append(why)
        else:
            found.append(self._from_other_models(work))
        whys = [other_machine.why_not(self._here, there, work) for there in self._elsewhere.values()]
        for (place, there), why in zip(self._elsewhere.items(), whys, strict=True):
            if not why:
                learned = other_machine.learn_other_machine(self._here, there)
                found.append(guess(learned, work, "T3", (f"from {place.machine}",)))
        return found, [*refusals, *dict.fromkeys(filter(None, whys))]

    def _from_other_models(self, work: Work) -> Guess:
        """Tier 2; far beyond what was measured its interval, made from cases like those, would be made up."""
        flags = () if work.kinds else ("operators were not counted",)
        found = guess(self._other_model, work, "T2", flags)
        macs = [one.macs for one in self._works]
        if min(macs) / same_model.REACH <= work.macs <= max(macs) * same_model.REACH:
            return found
        flags = (*flags, "no interval: far beyond the MACs measured")
        return replace(found, low=math.nan, high=math.nan, flags=flags)

    @cached_property
    def _other_model(self) -> Learned:
        return other_model.learn_other_model(self._works, self._times)

    @cached_property
    def _memory(self) -> Learned | None:
        return learn_memory(self.place, self._here)

    def _memory_of(self, work: Work) -> Guess | None:
        if self._memory is None or math.isnan(float(self._memory.predict([work])[0])):
            return None
        return guess(self._memory, work, "T2")

    def _not_below_the_floor(self, found: Guess, work: Work) -> Guess:
        """Clipped to the least time of the roofline, where the machine's peaks are known."""
        groups = work.facts.get("work")
        if self._ability is None or not groups or self.place.mode != "inference":
            return found
        macs, precision = float(work.facts["macs"]), self.place.precision
        task = Task(macs, work.batch, work.resolution, precision, work.weight_bytes, groups)
        floor = on_roofline(task, found.value, self._ability).t_min_s
        if math.isnan(floor) or found.value >= floor:
            return found
        flags = (*found.flags, "clipped to the least time of the roofline")
        return replace(found, value=floor, low=max(found.low, floor), high=max(found.high, floor), flags=flags)
