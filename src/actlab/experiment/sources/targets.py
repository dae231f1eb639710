"""What is to be learnt: recognised from the target columns, or as asked."""

from __future__ import annotations

from dataclasses import dataclass
from reprlib import repr as shortened
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actlab.experiment.data import Task
from actlab.experiment.sources.columns import moved_note, refuse_infinite, refuse_unusable
from actlab.experiment.sources.narrow import narrowed
from actlab.experiment.sources.request import Request

# A numeric target with at most this many distinct values is a class label, with more a quantity. Fractions
# are rarely labels, whole numbers often.
MOST_WHOLE_LABELS, MOST_FRACTION_LABELS = 30, 10


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets as `actlab.experiment.data.Dataset` wants them, and what was recognised."""

    task: Task
    y: NDArray[Any]
    classes: tuple[str, ...] | None
    notes: tuple[str, ...]


def read_targets(frame: pd.DataFrame, request: Request) -> Targets:
    """The targets in the columns of ``frame``.

    One column is a regression if it is numeric with many values, else a classification; several columns are labels
    if all of them hold 0 and 1 only, else a regression with several outputs.

    Raises
    ------
    DataError
        If a value is missing or infinite, or the columns cannot be what was asked for.
    """
    for name in frame.columns:
        refuse_unusable(frame[name], request)
        refuse_infinite(frame[name], request)
        if count := int(frame[name].isna().sum()):
            raise request.error(
                f"the target must be known in every row; got {count} missing in column {name!r}; "
                "remove these rows, or set missing to drop"
            )
    task = request.task or _recognised(frame, request)
    match task:
        case "classification":
            return _classes(frame, request)
        case "multilabel":
            return _labels(frame, request)
        case "regression":
            return _quantities(frame, request)


def _recognised(frame: pd.DataFrame, request: Request) -> Task:
    columns = [frame[name] for name in frame.columns]
    if len(columns) == 1:
        return "regression" if _is_quantity(columns[0]) else "classification"
    if all(_is_zero_one(column) for column in columns):
        return "multilabel"
    for column in columns:
        if not _is_numeric(column):
            raise request.error(
                f"several target columns must all be numbers; got text in column {str(column.name)!r}; "
                "predict it alone, or turn it into columns of 0 and 1"
            )
    return "regression"


def _classes(frame: pd.DataFrame, request: Request) -> Targets:
    if len(frame.columns) > 1:
        raise request.error(
            f"a classification must have one target column; got {len(frame.columns)}: {_listed(frame)}; "
            "name one of them, or set task to multilabel"
        )
    column = frame[frame.columns[0]]
    if _is_numeric(column):
        # Class numbers in their own order, not that of their text: 2 before 10; and 1, not 1.0.
        values, y = np.unique(column.to_numpy(), return_inverse=True)
        classes = [str(value).removesuffix(".0") for value in values]
    else:
        values, y = np.unique(column.to_numpy(dtype=object).astype(str), return_inverse=True)
        classes = values.tolist()
    note = f"The target {column.name} has {len(classes)} distinct values: a classification{_asked(request)}."
    return Targets("classification", y.astype(np.int64), tuple(classes), (note,))


def _labels(frame: pd.DataFrame, request: Request) -> Targets:
    for name in frame.columns:
        if not _is_zero_one(frame[name]):
            odd = next(value for value in frame[name] if value not in (0, 1))
            raise request.error(
                f"a label column must hold 0 and 1 only; got {shortened(str(odd))} in column {name!r}; "
                "recode it, or choose another task"
            )
    y = frame.to_numpy(dtype=np.float32)
    notes = [f"The targets {_listed(frame)} hold 0 and 1 only: multi-label classification{_asked(request)}."]
    if y.shape[1] > 1 and np.all(y.sum(1) == 1):
        notes.append("Exactly one label holds in every row: one target column with the classes would say more.")
    return Targets("multilabel", y, tuple(map(str, frame.columns)), tuple(notes))


def _quantities(frame: pd.DataFrame, request: Request) -> Targets:
    for name in frame.columns:
        if not _is_numeric(frame[name]):
            raise request.error(
                f"the target of a regression must be numeric; got {shortened(str(frame[name].iloc[0]))} in column "
                f"{name!r}; choose another column or task"
            )
    if len(frame.columns) > 1:
        note = f"The targets {_listed(frame)} are numeric: a regression with {len(frame.columns)} outputs"
    elif request.task:
        note = f"The target {frame.columns[0]} is numeric: a regression"
    else:
        note = f"The target {frame.columns[0]} is numeric with many values: a regression"
    y, moved = narrowed(frame.to_numpy(dtype=np.float64))
    notes = (f"{note}{_asked(request)}.", *moved_note([str(frame.columns[number]) for number in moved]))
    return Targets("regression", y, None, notes)


def _is_numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _is_zero_one(column: pd.Series) -> bool:
    return _is_numeric(column) and bool(column.isin((0, 1)).all())


def _is_quantity(column: pd.Series) -> bool:
    if not _is_numeric(column) or pd.api.types.is_bool_dtype(column):
        return False
    distinct = np.unique(column.to_numpy(dtype=np.float64))
    fractions = bool(np.any(distinct != np.round(distinct)))
    return len(distinct) > (MOST_FRACTION_LABELS if fractions else MOST_WHOLE_LABELS)


def _asked(request: Request) -> str:
    return ", as asked" if request.task else ""


def _listed(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns))
