"""The training study of a suite, with its sizes and images resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scalebench.errors import StoreError
from scalebench.suite.case import TRAINING_STUDY
from scalebench.suite.labelled_images import list_images
from scalebench.suite.load import SuiteFile
from scalebench.suite.study_entry import StudyEntry
from scalebench.suite.study_folder import TEST_SHARE, study_parts
from scalebench.suite.suite_plan import Group
from scalebench.suite.training_runs import members, study_group
from scalebench.suite.training_study import TrainingStudy


def study_of(file: SuiteFile, groups: Sequence[Group]) -> TrainingStudy | None:
    """The study that a suite asks for; None where its grid has no mode ``training_study``.

    Raises:
        SuiteError: no group to train, ``study`` without the mode, or a folder that cannot be used.
    """
    entry = file.suite.study
    if TRAINING_STUDY not in file.suite.grid.mode:
        if entry is not None:
            raise file.error(("study",), f"grid.mode does not have {TRAINING_STUDY}", f"mode: [{TRAINING_STUDY}]")
        return None
    try:
        group = study_group(tuple(groups))
    except ValueError as error:
        raise file.error(("grid", "mode"), str(error)) from None
    entry = entry or StudyEntry.model_validate({})
    if entry.folder is None:
        return entry.study()
    try:
        listed = list_images(Path(file.path).parent / entry.folder, TEST_SHARE, entry.group)
    except StoreError as error:
        raise file.error(("study", "folder"), error.message, error.hint) from None
    side = max(member.resolution for member in members(group).values())
    study = replace(entry.study(), damage=None, folder=listed.name, side=side)
    sizes = {name: len(images) for name, images in study_parts(listed, study).items()}
    if not all(sizes.values()):
        raise file.error(("study", "folder"), f"{entry.folder} has too few images to divide", "more images, or groups")
    listed.keep()
    return replace(study, images=sizes["train"], validation=sizes["validation"], test=sizes["test"])
