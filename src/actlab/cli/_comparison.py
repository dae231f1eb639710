"""How `actlab compare` writes its result on a terminal."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from actlab.cli._output import filled, results

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from actlab.experiment.result import Comparison

# Longer intervals take two lines.
INTERVAL: Final = 14

# What stands between two columns.
BETWEEN: Final = "  "

# Scores from here on, in the unit that is written, are rounded.
LARGE: Final = 1000

SMALLEST_P: Final = 0.001

# What the data sets that come with actlab say of themselves: the report has it, and it warns of nothing.
OF_OWN_DATA: Final = ("made by the mnist1d package", "are drawn anew for each seed")


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
        return self._number(score, "")

    def signed(self, difference: float) -> str:
        """Write a difference of two scores."""
        return self._number(difference, "+")

    def _number(self, value: float, sign: str) -> str:
        value = round(self.factor * value, self.digits) + 0.0  # -0.0 becomes 0.0
        # An R^2 can lie far below zero.
        return f"{value:{sign}.{self.digits}f}" if abs(value) < LARGE else f"{value:{sign}.1e}"


def write(result: Comparison) -> None:
    """Write one table per condition with its notes, then the answer."""
    from actlab.experiment.failures import errors_of

    errors = errors_of(result.trials)
    told: set[tuple[str, str]] = set()
    for condition in result.conditions:
        name = condition["label"]
        rows = result.summary[result.summary["condition"] == name].sort_values("rank", kind="stable")
        unit = Unit.of(condition["score"])
        click.secho(f"{name}: test {unit.name}, {condition['test']} rows", bold=True)
        console = results()
        failed = {activation for (label, activation), own in errors.items() if label == name and own.runs}
        console.print(table(rows, unit, result.settings["baseline"], failed, console.width))
        click.echo(filled(_caption(result.detectable.get(name, math.nan), unit)))
        for note in _notes(condition):
            if (condition["data"], note) not in told:
                told.add((condition["data"], note))
                click.echo(filled(note, "note: "))
        click.echo()
    click.echo(filled(result.conclusion[-1]) + "\n")


def nothing_trained(result: Comparison) -> bool:
    """Whether no final run of a comparison trained to the end."""
    return bool((result.summary.diverged >= result.summary.runs).all())


def _notes(condition: Mapping[str, Any]) -> list[str]:
    """What a reader should know of the user's data and of the learning rates."""
    return [note for note in condition["notes"] if not any(words in note for words in OF_OWN_DATA)]


def table(rows: pd.DataFrame, unit: Unit, baseline: str, failed: Container[str] = (), width: int = 80) -> Table:
    """Lay out the summary of one condition, best mean first.

    Parameters
    ----------
    rows : of the summary
    unit : of its scores
    baseline : label
    failed : labels of those that raised errors
    width : characters of a line; labels get what the numbers leave
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    records = rows.to_dict("records")
    against = folded(f"against {baseline}", INTERVAL)
    headings = [f"mean{unit.sign}", "95% interval", against, "Holm p", "rate", "us/step"]
    cells = [_cells(row, unit, baseline, failed) for row in records]
    taken = (max(map(len, "\n".join(column).splitlines())) for column in zip(headings, *cells, strict=True))
    room = width - sum(taken) - len(BETWEEN) * (len(headings) + 2)
    columns = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    columns.add_column("")
    columns.add_column("activation", overflow="fold", max_width=room)
    for heading in headings:
        columns.add_column(Text(heading), justify="right", no_wrap=True)
    for row, numbers in zip(records, cells, strict=True):
        mark = "*" if row["best_group"] else ""
        columns.add_row(mark, Text(folded(row["activation"], room)), *numbers, style="bold" if mark else "")
    return columns


def folded(label: str, width: int) -> str:
    """Break a label into lines after its punctuation; of a part that is too long by itself, after `=` and `_` too.

    Examples
    --------
    >>> folded("hard_tanh:min_val=-2.0,max_val=2.0", 16).splitlines()
    ['hard_tanh:', 'min_val=-2.0,', 'max_val=2.0']
    """
    lines = [""]
    for part in re.split(r"(?<=[/:,( ])", label):
        for piece in [part] if len(part.rstrip()) <= width else re.split(r"(?<=[=_])", part):
            if lines[-1] and len(lines[-1] + piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(map(str.rstrip, lines))


def _cells(row: dict[str, Any], unit: Unit, baseline: str, failed: Container[str]) -> list[str]:
    """The cells after the label; a row without a run that trained says what happened."""
    seconds = row["seconds_per_step"]
    step = f"{1e6 * seconds:.0f}" if math.isfinite(seconds) else ""
    compared = row["activation"] != baseline
    if row["diverged"] >= row["runs"]:
        what = "failed" if row["activation"] in failed else "diverged"
        return ["", what, "" if compared else "baseline", "", "", step]
    between, p = "baseline", ""
    if compared:
        known = math.isfinite(row["difference_low"])
        between = _interval(unit.signed(row["difference_low"]), unit.signed(row["difference_high"])) if known else ""
        p = f"{row['p_holm']:.2g}" if row["p_holm"] >= SMALLEST_P else f"<{SMALLEST_P}"
    interval = _interval(unit.plain(row["low"]), unit.plain(row["high"])) if math.isfinite(row["low"]) else ""
    return [unit.plain(row["mean"]), interval, between, p, f"{row['best_lr']:.2g}", step]


def _interval(low: str, high: str) -> str:
    """Both ends, on two lines if one is too short."""
    text = f"{low} to {high}"
    return text if len(text) <= INTERVAL else f"{low} to\n{high}"


def _caption(detectable: float, unit: Unit) -> str:
    text = "* cannot be told apart from the best; rate: its best learning rate."
    if math.isfinite(detectable):
        smallest = f"{unit.plain(detectable)}{unit.difference_sign}"
        text += f" At the typical spread, differences below {smallest} would mostly go unseen."
    elif math.isinf(detectable):
        text += " With so few seeds hardly any difference would be seen."
    return text
