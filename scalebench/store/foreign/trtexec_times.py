"""Times of TensorRT's ``trtexec --exportTimes=FILE``: one JSON object per pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from scalebench.store.foreign.foreign_file import Foreign, ForeignSetup, Positive, open_foreign
from scalebench.store.published_tables import Imported
from scalebench.suite.device_kinds import CUDA

NAME = "trtexec"


class _Pass(Foreign):
    compute_ms: Positive = Field(alias="computeMs")


class _Times(RootModel[Annotated[tuple[_Pass, ...], Field(min_length=1)]]):
    """All passes, in order."""


def read_trtexec(path: Path, setup: ForeignSetup) -> Imported:
    """Read exported times. The latency is ``computeMs``: as in our rounds, images lie on the device already.

    The file says nothing of the model; ``setup`` has to. What it leaves open is fp32 TensorRT on ``cuda:0``.

    Raises:
        StoreError: the file cannot be read or is not trtexec's, or ``setup`` names no model and resolution.
    """
    file = open_foreign(path)
    times = file.parse(_Times)
    case = file.case(setup.over(ForeignSetup(runtime="tensorrt", device=CUDA.device(0))))
    environment = file.environment(setup.machine, case.device, {"measured by": NAME})
    samples = [one_pass.compute_ms / 1e3 for one_pass in times.root]
    return file.imported(NAME, NAME, [file.record(NAME, case, environment, samples, "computeMs")])
