"""What a comparison is made under: every combination of data, scaling, network, normalisation and start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from actlab.errors import OptionError
from actlab.experiment.settings import DEFAULT_NORMS, WHO, one_of, several_of, whole

if TYPE_CHECKING:
    from actlab.experiment.models.user import UserModel

AS_BUILT = "as built"

INITS = ("gain", "torch")

# How a factor is written beside the others in a label.
_WORDS = {
    "none": "no norm",
    "batch": "batch norm",
    "layer": "layer norm",
    "gain": "own gain",
    "torch": "PyTorch's start",
}


@dataclass(frozen=True)
class Network:
    """The network of a condition.

    Attributes
    ----------
    model : a name of `models.DEFAULTS`, or the label of a user's own
    norm : one of `models.NORMS`, or "as built" in a user's network
    init : one of `INITS`, or "as built"
    depth, width : its size; None in a user's network
    """

    model: str
    norm: str
    init: str
    depth: int | None
    width: int | None


@dataclass(frozen=True)
class Condition:
    """One combination of the factors.

    Attributes
    ----------
    label : the data set and what varies in this comparison, such as "mnist1d, layer norm"; unique
    data : name of the data set
    scale : of the inputs, one of `scaling.SCALINGS`
    network : what is trained
    """

    label: str
    data: str
    scale: str
    network: Network

    def __str__(self) -> str:
        network = self.network
        size = "" if network.depth is None else f" {network.depth} x {network.width}"
        words = (self.scale, network.model + size, *_words(network)[1:])
        return f"{self.label} ({', '.join(filter(None, words))})"


def cross(data: Sequence[str], scales: Sequence[str], networks: Sequence[Network]) -> list[Condition]:
    """Every combination, the conditions of one data set side by side."""
    combined = list(product(data, scales, networks))
    labels = _labels([(name, scale, *_words(network)) for name, scale, network in combined])
    return [Condition(label, *parts) for label, parts in zip(labels, combined, strict=True)]


def _words(network: Network) -> tuple[str, ...]:
    return network.model, _WORDS.get(network.norm, ""), _WORDS.get(network.init, "")


def _labels(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Of every row its name, and those of its other parts that are not the same in all rows."""
    names, *parts = zip(*rows, strict=True)
    told = [names, *(part for part in parts if len(set(part)) > 1)]
    return [", ".join(filter(None, row)) for row in zip(*told, strict=True)]


def networks_of(
    model: Any, norm: str | Sequence[str] | None, init: str | Sequence[str] | None, depth: int | None, width: int | None
) -> tuple[list[Network], dict[str, UserModel]]:
    """The networks asked for, and the user's own among them by their labels.

    Normalisation and size are those of our networks; a user's own decides for itself.

    Raises
    ------
    OptionError
        If a model, normalisation or start is unknown, or normalisation or size is asked of users' networks alone.
    """
    from actlab.experiment.models.user import is_user_model, user_model

    networks: list[Network] = []
    users: dict[str, UserModel] = {}
    for each in model if isinstance(model, list | tuple) else [model]:
        if is_user_model(each):
            own = user_model(each)
            users[own.label] = own
            networks += _users(own.label, init)
        else:
            networks += _ours(each, norm, init, depth, width)
    if all(network.norm == AS_BUILT for network in networks):
        _refuse_for_own(users, {"norm": norm, "depth": depth, "width": width})
    return networks, users


def _ours(
    model: str, norm: str | Sequence[str] | None, init: str | Sequence[str] | None, depth: int | None, width: int | None
) -> list[Network]:
    from actlab.experiment.models import DEFAULTS, NORMS

    usual = DEFAULTS[one_of("model", model, tuple(DEFAULTS))]
    size = (
        usual.depth if depth is None else whole("depth", depth, 1),
        usual.width if width is None else whole("width", width, 1),
    )
    norms = several_of("norm", _norms(norm), NORMS[model])
    inits = several_of("init", "gain" if init is None else init, INITS)
    return [Network(model, one_norm, one_init, *size) for one_norm in norms for one_init in inits]


def _norms(norm: str | Sequence[str] | None) -> list[str]:
    """What was asked for, with "both" for the usual two."""
    given = ["both"] if norm is None else [norm] if isinstance(norm, str) else norm
    return [one for each in given for one in (DEFAULT_NORMS if each == "both" else (each,))]


def _refuse_for_own(labels: Iterable[str], given: Mapping[str, Any]) -> None:
    """What a user's network decides itself can only be asked of ours."""
    for name, value in given.items():
        if value is not None:
            raise OptionError(
                f"{WHO}: {name} must be left to a network of your own; got {name}={value!r} with "
                f"model={', '.join(labels)!r}; build it into the file"
            )


def _users(label: str, init: str | Sequence[str] | None) -> list[Network]:
    inits = (AS_BUILT,) if init is None else several_of("init", init, INITS)
    return [Network(label, AS_BUILT, AS_BUILT if each == "torch" else each, None, None) for each in inits]
