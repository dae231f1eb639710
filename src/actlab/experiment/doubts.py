"""Differences that look large and could not be established: said, so that nobody takes them for equality."""

from __future__ import annotations

from actlab.experiment.evidence import Evidence, Row
from actlab.experiment.statistics import LEVEL


def too_variable(evidence: Evidence, label: str) -> list[str]:
    """Phrases about those that are further behind than the run could typically find, and yet level with the best."""
    return [
        f"{row['activation']} is {_gap(evidence, label, row)} lower on average, but that varies too much "
        f"for {row['runs']} seeds to tell"
        for row in doubtful(evidence, label)
    ]


def doubtful(evidence: Evidence, label: str) -> list[Row]:
    """Level with the best, though further behind than the smallest difference that was typically found.

    That one rests on the median spread; the spread of these differences is larger. Where runs diverged, those are
    told instead.
    """
    best, *rest = evidence.tables[label]
    smallest = evidence.detectable[label]
    return [row for row in rest if row["best_group"] and not row["diverged"] and best["mean"] - row["mean"] > smallest]


def perhaps_chance(evidence: Evidence, label: str) -> list[str]:
    """Phrases about those whose own test finds a difference to the best that the correction takes back.

    Needs all conditions: the tests count them.
    """
    best, *rest = evidence.tables[label]
    p = evidence.tests.raw[list(evidence.conditions).index(label), evidence.labels.index(best["activation"])]
    told = [row["activation"] for row in doubtful(evidence, label)]
    return [
        f"{row['activation']} is {_gap(evidence, label, row)} lower on average, which chance alone may show among so "
        "many comparisons"
        for row in rest
        if row["best_group"] and row["activation"] not in told and p[evidence.labels.index(row["activation"])] <= LEVEL
    ]


def _gap(evidence: Evidence, label: str, row: Row) -> str:
    return evidence.score(label).difference(evidence.tables[label][0]["mean"] - row["mean"])
