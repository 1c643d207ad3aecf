"""The ``study`` key of a suite file: sizes and images of a training study."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from scalebench.suite.strict import StrictModel
from scalebench.suite.training_study import BUDGETS, CLASSES, Damage, TrainingStudy

if TYPE_CHECKING:  # a type checker cannot read the words out of the table
    Budget = str
else:
    Budget = Literal[tuple(BUDGETS)]

Rate = Annotated[float, Field(gt=0, le=1)]


class StudyEntry(StrictModel):
    """Matched variants trained from scratch on the same images; grid.mode has to list training_study."""

    budget: Budget = Field(
        "look", description="sizes: smoke takes a minute, look 40 minutes, decide two hours, on two cores"
    )
    scratch_widths: list[Annotated[float, Field(ge=0.5, le=16)]] = Field(
        [1.0, 2.0, 4.0], min_length=1, description="of the synthetic images, in pixels of 128"
    )
    folder: str | None = Field(None, description="your own images, CLASS/..., in place of synthetic ones")
    group: str | None = Field(
        None, description="regular expression: what it finds in a path names what belongs together"
    )
    images: Annotated[int, Field(ge=len(CLASSES))] | None = Field(
        None, description="training images, in place of the budget's"
    )
    epochs: PositiveInt | None = Field(None, description="in place of the budget's")
    seeds: PositiveInt | None = Field(None, description="runs of each variant, in place of the budget's")
    batch: PositiveInt | None = Field(None, description="images per step, in place of the budget's")
    learning_rates: list[Rate] = Field(
        list(TrainingStudy.learning_rates), min_length=2, max_length=5, description="candidates for the base"
    )
    depth_epochs: Literal[0, 2, 3, 4] = Field(0, description="train depth once more with so many times the epochs")

    @model_validator(mode="after")
    def _group_of_a_folder(self) -> StudyEntry:
        if self.group is not None and self.folder is None:
            raise ValueError("group goes with folder")
        return self

    def study(self) -> TrainingStudy:
        """The study on synthetic images."""
        own = {name: getattr(self, name) for name in ("images", "epochs", "seeds", "batch")}
        return replace(
            BUDGETS[self.budget], damage=Damage(scratch_widths=tuple(sorted(set(self.scratch_widths)))),
            learning_rates=tuple(self.learning_rates), depth_epochs=self.depth_epochs,
            **{name: value for name, value in own.items() if value},
        )  # fmt: skip
