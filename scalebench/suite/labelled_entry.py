"""Entry ``data`` of a suite: labelled images, and what they are good for there."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from scalebench.suite.strict import StrictModel


class LabelledData(StrictModel):
    """A folder of labelled images, and how it is divided; the folder alone may stand in place of the mapping."""

    folder: str = Field(
        min_length=1, description="CLASS/..., or train/CLASS/... and test/CLASS/..., from the suite's folder"
    )
    test_share: float = Field(0.3, gt=0, lt=1, description="of a folder without parts, where something is trained")
    group: str | None = Field(None, description="regular expression; what it finds in a path belongs together")
    seed: int = Field(0, description="of the division")


def _as_mapping(value: Any) -> Any:
    return {"folder": value} if isinstance(value, str) else value


DataEntry = Annotated[LabelledData, BeforeValidator(_as_mapping, LabelledData | str)]
