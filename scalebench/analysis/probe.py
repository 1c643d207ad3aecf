"""A linear probe: logistic regression on what a frozen network returns, trained on the training images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scalebench.errors import StoreError

if TYPE_CHECKING:
    from scalebench.analysis.classification import Labels

EXTRA = "accuracy"
"""Extra of scalebench that installs what this needs."""
_STRENGTHS = np.logspace(-4, 2, 7)
"""Inverse strengths of the penalty that cross-validation chooses from."""
_FOLDS = 5


def probe(train: npt.NDArray[np.float32], labels: Labels, groups: Labels, test: npt.NDArray[np.float32]) -> Labels:
    """Classes of the test images; the penalty is chosen by cross-validation over groups of the training images.

    Args:
        train, test: images x outputs of the network, which is not trained.
        labels, groups: of the training images.

    Raises:
        StoreError: scikit-learn is not installed, or there are too few training images or groups.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV, GroupKFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise StoreError("a probe needs scikit-learn", f"pip install 'scalebench[{EXTRA}]'") from None
    if len(np.unique(groups)) < 2 * _FOLDS or len(np.unique(labels)) < 2:
        raise StoreError(
            f"{len(labels)} training images in {len(np.unique(groups))} groups are too few for a probe",
            f"at least {2 * _FOLDS} groups and two classes",
        )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    strengths = {"logisticregression__C": _STRENGTHS}
    search: Any = GridSearchCV(model, strengths, cv=GroupKFold(_FOLDS))
    search.fit(train, labels, groups=groups)
    predicted: Labels = search.predict(test).astype(np.int64)
    return predicted
