"""`actlab show`: the property sheet of one activation."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from actlab.cli._activations import define_all, define_option, describe_parameters, kind_of, resolve_all
from actlab.cli._output import as_json, filled, print_json

if TYPE_CHECKING:
    from actlab.activation import Activation, Elementwise, Random
    from actlab.plots.sampling import Quantity
    from actlab.verification.table import Row

_QUANTITIES: Final[tuple[Quantity, Quantity]] = ("value", "derivative")
_ULP: Final = ("value within {value_ulp:.2g} ulp, derivative within {grad_ulp:.2g} ulp,", "float64 on {points} inputs")
_PANEL_DOTS: Final = {"columns": 52, "rows": 32}  # 26 by 8 braille characters: two panels fit in 80 columns


@click.command("show")
@click.argument("name", required=False)
@define_option
@click.option(
    "--kernel",
    "dtype",
    type=click.Choice(["float32", "float64"]),
    help="Print the code that is compiled for it instead.",
)
@as_json
def command(*, name: str | None, definitions: tuple[str, ...], dtype: str | None, as_json: bool) -> None:
    """Show what one activation is and what it is good for.

    \b
    Formula, derivative, parameters, limits, kinks, range, measured accuracy,
    advantages, disadvantages, source, and a small plot.

    \b
    Examples:
      actlab show mish
      actlab show leaky_relu:negative_slope=0.2
      actlab show --define "bump=x*exp(-x**2)"
      actlab show silu --kernel float32
    """  # noqa: D301  (\b keeps click from filling the lines)
    items = resolve_all([name] if name else [], define_all(definitions))
    if not items:
        raise click.UsageError("name an activation, or give --define")
    if dtype:
        click.echo(kernel(items[0], dtype), nl=False)
    elif as_json:
        print_json(record(items[0]))
    else:
        write(items[0])


def kernel(item: Activation, dtype: str) -> str:
    """Generate the source of the kernel for contiguous arrays of this dtype, value and gradient."""
    from actlab.activation import Elementwise, Random
    from actlab.emit.numba import elementwise

    one = item.mean if isinstance(item, Random) else item
    if not isinstance(one, Elementwise):
        raise click.UsageError(f"{item.name} looks along an axis; --kernel shows elementwise functions only")
    return elementwise(item.name, one.plan((), ("x",)), dtype)


def record(item: Activation) -> dict[str, Any]:
    """Describe one activation as JSON shows it; what its kind does not have is null."""
    from actlab.invention import Invented

    return {
        "name": item.name,
        "label": item.label,
        "aliases": list(item.aliases),
        "kind": kind_of(item),
        "summary": item.summary,
        "formula": item.formula,
        "latex": item.latex,
        **_calculus(item),
        "parameters": describe_parameters(item),
        "bound": dict(item.bound),
        "accuracy": dataclasses.asdict(item.accuracy) if isinstance(item, Invented) else None,
        "measured": [dataclasses.asdict(row) for row in _recorded(item)],
        "advantages": list(item.advantages),
        "disadvantages": list(item.disadvantages),
        "notes": list(item.notes),
        "source": item.source,
    }


def _recorded(item: Activation) -> list[Row]:
    """Look up the record of measured accuracy."""
    from actlab.verification import table

    return [row for row in table.read().values() if row.function == item.label]


def _calculus(item: Activation) -> dict[str, Any]:
    """Collect what follows from the formula: of one element, or of members along an axis."""
    from actlab.activation import Axis, Elementwise, Random
    from actlab.plots.sampling import seen_range

    one = item if isinstance(item, Elementwise | Random) else None
    return {
        "derivative": one and one.derivative(1).formula,
        "vjp": repr(item.backward) if isinstance(item, Axis) else None,
        "limits": one and [_limit(one, i, end) for i, end in enumerate((-math.inf, math.inf))],
        "kinks": one and [dataclasses.asdict(kink) for kink in one.kinks],
        "range_seen": one and list(seen_range(one)),
    }


def _limit(item: Elementwise | Random, index: int, end: float) -> dict[str, Any]:
    """Give a limit at the bound or default parameters, and as a formula where it depends on them."""
    from actlab.expression import symbols

    general = item.limits[index]
    return {"at": end, "value": item(end), "formula": repr(general) if symbols(general) else None}


def write(item: Activation) -> None:
    """Write the sheet: what it is, what it looks like, what it is good for."""
    sheet = record(item)
    click.secho(item.label, bold=True)
    click.echo(f"{item.summary}\n")
    for key, lines in _facts(sheet).items():
        for i, line in enumerate(lines):
            click.echo(filled(line, f"  {'' if i else key:<12}"))
    click.echo()
    for line in plots(item, ascii_only=not _writes_braille()):
        click.echo(f"  {line}".rstrip())
    for title, bullet in (("advantages", "+"), ("disadvantages", "-"), ("notes", "*")):
        if sheet[title]:
            click.secho(f"\n{title}", bold=True)
        for line in sheet[title]:
            click.echo(filled(line, f"  {bullet} "))
    click.echo("\n" + filled(item.source, "source  "))


def _facts(sheet: dict[str, Any]) -> dict[str, list[str]]:
    """Say the mathematics in words: key -> lines."""
    facts = {"formula": [sheet["formula"]]}
    if sheet["kind"] == "axis":
        facts["vjp"] = [sheet["vjp"], "with y the value and g the gradient with respect to it"]
    else:
        facts["derivative"] = [sheet["derivative"]]
        facts["limits"] = [_limit_line(**limit) for limit in sheet["limits"]]
        facts["kinks"] = [_kink_line(**kink) for kink in sheet["kinks"]] or ["none"]
        facts["range seen"] = ["{:.6g} to {:.6g}, on a grid".format(*(end + 0.0 for end in sheet["range_seen"]))]
    fixed = [f"{name} = {value:g}, fixed" for name, value in sheet["bound"].items()]
    free = [_parameter_line(name, **about) for name, about in sheet["parameters"].items()]
    facts["parameters"] = fixed + free or ["none"]
    if sheet["accuracy"]:
        facts["accuracy"] = [line.format(**sheet["accuracy"]) for line in _ULP]
    elif sheet["measured"]:
        facts["accuracy"] = list(_accuracy_lines(sheet["measured"]))
    if sheet["aliases"]:
        facts["aliases"] = [", ".join(sheet["aliases"])]
    return facts


def _accuracy_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Say how exact value and derivative are, format by format; what is all correctly rounded in one line."""
    rows = [row for row in rows if row["what"] in _QUANTITIES]
    perfect = [row for row in rows if not row["misrounded"] and row["method"] == "all inputs"]
    for dtype in dict.fromkeys(row["dtype"] for row in rows):
        of_dtype = [row for row in rows if row["dtype"] == dtype]
        if all(row in perfect for row in of_dtype):
            yield f"{dtype}: correctly rounded for all {of_dtype[0]['inputs']:,} inputs"
            continue
        for row in of_dtype:
            counts = "{misrounded:,} of {inputs:,} inputs misrounded".format(**row)
            seen = counts if row["method"] == "all inputs" else "on {inputs:,} inputs".format(**row)
            yield f"{dtype} {row['what']}: {row['max_ulp']:.4g} ulp at worst, {seen}"


