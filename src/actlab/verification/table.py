"""The record of measured accuracy, `accuracy.csv`: read by `actlab show` and the tests, written by this package.

One row for each activation, format and quantity, sorted, so that a new measurement changes its own rows and no other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

PATH = Path(__file__).with_name("accuracy.csv")
QUANTITIES = ("value", "derivative", "second derivative")
_HALVES = ("float16", "bfloat16")
FORMATS = (*_HALVES, "float32", "float64")

Key: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Row:
    """One line of the record.

    Attributes
    ----------
    function : label, bound parameters included
    dtype, what : format, and which of QUANTITIES
    max_ulp, worst_input : largest error, in units in the last place, and its input. Of float64 derivatives, farther
        than 1e-3 from their roots, next to which an ulp is no measure; the next two columns leave nothing out
    promise_used, used_at : largest error as a share of what is promised at its input (1 is all of it), and that input;
        empty where nothing is promised
    misrounded, inputs : how many of how many results are not the nearest number
    method : "all inputs" or "sample"
    date, cpu : when and on what
    """

    function: str
    dtype: str
    what: str
    max_ulp: float
    worst_input: float
    promise_used: float | None
    used_at: float | None
    misrounded: int
    inputs: int
    method: str
    date: str
    cpu: str

    @property
    def key(self) -> Key:
        """What there is one row of."""
        return self.function, self.dtype, self.what

    @property
    def kept(self) -> bool:
        """Whether the promise is kept; that of 16 bits is correct rounding, and bound parameters have none."""
        if self.dtype in _HALVES:
            return not self.misrounded
        return ":" in self.function or (self.promise_used or 0.0) <= 1


@lru_cache(maxsize=1)
def read(path: Path = PATH) -> Mapping[Key, Row]:
    """All rows by their keys; none if there is no file."""
    if not path.exists():
        return MappingProxyType({})
    with path.open(encoding="utf-8", newline="") as file:
        rows = [_row(line) for line in csv.DictReader(file)]
    return MappingProxyType({row.key: row for row in rows})


def update(rows: Iterable[Row], path: Path = PATH) -> None:
    """Put rows in the place of those with their keys; the file is replaced in one step."""
    read.cache_clear()
    known = {**read(path), **{row.key: row for row in rows}}
    read.cache_clear()
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(_line(known[key]) for key in sorted(known, key=_place))
    new.replace(path)


def _place(key: Key) -> tuple[str, int, int]:
    function, dtype, what = key
    return function, FORMATS.index(dtype), QUANTITIES.index(what)


def _row(line: Mapping[str, str]) -> Row:
    numbers = {name: float(line[name]) if line[name] else None for name in ("promise_used", "used_at")}
    counts = {name: int(line[name]) for name in ("misrounded", "inputs")}
    sizes = {name: float(line[name]) for name in ("max_ulp", "worst_input")}
    return Row(**{**line, **numbers, **counts, **sizes})  # type: ignore[arg-type]


def _line(row: Row) -> dict[str, object]:
    """The row as text: errors to four digits, rounded up; inputs in full."""
    return {name: "" if value is None else value for name, value in asdict(row).items()}


def rounded_up(error: float) -> float:
    """An error as the record gives it: five significant digits, never less than it is.

    Examples
    --------
    >>> rounded_up(0.50000012)
    0.50001
    """
    near = float(f"{error:.5g}")
    return near if near >= error else float(f"{error * (1 + 2e-5):.5g}")
