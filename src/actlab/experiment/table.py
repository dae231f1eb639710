"""Tables of the user's own: files, data frames and arrays become data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actlab.errors import DataError, suggest
from actlab.experiment.data import Dataset

SUFFIXES = (".csv", ".tsv", ".tab", ".txt")

# A text column with more levels than this is an identifier or free text, not a category.
MOST_LEVELS = 20

# A numeric target with at most this many distinct values is a class label, with more a quantity. Fractions
# are rarely labels, whole numbers often.
MOST_WHOLE_LABELS, MOST_FRACTION_LABELS = 30, 10

# Columns listed in a message.
_MOST_LISTED = 20


def read_file(path: Path, target: str | None, who: str) -> Dataset:
    """The data set in a text file with a header line.

    Raises
    ------
    DataError
        If the file cannot be read, or its columns cannot be used.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(
            f"{who}: a data file must be one of {', '.join(SUFFIXES)}; got file={str(path)!r}; "
            "convert it, or pass a data frame from Python"
        )
    frame = _parse(path, who)
    return from_frame(frame, target, name=path.stem, source=str(path), who=who)


def _parse(path: Path, who: str) -> pd.DataFrame:
    """The table, or one line saying what is wrong with the file."""
    complaint = f"{who}: the data file must be {{}}; got file={str(path)!r}"
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        # European spreadsheets write semicolons: the header tells.
        separator = max(",;\t", key=header.count)
        return pd.read_csv(path, sep=separator, encoding="utf-8-sig", skipinitialspace=True)
    except FileNotFoundError:
        raise DataError(complaint.format("there") + "; check the path") from None
    except UnicodeDecodeError:
        raise DataError(complaint.format("UTF-8 text") + "; save it as UTF-8") from None
    except pd.errors.EmptyDataError:
        raise DataError(complaint.format("a table with a header line") + " (empty)") from None
    except pd.errors.ParserError as error:
        reason = " ".join(str(error).split())
        raise DataError(complaint.format("a table with as many cells in every row") + f" ({reason})") from None
    except OSError as error:
        raise DataError(complaint.format("readable") + f" ({error.strerror})") from None


def from_frame(frame: pd.DataFrame, target: str | None, *, name: str, source: str, who: str) -> Dataset:
    """The data set in a data frame, ``target`` being the column to predict."""
    frame = frame.rename(columns=str)
    target = _target_column(frame, target, name, who)
    y, classes, note = _read_target(frame[target], who)
    x, notes = _read_features(frame.drop(columns=target), who)
    return Dataset(name, source, x, y, classes, (note, *notes), target)


def from_arrays(pair: tuple[Any, Any], *, name: str, who: str) -> Dataset:
    """The data set in (rows of features, targets); the features may be a data frame."""
    features, target = pair[0], np.asarray(pair[1])
    if len(features.shape) == 1 or target.squeeze().ndim != 1 or len(features) != target.size:
        raise DataError(
            f"{who}: data must be (X, y) with X of shape [rows, features] and y of shape [rows]; "
            f"got X.shape={features.shape}, y.shape={target.shape}"
        )
    if not isinstance(features, pd.DataFrame):
        features = pd.DataFrame(np.reshape(features, (len(features), -1)))
    values, classes, note = _read_target(pd.Series(target.ravel(), name="y"), who)
    matrix, notes = _read_features(features.rename(columns=str), who)
    return Dataset(name, "arrays", matrix, values, classes, (note, *notes))


def _target_column(frame: pd.DataFrame, target: str | None, name: str, who: str) -> str:
    columns = [str(column) for column in frame.columns]
    listed = ", ".join(columns[:_MOST_LISTED]) + (", ..." if len(columns) > _MOST_LISTED else "")
    if target is None:
        raise DataError(f"{who}: target must name the column to predict in {name}; columns: {listed}")
    if target not in columns:
        raise DataError(
            f"{who}: target must be a column of {name}; got target={target!r}{suggest(target, columns)}; "
            f"columns: {listed}"
        )
    if columns == [target]:
        raise DataError(f"{who}: {name} must have a column besides the target; got columns: {listed}")
    return target


def _read_target(column: pd.Series, who: str) -> tuple[NDArray[Any], tuple[str, ...] | None, str]:
    """(values, class names or None, what was recognised)."""
    _refuse_missing(column, who)
    if _is_quantity(column):
        values = column.to_numpy(dtype=np.float32)
        return values, None, f"The target {column.name} is numeric with many values: a regression."
    classes, values = np.unique(column.to_numpy(dtype=object).astype(str), return_inverse=True)
    if pd.api.types.is_numeric_dtype(column):
        # Class numbers in their own order, not that of their text: 2 before 10.
        classes, values = np.unique(column.to_numpy(), return_inverse=True)
    note = f"The target {column.name} has {len(classes)} distinct values: a classification."
    return values.astype(np.int64), tuple(str(label) for label in classes), note


def _is_quantity(column: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return False
    distinct = np.unique(column.to_numpy(dtype=np.float64))
    fractions = bool(np.any(distinct != np.round(distinct)))
    return len(distinct) > (MOST_FRACTION_LABELS if fractions else MOST_WHOLE_LABELS)


def _read_features(frame: pd.DataFrame, who: str) -> tuple[np.ndarray, list[str]]:
    """(float32[rows, features], what was done to the columns)."""
    for name in frame.columns:
        _refuse_missing(frame[name], who)
    text = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    for name in text:
        _refuse_many_levels(frame[name], who)
    encoded = pd.get_dummies(frame, columns=text, dtype=np.float32)
    x = encoded.to_numpy(dtype=np.float32)
    notes = []
    if text:
        notes.append(f"Text columns were one-hot encoded: {', '.join(text)}.")
    numbered = [name for name in frame.columns if pd.api.types.is_integer_dtype(frame[name]) and frame[name].is_unique]
    if numbered:
        notes.append(f"Different in every row: {', '.join(numbered)}. Remove what only numbers the rows.")
    return x, notes


def _refuse_missing(column: pd.Series, who: str) -> None:
    missing = column.isna()
    if pd.api.types.is_numeric_dtype(column):
        # A number beyond float32 would turn into infinity on the way.
        with np.errstate(over="ignore"):
            missing |= ~np.isfinite(column.to_numpy(dtype=np.float32, na_value=np.nan))
    if count := int(missing.sum()):
        raise DataError(
            f"{who}: every value must be present and finite; got {count} missing or infinite in column "
            f"{str(column.name)!r}; fill or remove these rows"
        )


def _refuse_many_levels(column: pd.Series, who: str) -> None:
    levels = column.astype(str).unique()
    if len(levels) > MOST_LEVELS:
        odd = next((level for level in levels if not _is_number(level)), levels[0])
        raise DataError(
            f"{who}: a text column must have at most {MOST_LEVELS} distinct values; got {len(levels)} in "
            f"column {str(column.name)!r}, such as {odd!r}; remove it or make it numeric"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
