"""Data sets and how their rows are split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from reprlib import repr as shortened
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from actlab.errors import DataError
from actlab.experiment.missing import filled

Float32 = NDArray[np.float32]
Rows = NDArray[np.int64]
Task = Literal["classification", "multilabel", "regression"]

# What is learnt -> the score it is judged by.
SCORES: dict[Task, str] = {"classification": "accuracy", "multilabel": "label accuracy", "regression": "R^2"}

# Shares of the rows. Scores on more rows than the caps would not be visibly sharper, only slower.
TEST_SHARE, TEST_CAP = 0.25, 20_000
VALIDATION_SHARE, VALIDATION_CAP = 0.15, 4_000

# Fewer leave a test set that cannot tell anything apart.
FEWEST_ROWS = 50

# Training, validation and test rows each need some of every class.
FEWEST_PER_CLASS = 5

# The split that all seeds share has its own stream.
_TEST_STREAM = 20_251


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to learn from.

    Attributes
    ----------
    name : as it appears in tables
    source : where it came from, for the reader
    task : "classification" (one class a row), "multilabel" (any number of labels a row) or "regression"
    x : float32[rows, features], neither scaled nor, if ``missing`` fills, filled: NaN is a missing value
    y : int64[rows], class numbers; float32[rows, labels], 0 or 1; or float32[rows, outputs], real targets
    classes : the names of the classes or labels; None in a regression
    shape : what one row is: () a table, (length,) a signal, (height, width) or (channels, height, width) a picture,
        flattened in C order
    notes : sentences a reader of the results should know
    targets : the columns that were predicted, for tables
    missing : what is done about missing values, a key of `actlab.experiment.missing.MISSING`
    draw : for generated data, seed -> (x, y), other rows for each seed
    """

    name: str
    source: str
    task: Task
    x: Float32
    y: NDArray[Any]
    classes: tuple[str, ...] | None = None
    shape: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    targets: tuple[str, ...] | None = None
    missing: str = "refuse"
    draw: Callable[[int], tuple[Float32, NDArray[Any]]] | None = None

    @property
    def outputs(self) -> int:
        """Outputs of a network for this target."""
        return len(self.classes) if self.classes else int(self.y.shape[1])

    @property
    def score(self) -> str:
        """The name of the score; larger is better."""
        return SCORES[self.task]

    @cached_property
    def chance(self) -> float:
        """Score of the best constant guess.

        The share of the largest class; over all labels the mean share of the commoner answer; or R^2 = 0.
        """
        match self.task:
            case "classification":
                return float(np.bincount(self.y).max() / len(self.y))
            case "multilabel":
                share = self.y.mean(0, dtype=np.float64)
                return float(np.maximum(share, 1 - share).mean())
            case "regression":
                return 0.0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the numbers and what is done with them: data sets with the same one give the same results.

        Of generated data it covers one draw and, in ``source``, the generator with its arguments and versions.
        """
        kind = (self.task, self.x.shape, self.shape, str(self.y.dtype), self.y.shape, self.classes, self.missing)
        digest = hashlib.sha256(repr((*kind, self.source if self.draw else None)).encode())
        # Their buffers, not tobytes(): no copy.
        digest.update(np.ascontiguousarray(self.x).data)
        digest.update(np.ascontiguousarray(self.y).data)
        return digest.hexdigest()

    def for_seed(self, seed: int) -> Dataset:
        """What a run with this seed learns from and is scored on; it has no missing values.

        Generated data are drawn anew; missing values are filled with what the training rows of this seed say;
        anything else is the data set itself.
        """
        if self.draw is not None:
            x, y = self.draw(seed)
            return replace(self, x=x, y=y, draw=None)
        x = filled(self.x, self.split(seed)[0], self.missing)
        return self if x is self.x else replace(self, x=x)

    @cached_property
    def test_rows(self) -> Rows:
        """The rows that only the final runs are scored on, the same for every seed."""
        count = min(round(TEST_SHARE * len(self.y)), TEST_CAP)
        return self._draw_rows(np.arange(len(self.y)), count, np.random.default_rng(_TEST_STREAM))[0]

    def split(self, seed: int) -> tuple[Rows, Rows]:
        """Training and validation rows of one seed, both apart from the test rows."""
        rest = np.setdiff1d(np.arange(len(self.y)), self.test_rows)
        count = min(round(VALIDATION_SHARE * len(self.y)), VALIDATION_CAP)
        validation, training = self._draw_rows(rest, count, np.random.default_rng([seed, 0]))
        return training, validation

    def _draw_rows(self, rows: Rows, count: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """Draw ``count`` of the rows, from every class in proportion; returns (drawn, left)."""
        shuffled = rows[rng.permutation(len(rows))]
        by_class = shuffled[np.argsort(self._strata[shuffled], kind="stable")]
        # Every (1/share)-th row of the class-sorted list: each class gives its share to within one row.
        chosen = np.zeros(len(rows), dtype=bool)
        chosen[((np.arange(count) + 0.5) * len(rows) / count).astype(np.int64)] = True
        return np.sort(by_class[chosen]), np.sort(by_class[~chosen])

    @cached_property
    def _strata(self) -> Rows:
        """int64[rows], the groups that a split takes in proportion: classes, combinations of labels, or all."""
        match self.task:
            case "classification":
                return self.y
            case "multilabel":
                return np.unique(self.y, axis=0, return_inverse=True)[1].astype(np.int64)
            case "regression":
                return np.zeros(len(self.y), dtype=np.int64)

    def describe(self) -> dict[str, Any]:
        """Plain facts for the report."""
        training, validation = self.split(1)
        return {
            "data": self.name,
            "task": self.task,
            "source": self.source,
            "rows": len(self.y),
            "train": len(training),
            "validation": len(validation),
            "test": len(self.test_rows),
            "features": self.x.shape[1],
            "shape": list(self.shape),
            "classes": len(self.classes) if self.classes else None,
            "chance": self.chance,
            "score": self.score,
            "notes": list(self.notes),
            "targets": list(self.targets) if self.targets else None,
            "missing": self.missing,
            "fingerprint": self.fingerprint,
        }


def checked(dataset: Dataset, who: str) -> Dataset:
    """The data set itself, if it can be split and learnt from.

    Raises
    ------
    DataError
        If there are too few rows, one class, a class or label with too few rows, or a constant target.
    """
    rows = len(dataset.y)
    if rows < FEWEST_ROWS:
        raise DataError(
            f"{who}: data must have at least {FEWEST_ROWS} rows; got rows={rows} in {dataset.name}; collect more"
        )
    match dataset.task:
        case "classification":
            _check_classes(dataset, who)
        case "multilabel":
            _check_labels(dataset, who)
        case "regression":
            _check_quantities(dataset, who)
    return dataset


def _check_classes(dataset: Dataset, who: str) -> None:
    names = dataset.classes or ()
    if len(names) == 1:
        raise DataError(
            f"{who}: the target of {dataset.name} must have at least two classes; got only {shortened(names[0])}; "
            "choose another target column"
        )
    counts = np.bincount(dataset.y, minlength=len(names))
    rarest = int(np.argmin(counts))
    if counts[rarest] < FEWEST_PER_CLASS:
        raise DataError(
            f"{who}: every class of {dataset.name} must have at least {FEWEST_PER_CLASS} rows; "
            f"got {counts[rarest]} of class {shortened(names[rarest])}; merge or remove rare classes"
        )


def _check_labels(dataset: Dataset, who: str) -> None:
    holding = np.count_nonzero(dataset.y, axis=0)
    rarer = np.minimum(holding, len(dataset.y) - holding)
    worst = int(np.argmin(rarer))
    if rarer[worst] < FEWEST_PER_CLASS:
        name = (dataset.classes or ())[worst]
        raise DataError(
            f"{who}: every label of {dataset.name} must hold, and not hold, in at least {FEWEST_PER_CLASS} rows; "
            f"got label {name!r} holding in {holding[worst]} of {len(dataset.y)} rows; remove this label"
        )


def _check_quantities(dataset: Dataset, who: str) -> None:
    for number in np.flatnonzero(np.ptp(dataset.y, axis=0) == 0):
        name = f"{dataset.targets[number]} " if dataset.targets else ""
        raise DataError(
            f"{who}: the target {name}of {dataset.name} must vary; got the same value {dataset.y[0, number]:g} "
            "in every row; choose another target column"
        )
