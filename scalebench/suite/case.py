"""Case: everything that decides a number, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from scalebench.suite.axes import Axis, axis, number_of, unless
from scalebench.suite.device_kinds import CPU, META, DeviceKind, kind_of
from scalebench.suite.offers import OFFERS
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.protocol import Protocol
from scalebench.suite.variant import Variant, parse_variant

COUNT = "count"
"""Mode of a case that is only counted, on no device."""
INPUT = "input"
"""Mode of a case that prepares images; its model is the decoder, and it has no MACs."""
BLOCKS = "blocks"
"""Mode of a case whose parts are timed one by one."""
ACCURACY, PROBE = "accuracy", "probe"
TRAINING_STUDY = "training_study"
"""Mode of a case that trains a network from scratch and tests it; its rounds are the seeds of ``training_study.py``."""
CLASSIFYING = (ACCURACY, PROBE)
"""Modes of a case that classifies labelled images by its own outputs, or by a probe of them; neither is timed."""
CLASSIFIED = Protocol(rounds=1, turns=0, timeout_s=24 * 3600.0)
"""Protocol of all their cases: the same images give the same classes again, and however many there are is no fault."""
MODELS = ("inference", "training")
"""Modes that run a whole model, whose numbers answer what it costs."""

BATCH_SEARCHES = ("best", "largest")
"""In place of a batch: the smallest with the best throughput; the largest that fits into memory."""
OPTIMIZER_STATES = {"sgd": 1, "adamw": 2}
"""Copies of the weights in an optimiser's state: momentum; both moments of Adam."""

PROCEDURE = 3
"""Version of the measuring procedure, raised with every change so that its numbers are not pooled with older ones.

0: imported, not ours. 1: memory, warm-up, chunks. 2: canary and readings around the chunks, two discarded laps
before the first. 3: canary of an idle process, memory of training at the third step, int8 of 7-bit weights.
"""


@dataclass(frozen=True)
class Case:
    """One model at one resolution in one configuration.

    Attributes:
        model: written form of the variant.
        resolution: side of the square input, pixels.
        batch: images per forward pass.
        mode: ``inference``, ``training``, ``blocks`` for a model's parts, ``input`` for what comes before a model,
            ``accuracy`` and ``probe`` for classifying images, ``training_study`` for training from scratch, or
            ``count`` for a count on paper.
        precision, layout, runtime: how the numbers are stored and executed.
        device: ``cpu``, ``cuda:N`` and the like, or ``meta`` for a count; its kind is a row of ``device_kinds.py``.
        threads: intra-operator threads on the CPU, of each copy; 0 where an imported table does not name them.
        instances: copies of the model, each in its own process, that run at once.
        affinity: ``free``, or ``pinned`` to as many cores as it has threads, copies to cores of their own.
        optimizer: of a training step, ``sgd`` or ``adamw``; empty otherwise.
        checkpointing: whether the training step computes activations again instead of keeping them.
        camera: size of the images that an input case starts from, ``4000x3000``; empty otherwise.
        cudnn_benchmark: whether cuDNN times its kernels first and keeps the fastest for each convolution.
        data: labelled images, ``photos-1a2b3c4d``: what int8 was calibrated on, or what is classified.
        cache: ``warm``, as in a serving loop, or ``cold``: overwritten before every timed pass.
        batch_search: ``best`` or ``largest`` while the batch is not known, and ``batch`` a guess; empty in all records.
        recipe: of a case that trains a network from scratch, in words; empty otherwise.
        protocol: phases of a round; on the CPU one model at a time takes turns with others unless it says 0 turns.
        procedure: version of the measuring procedure, see ``PROCEDURE``.
    """

    model: str
    resolution: int
    batch: int = axis(
        1,
        "batch",
        "batch {}".format,
        int,
        key=True,
        searches=BATCH_SEARCHES,
        description="images per forward pass; best: the smallest with the best throughput; largest: the "
        "largest that fits into memory; one batch for all models",
    )
    mode: str = axis(
        "inference",
        "mode",
        unless("inference"),
        (COUNT, "inference", "training", BLOCKS, ACCURACY, PROBE, TRAINING_STUDY),
        key=True,
        description="count: on paper only; accuracy, probe: classify the images of data; training_study: see study",
    )
    precision: str = axis("fp32", "precision", str, tuple(PRECISIONS), key=True)
    layout: str = axis("contiguous", "layout", unless("contiguous"), ("contiguous", "channels_last"), key=True)
    runtime: str = axis("eager", "runtime", str, (*OFFERS, "best"), key=True)
    device: str = axis(CPU.name, "device", str, key=True)
    threads: int = axis(1, "threads", number_of("thread"), key=True)
    protocol: Protocol = Protocol()
    procedure: int = PROCEDURE
    instances: int = axis(1, "copies", number_of("instance", least=2), int, added=True,
                          description="copies at once, each in its own process")  # fmt: skip
    affinity: str = axis("free", "affinity", unless("free"), ("free", "pinned"), added=True,
                         description="pinned: to as many cores as threads")  # fmt: skip
    optimizer: str = axis("", "optimiser", str, tuple(OPTIMIZER_STATES), added=True, modes=("training",), listed="sgd",
                          description="of training steps")  # fmt: skip
    checkpointing: bool = axis(False, "checkpointing", lambda on: "checkpointing" if on else "", bool, added=True,
                               modes=("training",), description="whether training recomputes activations")  # fmt: skip
    camera: str = axis("", "camera", str, added=True)
    data: str = axis("", "data", unless(""), added=True)
    cudnn_benchmark: bool = axis(False, "cuDNN", lambda on: "cuDNN autotuned" if on else "", bool, added=True,
                                 description="whether cuDNN times its kernels and keeps the fastest")  # fmt: skip
    cache: str = axis("warm", "cache", lambda state: "" if state == "warm" else f"{state} cache", ("warm", "cold"),
                      added=True, description="cold: overwritten before every timed pass")  # fmt: skip
    batch_search: str = axis("", "batch search", lambda _: "", added=True)
    recipe: str = axis("", "recipe", unless(""), added=True)

    def __post_init__(self) -> None:
        """A case that cannot take turns with others is measured alone; one that classifies has one protocol."""
        if self.mode in CLASSIFYING:
            object.__setattr__(self, "protocol", CLASSIFIED)
            return
        shared = self.kind.on_host and self.instances == 1 and self.mode in MODELS and self.cache == "warm"
        if self.protocol.turns and not shared:
            object.__setattr__(self, "protocol", self.protocol.alone())

    @property
    def kind(self) -> DeviceKind:
        """Kind of its device."""
        return kind_of(self.device)

    @property
    def requested_batch(self) -> int | str:
        """The batch, or how it is to be found, as a suite has it."""
        return self.batch_search or self.batch

    @property
    def by_turns(self) -> bool:
        """Whether its rounds are measured in heats, by turns with those of other cases."""
        return self.protocol.turns > 0

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
        if self.mode == TRAINING_STUDY:
            return f"{self.model}@{self.resolution}, {self.recipe}"
        phrases = _phrases(vars(self) | {"threads": 0, "setting": ""})
        return ", ".join(filter(None, (f"{self.model}@{self.resolution} {' '.join(phrases)}", self.setting)))

    @property
    def setting(self) -> str:
        """What else is not as usual, in words: ``2 instances, pinned``; empty where all is."""
        return ", ".join(filter(None, (row.words(getattr(self, name)) for name, row in AXES.items() if not row.key)))

    @property
    def configuration(self) -> str:
        """How it runs, in words; see ``configuration_text``."""
        return configuration_text(vars(self) | {"setting": self.setting})

    def counted(self) -> Case:
        """The same model and resolution as a case that is only counted."""
        return Case(self.model, self.resolution, mode=COUNT, device=META.name)


