"""A linear probe: logistic regression on what a frozen network returns, trained on the training images."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scalebench.errors import StoreError
from scalebench.suite.labelled_images import LabelledImage

if TYPE_CHECKING:
    from scalebench.analysis.classification import Labels

EXTRA = "accuracy"
"""Extra of scalebench that installs what this needs."""
_STRENGTHS = np.logspace(-4, 2, 7)
"""Inverse strengths of the penalty that cross-validation chooses from."""
_FOLDS = 5


def check_probe(images: Sequence[LabelledImage]) -> None:
    """Refuse training images that no probe can be trained on.

    Raises:
        StoreError: as ``probe``.
    """
    _refuse_too_few(len(images), len({image.group for image in images}), len({image.label for image in images}))


def _refuse_too_few(images: int, groups: int, classes: int) -> None:
    if importlib.util.find_spec("sklearn") is None:
        raise StoreError("a probe needs scikit-learn", f"pip install 'scalebench[{EXTRA}]'")
    if groups < 2 * _FOLDS or classes < 2:
        raise StoreError(
            f"{images} training images in {groups} groups are too few for a probe",
            f"at least {2 * _FOLDS} groups and two classes",
        )


def probe(train: npt.NDArray[np.float32], labels: Labels, groups: Labels, test: npt.NDArray[np.float32]) -> Labels:
    """Classes of the test images; the penalty is chosen by cross-validation over groups of the training images.

    Args:
        train, test: images x outputs of the network, which is not trained.
        labels, groups: of the training images.

    Raises:
        StoreError: scikit-learn is not installed, or there are too few training images or groups.
    """
    _refuse_too_few(len(labels), len(np.unique(groups)), len(np.unique(labels)))
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    strengths = {"logisticregression__C": _STRENGTHS}
    search: Any = GridSearchCV(model, strengths, cv=GroupKFold(_FOLDS))
    search.fit(train, labels, groups=groups)
    predicted: Labels = search.predict(test).astype(np.int64)
    return predicted
