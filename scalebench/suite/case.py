"""Case: everything that decides a number, and nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from scalebench.suite.protocol import Protocol
from scalebench.suite.variant import Variant, parse_variant

COUNT = "count"
"""Mode of a case that is only counted, on no device."""

PROCEDURE = 2
"""Raised when a round is made in another way, so that its numbers are not pooled with older ones.

1: memory, warm-up, chunks. 2: canary and readings around the chunks, two laps that nobody keeps before the first.
"""


@dataclass(frozen=True)
class Case:
    """One model at one resolution, run one way.

    Attributes:
        model: written form of the variant.
        resolution: side of the square input, pixels.
        batch: images per forward pass.
        mode: ``inference``, or ``count`` for a count on paper.
        precision, layout, runtime: how the numbers are stored and executed.
        device: ``cpu``, ``cuda:N``, or ``meta`` for a count.
        threads: intra-operator threads on the CPU.
        protocol: phases of a round.
        procedure: number of the way a round is made, see ``PROCEDURE``.
    """

    model: str
    resolution: int
    batch: int = 1
    mode: str = "inference"
    precision: str = "fp32"
    layout: str = "contiguous"
    runtime: str = "eager"
    device: str = "cpu"
    threads: int = 1
    protocol: Protocol = Protocol()
    procedure: int = PROCEDURE

    @property
    def case_key(self) -> str:
        """First 12 hex digits of the sha256 over what is run; stable across machines and versions."""
        return _case_key(self)

    @property
    def method_key(self) -> str:
        """The same over how a round is timed; how many rounds there are does not change it."""
        return _method_key(self)

    @property
    def method(self) -> dict[str, float]:
        """How a round is timed: the phases and the number of the procedure."""
        return {**self.protocol.method, "procedure": self.procedure}

    @property
    def key(self) -> str:
        """Both: rounds with equal keys are rounds of one number."""
        return f"{self.case_key}-{self.method_key}"

    @property
    def variant(self) -> Variant:
        """The model, taken apart."""
        return parse_variant(self.model)

    @property
    def label(self) -> str:
        """Short text for progress lines and tables."""
        if self.mode == COUNT:
            return f"{self.model}@{self.resolution}"
        return f"{self.model}@{self.resolution} batch {self.batch} {self.precision} {self.runtime} {self.device}"

    def counted(self) -> Case:
        """The same model and resolution as a case that is only counted."""
        return Case(self.model, self.resolution, mode=COUNT, device="meta")


@lru_cache(maxsize=1 << 16)  # a report asks for the key of every record several times
def _case_key(case: Case) -> str:
    what = {name: value for name, value in asdict(case).items() if name != "procedure"}
    return _digest({**what, "protocol": None})


@lru_cache(maxsize=1 << 16)
def _method_key(case: Case) -> str:
    return _digest({} if case.mode == COUNT else case.method)


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def case_from_json(data: dict[str, Any]) -> Case:
    """Build a case from ``asdict`` output; unknown fields raise TypeError."""
    return Case(**{**data, "protocol": Protocol(**data["protocol"])})
