"""Losses and scores of a stack of networks, by kind of task.

Outputs have the shape [models, rows, outputs]. Targets are int64[models, rows] class numbers (classification), or
float32[models, rows, outputs]: zeros and ones (multilabel), or standardised numbers (regression). The output layer is
linear; softmax and sigmoid belong to the loss and are never the function being compared.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional

from actlab.experiment.data import Dataset

CLASSIFICATION, MULTILABEL, REGRESSION = "classification", "multilabel", "regression"


def losses(task: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean loss of each model: cross-entropy behind softmax or sigmoid, or squared error."""
    if task == CLASSIFICATION:
        # With the classes on the axis before the last, softmax works on many rows at once: four times as fast.
        return functional.cross_entropy(outputs.transpose(1, 2), targets, reduction="none").mean(1)
    if task == MULTILABEL:
        return functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean((1, 2))
    return (outputs - targets).square().mean((1, 2))


def scores(task: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """Score of each model, float64: accuracy, share of labels that are right, or R^2 averaged over the outputs."""
    if task == CLASSIFICATION:
        return (outputs.argmax(-1) == targets).double().mean(1)
    if task == MULTILABEL:
        return ((outputs > 0) == (targets > 0.5)).double().mean((1, 2))  # noqa: PLR2004  between 0 and 1
    target = targets.double()
    error = (outputs.double() - target).square().sum(1)
    spread = (target - target.mean(1, keepdim=True)).square().sum(1)
    return (1 - error / spread).mean(1)


def constant_loss(dataset: Dataset) -> float:
    """Loss of the best constant guess: entropy of the classes or labels, or 1 for standardised targets."""
    if dataset.task == REGRESSION:
        return 1.0
    if dataset.task == MULTILABEL:
        share = dataset.y.mean(0, dtype=np.float64)
        return float(np.mean(_entropy(share) + _entropy(1 - share)))
    return float(_entropy(np.bincount(dataset.y) / len(dataset.y)).sum())


def _entropy(share: np.ndarray) -> np.ndarray:
    return -share * np.log(np.where(share > 0, share, 1.0))
