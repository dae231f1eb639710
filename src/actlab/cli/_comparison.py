"""How `actlab compare` writes its result on a terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from actlab.cli._output import filled, results

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from actlab.experiment.result import Comparison


@dataclass(frozen=True)
class Unit:
    """How a score is written: shares in percent, R^2 as it is."""

    name: str
    sign: str
    difference_sign: str
    factor: float
    digits: int

    @classmethod
    def of(cls, score: str) -> Unit:
        """The unit of a score by its name."""
        return cls(score, "", "", 1.0, 2) if score == "R^2" else cls(score, " %", " points", 100.0, 1)

    def plain(self, score: float) -> str:
        """Write a score."""
        return f"{self.factor * score:.{self.digits}f}"

    def signed(self, difference: float) -> str:
        """Write a difference of two scores."""
        return f"{self.factor * difference:+.{self.digits}f}"


def write(result: Comparison) -> None:
    """Write one table per condition, then the answer."""
    for condition in result.conditions:
        name = condition["label"]
        rows = result.summary[result.summary["condition"] == name].sort_values("rank")
        unit = Unit.of(condition["score"])
        click.secho(f"{name}: test {unit.name}, {condition['test']} rows", bold=True)
        results().print(table(rows, unit, result.settings["baseline"]))
        click.echo(filled(_caption(result.detectable.get(name, math.nan), unit)) + "\n")
    click.echo(filled(result.conclusion[-1]) + "\n")


def table(rows: pd.DataFrame, unit: Unit, baseline: str) -> Table:
    """Lay out the summary of one condition, best mean first, in 80 columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    columns.add_column("")
    columns.add_column("activation", overflow="fold")
    columns.add_column(f"mean{unit.sign}", justify="right", no_wrap=True)
    columns.add_column("95% interval", justify="right", no_wrap=True)
    columns.add_column(f"against {baseline}", justify="right", min_width=14)
    for heading in ("Holm p", "rate", "us/step"):
        columns.add_column(heading, justify="right", no_wrap=True)
    for row in rows.to_dict("records"):
        mark = "*" if row["best_group"] else ""
        columns.add_row(mark, Text(row["activation"]), *_cells(row, unit, baseline), style="bold" if mark else "")
    return columns


def _cells(row: dict[str, Any], unit: Unit, baseline: str) -> list[str]:
    against, p = "baseline", ""
    if row["activation"] != baseline:
        against = f"{unit.signed(row['difference_low'])} to {unit.signed(row['difference_high'])}"
        p = f"{row['p_holm']:.2g}"
    return [
        unit.plain(row["mean"]),
        f"{unit.plain(row['low'])} to {unit.plain(row['high'])}",
        against,
        p,
        f"{row['best_lr']:.2g}",
        f"{1e6 * row['seconds_per_step']:.0f}",
    ]


def _caption(detectable: float, unit: Unit) -> str:
    text = "* cannot be told apart from the best; rate: its best learning rate."
    if math.isfinite(detectable):
        text += f" Differences below {unit.plain(detectable)}{unit.difference_sign} would mostly go unseen."
    elif math.isinf(detectable):
        text += " With so few seeds hardly any difference would be seen."
    return text
