"""StrictModel: base of the pydantic models that files are checked against; and types that several of them have."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Pixels = Annotated[int, Field(ge=1, le=8192, description="side of the square input, pixels")]


class StrictModel(BaseModel):
    """Frozen; refuses unknown keys, and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
