"""The answer in plain language: nothing that the statistics do not support."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from actlab.experiment.statistics import LEVEL

Row = dict[str, Any]

# Names in a sentence.
MOST_LISTED = 8

# Smaller p values are only written as "at most" this one.
_SMALLEST_P = 0.001

# Where all accuracies are above this, a data set leaves no room to tell good functions apart.
CEILING = 0.95


def conclude(
    summary: pd.DataFrame,
    datasets: Sequence[Mapping[str, Any]],
    detectable: Mapping[str, float],
    baseline: str,
    trials: pd.DataFrame,
) -> list[str]:
    """Paragraphs: one per data set, then which activation to use."""
    tables = {item["name"]: summary[summary.data == item["name"]].to_dict("records") for item in datasets}
    paragraphs = [_about(tables[item["name"]], item, detectable[item["name"]], baseline, trials) for item in datasets]
    return [*paragraphs, _advice(tables, baseline)]


def _about(rows: list[Row], dataset: Mapping[str, Any], smallest: float, baseline: str, trials: pd.DataFrame) -> str:
    """What was found on one data set."""
    score = _Score(dataset["score"])
    sentences = [_leader(rows, dataset, score)]
    if len(rows) > 1:
        sentences += [*_others(rows, score), *_baseline_sentences(rows, baseline, score, smallest)]
    sentences += _failures(rows, trials[trials.data == dataset["name"]])
    return " ".join(sentences)


class _Score:
    """How scores and differences are written: accuracies in percent and points, R^2 as it is."""

    def __init__(self, name: str) -> None:
        self.name, self.percent = name, name == "accuracy"

    def value(self, score: float) -> str:
        return f"{100 * score:.1f}%" if self.percent else f"{score:.3f}"

    def difference(self, difference: float) -> str:
        return f"{100 * difference:.1f} points" if self.percent else f"{difference:.3f}"


def _leader(rows: list[Row], dataset: Mapping[str, Any], score: _Score) -> str:
    best = rows[0]
    return (
        f"{dataset['name']}: {best['activation']} has the highest mean test {score.name}, "
        f"{score.value(best['mean'])} (95% interval {score.value(best['low'])} to {score.value(best['high'])}, "
        f"{best['runs']} runs)."
    )


def _others(rows: list[Row], score: _Score) -> list[str]:
    """Who cannot be told from the best, and who is lower."""
    best, *rest = rows
    alike = [row["activation"] for row in rest if row["best_group"]]
    lower = [row for row in rest if not row["best_group"]]
    if not lower:
        several = f"None of the others ({_listed(alike)}) can be told from it."
        sentence = several if len(alike) > 1 else f"{alike[0]} cannot be told from it."
        if score.percent and all(row["mean"] > CEILING for row in rows):
            sentence += " This data set is nearly solved by all of them and leaves little room for differences."
        return [sentence]
    sentences = []
    if alike:
        sentences.append(f"{_listed(alike)} cannot be told from it.")
    gaps = (f"{row['activation']} (by {score.difference(best['mean'] - row['mean'])})" for row in lower)
    sentences.append(f"Significantly lower: {_listed(gaps)}.")
    return sentences


def _baseline_sentences(rows: list[Row], baseline: str, score: _Score, smallest: float) -> list[str]:
    others = [row for row in rows if row["activation"] != baseline]
    better = [row for row in others if row["difference"] > 0 and row["p_holm"] <= LEVEL]
    if better:
        gains = (
            f"{row['activation']} (by {score.difference(row['difference'])}, p = {_p(row['p_holm'])})" for row in better
        )
        sentences = [f"Better than the baseline {baseline}: {_listed(gains)}."]
    else:
        sentences = [f"No function was found to be better than the baseline {baseline}."]
    if math.isfinite(smallest):
        sentences.append(
            f"A true difference to {baseline} of {score.difference(smallest)} would have been found in four "
            "of five such comparisons; smaller ones may exist, and need more seeds to be seen."
        )
    return sentences


def _failures(rows: list[Row], trials: pd.DataFrame) -> list[str]:
    """Divergence and errors are results too."""
    failed = trials[trials.message != ""].groupby("activation").message.first()
    return [
        f"{row['activation']}: {row['diverged']} of {row['runs']} final runs diverged and count as chance level."
        for row in rows
        if row["diverged"] and row["activation"] not in failed
    ] + [f"{label} could not be trained and counts as chance level ({error})." for label, error in failed.items()]


def _advice(tables: Mapping[str, list[Row]], baseline: str) -> str:
    """Which one to use."""
    everywhere = {1: "here", 2: "on both data sets"}.get(len(tables), f"on all {len(tables)} data sets")
    labels = [row["activation"] for row in next(iter(tables.values()))]
    if len(labels) == 1:
        return f"Only {labels[0]} was trained: there is nothing to choose from."
    common = [label for label in labels if all(_row(rows, label)["best_group"] for rows in tables.values())]
    if not common:
        picks = (f"{rows[0]['activation']} on {name}" for name, rows in tables.items())
        return (
            f"Which one to use depends on the data: no function is among the best on every set. Take {_listed(picks)}."
        )
    pick = baseline if baseline in common else _closest(tables, common)
    if len(common) == 1:
        return f"Use {pick}: it alone is among the best {everywhere}."
    reason = (
        f"{_listed(common)} are among the best {everywhere}, and no difference found here speaks against "
        "staying with the baseline"
        if pick == baseline
        else f"{_listed(common)} are among the best {everywhere}; of these it loses least to the highest mean"
    )
    return f"Use {pick}: {reason}. {_fastest(tables, common)}"


def _closest(tables: Mapping[str, list[Row]], labels: Sequence[str]) -> str:
    """The label whose means fall short of the highest ones by the least, over all data sets.

    Ranks would not do: where all means are nearly equal they are chance.
    """
    return max(labels, key=lambda label: sum(_row(rows, label)["mean"] for rows in tables.values()))


def _fastest(tables: Mapping[str, list[Row]], labels: Sequence[str]) -> str:
    """Who of several took the least time for a step, summed over the data sets."""
    seconds = {
        label: sum(_row(rows, label)["seconds_per_step"] for rows in tables.values()) / len(tables) for label in labels
    }
    fast, slow = min(labels, key=seconds.__getitem__), max(labels, key=seconds.__getitem__)
    if not math.isfinite(seconds[slow]) or fast == slow:
        return ""
    return (
        f"A training step takes {1e6 * seconds[fast]:.0f} µs with {fast}, the fastest of them, and "
        f"{1e6 * seconds[slow]:.0f} µs with {slow}, the slowest."
    )


def _row(rows: Iterable[Row], label: str) -> Row:
    return next(row for row in rows if row["activation"] == label)


def _listed(names: Iterable[str]) -> str:
    """a; a and b; a, b and c; of many the first ones and how many more."""
    *head, last = names
    if len(head) >= MOST_LISTED:
        head, last = head[:MOST_LISTED], f"{len(head) + 1 - MOST_LISTED} more"
    return f"{', '.join(head)} and {last}" if head else last


def _p(value: float) -> str:
    return f"{_SMALLEST_P} or less" if value <= _SMALLEST_P else f"{value:.3f}"
