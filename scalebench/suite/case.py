"""Case: everything that decides a number, and nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from scalebench.suite.protocol import Protocol
from scalebench.suite.variant import Variant, parse_variant

COUNT = "count"
"""Mode of a case that is only counted, on no device."""
INPUT = "input"
"""Mode of a case that prepares images; its model is the decoder, and it has no MACs."""
BLOCKS = "blocks"
"""Mode of a case whose parts are timed one by one."""
MODELS = ("inference", "training")
"""Modes that run a whole model, whose numbers answer what it costs."""

PROCEDURE = 2
"""Raised when a round is made in another way, so that its numbers are not pooled with older ones.

0: imported, not ours. 1: memory, warm-up, chunks. 2: canary and readings around the chunks, two laps that nobody keeps
before the first.
"""


@dataclass(frozen=True)
class Case:
    """One model at one resolution, run one way.

    Attributes:
        model: written form of the variant.
        resolution: side of the square input, pixels.
        batch: images per forward pass.
        mode: ``inference``, ``training``, ``blocks`` for a model's parts, ``input`` for what comes before a model, or
            ``count`` for a count on paper.
        precision, layout, runtime: how the numbers are stored and executed.
        device: ``cpu``, ``cuda:N``, or ``meta`` for a count.
        threads: intra-operator threads on the CPU, of each copy; 0 where an imported table does not tell.
        instances: copies of the model, each in its own process, that run at once.
        affinity: ``free``, or ``pinned`` to as many cores as it has threads, copies to cores of their own.
        optimizer: of a training step, ``sgd`` or ``adamw``; empty otherwise.
        checkpointing: whether the training step computes activations again instead of keeping them.
        camera: size of the images that an input case starts from, ``4000x3000``; empty otherwise.
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
    instances: int = 1
    affinity: str = "free"
    optimizer: str = ""
    checkpointing: bool = False
    camera: str = ""

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
        if self.mode == INPUT:
            together = f", {self.instances} processes" if self.instances > 1 else ""
            return f"{self.model} {self.camera} to {self.resolution}{together}"
        mode = "" if self.mode == "inference" else f" {self.mode}"
        layout = "" if self.layout == "contiguous" else f" {self.layout}"
        text = f"{self.model}@{self.resolution}{mode} batch {self.batch} {self.precision}{layout} {self.runtime}"
        return f"{text} {self.device}{f', {self.setting}' if self.setting else ''}"

    @property
    def setting(self) -> str:
        """What else is not as usual, in words: ``2 instances, pinned``; empty where all is."""
        words = (
            f"{self.instances} instances" if self.instances > 1 else "",
            "pinned" if self.affinity == "pinned" else "",
            self.optimizer,
            "checkpointing" if self.checkpointing else "",
            self.camera,
        )
        return ", ".join(filter(None, words))

    def counted(self) -> Case:
        """The same model and resolution as a case that is only counted."""
        return Case(self.model, self.resolution, mode=COUNT, device="meta")


@lru_cache(maxsize=1 << 16)  # a report asks for the key of every record several times
def _case_key(case: Case) -> str:
    what = {name: value for name, value in asdict(case).items() if name != "procedure" and not _as_ever(name, value)}
    return _digest({**what, "protocol": None})


_ADDED = {"instances", "affinity", "optimizer", "checkpointing", "camera"}
"""Fields that older cases do not have: at their defaults they are not part of the key, which so stays the same."""
_DEFAULTS = {field.name: field.default for field in fields(Case)}


def _as_ever(name: str, value: Any) -> bool:
    return name in _ADDED and bool(value == _DEFAULTS[name])


@lru_cache(maxsize=1 << 16)
def _method_key(case: Case) -> str:
    return _digest({} if case.mode == COUNT else case.method)


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def case_from_json(data: dict[str, Any]) -> Case:
    """Build a case from ``asdict`` output; unknown fields raise TypeError."""
    return Case(**{**data, "protocol": Protocol(**data["protocol"])})
