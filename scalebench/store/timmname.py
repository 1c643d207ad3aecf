"""What the name of one of timm's result tables says of its run: nothing in the table itself does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from scalebench.errors import StoreError
from scalebench.machine.environment import digest
from scalebench.record import IMPORTED, Environment

_NAME = re.compile(
    r"benchmark-(?P<mode>infer|train)-(?P<precision>[a-z0-9_]+)-(?P<layout>nchw|nhwc)-pt(?P<torch>\d{2,4})"
    r"-(?P<cuda>cu\d{3}|cpu)-(?P<device>[A-Za-z0-9_.-]+?)(?P<compiled>-dynamo)?\.csv"
)
_PRECISIONS = {
    "amp": "amp_fp16", "amp_fp16": "amp_fp16", "amp_bf16": "amp_bf16", "fp16": "fp16", "bf16": "bf16", "fp32": "fp32",
}  # fmt: skip
"""timm's ``--amp`` casts to fp16 where it is not told otherwise (benchmark.py, ``amp_dtype``)."""
_LAYOUTS = {"nchw": "contiguous", "nhwc": "channels_last"}
_HINT = "as timm writes it: benchmark-infer-amp-nhwc-pt240-cu124-rtx4090-dynamo.csv; the name says how the run was made"


@dataclass(frozen=True)
class TimmRun:
    """How one table was made.

    Attributes:
        mode, precision, layout, runtime: as in ``Case``.
        torch: version, ``2.4.0`` or ``1.13``.
        cuda: version, ``12.4``; empty on a CPU.
        name: of the device, as the file has it.
    """

    mode: Literal["inference", "training"]
    precision: str
    layout: str
    runtime: Literal["eager", "compile"]
    torch: str
    cuda: str
    name: str

    @property
    def device(self) -> str:
        """As in ``Case``."""
        return "cuda:0" if self.cuda else "cpu"

    @property
    def columns(self) -> str:
        """What the names of the table's columns begin with."""
        return "infer" if self.mode == "inference" else "train"

    @property
    def environment(self) -> Environment:
        """The machine as far as the name tells: ``imported-rtx3090``."""
        kind = self.device.partition(":")[0]
        named = {"gpu": self.name} if self.cuda else {"cpu": {"name": self.name}}
        hardware = {"device": kind, "imported": True, **named}
        software = {"torch": self.torch, "cuda": self.cuda, "measured by": "timm benchmark.py"}
        software = {name: value for name, value in software.items() if value}
        slug = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        return Environment(f"{IMPORTED}{slug}", digest(hardware), digest(software), hardware, software)


def run_of(name: str) -> TimmRun:
    """Read the name of a table.

    Raises:
        StoreError: it is not named as timm names them.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise StoreError(f"{name}: not the name of one of timm's benchmark tables", _HINT)
    if found["precision"] not in _PRECISIONS:
        raise StoreError(f"{name}: precision {found['precision']!r} is not known", f"known: {', '.join(_PRECISIONS)}")
    return TimmRun(
        mode="inference" if found["mode"] == "infer" else "training",
        precision=_PRECISIONS[found["precision"]],
        layout=_LAYOUTS[found["layout"]],
        runtime="compile" if found["compiled"] else "eager",
        torch=_torch(found["torch"]),
        cuda="" if found["cuda"] == "cpu" else f"{found['cuda'][2:-1]}.{found['cuda'][-1]}",
        name=found["device"],
    )


def _torch(digits: str) -> str:
    """``113`` is 1.13, ``240`` is 2.4.0, ``2100`` is 2.10.0: the files write versions without points."""
    if digits.startswith("1"):
        return f"1.{digits[1:]}"
    if len(digits) == 2:
        return f"{digits[0]}.{digits[1]}"
    return f"{digits[0]}.{digits[1:-1]}.{digits[-1]}"