AXES: dict[str, Axis] = {row.name: row.metadata["axis"] for row in fields(Case) if "axis" in row.metadata}
"""Axis of every field that says how a case runs; a new one is added by its field alone."""
KEY_AXES = tuple(name for name, row in AXES.items() if row.key)
"""Axes with a column of their own in the configuration key; the others are in its column ``setting``."""


def configuration_text(values: Mapping[str, Any]) -> str:
    """A configuration in words: ``training, batch 1, fp32 eager, cpu, 2 threads, adamw``.

    Args:
        values: by axis, and ``setting`` for the axes without a column of their own; what is missing is left out.
    """
    return ", ".join(_phrases(values))


def optimizer_states(setting: str) -> int:
    """Copies of the weights in the state of the optimiser that a ``setting`` in words names; 0 without one."""
    return sum(states for name, states in OPTIMIZER_STATES.items() if name in setting.split(", "))


def _phrases(values: Mapping[str, Any]) -> list[str]:
    words = {name: AXES[name].words(values[name]) for name in KEY_AXES if name in values}
    if values.get("batch_search"):
        words["batch"] = f"{values['batch_search']} batch"
    if not kind_of(values.get("device", CPU.name)).on_host:
        words["threads"] = ""  # of the host, which waits
    computation = " ".join(filter(None, (words.get(name) for name in ("precision", "layout", "runtime"))))
    phrases = (words.get("mode"), words.get("batch"), computation, words.get("device"), words.get("threads"),
               values.get("setting"))  # fmt: skip
    return [phrase for phrase in phrases if phrase]


@lru_cache(maxsize=1 << 16)  # a report asks for the key of every record several times
def _case_key(case: Case) -> str:
    what = {name: value for name, value in asdict(case).items() if name != "procedure" and not _as_ever(name, value)}
    return _digest({**what, "protocol": None})


def _as_ever(name: str, value: Any) -> bool:
    """Whether a field is as in older records that lack it, whose keys so stay the same."""
    return name in AXES and AXES[name].added and bool(value == AXES[name].default)


@lru_cache(maxsize=1 << 16)
def _method_key(case: Case) -> str:
    return _digest({} if case.mode == COUNT else case.method)


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def case_from_json(data: dict[str, Any]) -> Case:
    """Build a case from ``asdict`` output; unknown fields raise TypeError."""
    return Case(**{**data, "protocol": Protocol(**data["protocol"])})
