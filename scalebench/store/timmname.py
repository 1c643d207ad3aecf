"""How one of timm's result tables was measured: only its file name says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from scalebench.errors import StoreError
from scalebench.machine.environment import digest
from scalebench.record import IMPORTED, Environment
from scalebench.suite.device_kinds import CPU, CUDA, kind_of

_NAME = re.compile(
    r"benchmark-(?P<mode>infer|train)-(?P<precision>[a-z0-9_]+)-(?P<layout>nchw|nhwc)-pt(?P<torch>\d{2,4})"
    r"-(?P<cuda>cu\d{3}|cpu)-(?P<device>[A-Za-z0-9_.-]+?)(?P<compiled>-dynamo)?\.csv"
)
_PRECISIONS = {
    "amp": "amp_fp16", "amp_fp16": "amp_fp16", "amp_bf16": "amp_bf16", "fp16": "fp16", "bf16": "bf16", "fp32": "fp32",
}  # fmt: skip
"""timm's ``--amp`` casts to fp16 by default (benchmark.py, ``amp_dtype``)."""
_LAYOUTS = {"nchw": "contiguous", "nhwc": "channels_last"}
_HINT = "such as benchmark-infer-amp-nhwc-pt240-cu124-rtx4090-dynamo.csv; the name says how the run was measured"


@dataclass(frozen=True)
class TimmRun:
    """How one table was measured.

    Attributes:
        mode, precision, layout, runtime: as in ``Case``.
        torch: version, ``2.4.0`` or ``1.13``.
        cuda: version, ``12.4``; empty on a CPU.
        name: of the device, as in the file name.
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
        return (CUDA if self.cuda else CPU).device(0)

    @property
    def columns(self) -> str:
        """Prefix of the table's column names."""
        return "infer" if self.mode == "inference" else "train"

    @property
    def environment(self) -> Environment:
        """The machine as far as the file name describes it: ``imported-rtx3090``."""
        kind = kind_of(self.device).name
        named = {"gpu": self.name} if self.cuda else {"cpu": {"name": self.name}}
        hardware = {"device": kind, "imported": True, **named}
        software = {"torch": self.torch, "cuda": self.cuda, "measured by": "timm benchmark.py"}
        software = {name: value for name, value in software.items() if value}
        slug = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        return Environment(f"{IMPORTED}{slug}", digest(hardware), digest(software), hardware, software)


def run_of(name: str) -> TimmRun:
    """Read the name of a table.

    Raises:
        StoreError: it is not one of timm's names.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise StoreError(f"{name}: not the name of one of timm's benchmark tables", _HINT)
    if match["precision"] not in _PRECISIONS:
        raise StoreError(f"{name}: unknown precision {match['precision']!r}", f"known: {', '.join(_PRECISIONS)}")
    return TimmRun(
        mode="inference" if match["mode"] == "infer" else "training",
        precision=_PRECISIONS[match["precision"]],
        layout=_LAYOUTS[match["layout"]],
        runtime="compile" if match["compiled"] else "eager",
        torch=_torch(match["torch"]),
        cuda=f"{match['cuda'][2:-1]}.{match['cuda'][-1]}" if match["cuda"].startswith("cu") else "",
        name=match["device"],
    )


def _torch(digits: str) -> str:
    """``113`` is 1.13, ``240`` is 2.4.0, ``2100`` is 2.10.0: the files write versions without points."""
    if digits.startswith("1"):
        return f"1.{digits[1:]}"
    if len(digits) == 2:
        return f"{digits[0]}.{digits[1]}"
    return f"{digits[0]}.{digits[1:-1]}.{digits[-1]}"
