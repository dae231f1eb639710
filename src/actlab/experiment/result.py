"""What a comparison hands back: tables, a conclusion, and the files made from them."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from actlab.errors import OptionError
from actlab.experiment.chunk import FINAL
from actlab.experiment.conclusion import conclude
from actlab.experiment.contender import Contender
from actlab.experiment.plan import Plan
from actlab.experiment.ranks import average_ranks
from actlab.experiment.rounds import grid_notes
from actlab.experiment.schema import FILE_NAME
from actlab.experiment.settings import WHO
from actlab.experiment.summarise import detectable, summarise

# What can be exported: the attributes that are data frames.
TABLES = ("summary", "trials", "curves", "health", "learned", "costs")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """The result of `actlab.compare`; the report is a pure function of it, and it of the plan.

    Attributes
    ----------
    settings : every option with the value that was used
    environment : versions, processor, platform, date, engine, ``seconds_total``
    conditions : one dict per condition: label, data, scale, model, norm, init, depth, width, trained (how: "stacked",
        "batched with vmap", "one by one"), task, source, rows, train, validation, test, features, shape, classes
        (None in a regression), chance (the score of a constant guess), score ("accuracy", "label accuracy" or "R^2"),
        steps of a run, targets, missing, fingerprint, notes (list of sentences a reader should know)
    activations : the contenders in the order asked for
    trials : one row per training run: condition, activation, stage (1 tunes the learning rate, 2 is reported),
        round (0, and 1, 2, ... where the grid was extended), lr, seed, score_validation, score_test (NaN in
        stage 1), loss_train, loss_validation, loss_test, settled_step, diverged, diverged_step (NaN if not), trained,
        message ("" if not failed)
    curves : learning curves of both stages: condition, activation, stage, lr, seed, step, loss_train,
        loss_validation, score_validation
    health : every place of the activation in every run at start, middle and end; see `outcome.Health`
    learned : the activations' own parameters after training; see `outcome.Learned`
    costs : condition, activation, and what `outcome.Cost` says
    summary : one row per condition and activation, best mean first; see `summarise.summarise`
    detectable : condition -> smallest difference to the baseline found with 80% power (NaN: none to find)
    ranks : average ranks over several data sets; see `ranks.average_ranks`
    conclusion : paragraphs of plain language, one per condition, the answer last
    folder : where the plan lies; None if nothing was kept
    """

    settings: dict[str, Any]
    environment: dict[str, Any]
    conditions: list[dict[str, Any]]
    activations: list[Contender]
    trials: pd.DataFrame
    curves: pd.DataFrame
    health: pd.DataFrame
    learned: pd.DataFrame
    costs: pd.DataFrame
    summary: pd.DataFrame
    detectable: dict[str, float]
    ranks: list[dict[str, Any]]
    conclusion: list[str]
    folder: Path | None = None

    @classmethod
    def load(cls, folder: str | Path) -> Comparison:
        """The comparison that a folder holds, complete or not.

        Raises
        ------
        OptionError
            If the folder holds none, or no final run has finished.
        """
        plan = Plan.open(Path(folder), WHO)
        try:
            return cls.from_plan(plan)
        finally:
            plan.close()

    @classmethod
    def from_plan(cls, plan: Plan) -> Comparison:
        """Tables and conclusion from what the plan holds.

        Raises
        ------
        OptionError
            If it is unfinished.
        """
        if missing := plan.unfinished():
            raise OptionError(f"{WHO}: a comparison must be finished to be reported; {missing}; run its command again")
        found = plan.description
        labels = [item["label"] for item in found["activations"]]
        trials = plan.trials()
        conditions = [_condition(each, found["data"], trials, labels) for each in found["conditions"]]
        costs, baseline = plan.costs(), found["settings"]["baseline"]
        summary = summarise(trials, costs, conditions, labels, baseline)
        smallest = detectable(trials, conditions, labels, baseline)
        ranks = average_ranks(summary, conditions)
        return cls(
            settings=found["settings"],
            environment=plan.environment,
            conditions=conditions,
            activations=[Contender.from_data(item) for item in found["activations"]],
            trials=trials,
            curves=plan.curves(),
            health=plan.health(),
            learned=plan.learned(),
            costs=costs,
            summary=summary,
            detectable=smallest,
            ranks=ranks,
            conclusion=conclude(summary, conditions, smallest, baseline, trials, ranks),
            folder=plan.folder,
        )

    @property
    def frame(self) -> pd.DataFrame:
        """The summary table."""
        return self.summary

    def to_json(self) -> str:
        """The text of ``summary.json``: condition -> activation -> record.

        Returns
        -------
        JSON text. A record has: ``mean_test_score``, ``interval_95`` ([low, high]), ``standard_deviation``,
        ``best_learning_rate``, ``test_scores`` (one per seed, in the order of the seeds), ``seeds``,
        ``seconds_per_step``, ``saved_bytes``, ``parameters``, ``rank``, ``best_group`` (true: not
        distinguishable from the best), ``difference``, ``difference_interval_95`` and ``p_holm`` (against the
        baseline), ``diverged`` (runs of stage 2 that diverged). What is not a number is null.
        """
        records: dict[str, dict[str, Any]] = {item["label"]: {} for item in self.conditions}
        for row in self.summary.to_dict("records"):
            records[row["condition"]][row["activation"]] = self._record(row)
        return json.dumps(records, indent=2, allow_nan=False) + "\n"

    def _record(self, row: dict[str, Any]) -> dict[str, Any]:
        trials = self.trials
        own = trials[
            (trials.condition == row["condition"]) & (trials.activation == row["activation"]) & (trials.stage == FINAL)
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

        Raises
        ------
        OptionError
            If a file cannot be written; no file is ever left half-written.
        """
        from actlab.report import write_report, write_whole

        folder = Path(out)
        report = folder / "report.html"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / "summary.json", self.to_json())
            write_whole(folder / "experiment.json", self._background())
            write_whole(folder / "trials.csv", self.trials.to_csv(index=False))
            write_report(self, report)
        except OSError as error:
            raise self._unwritable(folder, error) from error
        return report

    def _unwritable(self, folder: Path, error: OSError) -> OptionError:
        step = "choose a folder that can be written"
        if self.folder:
            step = (
                f"the runs are kept in {FILE_NAME}: make room, then actlab compare report "
                f"{shlex.quote(str(self.folder))}, with --out FILE for another place"
            )
        return OptionError(
            f"{WHO}: the files of the report must be writable; got out={str(folder)!r} "
            f"({error.strerror or error}); {step}"
        )

    def _background(self) -> str:
        """How the numbers came about: what `summary.json` has no room for."""
        background = {
            "settings": self.settings,
            "environment": self.environment,
            "conditions": self.conditions,
            "detectable_difference": {name: _number(value) for name, value in self.detectable.items()},
            "average_ranks": self.ranks,
            "conclusion": self.conclusion,
        }
        return json.dumps(background, indent=2, allow_nan=False) + "\n"

    def _table(self) -> pd.DataFrame:
        """The columns of the summary that fit on a screen."""
        return self.summary[
            [
                "condition",
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


def _condition(
    condition: dict[str, Any], data: dict[str, Any], trials: pd.DataFrame, labels: list[str]
) -> dict[str, Any]:
    """A condition with its network and data as one flat record, and what happened to its grid."""
    network, facts, label = condition["network"], data[condition["data"]], condition["label"]
    own = trials[(trials.condition == label) & (trials.trained != "")]
    trained = ", ".join(sorted(own.trained.unique()))
    notes = facts["notes"] + grid_notes(trials, label, labels)
    return {"label": label, "scale": condition["scale"], **network, **facts, "trained": trained, "notes": notes}


def _number(value: float) -> float | None:
    """A finite float, or None: JSON has no NaN."""
    value = float(value)
    return value if value - value == 0 else None
