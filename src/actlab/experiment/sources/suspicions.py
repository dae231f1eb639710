"""What makes scores look better than they are: copies of the target, copies of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from actlab.experiment.sources.columns import listed
from actlab.experiment.sources.targets import Targets

# Enough rows to clear nearly every column that is no copy of the target, so that few are looked at whole.
_FIRST_LOOK = 1_000

# A copy in other units correlates to float32 rounding, 1 - 1e-13; nothing measured twice comes close.
_SAME = 1 - 1e-9

# An odd multiplier (2^64 over the golden ratio) carries every bit of a hash on.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def suspicions(columns: Iterable[tuple[str, ArrayLike]], x: NDArray[np.float32], targets: Targets) -> list[str]:
    """Sentences for the reader; ``columns`` are the features by name, ``x`` what became of them."""
    return _copies_of_the_target(columns, targets) + _repeated_rows(x, targets.y)


def _copies_of_the_target(columns: Iterable[tuple[str, ArrayLike]], targets: Targets) -> list[str]:
    same = _proportional if targets.task == "regression" else _same_groups
    goals = targets.y.reshape(len(targets.y), -1).T
    found = [
        name
        for name, values in columns
        for column in [np.asarray(values)]
        if any(same(column[:_FIRST_LOOK], goal[:_FIRST_LOOK]) and same(column, goal) for goal in goals)
    ]
    note = f"Tells the target exactly: {listed(found)}. If it is a copy of the target, or made from it, remove it."
    return [note] if found else []


def _same_groups(column: NDArray[Any], goal: NDArray[Any]) -> bool:
    """Whether rows agree in one exactly where they agree in the other."""
    # Both are numbered in order of appearance, so equal groups have equal numbers.
    return np.array_equal(pd.factorize(column)[0], pd.factorize(goal)[0])


def _proportional(column: NDArray[Any], goal: NDArray[Any]) -> bool:
    """Whether one is the other in other units."""
    if column.dtype.kind not in "biuf":
        return False
    pair = np.array([column, goal], dtype=np.float64)
    pair -= pair.mean(axis=1, keepdims=True)
    squares = np.square(pair).sum(axis=1)
    # What is constant is proportional to nothing.
    return bool(squares.all()) and bool(np.square(pair[0] @ pair[1]) > _SAME * squares.prod())


def _repeated_rows(x: NDArray[np.float32], y: NDArray[Any]) -> list[str]:
    hashes = np.zeros(len(x), dtype=np.uint64)
    for column in (*x.T, *y.reshape(len(y), -1).T):
        # Adding zero makes -0 and 0 one value, which older pandas tells apart.
        hashes = hashes * _GOLDEN + pd.util.hash_array(column + 0)
    _, counts = np.unique(hashes, return_counts=True)
    repeated = int(counts[counts > 1].sum())
    note = (
        f"{repeated:,} of {len(x):,} rows occur more than once; copies may lie among the training and the test rows, "
        "which flatters every function."
    )
    return [note] if repeated else []
