"""Data frames and arrays become data sets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from actlab.errors import suggest
from actlab.experiment.data import FEWEST_ROWS, Dataset
from actlab.experiment.sources.columns import listed, moved_note, read_columns
from actlab.experiment.sources.narrow import narrowed
from actlab.experiment.sources.request import Request
from actlab.experiment.sources.suspicions import suspicions
from actlab.experiment.sources.targets import Targets, read_targets

_X_AXES, _Y_AXES = (2, 3, 4), (1, 2)
_CHANNELS = (1, 3, 4)  # grey, RGB, RGBA
_KINDS = {1: "signal of {} samples", 2: "picture of {} pixels", 3: "picture of {} (channels, height, width)"}


def from_frame(frame: pd.DataFrame, request: Request) -> Dataset:
    """The data set in a data frame, some of whose columns are the targets.

    Raises
    ------
    DataError
        If a target is not there, or a column cannot be used.
    """
    frame = _named(frame, request)
    names = _target_columns(frame, request)
    return _from_columns(frame.drop(columns=names), frame[names], request, tuple(names))


def from_arrays(x: Any, y: Any, request: Request) -> Dataset:
    """The data set in rows of features and their targets.

    Parameters
    ----------
    x : [rows, features], [rows, height, width] or [rows, channels, height, width]; or a data frame. An axis of length
        1 after the first is left out: [rows, 1, length] are signals.
    y : [rows] or [rows, outputs]

    Raises
    ------
    DataError
        If the shapes do not fit together, or the values cannot be used.
    """
    y = np.asarray(y)
    if not hasattr(x, "columns"):
        x = np.asarray(x)
    fitting = len(x.shape) in _X_AXES and y.ndim in _Y_AXES and len(x) == len(y)
    if not fitting or 0 in (*x.shape, *y.shape):
        raise request.error(
            "data must be (X, y) with X of shape [rows, features], [rows, height, width] or [rows, channels, height, "
            f"width] and y of shape [rows] or [rows, outputs]; got X.shape={tuple(x.shape)}, y.shape={y.shape}"
        )
    goals = y.reshape(len(y), -1)
    names = ["y"] if goals.shape[1] == 1 else [f"y{number}" for number in range(1, goals.shape[1] + 1)]
    goal_frame = pd.DataFrame(goals, columns=names).infer_objects()
    if hasattr(x, "columns"):
        # By position: the index of X need not be that of y.
        return _from_columns(_named(x, request).reset_index(drop=True), goal_frame, request, None)
    if x.dtype.kind not in "biuf" and x[0].ndim == 1:
        return _from_columns(_named(pd.DataFrame(x), request), goal_frame, request, None)
    return _from_numbers(x, goal_frame, request)


def _from_columns(
    features: pd.DataFrame, goals: pd.DataFrame, request: Request, names: tuple[str, ...] | None
) -> Dataset:
    notes = []
    if request.missing == "drop":
        whole = features.notna().all(axis=1) & goals.notna().all(axis=1)
        notes = _dropped(whole.to_numpy(), request)
        if notes:
            features, goals = features[whole], goals[whole]
    targets = read_targets(goals, request)
    x, said = read_columns(features, request)
    columns = ((str(name), features[name]) for name in features.columns)
    return _dataset(x, targets, (*notes, *said), columns, request, names=names)


def _from_numbers(x: NDArray[Any], goals: pd.DataFrame, request: Request) -> Dataset:
    """The data set in an array of numbers, which is not copied if it is float32."""
    if x.dtype.kind not in "biuf":
        raise request.error(f"X must hold numbers; got X of dtype {x.dtype}; convert it")
    shape, notes = _row_shape(x, request)
    matrix, moved = narrowed(x, together=bool(shape))
    notes += moved_note(["all of X"] if shape and moved.size else [f"feature {number + 1}" for number in moved])
    if count := np.count_nonzero(np.isinf(matrix)):
        raise request.error(f"every value must be finite and below 3.4e38; got {count} infinite or larger in X")
    if request.missing == "drop":
        whole = ~np.isnan(matrix).any(1) & goals.notna().all(axis=1).to_numpy()
        dropped = _dropped(whole, request)
        if dropped:
            matrix, goals, notes = matrix[whole], goals[whole], [*notes, *dropped]
    notes += _holes(matrix, request)
    columns = ((f"feature {number}", column) for number, column in enumerate(matrix.T, 1))
    return _dataset(matrix, read_targets(goals, request), notes, columns, request, shape=shape)


def _holes(matrix: NDArray[np.float32], request: Request) -> list[str]:
    """What is said about missing values that will be filled."""
    holes = np.isnan(matrix)
    count = np.count_nonzero(holes)
    if not count:
        return []
    if (empty := np.flatnonzero(holes.all(0))).size:
        raise request.error(f"a column must hold values; got none in feature {empty[0] + 1} of X; remove it")
    if request.missing == "refuse":
        raise request.error(
            f"every value must be present; got {count} missing in X; fill them, or set missing to mean, median or drop"
        )
    return [f"Missing values: {count:,}. They were filled with the {request.missing} of each seed's training rows."]


def _dataset(
    x: NDArray[np.float32],
    targets: Targets,
    notes: Iterable[str],
    columns: Iterable[tuple[str, ArrayLike]],
    request: Request,
    *,
    shape: tuple[int, ...] = (),
    names: tuple[str, ...] | None = None,
) -> Dataset:
    return Dataset(
        name=request.name,
        source=request.source,
        task=targets.task,
        x=x,
        y=targets.y,
        classes=targets.classes,
        shape=shape,
        notes=(*targets.notes, *notes, *suspicions(columns, x, targets)),
        targets=names,
        missing=request.missing,
    )


def _row_shape(x: NDArray[Any], request: Request) -> tuple[tuple[int, ...], list[str]]:
    """(what one row is, a note that says so)."""
    _, *shape = x.shape
    if len(shape) == 1:
        return (), []
    if len(shape) == max(_KINDS) and shape[2] in _CHANNELS and shape[0] not in _CHANNELS:
        raise request.error(
            f"pictures must have their channels first, [rows, channels, height, width]; got X.shape={x.shape}; "
            "pass X.transpose(0, 3, 1, 2)"
        )
    while len(shape) > 1 and shape[0] == 1:
        del shape[0]
    return tuple(shape), [f"Each row is a {_KINDS[len(shape)].format(' x '.join(map(str, shape)))}."]


def _named(frame: pd.DataFrame, request: Request) -> pd.DataFrame:
    """The frame with columns of different names, all of them strings, and of the types that their values have."""
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1).infer_objects()
    twice = frame.columns[frame.columns.duplicated()].unique()
    if len(twice):
        raise request.error(f"columns must have different names; got twice: {listed(list(twice))}; rename one of them")
    return frame


def _target_columns(frame: pd.DataFrame, request: Request) -> list[str]:
    columns = list(frame.columns)
    if request.targets is None:
        raise request.error(
            f"target must name the column to predict in {request.name}; got none; columns: {listed(columns)}"
        )
    for target in request.targets:
        if target not in columns:
            raise request.error(
                f"target must be a column of {request.name}; got target={target!r}{suggest(target, columns)}; "
                f"columns: {listed(columns)}"
            )
    if len(columns) == len(request.targets):
        raise request.error(f"{request.name} must have a column besides the target; got columns: {listed(columns)}")
    return list(request.targets)


def _dropped(whole: NDArray[np.bool_], request: Request) -> list[str]:
    """What is said about rows with a missing value; ``whole`` marks the others."""
    kept, rows = np.count_nonzero(whole), len(whole)
    if kept == rows:
        return []
    if kept < FEWEST_ROWS:
        raise request.error(
            f"data must have at least {FEWEST_ROWS} rows without a missing value; got rows={kept} of {rows} in "
            f"{request.name}; set missing to mean or median, or remove the column that is mostly missing"
        )
    return [f"Left out, since a value is missing: {rows - kept:,} of {rows:,} rows."]
