"""Average ranks over several data sets, with the critical difference of Demsar's diagrams.

Here the data sets are the sample: a difference of average ranks is a statement about data sets like these, each
counting once, whatever the size of its differences.

Notes
-----
Sources: Demsar 2006, JMLR 7:1 (procedure and diagram); Iman & Davenport 1980, Comm. Statist. A9:571 (the F form of
Friedman's test).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from actlab.experiment.statistics import LEVEL, Scores

FACTORS = ("scale", "model", "norm", "init")


def average_ranks(summary: pd.DataFrame, conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Average ranks over the data sets, once for every setting of the other factors with two data sets or more.

    Parameters
    ----------
    summary : with the columns condition, activation, mean
    conditions : label, data, scale, model, norm and init of each

    Returns
    -------
    JSON-able dicts: across (the other factors in words, "" if only the data vary), conditions (labels), ranks
    (activation -> average rank, 1 is best, ties averaged; the best first), critical_difference (of Nemenyi's test
    at 5%), p (Friedman's test), groups (largest sets of two or more activations, best first, whose ranks differ by
    less than the critical difference), note (what so few data sets cannot tell, or "")
    """
    settings: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for condition in conditions:
        settings.setdefault(tuple(str(condition[factor]) for factor in FACTORS), []).append(condition)
    activations = list(dict.fromkeys(summary.activation))
    if len(activations) < 2:  # noqa: PLR2004 - a rank takes two
        return []
    return [_ranked(summary, group, activations) for group in settings.values() if len(group) > 1]


def friedman_p(ranks: Scores) -> float:
    """p value of Friedman's test in Iman and Davenport's form, from ranks [data sets, activations].

    Never below the chance that all data sets agree on one order, (activations!)^(1 - data sets): with few data sets
    the F distribution is not to be trusted beyond it.
    """
    sets, count = ranks.shape
    spread = float(np.sum(ranks**2)) - sets * count * (count + 1) ** 2 / 4
    if spread == 0:
        return 1.0  # everything is tied everywhere
    chi2 = (count - 1) * float(np.sum((ranks.sum(axis=0) - sets * (count + 1) / 2) ** 2)) / spread
    rest = sets * (count - 1) - chi2
    f = (sets - 1) * chi2 / rest if rest > 0 else math.inf
    p = float(stats.f.sf(f, count - 1, (count - 1) * (sets - 1)))
    agreement: float = math.factorial(count) ** float(1 - sets)
    return max(p, agreement)


def critical_difference(count: int, sets: int) -> float:
    """Nemenyi's: average ranks of `count` activations over `sets` data sets that differ by less are not told apart."""
    return _studentised(count) * math.sqrt(count * (count + 1) / (6 * sets))


def cliques(ranks: Mapping[str, float], difference: float) -> list[list[str]]:
    """Largest sets of two or more whose ranks differ by less than the difference, best first."""
    names = sorted(ranks, key=ranks.__getitem__)
    found: list[list[str]] = []
    for start, first in enumerate(names):
        group = [name for name in names[start:] if ranks[name] - ranks[first] < difference]
        if len(group) > 1 and not (found and group[-1] in found[-1]):
            found.append(group)
    return found


def _ranked(summary: pd.DataFrame, group: Sequence[Mapping[str, Any]], activations: list[str]) -> dict[str, Any]:
    labels = [condition["label"] for condition in group]
    means = summary.pivot_table(index="condition", columns="activation", values="mean", dropna=False)
    scores = means.reindex(index=labels, columns=activations).to_numpy(dtype=np.float64)
    # One without any score is last.
    ranks = stats.rankdata(-np.where(np.isnan(scores), -np.inf, scores), axis=1)
    averages = dict(zip(activations, map(float, ranks.mean(axis=0)), strict=True))
    averages = dict(sorted(averages.items(), key=lambda item: item[1]))
    difference = critical_difference(len(activations), len(labels))
    return {
        "across": variant(group[0]),
        "conditions": labels,
        "ranks": averages,
        "critical_difference": difference,
        "p": friedman_p(ranks),
        "groups": cliques(averages, difference),
        "note": _note(len(activations), len(labels)),
    }


def variant(condition: Mapping[str, Any]) -> str:
    """What the label of a condition says beside the data set: "layer norm", or ""."""
    return str(condition["label"]).removeprefix(str(condition["data"])).removeprefix(", ")


def _note(count: int, sets: int) -> str:
    """Too few data sets separate nothing: even first and last everywhere are less than the difference apart."""
    needed = math.floor(_studentised(count) ** 2 * count * (count + 1) / (6 * (count - 1) ** 2)) + 1
    if sets >= needed:
        return ""
    return (
        f"Average ranks over {sets} data sets cannot tell any two of {count} functions apart, not even the first from "
        f"the last; that takes at least {needed} data sets."
    )


def _studentised(count: int) -> float:
    """Demsar's q: the upper 5% point of the studentised range for infinitely many degrees of freedom, over sqrt(2)."""
    return float(stats.studentized_range.ppf(1 - LEVEL, count, math.inf)) / math.sqrt(2)
