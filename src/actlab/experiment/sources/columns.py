"""Feature columns of a table as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from reprlib import repr as shortened

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actlab.experiment.sources.narrow import narrowed
from actlab.experiment.sources.request import Request

# A text column with more levels than this is an identifier or free text, not a category.
MOST_LEVELS = 20

# What `pandas.api.types.infer_dtype` calls values that are neither numbers nor text.
_UNUSABLE = {
    *("datetime64", "datetime", "date", "time", "timedelta64", "timedelta", "period", "interval"),
    *("complex", "bytes"),
}

# The level that text gets where it is missing.
_MISSING_LEVEL = "(missing)"

# Columns named in one note or message.
_MOST_LISTED = 20


def read_columns(frame: pd.DataFrame, request: Request) -> tuple[NDArray[np.float32], list[str]]:
    """(float32[rows, features], what was done to the columns); NaN is a missing value that will be filled.

    Raises
    ------
    DataError
        If a column holds what cannot be used, such as dates, infinity or, unless asked for, missing values.
    """
    text = []
    for name in frame.columns:
        column = frame[name]
        refuse_unusable(column, request)
        refuse_infinite(column, request)
        refuse_missing(column, request)
        if not pd.api.types.is_numeric_dtype(column):
            text.append(name)
    levels = {name: _levels(frame[name], request) for name in text}
    widths = [len(levels[name][0]) if name in levels else 1 for name in frame.columns]
    # Made once and filled in place: nothing else is as large.
    x = np.zeros((len(frame), sum(widths)), dtype=np.float32)
    moved = []
    for name, width, end in zip(frame.columns, widths, np.cumsum(widths), strict=True):
        if name in levels:
            x[np.arange(len(frame)), end - width + levels[name][1]] = 1
        else:
            values, far = narrowed(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
            x[:, end - 1] = values[:, 0]
            moved += [name] if far.size else []
    notes = _notes(frame, {name: found for name, (found, _) in levels.items()}, request)
    return x, [*notes, *moved_note(moved)]


def refuse_unusable(column: pd.Series, request: Request) -> None:
    """Dates and the like are neither numbers nor categories."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _UNUSABLE or (kind == "mixed" and not column.map(pd.api.types.is_scalar).all()):
        kind = "lists or the like" if kind == "mixed" else kind
        raise request.error(
            f"a column must hold numbers or text; got {kind} in column {str(column.name)!r}; "
            "turn it into numbers or remove it"
        )


def refuse_infinite(column: pd.Series, request: Request) -> None:
    """A number beyond float32 would turn into infinity on the way."""
    if not pd.api.types.is_numeric_dtype(column):
        return
    with np.errstate(over="ignore"):
        count = np.count_nonzero(np.isinf(column.to_numpy(dtype=np.float32, na_value=np.nan)))
    if count:
        raise request.error(
            f"every value must be finite and below 3.4e38; got {count} infinite or larger in column "
            f"{str(column.name)!r}; remove these rows"
        )


def refuse_missing(column: pd.Series, request: Request) -> None:
    """Missing values are not passed over in silence."""
    count = int(column.isna().sum())
    if count and count == len(column):
        raise request.error(f"a column must hold values; got none in column {str(column.name)!r}; remove it")
    if count and request.missing == "refuse":
        raise request.error(
            f"every value must be present; got {count} missing in column {str(column.name)!r}; "
            "fill them, or set missing to mean, median or drop"
        )


def moved_note(names: Sequence[str]) -> list[str]:
    """What is said of columns that `narrowed` moved."""
    text = "Far from zero for how little they vary, so that the smallest value was subtracted"
    return [f"{text}: {listed(names)}."] if names else []


def listed(names: Sequence[str]) -> str:
    """The names, not too many of them."""
    if not names:
        return "none"
    return ", ".join(map(str, names[:_MOST_LISTED])) + (", ..." if len(names) > _MOST_LISTED else "")


def _levels(column: pd.Series, request: Request) -> tuple[list[str], NDArray[np.int64]]:
    """(the different values in order, int64[rows], the number of each row's value)."""
    values = column.astype(object).where(column.notna(), _MISSING_LEVEL).astype(str)
    codes, found = pd.factorize(values, sort=True)
    if len(found) > MOST_LEVELS:
        odd = next((level for level in found if not is_number(level)), found[0])
        raise request.error(
            f"a text column must have at most {MOST_LEVELS} distinct values; got {len(found)} in "
            f"column {str(column.name)!r}, such as {shortened(odd)}; remove it or make it numeric"
        )
    return list(found), codes


def _notes(frame: pd.DataFrame, levels: dict[str, list[str]], request: Request) -> list[str]:
    notes = []
    if levels:
        notes.append(f"Text columns were one-hot encoded: {listed(list(levels))}.")
    for name, found in levels.items():
        words = [level for level in found if not is_number(level) and level != _MISSING_LEVEL]
        if words and any(map(is_number, found)):
            notes.append(f"Column {name} mixes numbers with text such as {shortened(words[0])}: it was taken as text.")
    gaps = {name: int(count) for name, count in frame.isna().sum().items() if count}
    if gaps:
        notes.append(
            f"Missing values: {sum(gaps.values()):,}, in {listed(list(gaps))}. Numbers were filled with the "
            f"{request.missing} of each seed's training rows; missing text is a category of its own."
        )
    constant = [name for name in frame.columns if frame[name].duplicated().sum() == len(frame) - 1]
    if constant:
        notes.append(f"The same value in every row: {listed(constant)}.")
    numbered = [name for name in frame.columns if pd.api.types.is_integer_dtype(frame[name]) and frame[name].is_unique]
    if numbered:
        notes.append(f"Different in every row: {listed(numbered)}. Remove what only numbers the rows.")
    return notes


def is_number(text: str) -> bool:
    """Whether the text reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