def _limit_line(*, at: float, value: float, formula: str | None) -> str:
    number = "none" if math.isnan(value) else f"{value + 0.0:.6g}"  # -0 is written 0
    return f"{number} at {at:g}" + (f", in general {formula}" if formula else "")


def _kink_line(*, x: float, left: float, right: float, grad: float, jump: bool) -> str:
    what = "the value jumps, " if jump else ""
    return f"x = {x:g}: {what}slope {left:g} on the left, {right:g} on the right, taken as {grad:g} there"


def _parameter_line(name: str, *, default: float, domain: str, learnable: bool, integer: bool) -> str:
    allowed = "a whole number" if integer else "a number"
    return f"{name} = {default:g} by default, {allowed} in {domain}{', can be learned' if learnable else ''}"


def plots(item: Activation, *, ascii_only: bool) -> list[str]:
    """Draw value and derivative side by side, as lines of text."""
    from actlab.activation import Axis

    titles = (f"{item.name}(x, 0), first member", "its derivative") if isinstance(item, Axis) else ("f(x)", "f'(x)")
    panels = [
        _panel(item, quantity, title, ascii_only=ascii_only)
        for quantity, title in zip(_QUANTITIES, titles, strict=True)
    ]
    width = max(map(len, panels[0]))
    return [f"{left:{width}}   {right}" for left, right in zip(*panels, strict=True)]


def _panel(item: Activation, quantity: Quantity, title: str, *, ascii_only: bool) -> list[str]:
    from actlab.plots import sampling, terminal

    curve = sampling.sample(item, quantity, *sampling.DEFAULT_RANGE)
    return [
        title,
        *terminal.render(terminal.rasterise(curve.x, curve.y, **_PANEL_DOTS), ascii_only=ascii_only),
    ]


def _writes_braille() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
