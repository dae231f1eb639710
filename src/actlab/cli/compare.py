"""`actlab compare`: the main job, which activation for this data and this network."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from actlab.cli._activations import (
    define_all,
    define_option,
    resolve,
    resolve_all,
    split_names,
    split_numbers,
)
from actlab.cli._output import as_json, filled, results

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from actlab.experiment.result import Comparison

DEFAULT_OUT: Final = Path("actlab-compare")


@dataclass(frozen=True)
class Unit:
    """How a score is written: accuracy in percent, R^2 as it is."""

    name: str
    sign: str
    difference_sign: str
    factor: float
    digits: int

    def plain(self, score: float) -> str:
        """Write a score."""
        return f"{self.factor * score:.{self.digits}f}"

    def signed(self, difference: float) -> str:
        """Write a difference of two scores."""
        return f"{self.factor * difference:+.{self.digits}f}"


_PERCENT: Final = Unit("accuracy", " %", " points", 100.0, 1)
_PLAIN: Final = Unit("R^2", "", "", 1.0, 2)


@click.command("compare")
@click.option("--activations", metavar="A,B,...", help="The functions; parameters as in elu:alpha=2.")
@define_option
@click.option("--data", multiple=True, metavar="NAME|FILE", help="digits, mnist1d, ... or a .csv file; repeatable.")
@click.option("--target", metavar="COLUMN", help="The column of the file to predict.")
@click.option("--depth", type=int, help="Hidden layers [default: 3].")
@click.option("--width", type=int, help="Units of a hidden layer [default: 64].")
@click.option("--batch", type=int, help="Rows of a training step [default: 64].")
@click.option("--seeds", type=int, help="Reported runs of each function [default: 10].")
@click.option("--tuning-seeds", type=int, help="Tuning runs for each learning rate [default: 3].")
@click.option("--steps", type=int, help="Training steps of a run [default: by the size of the data].")
@click.option("--learning-rates", metavar="R,R,...", help="The rates to choose from [default: 1e-4 to 1e-1].")
@click.option("--baseline", metavar="A", help="What the others are compared with [default: relu].")
@click.option("--jobs", type=int, help="Processes [default: one per core].")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUT,
    show_default=True,
    help="Folder of the report.",
)
@as_json
def command(
    *,
    activations: str | None,
    definitions: tuple[str, ...],
    data: tuple[str, ...],
    learning_rates: str | None,
    baseline: str | None,
    out: Path,
    as_json: bool,
    **given: Any,
) -> None:
    """Train a network with each activation, report which to use.

    \b
    Without --data: the 1,797 handwritten digits of scikit-learn, and mnist1d,
    a generated set made to tell methods apart. Each function gets its own best
    learning rate, found on validation data, then fresh runs on a test set.

    \b
    Examples:
      actlab compare
      actlab compare --data my.csv --target label
      actlab compare --activations relu,leaky_relu:negative_slope=0.2,gelu
      actlab compare --define "bump=x*exp(-x**2)" --depth 8 --seeds 20
    """  # noqa: D301  (\b keeps click from filling the lines)
    from actlab.experiment import DEFAULT_ACTIVATIONS, compare

    invented = define_all(definitions)
    named = list(DEFAULT_ACTIVATIONS) if activations is None else split_names(activations)
    options = {name: value for name, value in given.items() if value is not None}
    if data:
        options["data"] = list(data)
    if baseline:
        options["baseline"] = resolve(baseline, invented)
    if learning_rates:
        options["learning_rates"] = split_numbers(learning_rates, option="--learning-rates")
    # Left to itself the comparison draws a bar on a terminal; a log gets a line now and then.
    progress = None if sys.stderr.isatty() else milestones()
    items = resolve_all(named, invented)
    try:
        result = compare(activations=items, out=out, progress=progress, **options)
    except KeyboardInterrupt:
        click.echo(f"what is finished is kept in {out}; the same command goes on from there", err=True)
        raise
    report = result.write(out)
    if as_json:
        click.echo(result.to_json(), nl=False)
    else:
        write(result)
    click.echo(f"report: {report} (open it in a browser; it needs no network)", err=as_json)


def milestones() -> Callable[[int, int, str], None]:
    """Make a progress callback that writes a line to stderr for every tenth of the work."""
    written = -1

    def tell(done: int, total: int, text: str) -> None:
        nonlocal written
        tenths = 10 * done // total if total else 0
        if tenths > written:  # the total grows when learning rates are added: never count backwards
            written = tenths
            click.echo(f"{10 * tenths:3d}%  {text}", err=True)

    return tell


def write(result: Comparison) -> None:
    """Write one table per data set, then the conclusion."""
    for dataset in result.datasets:
        name = dataset["name"]
        rows = result.summary[result.summary["data"] == name].sort_values("rank")
        unit = _PERCENT if dataset["score"] == "accuracy" else _PLAIN
        click.secho(f"{name}: test {unit.name}, {dataset['test']} rows", bold=True)
        results().print(table(rows, unit, result.settings["baseline"]))
        click.echo(filled(_caption(result.detectable.get(name, math.nan), unit)) + "\n")
    for paragraph in result.conclusion:
        click.echo(filled(paragraph) + "\n")


def table(rows: pd.DataFrame, unit: Unit, baseline: str) -> Table:
    """Lay out one data set's summary, best mean first, in 80 columns."""
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
    return text
