"""How activations are written: `silu`, `leaky_relu:negative_slope=0.2`, and `--define NAME=FORMULA`."""

from __future__ import annotations

import dataclasses
import inspect
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from actlab.errors import OptionError

if TYPE_CHECKING:
    from actlab.activation import Activation

define_option = click.option(
    "--define",
    "definitions",
    multiple=True,
    metavar="NAME=FORMULA",
    help="Invent a function, e.g. bump=x*exp(-x**2), or with a parameter gate:beta=1.7=x*sigmoid(beta*x).",
)

# NAME[:parameter=default,...]=FORMULA; the formula may hold = only as part of <=, >= or ==
_DEFINITION: Final = re.compile(r"\s*(\w+)(?::((?:\w+=[^,=]+)(?:,\w+=[^,=]+)*))?\s*=(?!=)(.+)", re.DOTALL)


def split_names(text: str) -> list[str]:
    """Split a comma-separated list of activations.

    A comma followed by `name=` continues the parameters of the activation before it.

    Examples
    --------
    >>> split_names("hard_tanh:min_val=-2,max_val=2,relu")
    ['hard_tanh:min_val=-2,max_val=2', 'relu']
    """
    names: list[str] = []
    for piece in map(str.strip, text.split(",")):
        if "=" in piece and ":" not in piece and names and ":" in names[-1]:
            names[-1] += f",{piece}"
        elif piece:
            names.append(piece)
    return names


def split_numbers(text: str, *, option: str) -> list[int | float]:
    """Split a comma-separated list of numbers.

    Raises
    ------
    OptionError
        If one of them is not a number.

    Examples
    --------
    >>> split_numbers("0.5,1,2", option="--vary")
    [0.5, 1, 2]
    """
    try:
        return [_number(piece) for piece in text.split(",")]
    except ValueError:
        raise OptionError(
            f"{option}: the values must be numbers separated by commas; got {text!r}; e.g. 0.5,1,2"
        ) from None


def _number(text: str) -> int | float:
    """Whole numbers stay whole: a label says beta=2, and a count of pieces must be an integer."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def define_all(definitions: Iterable[str]) -> dict[str, Activation]:
    """Make the activations of `--define`, by name.

    Raises
    ------
    OptionError
        If a definition is not written NAME=FORMULA, or a name is taken.
    FormulaError
        If a formula uses something outside the vocabulary.
    """
    from actlab.registry import known_names

    made: dict[str, Activation] = {}
    for text in definitions:
        name, formula, parameters = _read_definition(text)
        if name in made:
            raise OptionError(f"--define: a name must be used once; got {name!r} twice; rename one of them")
        if name in known_names():
            raise OptionError(f"--define: a name must be free; got {name!r}, which is in the catalogue; rename it")
        made[name] = _define(name, formula, parameters)
    return made


def _define(name: str, formula: str, parameters: Mapping[str, Any]) -> Activation:
    """Call `actlab.define`; what it warns of goes to stderr as one line, without a place in our source."""
    from actlab.invention import define

    if taken := parameters.keys() & inspect.signature(define).parameters.keys():
        raise OptionError(f"--define: a parameter must not be called {min(taken)!r}; choose another name")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        item = define(name, formula, **parameters)
    for warning in caught:
        click.echo(f"warning: {warning.message}", err=True)
    return item


def _read_definition(text: str) -> tuple[str, str, dict[str, int | float]]:
    match = _DEFINITION.fullmatch(text)
    if match is None:
        raise OptionError(f"--define: a function must be written NAME=FORMULA; got {text!r}; e.g. bump=x*exp(-x**2)")
    name, parameters, formula = match.groups()
    return name, formula.strip(), _read_parameters(name, parameters or "")


def _read_parameters(who: str, text: str) -> dict[str, int | float]:
    """Read `beta=1.7,shift=0`, refused in the words of `actlab.get`."""
    found: dict[str, int | float] = {}
    for piece in filter(None, text.split(",")):
        name, _, value = piece.partition("=")
        try:
            found[name.strip()] = _number(value)
        except ValueError:
            raise OptionError(f"{who}: a parameter must be written name=number; got {piece!r}") from None
    return found


def resolve(name: str, invented: Mapping[str, Activation]) -> Activation:
    """Find one activation, among the invented ones first.

    Raises
    ------
    UnknownActivation, ParameterError
        If there is none of this name, or its parameters are refused.
    """
    from actlab.registry import get

    base, _, parameters = name.partition(":")
    if base in invented:
        fixed = _read_parameters(base, parameters)
        found: Activation = invented[base].bind(**fixed) if fixed else invented[base]
    else:
        found = get(name)
    return found


def resolve_all(names: Sequence[str], invented: Mapping[str, Activation]) -> list[Activation]:
    """Find the named activations, followed by the invented ones that were not named."""
    named = {name.partition(":")[0] for name in names}
    unnamed = [item for name, item in invented.items() if name not in named]
    return [resolve(name, invented) for name in names] + unnamed


def describe_parameters(item: Activation) -> dict[str, dict[str, Any]]:
    """Say what can be set, for JSON: name -> default, domain, and whether a network may learn it."""
    return {name: dataclasses.asdict(param) for name, param in item.parameters.items()}


def kind_of(item: Activation) -> str:
    """Say how it works: on each element, with a random draw, or along an axis."""
    from actlab.activation import Axis, Random

    return "axis" if isinstance(item, Axis) else "random" if isinstance(item, Random) else "elementwise"
