"""What the conclusion rests on, with the questions it asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from actlab.experiment.family import Family
from actlab.experiment.ranks import variant
from actlab.experiment.statistics import LEVEL
from actlab.experiment.summarise import Facts
from actlab.experiment.wording import Score

Row = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """The tables of a comparison.

    Attributes
    ----------
    conditions : label -> facts
    tables : label -> rows of the summary, best mean first
    labels : activations, in the order of `tests`
    baseline : label of the declared baseline
    detectable : label of a condition -> smallest difference to the baseline that would have been found
    tests : corrected p values of all pairs
    ranks : average ranks over data sets
    """

    conditions: Mapping[str, Facts]
    tables: Mapping[str, list[Row]]
    labels: Sequence[str]
    baseline: str
    detectable: Mapping[str, float]
    tests: Family
    ranks: Sequence[Mapping[str, Any]]

    @property
    def data(self) -> list[str]:
        """Names of the data sets, once each."""
        return list(dict.fromkeys(item["data"] for item in self.conditions.values()))

    @property
    def variants(self) -> list[str]:
        """What varies beside the data set, once each: "no norm", "layer norm"; one empty text if nothing does."""
        return list(dict.fromkeys(map(variant, self.conditions.values())))

    def score(self, label: str) -> Score:
        """How scores of a condition are written."""
        return Score(self.conditions[label]["score"])

    def row(self, label: str, activation: str) -> Row:
        """The row of the summary."""
        return next(row for row in self.tables[label] if row["activation"] == activation)

    def rows(self, activation: str) -> list[Row]:
        """Its rows under all conditions."""
        return [self.row(label, activation) for label in self.tables]

    def hopeless(self, label: str) -> bool:
        """Whether no run of a condition came to anything."""
        return all(row["diverged"] == row["runs"] for row in self.tables[label])

    def among(self, data: str) -> Evidence:
        """The part about one data set."""
        kept = {label: rows for label, rows in self.tables.items() if self.conditions[label]["data"] == data}
        return replace(self, tables=kept, conditions={label: self.conditions[label] for label in kept})


def beats(row: Row) -> bool:
    """Whether a row of the summary is better than the baseline beyond chance."""
    return bool(row["difference"] > 0 and row["p_holm"] <= LEVEL)
