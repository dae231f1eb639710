"""`python -m actlab.verification NAME...`: measure, print, and update the record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from actlab import get, names
from actlab.activation import Activation, Axis
from actlab.errors import ActlabError, need
from actlab.kernels.threads import get_num_threads, set_num_threads
from actlab.verification.table import PATH, QUANTITIES, Row, update

_STEPS = 1000  # of the progress bar


@click.command()
@click.argument("labels", metavar="NAME...", nargs=-1, required=True)
@click.option("--jobs", type=click.IntRange(min=1), help="Threads; all processors if not given.")
@click.option("--sample", is_flag=True, help="Only what takes seconds: not the value and derivative of every float32.")
@click.option("--table", type=click.Path(path_type=Path, dir_okay=False), default=PATH, help="The record to update.")
def command(*, labels: tuple[str, ...], jobs: int | None, sample: bool, table: Path) -> None:
    """Prove how exact activations are, and record it.

    \b
    Value and derivative for all 2^32 numbers of float32 and all numbers of
    float16 and bfloat16, and on a sample of float64, against two references.
    NAME is one of the catalogue, with parameters if you like (swish:beta=1.7),
    or "all". What is finished stays recorded after Ctrl-C.
    """  # noqa: D301  (\b keeps click from filling the lines)
    try:
        for module, package in (("flint", "python-flint"), ("ml_dtypes", "ml_dtypes")):
            need(module, extra="certify", who="actlab.verification", package=package)
        from actlab.verification import measure

        items = [item for item in map(get, names()) if not isinstance(item, Axis)]
        if labels != ("all",):
            items = [get(label) for label in labels]
        for item in items:
            measure.elementwise(item)  # refused before the first has taken its minutes
    except ActlabError as error:
        raise click.ClickException(str(error)) from None
    jobs = jobs or get_num_threads()
    set_num_threads(1)  # threads share the inputs out among themselves: a call needs none of its own
    broken = 0
    for item in items:
        for rows in _measured(item, jobs, sample=sample):
            for row in rows:
                click.echo(_line(row))
                broken += not row.kept
            update(rows, table)
    if broken:
        raise click.ClickException(f"{broken} promises are not kept")


def _measured(item: Activation, jobs: int, *, sample: bool) -> Iterator[list[Row]]:
    """Batches of rows as they are finished."""
    from actlab.verification import measure

    one = measure.elementwise(item)
    with _progress(f"{item.label}, sample"):
        second = [row for row in measure.of_float32(one) if row.what == QUANTITIES[2]]
        rows = [*measure.of_16_bits(one), *second, *measure.of_float64(one)]
    yield rows
    for other in () if item.bound else measure.others(item):
        with _progress(f"{other.label}, sample"):
            rows = [*measure.of_float64(other)]
        yield rows
    if not sample:
        with _progress(f"{item.label}, all of float32") as progress:
            rows = [*measure.of_every_float32(one, jobs, progress)]
        yield rows


@contextmanager
def _progress(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on stderr, or only its title if that is no terminal."""
    with click.progressbar(length=_STEPS, label=title, file=sys.stderr) as bar:
        yield lambda share: bar.update(int(share * _STEPS) - bar.pos)


def _line(row: Row) -> str:
    """A row for the eye."""
    worst = f"{row.max_ulp} ulp at x={row.worst_input!r}, {row.misrounded:,} of {row.inputs:,} misrounded"
    promise = "" if row.promise_used is None else f", {row.promise_used:.1%} of the promise"
    broken = "" if row.kept else f", BROKEN at x={row.used_at!r}"
    return f"{row.function} {row.dtype} {row.what}: {worst}{promise}{broken}"


if __name__ == "__main__":
    command()
