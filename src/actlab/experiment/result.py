"""What a comparison hands back: tables, a conclusion, and the files made from them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from actlab.experiment.chunk import FINAL

if TYPE_CHECKING:
    from actlab.activation import Activation


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """The result of `actlab.compare`; the report is a pure function of it.

    Attributes
    ----------
    settings : every option with the value that was used
    environment : versions, processor, platform, date, torch threads, ``seconds_total``
    datasets : one dict per data set: name, task ("classification" or "regression"), source, rows, train,
        validation, test, features, classes (None in a regression), chance (the score of a constant guess),
        score ("accuracy" or "R^2"), steps of a run, notes (list of sentences a reader should know)
    activations : the Activations in the order asked for
    trials : one row per training run: data, activation, stage (1 tunes the learning rate, 2 is reported),
        round (0, and 1, 2, ... where the grid was extended), lr, seed, score_validation, score_test (NaN in
        stage 1), loss_train, loss_validation, diverged, diverged_step (NaN if not), message ("" if not
        failed)
    curves : learning curves of both stages: data, activation, stage, lr, seed, step, loss_train,
        score_validation
    costs : data, activation, seconds_per_step (one model, forward and backward, one thread), saved_bytes
        (kept for the backward pass), parameters, width
    summary : one row per data set and activation, best mean first: data, activation, rank, mean, sd, low,
        high (95% interval of the mean test score), best_lr, lr_low, lr_high, lr_decades (the range of good
        learning rates), difference, difference_low, difference_high, p, p_holm (against the baseline),
        improvement_probability, best_group, diverged, runs, seconds_per_step, saved_bytes, parameters
    detectable : data set -> smallest difference to the baseline found with 80% power (NaN: none to find)
    conclusion : paragraphs of plain language, one per data set and one overall
    """

    settings: dict[str, Any]
    environment: dict[str, Any]
    datasets: list[dict[str, Any]]
    activations: list[Activation]
    trials: pd.DataFrame
    curves: pd.DataFrame
    costs: pd.DataFrame
    summary: pd.DataFrame
    detectable: dict[str, float]
    conclusion: list[str]

    @property
    def frame(self) -> pd.DataFrame:
        """The summary table."""
        return self.summary

    def to_json(self) -> str:
        """The text of ``summary.json``: data set -> activation -> record.

        Returns
        -------
        JSON text. A record has: ``mean_test_score``, ``interval_95`` ([low, high]), ``standard_deviation``,
        ``best_learning_rate``, ``test_scores`` (one per seed, in the order of the seeds), ``seeds``,
        ``seconds_per_step``, ``saved_bytes``, ``parameters``, ``rank``, ``best_group`` (true: not
        distinguishable from the best), ``difference``, ``difference_interval_95`` and ``p_holm`` (against the
        baseline), ``diverged`` (runs of stage 2 that diverged). What is not a number is null.
        """
        records: dict[str, dict[str, Any]] = {item["name"]: {} for item in self.datasets}
        for row in self.summary.to_dict("records"):
            records[row["data"]][row["activation"]] = self._record(row)
        return json.dumps(records, indent=2, allow_nan=False) + "\n"

    def _record(self, row: dict[str, Any]) -> dict[str, Any]:
        trials = self.trials
        own = trials[
            (trials.data == row["data"]) & (trials.activation == row["activation"]) & (trials.stage == FINAL)
        ].sort_values("seed")
        return {
            "mean_test_score": _number(row["mean"]),
            "interval_95": [_number(row["low"]), _number(row["high"])],
            "standard_deviation": _number(row["sd"]),
            "best_learning_rate": _number(row["best_lr"]),
            "test_scores": [_number(score) for score in own.score_test],
            "seeds": [int(seed) for seed in own.seed],
            "seconds_per_step": _number(row["seconds_per_step"]),
            "saved_bytes": int(row["saved_bytes"]),
            "parameters": int(row["parameters"]),
            "rank": int(row["rank"]),
            "best_group": bool(row["best_group"]),
            "difference": _number(row["difference"]),
            "difference_interval_95": [_number(row["difference_low"]), _number(row["difference_high"])],
            "p_holm": _number(row["p_holm"]),
            "diverged": int(row["diverged"]),
        }

    def write(self, out: str | Path) -> Path:
        """Write ``report.html``, ``summary.json``, ``experiment.json`` and ``trials.csv`` into a folder.

        Returns
        -------
        The path of the report.
        """
        from actlab.report import write_report

        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "summary.json").write_text(self.to_json(), encoding="utf-8")
        (folder / "experiment.json").write_text(self._background(), encoding="utf-8")
        self.trials.to_csv(folder / "trials.csv", index=False)
        report = folder / "report.html"
        write_report(self, report)
        return report

    def _background(self) -> str:
        """How the numbers came about: what `summary.json` has no room for."""
        background = {
            "settings": self.settings,
            "environment": self.environment,
            "datasets": self.datasets,
            "detectable_difference": {name: _number(value) for name, value in self.detectable.items()},
            "conclusion": self.conclusion,
        }
        return json.dumps(background, indent=2, allow_nan=False) + "\n"

    def _table(self) -> pd.DataFrame:
        """The columns of the summary that fit on a screen."""
        return self.summary[
            [
                "data",
                "rank",
                "activation",
                "mean",
                "low",
                "high",
                "best_lr",
                "difference",
                "p_holm",
                "best_group",
            ]
        ]

    def __repr__(self) -> str:
        table = self._table().to_string(index=False, float_format="{:.4g}".format)
        return "\n\n".join(["Comparison", table, *self.conclusion])

    def _repr_html_(self) -> str:
        from html import escape

        table = self._table().to_html(index=False, float_format="{:.4g}".format)
        return str(table) + "".join(f"<p>{escape(paragraph)}</p>" for paragraph in self.conclusion)


def _number(value: float) -> float | None:
    """A finite float, or None: JSON has no NaN."""
    value = float(value)
    return value if value - value == 0 else None
