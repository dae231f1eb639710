"""`actlab compare`: the main job, which activation for this data and this network."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from actlab.cli._activations import define_all, define_option, split_names, split_numbers
from actlab.cli._comparison import nothing_trained, write
from actlab.cli._output import as_json

DEFAULT_OUT: Final = Path("actlab-compare")

# The tables of `Comparison` by name; the experiment itself is imported only to run.
TABLES: Final = ("summary", "trials", "curves", "health", "learned", "costs")


@click.group("compare", invoke_without_command=True)
@click.option("--activations", metavar="A,B,...", help="The functions: relu, elu:alpha=2, gate(silu), relu/hard_swish.")
@define_option
@click.option("--data", multiple=True, metavar="NAME|FILE", help="digits, moons, ... or a file; repeatable.")
@click.option("--target", metavar="COLUMN,...", help="The column or columns of the file to predict.")
@click.option("--task", metavar="TASK", help="classification, multilabel or regression [default: by the target].")
@click.option("--missing", metavar="HOW", help="Missing values: refuse, mean, median or drop [default: refuse].")
@click.option("--scale", metavar="HOW,...", help="Inputs: standard, minmax, minmax11, none [default: standard].")
@click.option("--model", metavar="M,...", help="mlp, cnn, resnet, mobilenet, transformer or FILE.py:build.")
@click.option("--norm", metavar="N,...", help="none, batch, layer, both [default: none and layer, side by side].")
@click.option("--init", metavar="I,...", help="Start of the weights: gain (each function's own) or torch.")
@click.option("--depth", type=int, help="Hidden layers or blocks [default: 3 for mlp].")
@click.option("--width", type=int, help="Units of a hidden layer [default: 64 for mlp].")
@click.option("--budget", metavar="B", help="quick, standard or publish: 5, 10 or 20 seeds [default: standard].")
@click.option("--batch", type=int, help="Rows of a training step [default: 64].")
@click.option("--seeds", type=int, help="Reported runs of each function [default: by the budget].")
@click.option("--tuning-seeds", type=int, help="Tuning runs for each learning rate [default: by the budget].")
@click.option("--steps", type=int, help="Training steps of a run [default: by the size of the data].")
@click.option("--learning-rates", metavar="R,R,...", help="The rates to choose from [default: 1e-4 to 1e-1].")
@click.option("--baseline", metavar="A", help="What the others are compared with [default: relu].")
@click.option("--jobs", type=int, help="Processes [default: one per core].")
@click.option("--engine", metavar="E", help="local, ray or dask [default: local].")
@click.option("--address", metavar="A", help="Of a running Ray or Dask cluster [default: started here].")
@click.option("--device", metavar="D", help="cpu or cuda [default: cpu].")
@click.option("--out", type=click.Path(), help=f"Folder of the results [default: {DEFAULT_OUT}].")
@as_json
@click.pass_context
def command(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Train a network with each activation, report which to use.

    \b
    Without --data: the 1,797 handwritten digits of scikit-learn, and mnist1d,
    a generated set made to tell methods apart. Each function gets its own best
    learning rate, found on validation data, then fresh runs on a test set.
    Where an option lists several, every combination gets its own ranking.

    \b
    Data without a file: breast_cancer, diabetes, digits, iris, mnist1d, wine,
    and drawn anew for each seed: circles, classification, friedman1, friedman2,
    gaussian_quantiles, hastie, moons, multilabel, spirals, swiss_roll, xor.
    Files: .csv .tsv .txt .parquet .npz, or a pair X.npy:y.npy.

    \b
    Examples:
      actlab compare
      actlab compare --data my.csv --target label --budget quick
      actlab compare --activations relu,leaky_relu:negative_slope=0.2,swiglu
      actlab compare --model net.py:build --data x.npy:y.npy
      actlab compare --model transformer --data mnist1d --norm layer
      actlab compare --define "bump=x*exp(-x**2)" --depth 8 --seeds 20
    """  # noqa: D301  (\b keeps click from filling the lines)
    if ctx.invoked_subcommand is not None:
        return
    options = _options(given)
    try:
        result = _run(options, given["out"])
    except KeyboardInterrupt:
        words = shlex.join(["actlab", *ctx.find_root().obj])
        click.echo(f"what is finished is kept; this goes on from there:\n  {words}", err=True)
        raise
    report = result.write(result.folder)
    if as_json:
        click.echo(result.to_json(), nl=False)
    else:
        write(result)
    click.echo(f"report: {report} (open it in a browser; it needs no network)", err=as_json)
    if nothing_trained(result):
        click.echo("compare: a run must train to the end to be compared; got none; the answer says why", err=True)
        ctx.exit(1)


@command.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Only the page, under this name.")
def report_command(folder: Path, out: Path | None) -> None:
    """Build the report of a finished comparison anew, in its FOLDER.

    \b
    Examples:
      actlab compare report actlab-compare
      actlab compare report actlab-compare --out page.html
    """  # noqa: D301
    result = _loaded(folder)
    if out is None:
        out = result.write(folder)
    else:
        from actlab.report import write_report

        write_report(result, out)
    click.echo(out)


@command.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--table", type=click.Choice(TABLES), default="trials", show_default=True, help="Which table.")
@click.option("--csv", "form", flag_value="csv", default=True, help="As comma-separated values [default].")
@click.option("--json", "form", flag_value="json", help="As a list of records.")
def export_command(folder: Path, table: str, form: str) -> None:
    """Write a table of the comparison in FOLDER to stdout: by default one row per training run.

    \b
    Examples:
      actlab compare export actlab-compare --csv > trials.csv
      actlab compare export actlab-compare --table health --json
    """  # noqa: D301
    frame = getattr(_loaded(folder), table)
    text = frame.to_csv(index=False) if form == "csv" else frame.to_json(orient="records", indent=1) + "\n"
    click.echo(text, nl=False)


def _loaded(folder: Path) -> Any:
    from actlab.experiment.result import Comparison

    return Comparison.load(folder)


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `actlab.compare` that were given."""
    from actlab.experiment import DEFAULT_ACTIVATIONS
    from actlab.experiment.contender import parse

    invented = define_all(given.pop("definitions"))
    options = {name: value for name, value in given.items() if value not in (None, ()) and name != "out"}
    named = list(DEFAULT_ACTIVATIONS) if given["activations"] is None else split_names(given["activations"])
    used = " ".join(named)
    named += [name for name in invented if name not in used]
    options["activations"] = [parse(name, invented) for name in named]
    if "baseline" in options:
        options["baseline"] = parse(options["baseline"], invented)
    if "data" in options:
        options["data"] = [name for text in options["data"] for name in _split_data(text)]
    if "learning_rates" in options:
        options["learning_rates"] = split_numbers(options["learning_rates"], option="--learning-rates")
    for name in ("target", "scale", "model", "norm", "init"):
        if name in options:
            options[name] = [part.strip() for part in options[name].split(",")]
    return options


def _split_data(text: str) -> list[str]:
    """A path may hold commas."""
    return [text] if Path(text).exists() else [part.strip() for part in text.split(",")]


def _run(options: dict[str, Any], out: str | None) -> Any:
    from actlab.experiment import compare

    # Left to itself the comparison draws a bar on a terminal; a log gets a line now and then.
    progress = None if sys.stderr.isatty() else milestones()
    return compare(**options, out=DEFAULT_OUT if out is None else out, numbered=out is None, progress=progress)


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
