"""Predicts one pass: by the tier with the least error on left-out cases, or with the reasons why none can."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scalebench.analysis.predict import other_machine, other_model, same_model
from scalebench.analysis.predict.cases import MeasuredCase, Place, Work
from scalebench.analysis.predict.learned import Guess, Learned, guess
from scalebench.analysis.predict.process_memory import learn_memory
from scalebench.analysis.roofline import Task, find
from scalebench.analysis.roofline import place as on_roofline
from scalebench.machine.ability import Ability


@dataclass(frozen=True)
class CasePrediction:
    """Prediction of one pass at one place."""

    place: Place
    work: Work
    latency: Guess | None = None  # seconds
    memory: Guess | None = None  # bytes
    refusals: tuple[str, ...] = ()  # why there is no latency: one reason per tier
    measured: MeasuredCase | None = None  # the case itself, where it was measured; then nothing is predicted


class Predictor:
    """Predicts at one place; fits are made when they are first needed.

    Args:
        place: to predict for.
        cases: measured cases of every place, this one among them.
        abilities: peaks of machines, oldest first.
        memory_limit: bytes that a process can have at the place; None where unknown.
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
        self._elsewhere = {other: own for other, own in cases.items() if other_machine.comparable(place, other)}
        self._works = [case.work for case in self._here]
        self._times = np.array([case.latency_s for case in self._here])
        self._ability = find(place.machine, place.device, place.threads, abilities)
        self._limit = memory_limit

    def answer(self, work: Work) -> CasePrediction:
        """Predict one pass of this place's batch."""
        measured = next((case for case in self._here if case.work.key == work.key), None)
        if measured is not None:
            return CasePrediction(self.place, work, measured=measured)
        memory = self._memory_of(work)
        if memory is not None and self._limit is not None and memory.value > self._limit:
            return CasePrediction(self.place, work, None, memory, ("would not fit into memory",))
        guesses, refusals = self._tiers(work)
        if not guesses:
            return CasePrediction(self.place, work, None, memory, refusals)
        best = min(guesses, key=lambda tier: (math.isnan(tier.error), tier.error))
        return CasePrediction(self.place, work, self._clipped_to_roofline(best, work), memory)

    def _tiers(self, work: Work) -> tuple[list[Guess], tuple[str, ...]]:
        """Guesses of the tiers that can predict the pass, and reasons of those that cannot."""
        guesses, refusals = [], [same_model.why_not(self._works, work), other_model.why_not(self._works, work)]
        if not refusals[0]:
            learned = same_model.learn_same_model(self._works, self._times, work)
            flags = (f"scaled from {learned.n_train} resolutions",) if learned.method != same_model.LINE else ()
            guesses.append(guess(learned, work, "T1", flags))
        if not refusals[1]:
            guesses.append(self._from_other_models(work))
        for place, there in self._elsewhere.items():
            refusals.append(other_machine.why_not(self._here, there, work))
            if not refusals[-1]:
                learned = other_machine.learn_other_machine(self._here, there)
                guesses.append(guess(learned, work, "T3", (f"from {place.machine}",)))
        return guesses, tuple(dict.fromkeys(filter(None, refusals)))

    def _from_other_models(self, work: Work) -> Guess:
        """Tier 2, without an interval where the MACs are far outside those that its errors come from."""
        flags = () if work.kinds else ("operators were not counted",)
        prediction = guess(self._other_model, work, "T2", flags)
        macs = [measured.macs for measured in self._works]
        if min(macs) / same_model.REACH <= work.macs <= max(macs) * same_model.REACH:
            return prediction
        flags = (*flags, "no interval: far outside the range of measured MACs")
        return replace(prediction, low=math.nan, high=math.nan, flags=flags)

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

    def _clipped_to_roofline(self, prediction: Guess, work: Work) -> Guess:
        """Raised to the least time of the roofline, where the machine's peaks are known."""
        groups = work.facts.get("work")
        if self._ability is None or not groups or self.place.mode != "inference":
            return prediction
        macs, precision = float(work.facts["macs"]), self.place.precision
        task = Task(macs, work.batch, work.resolution, precision, work.weight_bytes, groups)
        floor = on_roofline(task, prediction.value, self._ability).t_min_s
        if math.isnan(floor) or prediction.value >= floor:
            return prediction
        flags = (*prediction.flags, "clipped to the least time of the roofline")
        low, high = (max(end, floor) for end in (prediction.low, prediction.high))
        return replace(prediction, value=floor, low=low, high=high, flags=flags)
