"""The findings in plain language: a paragraph for every condition, then the answer.

Nothing that the statistics do not support: "better", "lower" and "falls behind" are said of corrected p values of
at most 5% only; of everything else, that no difference was found, and which one would have been.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from actlab.experiment.answer import answer
from actlab.experiment.doubts import perhaps_chance, too_variable
from actlab.experiment.evidence import Evidence, Row, beats, never_trained
from actlab.experiment.failures import errors_of
from actlab.experiment.summarise import Facts, tests_of
from actlab.experiment.wording import Score, listed, probability

# Where all accuracies are above this, a data set leaves no room to tell good functions apart.
CEILING = 0.95


def conclude(  # noqa: PLR0917 - the tables in the order in which `Comparison` names them
    summary: pd.DataFrame,
    conditions: Sequence[Facts],
    detectable: Mapping[str, float],
    baseline: str,
    trials: pd.DataFrame,
    ranks: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Paragraphs: one per condition, then which activation to use and whether it matters.

    Parameters
    ----------
    summary, conditions, detectable, trials, ranks : as in `Comparison`
    baseline : label of the declared baseline
    """
    labels = sorted(summary.activation.unique())
    evidence = Evidence(
        conditions={item["label"]: item for item in conditions},
        tables={item["label"]: summary[summary.condition == item["label"]].to_dict("records") for item in conditions},
        labels=labels,
        baseline=baseline,
        detectable=detectable,
        tests=tests_of(trials, conditions, labels),
        ranks=ranks,
        errors=errors_of(trials),
    )
    return [*(_about(evidence, label) for label in evidence.tables), answer(evidence)]


def _about(evidence: Evidence, label: str) -> str:
    """What was found under one condition."""
    rows, score = evidence.tables[label], evidence.score(label)
    if evidence.hopeless(label):
        sentences = [f"{label}: no final run trained to the end, so nothing can be said."]
    else:
        sentences = [_leader(rows, label, score)]
        if len(rows) > 1:
            sentences += _others(rows, score)
            sentences += [f"{text}." for text in (*too_variable(evidence, label), *perhaps_chance(evidence, label))]
            sentences += _baseline_sentences(rows, evidence.baseline, score, evidence.detectable[label])
    return " ".join([*sentences, *_failures(evidence, label)])


def _leader(rows: list[Row], label: str, score: Score) -> str:
    best = rows[0]
    runs = f"{best['runs']} run" + "s" * (best["runs"] > 1)
    interval = f"95% interval {score.value(best['low'])} to {score.value(best['high'])}, "
    return (
        f"{label}: {best['activation']} has the highest mean test {score.name}, {score.value(best['mean'])} "
        f"({interval if math.isfinite(best['low']) else ''}{runs})."
    )


def _others(rows: list[Row], score: Score) -> list[str]:
    """Who cannot be told from the best, and who is lower."""
    best, *rest = [row for row in rows if not never_trained(row)]
    alike = [row["activation"] for row in rest if row["best_group"]]
    lower = [row for row in rest if not row["best_group"]]
    if not rest:
        return []
    if not lower:
        several = f"None of the others ({listed(alike)}) can be told from it."
        sentence = several if len(alike) > 1 else f"{alike[0]} cannot be told from it."
        if score.percent and all(row["mean"] > CEILING for row in rows):
            sentence += " This data set is nearly solved by all of them and leaves little room for differences."
        return [sentence]
    sentences = [f"{listed(alike)} cannot be told from it."] if alike else []
    gaps = (f"{row['activation']} (by {score.difference(best['mean'] - row['mean'])})" for row in lower)
    return [*sentences, f"Significantly lower: {listed(gaps)}."]


def _baseline_sentences(rows: list[Row], baseline: str, score: Score, smallest: float) -> list[str]:
    if never_trained(next(row for row in rows if row["activation"] == baseline)):
        return [f"Nothing can be compared with the baseline {baseline}, of which no run trained to the end."]
    if better := [row for row in rows if beats(row)]:
        gains = (
            f"{row['activation']} (by {score.difference(row['difference'])}, p = {probability(row['p_holm'])})"
            for row in better
        )
        sentences = [f"Better than the baseline {baseline}: {listed(gains)}."]
    else:
        sentences = [f"No function was found to be better than the baseline {baseline}."]
    if math.isfinite(smallest):
        sentences.append(
            f"A true difference to {baseline} of {score.difference(smallest)} would have been found in four "
            "of five such comparisons; smaller ones may exist."
        )
    elif math.isinf(smallest):
        sentences.append("With so few seeds hardly any difference would have been found.")
    return sentences


def _failures(evidence: Evidence, label: str) -> list[str]:
    """Divergence and errors are results too."""
    sentences = []
    for row in evidence.tables[label]:
        name, runs, diverged = row["activation"], row["runs"], evidence.diverged(label, row["activation"])
        raised = evidence.errors.get((label, name))
        if diverged:
            share = "every run and counts" if diverged == runs else f"{diverged} of {runs} final runs, which count"
            sentences.append(f"{name} diverged in {share} as chance level.")
        if raised and raised.runs == runs:
            sentences.append(f"{name} could not be trained and counts as chance level ({raised.message}).")
        elif raised:
            share = f"{raised.runs} of {runs} final runs" if raised.runs else "some tuning runs"
            sentences.append(f"{name} failed in {share} ({raised.message}).")
        if not math.isfinite(row["mean"]):
            sentences.append(f"{name} has no score.")
    return sentences
