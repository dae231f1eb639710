"""What a section is: what it measures, how its table looks, what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal


@dataclass(frozen=True)
class Section:
    """One row of the table of promises, or figures without one.

    Attributes
    ----------
    letter : its name on the command line
    title : what is measured, under which conditions
    measure : yields the figures
    goals : what is to be reached
    row, column : where a figure stands in the table, as templates of its attributes
    unit : of the values; see `figures.FORMATS`
    times : whether the table shows our time an element
    note : what the reader must know
    """

    letter: str
    title: str
    measure: Callable[[Bench], Iterator[Figure]]
    goals: tuple[Goal, ...] = ()
    row: str = "{function}"
    column: str = "{peer} {size}"
    unit: str = "x"
    times: bool = True
    note: str = ""
