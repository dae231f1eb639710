"""What the conclusion rests on, with the questions it asks of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from actlab.experiment.failures import Errors
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
    errors : (condition, activation) -> what its runs raised, if any did
    """

    conditions: Mapping[str, Facts]
    tables: Mapping[str, list[Row]]
    labels: Sequence[str]
    baseline: str
    detectable: Mapping[str, float]
    tests: Family
    ranks: Sequence[Mapping[str, Any]]
    errors: Mapping[tuple[str, str], Errors]

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
        return all(map(never_trained, self.tables[label]))

    def diverged(self, label: str, activation: str) -> int:
        """Final runs that diverged; the summary counts those that raised an error among them."""
        raised = self.errors.get((label, activation))
        return int(self.row(label, activation)["diverged"]) - (raised.runs if raised else 0)

    def among(self, data: str) -> Evidence:
        """The part about one data set."""
        return self.part(label for label in self.tables if self.conditions[label]["data"] == data)

    def part(self, labels: Iterable[str]) -> Evidence:
        """The part about some conditions; `tests` remain those of all."""
        kept = list(labels)
        return replace(
            self,
            tables={label: self.tables[label] for label in kept},
            conditions={label: self.conditions[label] for label in kept},
        )


def beats(row: Row) -> bool:
    """Whether a row of the summary is better than the baseline beyond chance."""
    return bool(row["difference"] > 0 and row["p_holm"] <= LEVEL and not never_trained(row))


def never_trained(row: Row) -> bool:
    """Whether no final run of a row of the summary trained to the end: its score says nothing about its function."""
    return bool(row["diverged"] >= row["runs"])
