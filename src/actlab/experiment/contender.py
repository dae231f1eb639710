"""What is compared: an activation, a gated one, several by depth, or a PyTorch module of the user's.

    silu                            one function everywhere
    leaky_relu:negative_slope=0.2   with a parameter fixed
    gate(silu), swiglu              f(a)*b of the two halves of a layer
    relu/hard_swish                 the first in the shallower half of the network, the second in the deeper half
    torch.nn.SiLU                   from Python: a module class, an instance, or a function that makes one

Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import count as numbers
from types import MappingProxyType
from typing import Any

from actlab.activation import Activation, Axis, Elementwise, Random
from actlab.errors import OptionError, UnknownActivation, suggest
from actlab.experiment import gain
from actlab.experiment.custom import Custom
from actlab.experiment.settings import WHO as WHO
from actlab.invention import Invented
from actlab.parameters import Param
from actlab.registry import _assignments, get, known_names, restored

# The gated functions that have names of their own: name -> what gates. Source: Shazeer 2020, arXiv:2002.05202.
GATES = MappingProxyType({"glu": "sigmoid", "bilinear": "identity", "reglu": "relu", "geglu": "gelu", "swiglu": "silu"})

_KINDS = {kind.__name__: kind for kind in (Elementwise, Random, Axis, Invented)}
_NOTHING: Mapping[str, Activation] = MappingProxyType({})


@dataclass(frozen=True)
class Unit:
    """One function as it stands in a layer.

    Attributes
    ----------
    item : the activation, or the user's module
    gated : f(a)*b of the two parts of the layer instead of f(a)
    """

    item: Activation | Custom
    gated: bool = False

    @property
    def label(self) -> str:
        """As the command line writes it."""
        return f"gate({self.item.label})" if self.gated else self.item.label

    @property
    def pieces(self) -> int:
        """Pre-activations for each output: 1; as many as it has pieces for maxout; one more for a gated function."""
        own = self.item.pieces if isinstance(self.item, Custom) else int(self.item.resolved({}).get("pieces", 1))
        return own + self.gated

    @property
    def learnable(self) -> dict[str, float]:
        """Parameters that train along, one value at each place in the network, with their start."""
        if isinstance(self.item, Custom):
            return {}
        free = self.item.parameters.items()
        return {name: float(parameter.default) for name, parameter in free if parameter.learnable}

    @property
    def spec(self) -> str:
        """Everything that decides what it computes, as text."""
        item = self.item
        text = item.spec if isinstance(item, Custom) else f"{item.label} = {item.formula}; {dict(item.parameters)}"
        return f"gate({text})" if self.gated else text

    def gain(self, units: int) -> float:
        """1 / sqrt(E f(z)^2) for standard normal z: keeps the signal's size from layer to layer.

        A gated function's mean square is that of f times E z^2 = 1. See `gain.mean_square` for each kind of function;
        one without a finite mean square above 0 gets 1.

        Parameters
        ----------
        units : outputs of the layer; only functions of a whole layer depend on them

        Notes
        -----
        Source: He et al. 2015, arXiv:1502.01852, equation 10, for any f.

        Examples
        --------
        >>> import actlab
        >>> round(Unit(actlab.gelu).gain(64), 4)
        1.5335
        """
        return gain.of(self.item, units)


@dataclass(frozen=True)
class Contender:
    """One entry of a comparison.

    Attributes
    ----------
    label : unique within a comparison
    units : one, or several by depth
    """

    label: str
    units: tuple[Unit, ...]

    @property
    def item(self) -> Activation | None:
        """The activation to draw (of a gated one, what gates); None for a module or a mixture."""
        item = self.units[0].item
        return item if len(self.units) == 1 and isinstance(item, Activation) else None

    @property
    def spec(self) -> str:
        """What it computes, as text that is the same in every process: formulas, parameters, gates, parts."""
        return " / ".join(unit.spec for unit in self.units)

    def unit(self, position: int, count: int) -> Unit:
        """The function at a place (0, 1, ...) of a network with ``count`` places.

        Places are shared out evenly in their order; of what does not divide, the shallower parts get one more.

        Examples
        --------
        >>> [parse("relu/hard_swish").unit(place, 5).label for place in range(5)]
        ['relu', 'relu', 'relu', 'hard_swish', 'hard_swish']
        """
        return self.units[position * len(self.units) // count]

    def to_data(self) -> dict[str, Any]:
        """The contender as plain data for JSON; of a module only its label and spec."""
        return {"label": self.label, "units": [_unit_to_data(unit) for unit in self.units]}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Contender:
        """The inverse of `to_data`; a module comes back as its label, and cannot be built."""
        return cls(data["label"], tuple(_unit_from_data(unit) for unit in data["units"]))


def parse(text: str, invented: Mapping[str, Activation] = _NOTHING) -> Contender:
    """Read what the command line writes.

    Parameters
    ----------
    text : see the top of this file
    invented : activations of `--define`, by name; they come before those of the catalogue

    Raises
    ------
    UnknownActivation, ParameterError
        If there is no such activation or parameter.
    OptionError
        If a part is empty, or a gate is not closed.

    Examples
    --------
    >>> parse("swiglu"), parse("relu/gate(silu)").label
    (Contender(label='swiglu', units=(Unit(item=<activation silu: x*sigmoid(x)>, gated=True),)), 'relu/gate(silu)')
    """
    parts = [part.strip() for part in text.split("/")]
    if len(parts) > 1 and not all(parts):
        raise OptionError(f"{WHO}: functions by depth must be written NAME/NAME; got {text!r}; e.g. relu/hard_swish")
    labels, units = zip(*[_read(part, invented) for part in parts], strict=True)
    return Contender("/".join(labels), units)


def contender(item: object, invented: Mapping[str, Activation] = _NOTHING) -> Contender:
    """The contender for a name, an Activation, a Contender, or a module class, instance or factory.

    Raises
    ------
    UnsupportedType
        If it is none of these.
    UnknownActivation, ParameterError, OptionError
        As `parse`.
    """
    if isinstance(item, Contender):
        return item
    if isinstance(item, str):
        return parse(item, invented)
    unit = Unit(item if isinstance(item, Activation) else Custom.of(item, WHO))
    return Contender(unit.label, (unit,))


def contenders(items: Iterable[object], invented: Mapping[str, Activation] = _NOTHING) -> list[Contender]:
    """All of them, each once; different ones with one label are told apart: SiLU, SiLU #2.

    Examples
    --------
    >>> [one.label for one in contenders(["swish", "relu", "swish"])]
    ['swish', 'relu']
    """
    found: dict[str, Contender] = {}
    for item in items:
        made = contender(item, invented)
        tried = (made.label if number == 1 else f"{made.label} #{number}" for number in numbers(1))
        label = next(label for label in tried if label not in found or found[label].spec == made.spec)
        found.setdefault(label, replace(made, label=label))
    return list(found.values())


def _read(text: str, invented: Mapping[str, Activation]) -> tuple[str, Unit]:
    """Label and unit of one part."""
    if text.startswith("gate("):
        if not text.endswith(")"):
            raise OptionError(f"{WHO}: a gated function must be written gate(NAME); got {text!r}; e.g. gate(silu)")
        unit = Unit(_activation(text[5:-1].strip(), invented), gated=True)
        return unit.label, unit
    name, colon, values = text.partition(":")
    if name in GATES and name not in invented:
        unit = Unit(_activation(GATES[name] + colon + values, invented), gated=True)
        return (unit.label if values else name), unit
    unit = Unit(_activation(text, invented))
    return unit.label, unit


def _activation(text: str, invented: Mapping[str, Activation]) -> Activation:
    name, _, values = text.partition(":")
    if name in invented:
        item = invented[name]
        return item.bind(**dict(_assignments(name, values))) if values else item
    known = set(known_names())
    if name not in known:
        close = suggest(name, [*known, *GATES, *invented])
        raise UnknownActivation(f"no activation is called {name!r}{close}")
    return get(text)  # type: ignore[no-any-return]


def _unit_to_data(unit: Unit) -> dict[str, Any]:
    if isinstance(unit.item, Custom):
        return {"gated": unit.gated, "module": unit.item.label, "spec": unit.item.spec, "pieces": unit.item.pieces}
    # What an activation's pickle holds is already plain data, but for its class and its parameters.
    _, (kind, name, formula, *state) = unit.item.__reduce__()
    if formula is not None:
        text, parameters, *words = formula
        formula = [text, {key: asdict(parameter) for key, parameter in parameters.items()}, *words]
    return {"gated": unit.gated, "kind": kind.__name__, "name": name, "formula": formula, "state": state}


def _unit_from_data(data: Mapping[str, Any]) -> Unit:
    if "module" in data:
        return Unit(Custom(data["module"], data["spec"], data["pieces"]), data["gated"])
    formula = data["formula"]
    if formula is not None:
        text, parameters, *words = formula
        formula = (text, {key: Param(**parameter) for key, parameter in parameters.items()}, *words)
    bound, *steps = data["state"]
    return Unit(restored(_KINDS[data["kind"]], data["name"], formula, bound, *map(tuple, steps)), data["gated"])
