"""The catalogue's register: how an entry gets in, and how a name finds it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, TypedDict, TypeVar, Unpack, overload

from actlab.activation import Activation, Axis, Elementwise, Record
from actlab.errors import ActlabError, ParameterError, UnknownActivation, UnsupportedType, suggest
from actlab.parameters import Param, Uniform

A = TypeVar("A", bound=Activation)
_REGISTRY: dict[str, Activation] = {}
_ALIASES: dict[str, str] = {}


class Statements(TypedDict, total=False):
    """What an entry may say beside its formula and source; the fields are those of `Record`."""

    aliases: tuple[str, ...]
    advantages: tuple[str, ...]
    disadvantages: tuple[str, ...]
    notes: tuple[str, ...]
    require: str
    stable: Callable[..., Any]
    stable_grad: Callable[..., Any]
    vjp: Callable[..., Any]


@overload
def activation(*, source: str, **said: Unpack[Statements]) -> Callable[[Callable[..., Any]], Elementwise]: ...
@overload
def activation(kind: type[A], *, source: str, **said: Unpack[Statements]) -> Callable[[Callable[..., Any]], A]: ...
def activation(
    kind: type[Activation] = Elementwise, *, source: str, **said: Unpack[Statements]
) -> Callable[[Callable[..., Any]], Activation]:
    """Enter a formula into the catalogue.

    Parameters
    ----------
    kind : Elementwise, Random or Axis
    source : paper, year, identifier
    aliases, advantages, disadvantages, notes : see `Activation`
    require : a rule between two parameters, "lower <= upper"
    stable, stable_grad : forms of the value and the derivative that lose no digits where the formula (or its
        derivative by rule) does; tests prove that they agree with it
    vjp : for Axis, a function of x, y = f(x) and the gradient g

    Raises
    ------
    ParameterError
        If the name or an alias is taken.
    """

    def enter(function: Callable[..., Any]) -> Activation:
        defaults = {name: p.default for name, p in inspect.signature(function).parameters.items()}
        record = Record(
            name=function.__name__,
            function=function,
            parameters=MappingProxyType({name: p for name, p in defaults.items() if isinstance(p, Param)}),
            draws=MappingProxyType({name: p for name, p in defaults.items() if isinstance(p, Uniform)}),
            summary=(inspect.getdoc(function) or "").partition("\n")[0],
            source=source,
            **said,
        )
        if ("vjp" in said) != issubclass(kind, Axis):
            raise ActlabError(f"{record.name}: an Axis activation, and no other, must be given vjp=")
        item = kind(record)
        register(item)
        return item

    return enter


def register(item: Activation) -> None:
    """Make an activation known by its name and aliases; a clash is an error."""
    for name in (item.name, *item.aliases):
        owner = _ALIASES.get(name, name if name in _REGISTRY else None)
        if owner is not None:
            raise ParameterError(f"{item.name}: the name {name!r} must be free; it belongs to {owner}")
    _REGISTRY[item.name] = item
    _ALIASES.update(dict.fromkeys(item.aliases, item.name))


def entry(name: str) -> Activation | None:
    """What is registered under this canonical name; the catalogue is not loaded for it."""
    return _REGISTRY.get(name)


def names() -> list[str]:
    """Canonical names of all activations, sorted."""
    _load_catalogue()
    return sorted(_REGISTRY)


def known_names() -> Iterator[str]:
    """Every name and alias that `get` understands."""
    _load_catalogue()
    yield from (*_REGISTRY, *_ALIASES)


def get(name: str | Activation) -> Any:
    """The activation with this name or alias; "leaky_relu:negative_slope=0.2" binds parameters.

    Raises
    ------
    UnknownActivation
        If there is none; the message suggests the closest name.
    ParameterError
        If a parameter's value is not a number or not allowed.

    Examples
    --------
    >>> get("lrelu").name
    'leaky_relu'
    """
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str):  # type: ignore[unreachable, unused-ignore]
        raise UnsupportedType(f"an activation must be given by name; got {name!r} of type {type(name).__name__}")
    _load_catalogue()
    base, _, values = name.partition(":")
    item = _REGISTRY.get(_ALIASES.get(base, base))
    if item is None:
        raise UnknownActivation(f"no activation is called {base!r}{suggest(base, known_names())}")
    return item.bind(**dict(_assignments(item.name, values))) if values else item


def _assignments(who: str, text: str) -> Iterator[tuple[str, float]]:
    for part in text.split(","):
        name, equals, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or number != number:
            raise ParameterError(f"{who}: a parameter must be written name=number; got {part!r}")
        yield name.strip(), int(number) if number.is_integer() and "." not in value else number


def _load_catalogue() -> None:
    import actlab.catalogue  # noqa: F401 - its import enters the entries


def restored(kind: type[Activation], name: str, invented: tuple[Any, ...] | None, *state: Any) -> Activation:
    """The activation a pickle names: from the catalogue, or from the formula it carries."""
    if invented is None:
        _load_catalogue()
        return kind(_REGISTRY[name].record, *state)
    from actlab.invention import record_of

    return kind(record_of(name, *invented), *state)
