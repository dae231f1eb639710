"""How results are written to stdout: as text that fits the terminal, or as JSON."""

from __future__ import annotations

import json
import math
import shutil
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def results() -> Console:
    """Give the console of results: coloured in a terminal, plain text of 80 columns in a pipe."""
    from rich.console import Console

    return Console(highlight=False)


def filled(text: str, first: str = "") -> str:
    """Fill lines to the width of the terminal, at most 100, all indented as far as `first` reaches."""
    width = min(shutil.get_terminal_size().columns, 100)
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=" " * len(first))


def print_json(value: Any) -> None:
    """Print a value as strict JSON; infinities and NaN, which JSON lacks, become "inf", "-inf" and "nan"."""
    click.echo(json.dumps(_strict(value), indent=2, ensure_ascii=False, allow_nan=False))


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
