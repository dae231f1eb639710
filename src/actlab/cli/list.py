"""`actlab list`: the catalogue as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from actlab.cli._activations import describe_parameters, kind_of
from actlab.cli._output import as_json, print_json, results

if TYPE_CHECKING:
    from rich.table import Table

    from actlab.activation import Activation


@click.command("list")
@as_json
def command(*, as_json: bool) -> None:
    """List every activation.

    \b
    Name and aliases, formula and summary, parameters with their defaults:
    a name or an alias is what `actlab show`, `plot` and `compare` take.

    \b
    Examples:
      actlab list
      actlab list --json
    """  # noqa: D301  (\b keeps click from filling the lines)
    from actlab.registry import get, names

    items = [get(name) for name in names()]
    if as_json:
        print_json([record(item) for item in items])
    else:
        results().print(table(items))


def record(item: Activation) -> dict[str, Any]:
    """Describe one activation as JSON shows it."""
    return {
        "name": item.name,
        "aliases": list(item.aliases),
        "kind": kind_of(item),
        "formula": item.formula,
        "parameters": describe_parameters(item),
        "summary": item.summary,
        "source": item.source,
    }


def table(items: Iterable[Activation]) -> Table:
    """Lay the catalogue out so that it can be read in a terminal of 80 columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    columns.add_column("name", no_wrap=True)
    columns.add_column("formula; defaults / what it is / also called")
    for item in items:
        also = f"\nalso {', '.join(item.aliases)}" if item.aliases else ""
        columns.add_row(Text(item.name, "bold"), Text.assemble(_formula(item), "\n", item.summary, (also, "dim")))
    return columns


def _formula(item: Activation) -> str:
    defaults = (
        f"{name}={param.default:g}{' (learned)' if param.learnable else ''}" for name, param in item.parameters.items()
    )
    return "; ".join([item.formula, *defaults])
