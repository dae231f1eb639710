"""`actlab plot`: curves and derivatives as a picture."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from actlab.cli._activations import define_all, define_option, resolve_all, split_numbers
from actlab.errors import OptionError, need

if TYPE_CHECKING:
    from actlab.activation import Activation

_SUFFIXES: Final = (".png", ".svg", ".pdf")
_DOTS_PER_INCH: Final = 150


@click.command("plot")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--derivative", is_flag=True, help="Add a panel with the derivatives.")
@click.option("--range", "bounds", nargs=2, type=float, metavar="A B", help="Range of the input [default: -5 5].")
@click.option("--vary", metavar="P=V,V,...", help="Draw one curve for each value of a parameter.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A .png, .svg or .pdf file.")
@define_option
def command(
    *,
    names: tuple[str, ...],
    derivative: bool,
    bounds: tuple[float, float] | None,
    vary: str | None,
    out: Path | None,
    definitions: tuple[str, ...],
) -> None:
    """Draw activations as curves, kinks marked.

    \b
    The picture goes to NAMES.png in this folder unless --out says otherwise;
    its path is printed.

    \b
    Examples:
      actlab plot relu
      actlab plot relu gelu mish --derivative --range -4 4
      actlab plot swish --vary beta=0.5,1,2 --out swish.svg
      actlab plot tanh --define "bump=x*exp(-x**2)"
    """  # noqa: D301  (\b keeps click from filling the lines)
    need("matplotlib", extra="plot", who="actlab plot")
    items = resolve_all(names, define_all(definitions))
    if not items:
        raise click.UsageError("name at least one activation, or give --define")
    items = vary_parameter(items, vary) if vary else items
    target = check_target(out or Path(default_name(items)))

    from actlab.plots import curves, sampling, style

    low, high = check_range(bounds or sampling.DEFAULT_RANGE)
    with style.context():
        picture = curves.figure(items, low=low, high=high, derivative=derivative)
        picture.savefig(target, dpi=_DOTS_PER_INCH)
    click.echo(target)


def vary_parameter(items: list[Activation], text: str) -> list[Activation]:
    """Replace each activation that has the parameter by one per value.

    Raises
    ------
    OptionError
        If the text is not PARAMETER=VALUE,... or no activation has the parameter.
    ParameterError
        If a value lies outside the parameter's domain.
    """
    name, equals, values = text.partition("=")
    if not equals:
        raise OptionError(f"--vary: it must be written PARAMETER=VALUE,VALUE; got {text!r}; e.g. beta=0.5,1,2")
    if not any(name in item.parameters for item in items):
        known = sorted({parameter for item in items for parameter in item.parameters})
        has = f"they have {', '.join(known)}" if known else "they have no parameters"
        raise OptionError(f"--vary: the activations must have the parameter; got {name!r}; {has}")
    numbers = split_numbers(values, option="--vary")
    return [
        varied
        for item in items
        for varied in ([item.bind(**{name: v}) for v in numbers] if name in item.parameters else [item])
    ]


def default_name(items: list[Activation]) -> str:
    """Name the picture after what it shows: relu_swish-beta-2.png."""
    return "_".join(re.sub(r"[^\w.]+", "-", item.label) for item in items) + ".png"


def check_target(path: Path) -> Path:
    """Refuse a file that cannot be written before any work is done."""
    if path.suffix.lower() not in _SUFFIXES:
        raise OptionError(f"--out: the file must end in .png, .svg or .pdf; got {str(path)!r}")
    if not path.parent.is_dir():
        raise OptionError(f"--out: the folder must exist; got {str(path.parent)!r}; make it first")
    return path


def check_range(bounds: tuple[float, float]) -> tuple[float, float]:
    """Refuse a range that is empty or not finite."""
    low, high = bounds
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise OptionError(f"--range: A must lie below B, both finite; got A={low:g}, B={high:g}")
    return low, high
