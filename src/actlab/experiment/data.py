"""Data sets and how their rows are split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.errors import DataError

Float32 = NDArray[np.float32]
Rows = NDArray[np.int64]

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
    x : float32[rows, features], not yet standardised
    y : int64[rows], class numbers, or float32[rows], a real target
    classes : the names of the classes; None in a regression
    notes : sentences a reader of the results should know
    target : the column that was predicted, for tables
    """

    name: str
    source: str
    x: Float32
    y: NDArray[Any]
    classes: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    target: str | None = None

    @property
    def outputs(self) -> int:
        """Outputs of a network for this target."""
        return len(self.classes) if self.classes else 1

    @cached_property
    def chance(self) -> float:
        """Score of the best constant guess: share of the largest class, or R^2 = 0."""
        return float(np.bincount(self.y).max() / len(self.y)) if self.classes else 0.0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the numbers: two data sets with the same one are the same."""
        digest = hashlib.sha256(f"{self.x.shape} {self.y.dtype} {self.classes}".encode())
        digest.update(self.x.tobytes())
        digest.update(self.y.tobytes())
        return digest.hexdigest()

    @cached_property
    def test_rows(self) -> Rows:
        """The rows that only the final runs are scored on, the same for every seed."""
        count = min(round(TEST_SHARE * len(self.y)), TEST_CAP)
        return self._draw(np.arange(len(self.y)), count, np.random.default_rng(_TEST_STREAM))[0]

    def split(self, seed: int) -> tuple[Rows, Rows]:
        """Training and validation rows of one seed, both apart from the test rows."""
        rest = np.setdiff1d(np.arange(len(self.y)), self.test_rows)
        count = min(round(VALIDATION_SHARE * len(self.y)), VALIDATION_CAP)
        validation, training = self._draw(rest, count, np.random.default_rng([seed, 0]))
        return training, validation

    def _draw(self, rows: Rows, count: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """Draw ``count`` of the rows, from every class in proportion; returns (drawn, left)."""
        labels = self.y[rows] if self.classes else np.zeros(len(rows), dtype=np.int64)
        shuffled = rows[rng.permutation(len(rows))]
        order = np.argsort(labels[np.searchsorted(rows, shuffled)], kind="stable")
        by_class = shuffled[order]
        # Every (1/share)-th row of the class-sorted list: each class gives its share to within one row.
        chosen = np.zeros(len(rows), dtype=bool)
        chosen[((np.arange(count) + 0.5) * len(rows) / count).astype(np.int64)] = True
        return np.sort(by_class[chosen]), np.sort(by_class[~chosen])

    def describe(self) -> dict[str, Any]:
        """Plain facts for the report."""
        training, validation = self.split(1)
        return {
            "name": self.name,
            "task": "classification" if self.classes else "regression",
            "source": self.source,
            "rows": len(self.y),
            "train": len(training),
            "validation": len(validation),
            "test": len(self.test_rows),
            "features": self.x.shape[1],
            "classes": len(self.classes) if self.classes else None,
            "chance": self.chance,
            "score": "accuracy" if self.classes else "R^2",
            "notes": list(self.notes),
            "target": self.target,
        }


def checked(dataset: Dataset, who: str) -> Dataset:
    """The data set itself, if it can be split and learnt from.

    Raises
    ------
    DataError
        If there are too few rows, one class, a class with too few rows, or a constant target.
    """
    rows = len(dataset.y)
    if rows < FEWEST_ROWS:
        raise DataError(f"{who}: data must have at least {FEWEST_ROWS} rows; got rows={rows}")
    if dataset.classes is None:
        if np.ptp(dataset.y) == 0:
            raise DataError(f"{who}: the target must vary; got the same value {dataset.y[0]:g} in every row")
        return dataset
    if len(dataset.classes) == 1:
        raise DataError(
            f"{who}: the target must have at least two classes; got only {dataset.classes[0]!r}; "
            "choose another target column"
        )
    counts = np.bincount(dataset.y, minlength=len(dataset.classes))
    rarest = int(np.argmin(counts))
    if counts[rarest] < FEWEST_PER_CLASS:
        raise DataError(
            f"{who}: every class must have at least {FEWEST_PER_CLASS} rows; "
            f"got {counts[rarest]} of class {dataset.classes[rarest]!r}; merge or remove rare classes"
        )
    return dataset
