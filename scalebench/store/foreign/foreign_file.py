"""Result files of other tools as imported records: one process each, its samples kept, without an interval."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scalebench.errors import StoreError, UnknownNameError, did_you_mean
from scalebench.machine.environment import digest
from scalebench.record import IMPORTED, Environment, Record
from scalebench.store.published_tables import NOT_OURS, ONCE, Imported
from scalebench.suite.case import CLASSIFYING, COUNT, Case
from scalebench.suite.device_kinds import CPU, kind_of
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.variant import parse_variant

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Place = tuple[int | str, ...]
"""Keys that lead to a value of a JSON document."""
_MODEL = TypeVar("_MODEL", bound=BaseModel)


class Foreign(BaseModel):
    """Base of the parts of a foreign file that are read; other keys are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True)
class ForeignSetup:
    """How something was measured, as far as it is known: an empty text or 0 leaves it open.

    Attributes:
        model, resolution, batch, precision, runtime, device, threads: as in ``Case``.
        machine: its name, from which its label is made.
    """

    model: str = ""
    resolution: int = 0
    batch: int = 0
    precision: str = ""
    runtime: str = ""
    device: str = ""
    threads: int = 0
    machine: str = ""

    def over(self, other: ForeignSetup) -> ForeignSetup:
        """The same, with what is open here taken from another."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in own.items() if value})


@dataclass(frozen=True)
class ForeignFile:
    """A file's bytes with its name, for errors that name file and key."""

    path: Path
    data: bytes

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def error(self, place: Place, message: str, hint: str = "") -> StoreError:
        """``a.json: benchmarks[0].stats.median: message``."""
        return StoreError(f"{self.path}: {f'{key_text(place)}: ' if place else ''}{message}", hint)

    def parse(self, model: type[_MODEL]) -> _MODEL:
        """Its content.

        Raises:
            StoreError: not JSON, or a value is missing or invalid; the first key at fault is named.
        """
        try:
            return model.model_validate_json(self.data)
        except ValidationError as error:
            first = error.errors()[0]
            raise self.error(first["loc"], first["msg"]) from None

    def case(self, setup: ForeignSetup, place: Place = ()) -> Case:
        """The case of a setup; what it leaves open is batch 1, fp32, eager, on the CPU, with unknown threads.

        Raises:
            StoreError: no model or resolution, or there is no such model, precision or device.
        """
        setup = setup.over(ForeignSetup(batch=1, precision="fp32", runtime="eager", device=CPU.name))
        if not setup.model or not setup.resolution:
            raise self.error(place, "model and resolution are not in the file", "name them: --model resnet50@224")
        case = Case(
            setup.model, setup.resolution, setup.batch, precision=setup.precision, runtime=setup.runtime,
            device=setup.device, threads=setup.threads, protocol=ONCE, procedure=NOT_OURS,
        )  # fmt: skip
        return self.checked(case, place)

    def checked(self, case: Case, place: Place = ()) -> Case:
        """The case, with its model as it is written.

        Raises:
            StoreError: it is not timed, or its model, precision, resolution or batch cannot be.
        """
        if case.precision not in PRECISIONS:
            hint = did_you_mean(case.precision, PRECISIONS) or f"precisions: {', '.join(PRECISIONS)}"
            raise self.error((*place, "precision"), f"unknown precision {case.precision!r}", hint)
        if case.mode in (COUNT, *CLASSIFYING):
            raise self.error((*place, "mode"), f"cases of mode {case.mode!r} have no time")
        for name in ("resolution", "batch"):
            if getattr(case, name) < 1:
                raise self.error((*place, name), f"{getattr(case, name)} is not above 0")
        try:
            return replace(case, model=parse_variant(case.model).name)
        except UnknownNameError as error:
            raise self.error((*place, "model"), error.message, error.hint) from None

    def environment(self, machine: str, device: str, software: Mapping[str, str]) -> Environment:
        """The machine by its name; without one, a machine of this file alone, since two unknown ones may differ."""
        kind, slug = kind_of(device), re.sub(r"[^a-z0-9]+", "-", machine.lower()).strip("-")
        name = {"cpu": {"name": machine}} if kind.on_host else {"gpu": machine}
        hardware = {"device": kind.name, "imported": True, **(name if slug else {"file": self.sha256})}
        software = {key: value for key, value in software.items() if value}
        label = f"{IMPORTED}{slug or f'unknown-{self.sha256[:6]}'}"
        return Environment(label, digest(hardware), digest(software), hardware, software)

    def record(
        self, suite: str, case: Case, environment: Environment, samples: Iterable[float], place: str = "",
        facts: Mapping[str, float] | None = None, started: str = "",
    ) -> Record:  # fmt: skip
        """A record of one process.

        Args:
            suite: name of the suite.
            case: what was measured.
            environment: its machine.
            samples: seconds per batch of each pass; empty where the file has only ``facts``.
            place: what in the file it comes from, for its note.
            facts: further metrics in SI units; ``latency_s`` is the median of the samples.
            started: ISO 8601; empty where the file does not give it.
        """
        laps = list(samples)
        own = {"latency_s": median(laps)} if laps else {}
        return Record(
            suite, case, 0, "ok", started, environment, samples={"latency_s": laps} if laps else {},
            facts={**own, **(facts or {})}, notes=(f"imported: {self.path.name} {place}".strip(),), ending="ok",
        )  # fmt: skip

    def imported(self, suite: str, tool: str, records: Iterable[Record], remarks: Iterable[str] = ()) -> Imported:
        """Its records; of several of one case on one machine the first is kept.

        Raises:
            StoreError: there are none.
        """
        kept: dict[tuple[str, str], Record] = {}
        notes = list(remarks)
        for record in records:
            first = kept.setdefault((record.case.key, record.environment.hw_key), record)
            if first is not record:
                notes.append(f"{record.notes[0].removeprefix('imported: ')}: {record.case.label} is there already")
        if not kept:
            raise StoreError(f"{self.path}: nothing in it can be imported", "; ".join(notes[:3]))
        return Imported(self.path, suite, f"{tool}, imported", tuple(kept.values()), tuple(notes), self.sha256)


def open_foreign(path: Path) -> ForeignFile:
    """Read a file.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return ForeignFile(path, path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None


def key_text(place: Place) -> str:
    """``("benchmarks", 0, "stats")`` as ``benchmarks[0].stats``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def model_setup(text: Any) -> ForeignSetup:
    """Model and, after ``@``, resolution."""
    model, _, resolution = str(text).rpartition("@")
    return ForeignSetup(model, int(resolution)) if model and resolution.isdecimal() else ForeignSetup(str(text))
