"""Runs that came to nothing, in words: divergence is a finding about a function, an error is a fault to repair."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from actlab.experiment.chunk import FINAL
from actlab.experiment.wording import listed

if TYPE_CHECKING:
    from actlab.experiment.evidence import Evidence

# Of a longer message the beginning says what is wrong; the report has all of it.
LONGEST_MESSAGE = 240

# More conditions than these are counted, not named.
MOST_NAMED = 3


@dataclass(frozen=True)
class Errors:
    """What an activation raised under one condition.

    Attributes
    ----------
    runs : final runs that raised
    message : of the first run that did
    """

    runs: int
    message: str


def errors_of(trials: pd.DataFrame) -> dict[tuple[str, str], Errors]:
    """(condition, activation) -> what its runs raised; without those that raised nothing."""
    raised = trials[trials.message != ""]
    return {
        (str(condition), str(activation)): Errors(int((own.stage == FINAL).sum()), _shortened(own.message.iloc[0]))
        for (condition, activation), own in raised.groupby(["condition", "activation"], sort=False)
    }


def diverged(evidence: Evidence) -> list[str]:
    """Who diverged how often, as phrases: "cube diverged in 4 of 10 final runs"."""
    return _together((activation, _divergence(evidence, activation)) for activation in evidence.labels)


def could_not_be_trained(evidence: Evidence) -> list[str]:
    """Who raised what, as sentences, every function once: "bad could not be trained: ValueError: no."."""
    return _together((activation, _error(evidence, activation)) for activation in evidence.labels)


def _together(told: Iterable[tuple[str, str]]) -> list[str]:
    """Those of whom the same is told share a phrase."""
    names: dict[str, list[str]] = {}
    for activation, text in told:
        if text:
            names.setdefault(text, []).append(activation)
    return [f"{listed(own)} {text}" for text, own in names.items()]


def _divergence(evidence: Evidence, activation: str) -> str:
    counts = {label: evidence.diverged(label, activation) for label in evidence.tables}
    runs = {label: evidence.row(label, activation)["runs"] for label in evidence.tables}
    every = [label for label, count in counts.items() if count and count == runs[label]]
    some = [label for label, count in counts.items() if 0 < count < runs[label]]
    share = f"{sum(counts[label] for label in some)} of {sum(runs[label] for label in some)} final runs"
    parts = [f"in {amount}{_where(evidence, part)}" for amount, part in (("every run", every), (share, some)) if part]
    return f"diverged {' and '.join(parts)}" if parts else ""


def _error(evidence: Evidence, activation: str) -> str:
    found = {label: own for label in evidence.tables if (own := evidence.errors.get((label, activation)))}
    if not found:
        return ""
    runs = {label: evidence.row(label, activation)["runs"] for label in found}
    final = sum(own.runs for own in found.values())
    if every := [label for label, own in found.items() if own.runs == runs[label]]:
        what, where = "could not be trained", every
    else:
        where = list(found)
        what = f"failed in {final} of {sum(runs.values())} final runs" if final else "failed in some tuning runs"
    return f"{what}{_where(evidence, where)}: {found[where[0]].message.rstrip('.')}."


def _where(evidence: Evidence, labels: Sequence[str]) -> str:
    """The conditions in brackets, unless it is all of them."""
    if len(labels) == len(evidence.tables):
        return ""
    return f" ({'; '.join(labels) if len(labels) <= MOST_NAMED else f'under {len(labels)} conditions'})"


def _shortened(message: str) -> str:
    return textwrap.shorten(message, LONGEST_MESSAGE, placeholder=" ...")
